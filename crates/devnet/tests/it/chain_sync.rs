//! The chain judges sync committee messages.

use eth::{Container, DomainType, Preset, Root, SignatureBytes, Slot, SyncDuty, ValidatorIndex};
use serde_json::json;

use crate::driver::Driver;

/// A chain in slot 2 on which about half of the validators are in the sync committee, with a block in slot 1.
async fn begun() -> Driver {
    let driver = Driver::start(Preset::Minimal, 64).await;
    driver.slot(1).await;
    driver.at(2, 340);
    driver
}

fn member(driver: &Driver) -> ValidatorIndex {
    driver.chain.sync_committee(Slot(2))[0]
}

#[tokio::test]
async fn duties_name_the_seats_of_this_period_and_the_next() {
    let driver = Driver::minimal().await;
    let everybody: Vec<String> = (0..16).map(|index| index.to_string()).collect();
    for (epoch, slot) in [(0, 0), (7, 0), (8, 64), (15, 64)] {
        let (status, answer) =
            driver.post(&format!("eth/v1/validator/duties/sync/{epoch}"), &json!(everybody)).await;
        assert_eq!(status, 200, "{answer}");
        let duties: Vec<SyncDuty> = serde_json::from_value(answer["data"].clone()).expect("duties");
        let seats = driver.chain.sync_committee(Slot(slot));
        assert_eq!(duties.iter().map(|duty| duty.validator_sync_committee_indices.len()).sum::<usize>(), 32);
        for duty in duties {
            let mine = duty.validator_sync_committee_indices.iter();
            assert!(mine.into_iter().all(|seat| seats[seat.0 as usize] == duty.validator_index));
        }
        let path = format!("eth/v1/beacon/states/head/sync_committees?epoch={epoch}");
        let (_, answer) = driver.get(&path).await;
        assert_eq!(answer["data"]["validators"], json!(seats));
        assert_eq!(answer["data"]["validator_aggregates"][3], json!(seats[24..]));
    }
    let (status, answer) = driver.post("eth/v1/validator/duties/sync/16", &json!(everybody)).await;
    assert_eq!(status, 400, "{answer}");
}

#[tokio::test]
async fn messages_are_taken_once_and_duplicates_counted() {
    let driver = begun().await;
    let message = driver.sync_message(member(&driver), 2, driver.head().await);
    assert_eq!(driver.publish_sync(&[message]).await.0, 200);
    driver.at(2, 500);
    assert_eq!(driver.publish_sync(&[message]).await.0, 200);
    driver.at(4, 0);
    assert_eq!(driver.publish_sync(&[message]).await.0, 200, "what is known harms nobody later either");
    let truth = driver.chain.truth();
    let signed = truth.sync_message(Slot(2), message.validator_index).expect("it came");
    assert_eq!((signed.arrived_ns, signed.head), (2_040_000_000, message.beacon_block_root));
    assert_eq!((truth.counts().duplicates, truth.counts().rejected), (2, 0));
}

#[tokio::test]
async fn ssz_is_taken_as_json_is() {
    let driver = begun().await;
    let message = driver.sync_message(member(&driver), 2, driver.head().await);
    let (status, answer) = driver.post_ssz("eth/v1/beacon/pool/sync_committees", message.to_ssz()).await;
    assert_eq!(status, 200, "{answer}");
    assert!(driver.chain.truth().sync_message(Slot(2), message.validator_index).is_some());
}

#[tokio::test]
async fn a_wrong_message_is_refused_and_does_not_touch_its_neighbours() {
    let driver = begun().await;
    let head = driver.head().await;
    let members = driver.chain.sync_committee(Slot(2));
    let other = *members.iter().find(|other| **other != members[0]).expect("several members");
    let (right, mut wrong) = (driver.sync_message(other, 2, head), driver.sync_message(members[0], 2, head));
    wrong.signature = right.signature;
    driver.refused(driver.publish_sync(&[wrong, right]).await, "the signature is not");
    assert!(driver.chain.truth().sync_message(Slot(2), other).is_some());
    assert!(driver.chain.truth().sync_message(Slot(2), members[0]).is_none());
    wrong.signature = SignatureBytes([0xAA; 96]);
    driver.refused(driver.publish_sync(&[wrong]).await, "the signature is not");
    let epoch = driver.spec.epoch_of(Slot(2));
    wrong.signature = driver.sign(members[0].0, head, DomainType::BeaconAttester, epoch);
    driver.refused(driver.publish_sync(&[wrong]).await, "the signature is not");
}

#[tokio::test]
async fn only_members_sign_and_only_once_a_slot() {
    let driver = begun().await;
    let head = driver.head().await;
    let members = driver.chain.sync_committee(Slot(2));
    let outsider =
        (0..64).map(ValidatorIndex).find(|index| !members.contains(index)).expect("there are some");
    driver.refused(driver.publish_sync(&[driver.sync_message(outsider, 2, head)]).await, "not in the sync");
    let mut stranger = driver.sync_message(members[0], 2, head);
    stranger.validator_index = ValidatorIndex(1000);
    driver.refused(driver.publish_sync(&[stranger]).await, "not in the registry");
    assert_eq!(driver.publish_sync(&[driver.sync_message(members[0], 2, head)]).await.0, 200);
    let second = driver.sync_message(members[0], 2, Root([9; 32]));
    driver.refused(driver.publish_sync(&[second]).await, "another sync committee message");
    assert_eq!(driver.chain.truth().counts().slashable, 0);
}

#[tokio::test]
async fn messages_are_for_the_slot_that_is_now_give_or_take_the_clocks() {
    let driver = begun().await;
    let message = driver.sync_message(member(&driver), 2, driver.head().await);
    driver.at(1, 900);
    driver.refused(driver.publish_sync(&[message]).await, "has not begun");
    driver.at(3, 90);
    driver.refused(driver.publish_sync(&[message]).await, "too long ago");
    driver.at(3, 80);
    assert_eq!(driver.publish_sync(&[message]).await.0, 200, "half a second is forgiven");
    let next = driver.sync_message(driver.chain.sync_committee(Slot(4))[0], 4, driver.head().await);
    driver.at(3, 920);
    assert_eq!(driver.publish_sync(&[next]).await.0, 200);
}

#[tokio::test]
async fn blocks_include_what_the_slot_before_signed_for_their_parent() {
    let driver = Driver::minimal().await;
    driver.slot(1).await;
    driver.sync(1).await;
    driver.at(2, 10);
    let block = driver.block(2, 0).await;
    assert_eq!(driver.publish_block(&block).await.0, 200);
    let slot = driver.chain.slot(Slot(1));
    assert_eq!(slot.sync_seats_included, Some(32), "every seat");
    assert!(slot.sync_members.iter().all(|member| member.signed.is_some()));
    assert!(slot.sync_members.iter().all(|member| member.seats_included == member.seats));
    assert!(slot.sync_members.iter().any(|member| member.seats > 1), "some have several");
    assert_eq!(driver.chain.slot(Slot(2)).sync_seats_included, None, "no block yet that could");
}

#[tokio::test]
async fn signatures_for_another_block_than_the_parent_are_not_included() {
    let driver = Driver::minimal().await;
    driver.slot(1).await;
    let members = driver.chain.sync_committee(Slot(1));
    let other = driver.sync_message(members[0], 1, Root([9; 32]));
    assert_eq!(driver.publish_sync(&[other]).await.0, 200, "who sees another head may say so");
    driver.slot(2).await;
    let slot = driver.chain.slot(Slot(1));
    assert_eq!(slot.sync_seats_included, Some(0));
    let member = slot.sync_members.iter().find(|member| member.validator == members[0]).expect("a member");
    assert_eq!(member.signed.map(|signed| signed.head), Some(Root([9; 32])));
    driver.slot(4).await;
    assert_eq!(driver.chain.slot(Slot(2)).sync_seats_included, None, "slot 3 has no block");
}

#[tokio::test]
async fn the_last_slot_of_a_period_is_signed_by_the_next_committee() {
    let driver = Driver::start(Preset::Minimal, 64).await;
    driver.at(63, 10);
    assert_eq!(driver.publish_block(&driver.block(63, 0).await).await.0, 200);
    let (old, new) = (driver.chain.sync_committee(Slot(62)), driver.chain.sync_committee(Slot(63)));
    let gone = *old.iter().find(|member| !new.contains(member)).expect("some go");
    let message = driver.sync_message(gone, 63, driver.head().await);
    driver.refused(driver.publish_sync(&[message]).await, "not in the sync");
    driver.sync(63).await;
    driver.at(64, 10);
    assert_eq!(driver.publish_block(&driver.block(64, 0).await).await.0, 200);
    assert_eq!(driver.chain.slot(Slot(63)).sync_seats_included, Some(32));
}
