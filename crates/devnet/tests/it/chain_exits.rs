//! The chain judges voluntary exits and lets validators go.

use devnet::chain::Scenario;
use eth::containers::minimal::fulu::BlockContents;
use eth::{Container, DomainType, Epoch, Fork, Preset, Proposal, SignedVoluntaryExit, Slot, ValidatorIndex};
use serde_json::json;

use crate::driver::Driver;

/// A chain with a block in slot 1, from which validators are gone two epochs after their exit was included.
async fn begun() -> Driver {
    let scenario = Scenario { exit_lookahead_epochs: 1, ..Scenario::default() };
    let driver = Driver::with(Preset::Minimal, 16, scenario).await;
    driver.slot(1).await;
    driver
}

#[tokio::test]
async fn an_exit_is_included_and_takes_effect_after_a_while() {
    let driver = begun().await;
    let exit = driver.exit(3, 0);
    assert_eq!(driver.leave(&exit).await.0, 200);
    assert_eq!(driver.leave(&exit).await.0, 200, "every node hands it in");
    assert_eq!(driver.chain.truth().counts().duplicates, 1);
    let (_, pool) = driver.get("eth/v1/beacon/pool/voluntary_exits").await;
    assert_eq!(pool["data"], json!([exit]));
    assert_eq!(driver.status(3).await, "active_ongoing", "no block has it yet");
    driver.at(2, 10);
    let block = driver.block(2, 0).await;
    let contents = BlockContents::from_ssz(block.proposal().to_ssz()).expect("a block");
    assert_eq!(contents.block.body.voluntary_exits[..], [exit]);
    assert_eq!(driver.publish_block(&block).await.0, 200);
    let (_, pool) = driver.get("eth/v1/beacon/pool/voluntary_exits").await;
    assert_eq!(pool["data"], json!([]));
    let (leaver, exited) =
        driver.chain.truth().exits().next().map(|(who, how)| (who, *how)).expect("it came");
    assert_eq!((leaver, exited.arrived), (ValidatorIndex(3), Slot(1)));
    assert_eq!((exited.included, exited.exit_epoch), (Some(Slot(2)), Some(Epoch(2))));
    assert_eq!(driver.status(3).await, "active_exiting");
    driver.at(16, 0);
    assert_eq!(driver.status(3).await, "exited_unslashed");
    let (_, one) = driver.get("eth/v1/beacon/states/head/validators/3").await;
    assert_eq!(one["data"]["validator"]["exit_epoch"], "2");
    assert_eq!(one["data"]["validator"]["withdrawable_epoch"], "258");
    let (_, exited) = driver.get("eth/v1/beacon/states/head/validators?status=exited").await;
    assert_eq!(exited["data"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn who_has_exited_has_no_duties_but_those_of_the_sync_committee() {
    let driver = begun().await;
    let leaver = driver.chain.sync_committee(Slot(1))[0];
    assert_eq!(driver.leave(&driver.exit(leaver.0, 0)).await.0, 200);
    for slot in 2..=16 {
        driver.slot(slot).await;
    }
    let has_duty = async |epoch| driver.duties(epoch).await.iter().any(|duty| duty.validator_index == leaver);
    assert!(has_duty(1).await);
    assert!(!has_duty(2).await);
    assert_eq!((driver.duties(2).await.len(), driver.duties(3).await.len()), (15, 15));
    assert!(driver.chain.is_active(leaver, Epoch(1)) && !driver.chain.is_active(leaver, Epoch(2)));
    assert!((16..32).all(|slot| driver.proposer(slot) != leaver));
    driver.sync(16).await;
    assert!(driver.chain.truth().sync_message(Slot(16), leaver).is_some(), "it still sits there");
    driver.slot(17).await;
    assert_eq!(driver.chain.slot(Slot(16)).sync_seats_included, Some(32));
    for slot in 18..=40 {
        driver.slot(slot).await;
    }
    assert_eq!(driver.chain.standing().finalized, Epoch(3), "those who stay suffice");
}

#[tokio::test]
async fn wrong_exits_are_refused_for_what_is_wrong() {
    let driver = begun().await;
    driver.refused(driver.leave(&driver.exit(1000, 0)).await, "not in the registry");
    driver.refused(driver.leave(&driver.exit(3, 1)).await, "has not begun");
    let forged = SignedVoluntaryExit { signature: driver.exit(4, 0).signature, ..driver.exit(3, 0) };
    driver.refused(driver.leave(&forged).await, "the signature is not");
    let mut at_fulu = driver.exit(3, 0);
    at_fulu.signature = {
        let version = driver.spec.fork_version_at(Epoch(0));
        let root = driver.spec.genesis.genesis_validators_root;
        let domain = eth::compute_domain(DomainType::VoluntaryExit, version, root);
        let root = eth::signing_root(at_fulu.message.root(), domain);
        eth::SignatureBytes(devnet::interop_key(3).sign(root.as_bytes()).to_bytes())
    };
    driver.refused(driver.leave(&at_fulu).await, "the signature is not");
    driver.at(8, 0);
    assert_eq!(driver.leave(&driver.exit(3, 1)).await.0, 200, "its epoch has begun");
    driver.refused(driver.leave(&driver.exit(3, 0)).await, "is leaving already");
    let last = Driver::start(Preset::Minimal, 1).await;
    last.refused(last.leave(&last.exit(0, 0)).await, "is the last");
}

#[tokio::test]
async fn blocks_with_wrong_exits_are_refused() {
    type Wrong = fn(&Driver) -> Vec<SignedVoluntaryExit>;
    let cases: [(Wrong, &str); 4] = [
        (
            |driver| vec![driver.exit(5, 0), driver.exit(5, 0)],
            "exit 1 in the block is wrong: its validator is leaving",
        ),
        (|driver| vec![driver.exit(5, 1)], "its epoch has not begun"),
        (|driver| vec![driver.exit(1000, 0)], "its signature is not"),
        (
            |driver| {
                vec![SignedVoluntaryExit { signature: driver.exit(4, 0).signature, ..driver.exit(5, 0) }]
            },
            "exit 0 in the block is wrong: its signature is not",
        ),
    ];
    for (wrong, why) in cases {
        let driver = begun().await;
        driver.at(2, 10);
        let made = driver.produce(2, 0).await;
        let mut contents = BlockContents::from_ssz(made.to_ssz()).expect("the chain's own");
        contents.block.body.voluntary_exits = wrong(&driver).try_into().expect("a few fit");
        let block = driver.signed(Proposal::new(Fork::Fulu, &contents).expect("Fulu's container"));
        driver.refused(driver.publish_block(&block).await, why);
    }
}
