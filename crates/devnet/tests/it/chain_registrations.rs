//! The chain judges registrations with builders, and remembers fee recipients.

use devnet::chain::Registered;
use eth::{
    Address, Container, DomainType, Epoch, PublicKeyBytes, Slot, ValidatorIndex, ValidatorRegistration,
};

use crate::driver::{Driver, GENESIS_TIME};

const MINE: Address = Address([0xAA; 20]);

#[tokio::test]
async fn registrations_are_counted_once_in_each_epoch() {
    let driver = Driver::minimal().await;
    let registrations = [driver.registration(3, MINE), driver.registration(5, MINE)];
    for (slot, duplicates) in [(0, 0), (1, 2), (8, 2)] {
        driver.at(slot, 750);
        assert_eq!(driver.register(&registrations).await.0, 200);
        assert_eq!(driver.chain.truth().counts().duplicates, duplicates);
    }
    let truth = driver.chain.truth();
    for (epoch, arrived_ns) in [(0, 4_500_000_000), (1, 4_500_000_000)] {
        let (validators, came): (Vec<_>, Vec<&Registered>) = truth.registrations(Epoch(epoch)).unzip();
        assert_eq!(validators, [ValidatorIndex(3), ValidatorIndex(5)]);
        assert!(came.iter().all(|came| came.arrived_ns == arrived_ns && came.fee_recipient == MINE));
    }
    assert_eq!(truth.registrations(Epoch(2)).count(), 0);
}

#[tokio::test]
async fn ssz_is_taken_as_json_is() {
    let driver = Driver::minimal().await;
    let ssz: Vec<u8> = (0..3).flat_map(|validator| driver.registration(validator, MINE).to_ssz()).collect();
    assert_eq!(ssz.len(), 3 * 180);
    assert_eq!(driver.post_ssz("eth/v1/validator/register_validator", ssz.clone()).await.0, 200);
    assert_eq!(driver.chain.truth().registrations(Epoch(0)).count(), 3);
    let (status, answer) = driver.post_ssz("eth/v1/validator/register_validator", ssz[1..].to_vec()).await;
    assert_eq!(status, 400, "{answer}");
}

#[tokio::test]
async fn wrong_registrations_are_refused_and_do_not_touch_their_neighbours() {
    let driver = Driver::minimal().await;
    let right = driver.registration(1, MINE);
    let by_another = driver.register_as(2, right.message);
    driver.refused(driver.register(&[by_another, right]).await, "the signature is not");
    assert_eq!(driver.chain.truth().registrations(Epoch(0)).count(), 1);
    let mut of_this_chain = right;
    of_this_chain.signature = driver.sign(1, right.message.root(), DomainType::VoluntaryExit, Epoch(0));
    driver.refused(driver.register(&[of_this_chain]).await, "the signature is not");
    let share = PublicKeyBytes(devnet::interop_key(99).public_key().to_bytes());
    let unknown = driver.register_as(99, ValidatorRegistration { pubkey: share, ..right.message });
    driver.refused(driver.register(&[unknown]).await, "no validator has the key");
    let ahead = ValidatorRegistration { timestamp: GENESIS_TIME + 11, ..right.message };
    driver.refused(driver.register(&[driver.register_as(1, ahead)]).await, "is in the future");
    driver.at(1, 0);
    assert_eq!(driver.register(&[driver.register_as(1, ahead)]).await.0, 200, "six seconds later it is not");
}

#[tokio::test]
async fn a_fee_recipient_is_known_for_three_epochs_and_then_it_is_nobody() {
    let driver = Driver::minimal().await;
    driver.at(1, 10);
    assert_eq!(driver.produce(1, 0).await.fee_recipient(), Address([0; 20]), "nothing was said yet");
    for validator in 0..16 {
        driver.prepare(ValidatorIndex(validator), MINE).await;
    }
    driver.prepare(ValidatorIndex(1000), MINE).await;
    for (slot, expected) in [(1, MINE), (23, MINE), (24, Address([0; 20]))] {
        driver.at(slot, 10);
        assert_eq!(driver.produce(slot, 0).await.fee_recipient(), expected, "slot {slot}");
        let proposer = driver.proposer(slot);
        assert_eq!(driver.chain.prepared(proposer, Slot(slot)).unwrap_or_default(), expected);
    }
    driver.prepare(driver.proposer(24), MINE).await;
    let block = driver.block(24, 0).await;
    assert_eq!(driver.publish_block(&block).await.0, 200);
    let proposed = driver.chain.truth().proposal(Slot(24)).copied().expect("it came");
    assert_eq!((proposed.fee_recipient, proposed.blinded, proposed.blobs), (MINE, false, 0));
}
