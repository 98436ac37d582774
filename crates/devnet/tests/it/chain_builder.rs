//! Builders' blocks and blobs.

use devnet::chain::Scenario;
use eth::containers::minimal::fulu::BlockContents;
use eth::{Address, Container, Fork, Preset, Proposal, SignedProposal, Slot};

use crate::driver::{Answer, Driver};

const MINE: Address = Address([0xAA; 20]);
const REGISTERED: Address = Address([0xBB; 20]);

/// A chain with a builder in slot 1, whose proposer is registered.
async fn with_builder(preset: Preset, blobs: usize) -> Driver {
    let driver = Driver::with(preset, 8, Scenario { builder: true, blobs, ..Scenario::default() }).await;
    let proposer = driver.proposer(1);
    driver.prepare(proposer, MINE).await;
    assert_eq!(driver.register(&[driver.registration(proposer.0, REGISTERED)]).await.0, 200);
    driver.at(1, 10);
    driver
}

/// What the chain makes for slot 1 when asked with that boost.
async fn made(driver: &Driver, boost: &str) -> (Proposal, String) {
    let randao = driver.randao(driver.proposer(1), 1);
    let path = format!("eth/v3/validator/blocks/1?randao_reveal={randao}{boost}");
    let request = driver.http.get(driver.url(&path)).header("accept", "application/octet-stream");
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
    let header = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(header("eth-consensus-version"), "fulu");
    let (blinded, source) = (header("eth-execution-payload-blinded"), header("eth-execution-payload-source"));
    let blinded = blinded.parse().expect("true or false");
    let ssz = answer.bytes().await.expect("a body");
    (Proposal::from_ssz(driver.spec.preset, Fork::Fulu, blinded, &ssz).expect("a block"), source)
}

async fn publish_blinded(driver: &Driver, version: &str, signed: &SignedProposal) -> Answer {
    driver.post_ssz(&format!("eth/{version}/beacon/blinded_blocks"), signed.to_ssz()).await
}

#[tokio::test]
async fn a_builder_makes_blocks_for_the_registered_unless_they_decline() {
    let driver = with_builder(Preset::Minimal, 0).await;
    for boost in ["", "&builder_boost_factor=1", "&builder_boost_factor=18446744073709551615"] {
        let (proposal, source) = made(&driver, boost).await;
        assert_eq!((proposal.blinded(), source.as_str()), (true, "builder"), "{boost}");
        assert_eq!(proposal.fee_recipient(), REGISTERED);
    }
    let (proposal, source) = made(&driver, "&builder_boost_factor=0").await;
    assert_eq!((proposal.blinded(), source.as_str()), (false, "engine"));
    assert_eq!(proposal.fee_recipient(), MINE);
}

#[tokio::test]
async fn without_builder_or_registration_blocks_are_full() {
    let plain = Driver::with(Preset::Minimal, 8, Scenario::default()).await;
    plain.at(1, 10);
    assert_eq!(plain.register(&[plain.registration(plain.proposer(1).0, REGISTERED)]).await.0, 200);
    assert!(!made(&plain, "&builder_boost_factor=100").await.0.blinded());
    let unregistered =
        Driver::with(Preset::Minimal, 8, Scenario { builder: true, ..Scenario::default() }).await;
    unregistered.at(1, 10);
    assert!(!made(&unregistered, "&builder_boost_factor=100").await.0.blinded());
}

#[tokio::test]
async fn a_signed_blinded_block_is_unblinded_and_taken() {
    for (preset, version) in [(Preset::Minimal, "v1"), (Preset::Mainnet, "v2")] {
        let driver = with_builder(preset, 2).await;
        let (proposal, _) = made(&driver, "").await;
        let signed = driver.signed(proposal);
        assert_eq!(publish_blinded(&driver, version, &signed).await.0, 200);
        assert_eq!(publish_blinded(&driver, version, &signed).await.0, 200, "every node publishes");
        assert_eq!(driver.chain.truth().counts().duplicates, 1);
        assert_eq!(driver.chain.right_head(Slot(1)), Some(signed.block_root()));
        let proposed = driver.chain.truth().proposal(Slot(1)).copied().expect("it came");
        assert_eq!((proposed.blinded, proposed.blobs, proposed.fee_recipient), (true, 2, REGISTERED));
        let (_, block) = driver.get("eth/v2/beacon/blocks/head").await;
        let transactions = &block["data"]["message"]["body"]["execution_payload"]["transactions"];
        assert_eq!(transactions.as_array().map(Vec::len), Some(1), "the builder's");
    }
}

#[tokio::test]
async fn blinded_blocks_come_and_go_as_json_too() {
    let driver = with_builder(Preset::Minimal, 0).await;
    let randao = driver.randao(driver.proposer(1), 1);
    let (status, made) = driver.get(&format!("eth/v3/validator/blocks/1?randao_reveal={randao}")).await;
    assert_eq!((status, made["execution_payload_blinded"].as_bool()), (200, Some(true)));
    let json = made["data"].to_string();
    let proposal = Proposal::from_json(Preset::Minimal, Fork::Fulu, true, json.as_bytes()).expect("a block");
    let body = serde_json::from_slice(&driver.signed(proposal).to_json()).expect("JSON");
    assert_eq!(driver.post("eth/v2/beacon/blinded_blocks", &body).await.0, 200);
    assert!(driver.chain.truth().proposal(Slot(1)).expect("it came").blinded);
}

#[tokio::test]
async fn blinded_blocks_are_judged_like_full_ones() {
    let driver = with_builder(Preset::Minimal, 0).await;
    let (first, _) = made(&driver, "").await;
    let unsigned = first.clone().sign(driver.randao(driver.proposer(1), 1));
    driver.refused(publish_blinded(&driver, "v2", &unsigned).await, "the signature is not");
    let (full, _) = made(&driver, "&builder_boost_factor=0").await;
    let contents = BlockContents::from_ssz(full.to_ssz()).expect("a full block");
    let unknown = Proposal::new(Fork::Fulu, &contents.block.blind()).expect("Fulu's container");
    driver.refused(publish_blinded(&driver, "v2", &driver.signed(unknown)).await, "no builder here knows");
    assert_eq!(publish_blinded(&driver, "v2", &driver.signed(first)).await.0, 200);
}

#[tokio::test]
async fn blocks_carry_as_many_blobs_as_are_asked_for() {
    for preset in [Preset::Minimal, Preset::Mainnet] {
        let driver = Driver::with(preset, 8, Scenario { blobs: 21, ..Scenario::default() }).await;
        driver.at(1, 10);
        let block = driver.block(1, 0).await;
        let megabytes = block.proposal().to_ssz().len() as f64 / 1e6;
        assert!((2.8..3.0).contains(&megabytes), "21 blobs and their proofs are {megabytes} MB");
        assert_eq!(driver.publish_block(&block).await.0, 200);
        assert_eq!(driver.chain.truth().proposal(Slot(1)).expect("it came").blobs, 21);
        let (_, spec) = driver.get("eth/v1/config/spec").await;
        assert_eq!(spec["data"]["BLOB_SCHEDULE"][0]["MAX_BLOBS_PER_BLOCK"], "21");
    }
}

#[tokio::test]
async fn blobs_that_are_not_those_of_the_block_are_refused() {
    type Alter = fn(&mut BlockContents);
    let cases: [Alter; 3] = [
        |contents| contents.blobs = Default::default(),
        |contents| contents.kzg_proofs = Default::default(),
        |contents| {
            let mut bytes = contents.blobs[0].to_vec();
            bytes[77] ^= 1;
            let blob = bytes.try_into().expect("as long as before");
            contents.blobs = vec![blob].try_into().expect("one fits");
        },
    ];
    for alter in cases {
        let driver = Driver::with(Preset::Minimal, 8, Scenario { blobs: 1, ..Scenario::default() }).await;
        driver.at(1, 10);
        let made = driver.produce(1, 0).await;
        let mut contents = BlockContents::from_ssz(made.to_ssz()).expect("the chain's own");
        alter(&mut contents);
        let altered = driver.signed(Proposal::new(Fork::Fulu, &contents).expect("Fulu's container"));
        assert_eq!(altered.block_root(), made.block_root(), "blobs are no part of the block");
        driver.refused(driver.publish_block(&altered).await, "blobs");
        assert_eq!(driver.publish_block(&driver.signed(made)).await.0, 200, "the right ones may come later");
    }
}
