//! The chain gathers contributions and judges those handed in.

use devnet::chain::Scenario;
use eth::{
    Preset, Root, SignatureBytes, SignedContributionAndProof, Slot, SubcommitteeIndex,
    SyncAggregatorSelectionData, SyncCommitteeContribution, ValidatorIndex,
};
use serde_json::json;

use crate::driver::Driver;

/// A chain in slot 1 whose sync committee has signed the head.
async fn signed(preset: Preset, scenario: Scenario) -> Driver {
    let driver = Driver::with(preset, 16, scenario).await;
    driver.slot(1).await;
    driver.sync(1).await;
    driver.at(1, 670);
    driver
}

async fn minimal() -> Driver {
    signed(Preset::Minimal, Scenario::default()).await
}

#[tokio::test]
async fn contributions_gather_every_seat_of_a_subcommittee() {
    for (preset, size) in [(Preset::Minimal, 8), (Preset::Mainnet, 128)] {
        let driver = signed(preset, Scenario::default()).await;
        let head = driver.head().await;
        for part in 0..4 {
            let contribution = driver.contribution(1, part, head).await;
            assert_eq!(contribution.participants(), (0..size).collect::<Vec<_>>());
            let every: Vec<usize> = (0..size).collect();
            assert_eq!(contribution, driver.made_up(1, part, head, &every));
        }
        assert_eq!(driver.gather(1, 0, Root([9; 32])).await.0, 404, "nobody signed that");
        assert_eq!(driver.gather(2, 0, head).await.0, 404, "nor that slot");
        assert_eq!(driver.gather(1, 4, head).await.0, 400, "there are four");
    }
}

#[tokio::test]
async fn contributions_come_in_ssz_too() {
    let driver = minimal().await;
    let head = driver.head().await;
    let path = format!(
        "eth/v1/validator/sync_committee_contribution?slot=1&subcommittee_index=2&beacon_block_root={head}"
    );
    let request = driver.http.get(driver.url(&path)).header("accept", "application/octet-stream");
    let ssz = request.send().await.expect("an answer").bytes().await.expect("a body");
    let contribution = SyncCommitteeContribution::from_ssz(Preset::Minimal, &ssz).expect("a contribution");
    assert_eq!(contribution, driver.contribution(1, 2, head).await);
    let members = driver.subcommittee(1, 2);
    let signed = driver.contribute(members[0], contribution);
    let path = "eth/v1/validator/contribution_and_proofs";
    assert_eq!(driver.post_ssz(path, signed.to_ssz()).await.0, 200);
    assert_eq!(driver.chain.truth().contributions(Slot(1), SubcommitteeIndex(2)).count(), 1);
}

#[tokio::test]
async fn every_aggregator_hands_in_its_own_and_the_ledger_has_them_all() {
    let driver = minimal().await;
    let contribution = driver.contribution(1, 0, driver.head().await).await;
    let mut members = driver.subcommittee(1, 0);
    members.sort_unstable();
    members.dedup();
    let all: Vec<_> = members.iter().map(|member| driver.contribute(*member, contribution.clone())).collect();
    assert_eq!(driver.publish_contributions(&all).await, (200, json!(null)));
    assert_eq!(driver.publish_contributions(&all[..1]).await.0, 200);
    assert_eq!(driver.chain.truth().counts().duplicates, 1);
    let truth = driver.chain.slot(Slot(1)).contributions;
    let (done, missing): (Vec<_>, Vec<_>) = truth.into_iter().partition(|due| due.contributed.is_some());
    let aggregators: Vec<_> = done.iter().filter_map(|due| due.aggregator).collect();
    assert_eq!(aggregators, members);
    assert!(done.iter().all(|due| due.contributed.is_some_and(|came| came.seats == 8)));
    assert!(done.iter().all(|due| due.subcommittee == SubcommitteeIndex(0)));
    assert!(missing.iter().all(|due| due.subcommittee != SubcommitteeIndex(0) && due.aggregator.is_some()));
    assert!(!missing.is_empty(), "all aggregate in small subcommittees, so theirs are due");
}

#[tokio::test]
async fn a_network_of_aggregators_includes_only_what_was_contributed() {
    for contribute in [false, true] {
        let driver = signed(Preset::Minimal, Scenario { only_aggregates: true, ..Scenario::default() }).await;
        if contribute {
            driver.contribute_all(1).await;
        }
        driver.slot(2).await;
        let included = driver.chain.slot(Slot(1)).sync_seats_included;
        assert_eq!(included, Some(if contribute { 32 } else { 0 }));
    }
}

#[tokio::test]
async fn contributions_add_to_what_came_singly() {
    let driver = Driver::minimal().await;
    driver.slot(1).await;
    let head = driver.head().await;
    let members = driver.subcommittee(1, 0);
    let single = driver.sync_message(members[0], 1, head);
    assert_eq!(driver.publish_sync(&[single]).await.0, 200);
    let rest: Vec<usize> = (0..8).filter(|seat| members[*seat] != members[0]).collect();
    let signed = driver.contribute(members[0], driver.made_up(1, 0, head, &rest));
    assert_eq!(driver.publish_contributions(&[signed]).await.0, 200);
    driver.slot(2).await;
    let others = driver.chain.sync_committee(Slot(1))[8..].iter().filter(|seat| **seat == members[0]).count();
    assert_eq!(driver.chain.slot(Slot(1)).sync_seats_included, Some(8 + others));
}

#[tokio::test]
async fn wrong_contributions_are_refused_for_what_is_wrong() {
    type Wrong = fn(&Driver, Root) -> SignedContributionAndProof;
    let cases: [(Wrong, &str); 7] = [
        (
            |driver, head| driver.contribute(stranger(driver, 0), whole(driver, head)),
            "not in sync subcommittee",
        ),
        (
            |driver, head| {
                let selection = SyncAggregatorSelectionData { slot: Slot(2), ..Default::default() };
                driver.contribute_by(driver.subcommittee(1, 0)[0], whole(driver, head), selection)
            },
            "the selection proof is not",
        ),
        (
            |driver, head| {
                let aggregator = driver.subcommittee(1, 0)[0];
                let (message, _) = driver.contribute(aggregator, whole(driver, head)).into_parts();
                message.sign(driver.sync_message(aggregator, 1, head).signature)
            },
            "the signature is not",
        ),
        (
            |driver, head| {
                let missing_one = driver.made_up(1, 0, head, &[0, 1, 2]).signature();
                let wrong = contribution(head, 0, &[0, 1, 2, 3], missing_one);
                driver.contribute(driver.subcommittee(1, 0)[0], wrong)
            },
            "the aggregate's signature is not",
        ),
        (
            |driver, head| driver.contribute(driver.subcommittee(1, 0)[0], driver.made_up(1, 0, head, &[])),
            "empty",
        ),
        (
            |driver, head| {
                let nowhere = contribution(head, 4, &[0], driver.made_up(1, 0, head, &[0]).signature());
                driver.contribute(driver.subcommittee(1, 0)[0], nowhere)
            },
            "no sync subcommittee 4",
        ),
        (
            |driver, head| {
                let (message, signature) =
                    driver.contribute(driver.subcommittee(1, 0)[0], whole(driver, head)).into_parts();
                let (contribution, proof) = (message.contribution(), message.selection_proof());
                eth::ContributionAndProof::new(ValidatorIndex(1000), contribution, proof).sign(signature)
            },
            "not in the registry",
        ),
    ];
    let driver = minimal().await;
    let head = driver.head().await;
    for (wrong, why) in cases {
        driver.refused(driver.publish_contributions(&[wrong(&driver, head)]).await, why);
    }
    assert_eq!(driver.chain.truth().counts().rejected, 7);
    assert_eq!(driver.chain.truth().contributions(Slot(1), SubcommitteeIndex(0)).count(), 0);
}

#[tokio::test]
async fn an_aggregator_contributes_once_and_in_time() {
    let driver = minimal().await;
    let head = driver.head().await;
    let aggregator = driver.subcommittee(1, 0)[0];
    let signed = driver.contribute(aggregator, whole(&driver, head));
    driver.at(2, 100);
    driver.refused(driver.publish_contributions(std::slice::from_ref(&signed)).await, "too long ago");
    driver.at(1, 700);
    assert_eq!(driver.publish_contributions(&[signed]).await.0, 200);
    let another = driver.contribute(aggregator, driver.made_up(1, 0, head, &[0]));
    driver.refused(driver.publish_contributions(&[another]).await, "another contribution");
}

#[tokio::test]
async fn in_large_subcommittees_only_the_selected_contribute() {
    let driver = signed(Preset::Mainnet, Scenario::default()).await;
    let head = driver.head().await;
    let due = driver.chain.slot(Slot(1)).contributions;
    assert!(due.iter().all(|due| due.aggregator.is_none()), "nobody knows who is selected");
    assert_eq!(due.len(), 4);
    let (mut selected, mut others) = (0, 0);
    for part in 0..4 {
        let contribution = driver.contribution(1, part, head).await;
        let mut members = driver.subcommittee(1, part);
        members.sort_unstable();
        members.dedup();
        for member in members {
            let signed = driver.contribute(member, contribution.clone());
            let (message, _) = signed.clone().into_parts();
            let answer = driver.publish_contributions(&[signed]).await;
            if eth::is_sync_committee_aggregator(Preset::Mainnet, &message.selection_proof()) {
                assert_eq!(answer.0, 200);
                selected += 1;
            } else {
                driver.refused(answer, "is not selected");
                others += 1;
            }
        }
    }
    assert!(selected > 0 && others > selected, "one in eight: {selected} of {}", selected + others);
    let due = driver.chain.slot(Slot(1)).contributions;
    assert_eq!(due.iter().filter(|due| due.contributed.is_some()).count(), selected);
}

fn whole(driver: &Driver, head: Root) -> SyncCommitteeContribution {
    driver.made_up(1, 0, head, &[0, 1, 2, 3, 4, 5, 6, 7])
}

fn contribution(
    head: Root,
    part: u64,
    seats: &[usize],
    signature: SignatureBytes,
) -> SyncCommitteeContribution {
    let part = SubcommitteeIndex(part);
    SyncCommitteeContribution::new(Preset::Minimal, Slot(1), head, part, seats, signature).expect("it fits")
}

/// A validator that is not in a subcommittee.
fn stranger(driver: &Driver, part: u64) -> ValidatorIndex {
    let members = driver.subcommittee(1, part);
    (0..16).map(ValidatorIndex).find(|index| !members.contains(index)).expect("8 seats, 16 validators")
}
