//! The chain judges attestations.

use devnet::chain::Rejection;
use eth::{CommitteeIndex, Epoch, Root, SignatureBytes, SingleAttestation, Slot, ValidatorIndex};

use crate::driver::{Answer, Driver};

/// A chain in slot 1, with a block.
async fn begun() -> Driver {
    let driver = Driver::minimal().await;
    driver.slot(1).await;
    driver.at(2, 10);
    driver
}

async fn one(driver: &Driver, slot: u64) -> SingleAttestation {
    let duties = driver.duties_at(slot).await;
    driver.attestation(duties.first().expect("somebody attests"), driver.vote(slot).await)
}

fn refused(driver: &Driver, (status, answer): Answer, why: &str) {
    assert_eq!(status, 400, "{answer}");
    let message = answer["failures"][0]["message"].as_str().expect("a failure");
    assert!(message.contains(why), "{message:?} does not say {why:?}");
    assert!(driver.chain.truth().rejections().any(|line| line.contains(why)));
}

#[tokio::test]
async fn attestations_are_taken_once_and_duplicates_counted() {
    let driver = begun().await;
    let attestation = one(&driver, 2).await;
    driver.at(2, 400);
    assert_eq!(driver.publish(&[attestation]).await.0, 200);
    driver.at(2, 500);
    assert_eq!(driver.publish(&[attestation, attestation]).await.0, 200);
    let truth = driver.chain.truth();
    let arrived = truth.attestation(Slot(2), attestation.attester_index).expect("it came");
    assert_eq!(arrived.arrived_ns, 2_400_000_000, "when it first came");
    assert_eq!(truth.counts().duplicates, 2);
    assert_eq!(truth.counts().rejected, 0);
}

#[tokio::test]
async fn ssz_is_taken_as_json_is() {
    let driver = begun().await;
    let attestation = one(&driver, 2).await;
    let request = driver.http.post(driver.url("eth/v2/beacon/pool/attestations"));
    let request = request
        .header("eth-consensus-version", "fulu")
        .header("content-type", "application/octet-stream")
        .body(eth::Container::to_ssz(&attestation));
    assert_eq!(request.send().await.expect("an answer").status().as_u16(), 200);
    assert!(driver.chain.truth().attestation(Slot(2), attestation.attester_index).is_some());
}

#[tokio::test]
async fn a_wrong_signature_is_refused_and_does_not_touch_its_neighbours() {
    let driver = begun().await;
    let data = driver.vote(2).await;
    let duties = driver.duties_at(2).await;
    let mut attestations: Vec<_> = duties.iter().map(|duty| driver.attestation(duty, data)).collect();
    assert!(attestations.len() > 1);
    attestations[0].signature = attestations[1].signature;
    let (status, answer) = driver.publish(&attestations).await;
    assert_eq!(status, 400);
    assert_eq!(answer["failures"].as_array().expect("a list").len(), 1);
    refused(&driver, (status, answer), "the signature is not");
    let truth = driver.chain.truth();
    assert!(truth.attestation(Slot(2), attestations[0].attester_index).is_none());
    assert!(truth.attestation(Slot(2), attestations[1].attester_index).is_some());
    assert_eq!(truth.counts().signatures_wrong, 1);
    assert_eq!(truth.counts().slashable, 0, "whoever forges a signature slashes nobody");
}

#[tokio::test]
async fn bytes_that_are_no_point_and_strangers_are_refused() {
    let driver = begun().await;
    let mut attestation = one(&driver, 2).await;
    attestation.signature = SignatureBytes([0xAA; 96]);
    refused(&driver, driver.publish(&[attestation]).await, "the signature is not");
    attestation.attester_index = ValidatorIndex(1000);
    refused(&driver, driver.publish(&[attestation]).await, "not in the registry");
}

#[tokio::test]
async fn another_vote_of_the_same_target_is_slashable() {
    let driver = begun().await;
    let duties = driver.duties_at(2).await;
    let data = driver.vote(2).await;
    let (_, genesis) = driver.get("eth/v1/beacon/blocks/genesis/root").await;
    let other_head: Root = genesis["data"]["root"].as_str().expect("a root").parse().expect("hex");
    assert_ne!(data.beacon_block_root, other_head);
    assert_eq!(driver.publish(&[driver.attestation(&duties[0], data)]).await.0, 200);
    let other =
        driver.attestation(&duties[0], eth::AttestationData { beacon_block_root: other_head, ..data });
    refused(&driver, driver.publish(&[other]).await, "slashable");
    refused(&driver, driver.publish(&[other]).await, "slashable");
    assert_eq!(driver.chain.truth().counts().slashable, 2);
    let kept = driver.chain.truth().attestation(Slot(2), duties[0].validator_index).copied();
    assert_eq!(kept.expect("the first").head, data.beacon_block_root);
}

#[tokio::test]
async fn surround_votes_are_slashable_both_ways_round() {
    for earlier_surrounds in [true, false] {
        let driver = begun().await;
        let duty = driver.duties(0).await[0];
        let mut data = driver.vote(1).await;
        let mut vote = |source: u64, target: u64| {
            data.source.epoch = Epoch(source);
            data.target.epoch = Epoch(target);
            driver.attestation(&duty, data)
        };
        let (wide, narrow) = (vote(1, 6), vote(2, 5));
        let (first, second) = if earlier_surrounds { (wide, narrow) } else { (narrow, wide) };
        // The first is of no use to the chain, but a slasher remembers it.
        refused(&driver, driver.publish(&[first]).await, "target epoch");
        assert_eq!(driver.chain.truth().counts().slashable, 0);
        refused(&driver, driver.publish(&[second]).await, "slashable");
        assert_eq!(driver.chain.truth().counts().slashable, 1);
    }
}

#[tokio::test]
async fn votes_that_contradict_the_chain_are_refused() {
    for (change, why) in [
        (Change::Committee, "not in that committee"),
        (Change::Slot, "not in that committee"),
        (Change::Head, "not known as a head"),
        (Change::TargetRoot, "target root"),
        (Change::TargetEpoch, "target epoch"),
        (Change::SourceRoot, "not the justified checkpoint"),
        (Change::DataIndex, "must be 0"),
    ] {
        let driver = begun().await;
        let duty = driver.duties_at(2).await[0];
        let mut committee = duty.committee_index;
        let mut data = driver.vote(2).await;
        match change {
            Change::Committee => committee = CommitteeIndex(committee.0 + 1),
            Change::Slot => data = driver.vote(1).await,
            Change::Head => data.beacon_block_root = Root([9; 32]),
            Change::TargetRoot => data.target.root = Root([9; 32]),
            Change::TargetEpoch => data.target.epoch = Epoch(1),
            Change::SourceRoot => data.source.root = Root([9; 32]),
            Change::DataIndex => data.index = CommitteeIndex(1),
        }
        let mut attestation = driver.attestation(&duty, data);
        attestation.committee_index = committee;
        refused(&driver, driver.publish(&[attestation]).await, why);
        assert_eq!(driver.chain.truth().counts().slashable, 0);
        assert_eq!(driver.chain.truth().counts().signatures_wrong, 0);
    }
}

enum Change {
    Committee,
    Slot,
    Head,
    TargetRoot,
    TargetEpoch,
    SourceRoot,
    DataIndex,
}

#[tokio::test]
async fn votes_for_slots_that_have_not_begun_or_are_long_ago_are_refused() {
    let driver = begun().await;
    let attestation = one(&driver, 2).await;
    driver.at(1, 100);
    refused(&driver, driver.publish(&[attestation]).await, "has not begun");
    driver.at(16, 0);
    refused(&driver, driver.publish(&[attestation]).await, "too long ago");
    driver.at(15, 0);
    assert_eq!(driver.publish(&[attestation]).await.0, 200, "what was refused for its time may come again");
    let (status, _) = driver.get("eth/v1/validator/attestation_data?slot=17&committee_index=0").await;
    assert_eq!(status, 400);
}

#[test]
fn only_contradictions_are_slashable() {
    let validator = ValidatorIndex(1);
    assert!(Rejection::Slashable { validator, what: "vote".to_owned() }.is_slashable());
    assert!(!Rejection::WrongSignature(validator).is_slashable());
}
