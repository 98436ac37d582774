//! The chain makes blocks and judges them.

use eth::containers::minimal::fulu::BlockContents;
use eth::{Address, Container, Fork, Preset, Proposal, Root, SignatureBytes, Slot, ValidatorIndex};
use serde_json::json;

use crate::driver::{Answer, Driver};

fn refused(driver: &Driver, (status, answer): Answer, why: &str) {
    assert_eq!(status, 400, "{answer}");
    let message = answer["message"].as_str().expect("a message");
    assert!(message.contains(why), "{message:?} does not say {why:?}");
    assert_eq!(driver.chain.truth().rejections().last().map(|line| line.contains(why)), Some(true));
}

/// The chain's block for slot 1, altered and signed anew by whom it names.
async fn altered(driver: &Driver, alter: impl FnOnce(&mut BlockContents)) -> eth::SignedProposal {
    driver.at(1, 10);
    let made = driver.produce(1, 0).await;
    let mut contents = BlockContents::from_ssz(made.to_ssz()).expect("the chain's own");
    alter(&mut contents);
    driver.signed(Proposal::new(Fork::Fulu, &contents).expect("Fulu's container"))
}

#[tokio::test]
async fn a_block_is_made_signed_taken_and_becomes_the_head() {
    for preset in [Preset::Minimal, Preset::Mainnet] {
        let driver = Driver::start(preset, 8).await;
        let fee_recipient: Address = "0x00000000000000000000000000000000000000aa".parse().expect("hex");
        let proposer = driver.proposer(1);
        let preparation = json!([{ "validator_index": proposer, "fee_recipient": fee_recipient }]);
        assert_eq!(driver.post("eth/v1/validator/prepare_beacon_proposer", &preparation).await.0, 200);
        driver.at(1, 10);
        let signed = driver.block(1, 7).await;
        assert_eq!(signed.proposal().fee_recipient(), fee_recipient);
        assert_eq!(signed.proposal().graffiti().0, [7; 32]);
        assert_eq!(signed.proposal().randao_reveal(), driver.randao(proposer, 1));
        assert_eq!(signed.proposal().proposer_index(), proposer);
        driver.at(1, 50);
        assert_eq!(driver.publish_block(&signed).await.0, 200);
        let (_, head) = driver.get("eth/v1/beacon/headers/head").await;
        assert_eq!(head["data"]["root"], json!(signed.block_root()));
        assert_eq!(driver.chain.truth().proposal(Slot(1)).expect("it came").arrived_ns, 300_000_000);
        assert_eq!(driver.publish_block(&signed).await.0, 200, "every node publishes");
        assert_eq!(driver.chain.truth().counts().duplicates, 1);
    }
}

#[tokio::test]
async fn a_block_comes_and_goes_as_json_too() {
    let driver = Driver::minimal().await;
    driver.at(1, 10);
    let randao = driver.randao(driver.proposer(1), 1);
    let (status, made) = driver.get(&format!("eth/v3/validator/blocks/1?randao_reveal={randao}")).await;
    assert_eq!((status, made["version"].as_str()), (200, Some("fulu")));
    let contents = made["data"].to_string();
    let proposal =
        Proposal::from_json(Preset::Minimal, Fork::Fulu, false, contents.as_bytes()).expect("a block");
    let signed = driver.signed(proposal);
    let body: serde_json::Value = serde_json::from_slice(&signed.to_json()).expect("JSON");
    assert_eq!(driver.post("eth/v2/beacon/blocks", &body).await.0, 200);
    assert_eq!(driver.chain.standing().head, Slot(1));
}

#[tokio::test]
async fn attestations_are_included_once_in_the_next_block() {
    let driver = Driver::start(Preset::Minimal, 64).await;
    driver.slot(1).await;
    driver.at(2, 10);
    let block = driver.block(2, 0).await;
    let body = BlockContents::from_ssz(block.proposal().to_ssz()).expect("a block").block.body;
    let attestation = body.attestations.first().expect("one vote");
    assert_eq!(body.attestations.len(), 1, "everybody voted the same");
    assert_eq!(attestation.committee_bits.ones().count(), 2);
    assert_eq!(attestation.aggregation_bits.iter().filter(|bit| *bit).count(), 8);
    assert_eq!(driver.publish_block(&block).await.0, 200);
    let attesters = driver.chain.attesters(Slot(1));
    assert_eq!(attesters.len(), 8);
    assert!(attesters.iter().all(|validator| driver.chain.inclusion(Slot(1), *validator) == Some(Slot(2))));
    driver.at(3, 10);
    let next = driver.block(3, 0).await;
    let next = BlockContents::from_ssz(next.proposal().to_ssz()).expect("a block");
    assert!(next.block.body.attestations.is_empty());
}

#[tokio::test]
async fn a_second_block_of_the_same_slot_is_slashable() {
    let driver = Driver::minimal().await;
    driver.at(1, 10);
    let (first, second) = (driver.block(1, 1).await, driver.block(1, 2).await);
    assert_eq!(driver.publish_block(&first).await.0, 200);
    refused(&driver, driver.publish_block(&second).await, "slashable");
    assert_eq!(driver.chain.truth().counts().slashable, 1);
    assert_eq!(driver.chain.right_head(Slot(1)), Some(first.block_root()));
}

#[tokio::test]
async fn a_wrong_signature_slashes_nobody() {
    let driver = Driver::minimal().await;
    driver.at(1, 10);
    let (first, second) = (driver.block(1, 1).await, driver.block(1, 2).await);
    assert_eq!(driver.publish_block(&first).await.0, 200);
    let forged = second.with_signature(first.signature());
    refused(&driver, driver.publish_block(&forged).await, "the signature is not");
    let no_point = second.with_signature(SignatureBytes([1; 96]));
    refused(&driver, driver.publish_block(&no_point).await, "the signature is not");
    assert_eq!(driver.chain.truth().counts().slashable, 0);
}

#[tokio::test]
async fn a_wrong_randao_reveal_gets_no_block_and_makes_none_valid() {
    let driver = Driver::minimal().await;
    driver.at(1, 10);
    let foreign = driver.randao(ValidatorIndex((driver.proposer(1).0 + 1) % 16), 1);
    let asked = driver.get(&format!("eth/v3/validator/blocks/1?randao_reveal={foreign}")).await;
    refused(&driver, asked, "RANDAO");
    let block = altered(&driver, |contents| contents.block.body.randao_reveal = foreign).await;
    refused(&driver, driver.publish_block(&block).await, "RANDAO");
}

#[tokio::test]
async fn blocks_that_contradict_the_chain_are_refused() {
    type Alter = fn(&mut BlockContents);
    let cases: [(Alter, &str); 9] = [
        (|contents| contents.block.parent_root = Root([9; 32]), "parent"),
        (|contents| contents.block.state_root = Root([9; 32]), "state root"),
        (|contents| contents.block.body.graffiti = eth::Graffiti([9; 32]), "state root"),
        (|contents| contents.block.slot = Slot(0), "parent"),
        (|contents| contents.block.slot = Slot(2), "has not begun"),
        (|contents| contents.block.body.execution_payload.timestamp += 1, "payload is"),
        (|contents| contents.block.body.execution_payload.gas_limit += 1, "block hash"),
        (
            |contents| contents.block.body.sync_aggregate.sync_committee_bits.set(3).expect("32"),
            "sync aggregate",
        ),
        (
            |contents| contents.block.body.sync_aggregate.sync_committee_signature = Default::default(),
            "sync aggregate",
        ),
    ];
    for (alter, why) in cases {
        let driver = Driver::minimal().await;
        let block = altered(&driver, alter).await;
        let answer = driver.publish_block(&block).await;
        if block.slot() == Slot(0) && driver.proposer(0) != driver.proposer(1) {
            refused(&driver, answer, "proposes in that slot");
        } else {
            refused(&driver, answer, why);
        }
        assert_eq!(driver.chain.standing().head, Slot(0));
    }
}

#[tokio::test]
async fn a_block_by_somebody_else_is_refused() {
    let driver = Driver::minimal().await;
    let other = ValidatorIndex((driver.proposer(1).0 + 1) % 16);
    let block = altered(&driver, |contents| contents.block.proposer_index = other).await;
    refused(&driver, driver.publish_block(&block).await, "proposes in that slot");
    let stranger = altered(&driver, |contents| contents.block.proposer_index = ValidatorIndex(1000)).await;
    refused(&driver, driver.publish_block(&stranger).await, "not in the registry");
}

#[tokio::test]
async fn blocks_are_made_for_the_slot_that_is_now() {
    let driver = Driver::minimal().await;
    driver.at(1, 10);
    for (slot, why) in [(2, "has not begun"), (0, "too long ago")] {
        let randao = driver.randao(driver.proposer(slot), slot);
        let (status, answer) =
            driver.get(&format!("eth/v3/validator/blocks/{slot}?randao_reveal={randao}")).await;
        assert_eq!(status, 400);
        assert!(answer["message"].as_str().expect("a message").contains(why));
    }
}

#[tokio::test]
async fn a_slot_without_a_block_leaves_the_head() {
    let driver = Driver::minimal().await;
    driver.slot(1).await;
    driver.at(3, 340);
    let first = driver.chain.right_head(Slot(1)).expect("a block");
    assert_eq!(driver.vote(3).await.beacon_block_root, first);
    driver.at(4, 10);
    assert_eq!(driver.block(4, 0).await.proposal().parent_root(), first);
}
