//! The chain gathers votes and judges the aggregates handed in.

use devnet::chain::Scenario;
use eth::{
    AggregateAndProof, Attestation, AttestationData, CommitteeIndex, Container, Preset, Root,
    SignedAggregateAndProof, Slot, ValidatorIndex, is_aggregator, join_list,
};

use crate::driver::Driver;

/// A chain in slot 1 with two committees of four in a slot, all of whom have voted.
async fn voted(scenario: Scenario) -> (Driver, AttestationData) {
    let driver = Driver::with(Preset::Minimal, 64, scenario).await;
    driver.slot(1).await;
    driver.at(1, 670);
    let data = driver.vote(1).await;
    (driver, data)
}

async fn members(driver: &Driver, slot: u64, committee: u64) -> Vec<ValidatorIndex> {
    let mut duties = driver.duties_at(slot).await;
    duties.retain(|duty| duty.committee_index.0 == committee);
    duties.sort_by_key(|duty| duty.validator_committee_index);
    duties.iter().map(|duty| duty.validator_index).collect()
}

#[tokio::test]
async fn votes_are_gathered_by_committee() {
    let (driver, data) = voted(Scenario::default()).await;
    for committee in 0..2 {
        let aggregate = driver.aggregate(data, committee).await;
        let members = members(&driver, 1, committee).await;
        assert_eq!(aggregate.committees(), [CommitteeIndex(committee)]);
        let index = CommitteeIndex(committee);
        assert_eq!(aggregate, driver.made_up_aggregate(data, index, &members, &[true; 4]));
    }
    assert_eq!(driver.gather_votes(1, Root([9; 32]), 0).await.0, 404, "nobody voted so");
    assert_eq!(driver.gather_votes(2, data.root(), 0).await.0, 404, "nor in that slot");
    assert_eq!(driver.gather_votes(1, data.root(), 2).await.0, 404, "there are two committees");
}

#[tokio::test]
async fn aggregates_come_and_go_in_ssz_too() {
    let (driver, data) = voted(Scenario::default()).await;
    let path = format!(
        "eth/v2/validator/aggregate_attestation?attestation_data_root={}&slot=1&committee_index=1",
        data.root()
    );
    let request = driver.http.get(driver.url(&path)).header("accept", "application/octet-stream");
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.headers()["eth-consensus-version"], "fulu");
    let ssz = answer.bytes().await.expect("a body");
    let aggregate = Attestation::from_ssz(Preset::Minimal, &ssz).expect("an attestation");
    let members = members(&driver, 1, 1).await;
    let handed_in: Vec<Vec<u8>> =
        members.iter().map(|member| driver.hand_in(*member, aggregate.clone()).to_ssz()).collect();
    let list = join_list(SignedAggregateAndProof::ssz_size(Preset::Minimal), &handed_in);
    let (status, answer) = driver.post_ssz("eth/v2/validator/aggregate_and_proofs", list).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(driver.chain.truth().aggregates(Slot(1), CommitteeIndex(1)).count(), 4);
}

#[tokio::test]
async fn in_small_committees_an_aggregate_is_due_from_every_member() {
    let (driver, data) = voted(Scenario::default()).await;
    let aggregate = driver.aggregate(data, 0).await;
    let members = members(&driver, 1, 0).await;
    let handed_in = driver.hand_in(members[2], aggregate);
    driver.at(1, 680);
    assert_eq!(driver.publish_aggregates(std::slice::from_ref(&handed_in)).await.0, 200);
    assert_eq!(driver.publish_aggregates(&[handed_in]).await.0, 200);
    assert_eq!(driver.chain.truth().counts().duplicates, 1);
    let due = driver.chain.slot(Slot(1)).aggregates;
    assert_eq!(due.len(), 8);
    assert!(due.iter().all(|due| due.aggregator.is_some()));
    let done: Vec<_> = due.iter().filter(|due| due.aggregated.is_some()).collect();
    assert_eq!(done.len(), 1);
    assert_eq!((done[0].committee, done[0].aggregator), (CommitteeIndex(0), Some(members[2])));
    let aggregated = done[0].aggregated.expect("it came");
    assert_eq!((aggregated.arrived_ns, aggregated.head), (4_080_000_000, data.beacon_block_root));
    assert_eq!((aggregated.voters, aggregated.committee_length), (4, 4));
}

#[tokio::test]
async fn a_network_of_aggregators_includes_only_what_was_aggregated() {
    let (driver, data) = voted(Scenario { only_aggregates: true, ..Scenario::default() }).await;
    let aggregate = driver.aggregate(data, 1).await;
    let aggregated = members(&driver, 1, 1).await;
    assert_eq!(driver.publish_aggregates(&[driver.hand_in(aggregated[0], aggregate)]).await.0, 200);
    driver.slot(2).await;
    for attester in driver.chain.slot(Slot(1)).attesters {
        assert!(attester.attested.is_some());
        let expected = aggregated.contains(&attester.validator).then_some(Slot(2));
        assert_eq!(attester.included, expected, "validator {}", attester.validator);
    }
}

#[tokio::test]
async fn aggregates_of_the_same_vote_share_a_place_in_the_block() {
    let (driver, data) = voted(Scenario { only_aggregates: true, ..Scenario::default() }).await;
    for committee in 0..2 {
        let aggregate = driver.aggregate(data, committee).await;
        let aggregator = members(&driver, 1, committee).await[0];
        assert_eq!(driver.publish_aggregates(&[driver.hand_in(aggregator, aggregate)]).await.0, 200);
    }
    driver.at(2, 10);
    let block = driver.block(2, 0).await;
    let contents =
        eth::containers::minimal::fulu::BlockContents::from_ssz(block.proposal().to_ssz()).expect("a block");
    assert_eq!(contents.block.body.attestations.len(), 1);
    assert_eq!(driver.publish_block(&block).await.0, 200);
    assert!(driver.chain.slot(Slot(1)).attesters.iter().all(|attester| attester.included == Some(Slot(2))));
}

#[tokio::test]
async fn votes_that_came_only_in_aggregates_are_included_beside_single_ones() {
    let driver = Driver::start(Preset::Minimal, 64).await;
    driver.at(1, 10);
    assert_eq!(driver.publish_block(&driver.block(1, 0).await).await.0, 200);
    let data = driver.vote(1).await;
    let members = members(&driver, 1, 0).await;
    let duties = driver.duties_at(1).await;
    let single = duties.iter().find(|duty| duty.validator_index == members[0]).expect("a duty");
    assert_eq!(driver.publish(&[driver.attestation(single, data)]).await.0, 200);
    let others = driver.made_up_aggregate(data, CommitteeIndex(0), &members, &[false, true, true, true]);
    assert_eq!(driver.publish_aggregates(&[driver.hand_in(members[0], others)]).await.0, 200);
    driver.at(2, 10);
    assert_eq!(driver.publish_block(&driver.block(2, 0).await).await.0, 200);
    assert!(members.iter().all(|member| driver.chain.inclusion(Slot(1), *member) == Some(Slot(2))));
}

#[tokio::test]
async fn wrong_aggregates_are_refused_for_what_is_wrong() {
    let (driver, data) = voted(Scenario::default()).await;
    let (mine, theirs) = (members(&driver, 1, 0).await, members(&driver, 1, 1).await);
    let made = |data, committee, bits: &[bool]| {
        driver.made_up_aggregate(data, CommitteeIndex(committee), &mine, bits)
    };
    let all = || made(data, 0, &[true; 4]);
    let (signed, _) = driver.hand_in(mine[0], all()).into_parts();
    let unsigned = signed.clone().sign(driver.hand_in(mine[1], all()).signature());
    let (signature, proof) = (all().signature(), signed.selection_proof());
    let both = both_committees(&all());
    let cases: Vec<(SignedAggregateAndProof, &str)> = vec![
        (
            driver
                .hand_in(mine[0], made(AttestationData { index: CommitteeIndex(1), ..data }, 0, &[true; 4])),
            "must be 0",
        ),
        (driver.hand_in(mine[0], both), "exactly one committee, this one is of 2"),
        (driver.hand_in(mine[0], made(data, 3, &[true; 4])), "no committee 3"),
        (driver.hand_in(mine[0], made(data, 0, &[true; 3])), "3 bits, its committee 4 members"),
        (driver.hand_in(mine[0], made(data, 0, &[false; 4])), "empty"),
        (driver.hand_in(theirs[0], all()), "not in that committee"),
        (driver.hand_in_by(mine[0], all(), Slot(2)), "the selection proof is not"),
        (unsigned, "the signature is not"),
        (AggregateAndProof::new(ValidatorIndex(1000), all(), proof).sign(signature), "not in the registry"),
        (
            driver.hand_in(mine[0], made(data, 0, &[true, true, true, false]).with_signature(signature)),
            "the aggregate's signature is not",
        ),
        (
            driver.hand_in(
                mine[0],
                made(AttestationData { beacon_block_root: Root([9; 32]), ..data }, 0, &[true; 4]),
            ),
            "not known as a head",
        ),
        (driver.hand_in(mine[0], made(other_target(data), 0, &[true; 4])), "target epoch"),
    ];
    let count = cases.len();
    for (wrong, why) in cases {
        driver.refused(driver.publish_aggregates(&[wrong]).await, why);
    }
    assert_eq!(driver.chain.truth().counts().rejected, count as u64);
    assert_eq!(driver.chain.truth().aggregates(Slot(1), CommitteeIndex(0)).count(), 0);
}

#[tokio::test]
async fn an_aggregator_hands_in_one_and_in_time() {
    let (driver, data) = voted(Scenario::default()).await;
    let mine = members(&driver, 1, 0).await;
    let handed_in = driver.hand_in(mine[0], driver.aggregate(data, 0).await);
    let one = std::slice::from_ref(&handed_in);
    driver.at(0, 500);
    driver.refused(driver.publish_aggregates(one).await, "has not begun");
    driver.at(16, 0);
    driver.refused(driver.publish_aggregates(one).await, "too long ago");
    driver.at(15, 900);
    assert_eq!(driver.publish_aggregates(one).await.0, 200, "an epoch later it still helps");
    let another = driver.made_up_aggregate(data, CommitteeIndex(0), &mine, &[true, false, false, false]);
    driver.refused(driver.publish_aggregates(&[driver.hand_in(mine[0], another)]).await, "another aggregate");
}

#[tokio::test]
async fn in_large_committees_only_the_selected_aggregate() {
    let driver = Driver::start(Preset::Minimal, 1024).await;
    let data = driver.vote(0).await;
    let members = members(&driver, 0, 0).await;
    assert_eq!(members.len(), 32);
    let due = driver.chain.slot(Slot(0)).aggregates;
    assert_eq!(due.len(), 4, "one of each committee");
    assert!(due.iter().all(|due| due.aggregator.is_none() && due.aggregated.is_none()));
    let mut bits = [false; 32];
    bits[0] = true;
    let aggregate = driver.made_up_aggregate(data, CommitteeIndex(0), &members, &bits);
    let (mut selected, mut others) = (0, 0);
    for member in &members {
        let handed_in = driver.hand_in(*member, aggregate.clone());
        let (message, _) = handed_in.clone().into_parts();
        let answer = driver.publish_aggregates(&[handed_in]).await;
        if is_aggregator(32, &message.selection_proof()) {
            assert_eq!(answer.0, 200);
            selected += 1;
        } else {
            driver.refused(answer, "is not selected");
            others += 1;
        }
    }
    assert!(selected > 0 && others > 0, "one in two: {selected} of 32");
    let due = driver.chain.slot(Slot(0)).aggregates;
    assert_eq!(due.iter().filter(|due| due.aggregated.is_some()).count(), selected);
    assert_eq!(due.len(), selected + 3);
}

#[tokio::test]
async fn the_fork_of_aggregates_must_be_named() {
    let (driver, _) = voted(Scenario::default()).await;
    let path = driver.url("eth/v2/validator/aggregate_and_proofs");
    for version in [None, Some("electra")] {
        let mut request = driver.http.post(&path).body("[]");
        if let Some(version) = version {
            request = request.header("eth-consensus-version", version);
        }
        assert_eq!(request.send().await.expect("an answer").status().as_u16(), 400, "{version:?}");
    }
    assert_eq!(driver.publish_aggregates(&[]).await.0, 200);
}

/// The same bits for committees 0 and 1.
fn both_committees(aggregate: &Attestation) -> Attestation {
    type Inner = eth::containers::minimal::attestation::Attestation;
    let mut inner = Inner::from_ssz(&aggregate.to_ssz()).expect("the preset's");
    inner.committee_bits.set(1).expect("four committees");
    Attestation::from_ssz(Preset::Minimal, &inner.to_ssz()).expect("the preset's")
}

fn other_target(mut data: AttestationData) -> AttestationData {
    data.target.epoch.0 += 1;
    data
}
