//! A chain of which half of the validators do their duties, watched as a foreign one.

use std::sync::Arc;

use eth::Preset;

use super::*;
use crate::chain::{Chain, ChainConfig, Clock};
use crate::interop_key;
use crate::vc::{Agreement, ValidatorClient, ValidatorClientConfig};

const SLOT_NS: i64 = 6_000_000_000;
/// When somebody exits, and who.
const EXIT: (Slot, ValidatorIndex) = (Slot(3), ValidatorIndex(5));

fn keys(validators: std::ops::Range<u64>) -> Vec<GroupKey> {
    validators.map(|index| GroupKey(PublicKeyBytes(interop_key(index).public_key().to_bytes()))).collect()
}

async fn until(condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), wait).await.expect("it happens");
}

/// A chain of 16 validators, of which the first 8 do their duties for so many slots; the others never do.
async fn half_a_chain(slots: u64) -> Chain {
    let clock = Clock::standing(-SLOT_NS);
    let config = ChainConfig::interop(Preset::Minimal, 6000, 1_700_000_000, 16);
    let chain = Chain::start_by(clock.clone(), config).await.expect("a free port");
    let client = ValidatorClient::start(ValidatorClientConfig {
        node: chain.url(),
        shares: (0..8).map(interop_key).collect(),
        distributed: false,
        builder: false,
        fee_recipient: FEE_RECIPIENT,
        agreement: Arc::new(Agreement::default()),
        clock: Some(clock.clone()),
    });
    until(|| client.is_ready()).await;
    let is_own = |validator: ValidatorIndex| validator.0 < 8;
    for slot in (0..=slots).map(Slot) {
        clock.set(slot.0 as i64 * SLOT_NS);
        let is_turn = slot > Slot(0) && is_own(chain.proposer(slot));
        until(|| !is_turn || chain.slot(slot).proposal.is_some()).await;
        if slot == EXIT.0 {
            client.exit(EXIT.1, Epoch(0)).await.expect("it is taken");
        }
        clock.set(slot.0 as i64 * SLOT_NS + SLOT_NS / 2);
        until(|| {
            let truth = chain.slot(slot);
            truth.attesters.iter().all(|each| !is_own(each.validator) || each.attested.is_some())
                && (slot == Slot(0)
                    || truth.sync_members.iter().all(|each| !is_own(each.validator) || each.signed.is_some()))
        })
        .await;
    }
    client.stop().await;
    chain
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn duties_are_read_from_the_blocks_of_a_chain() {
    let chain = half_a_chain(14).await;
    let remote = Remote::connect(chain.url()).await.expect("it answers");
    let mut remote = remote.with_validators(&keys(0..16)).await.expect("all are known");
    remote.expect_exit(EXIT.0, EXIT.1);
    for slot in 1..=14 {
        remote.observe(Slot(slot)).await;
    }
    assert!(remote.standing().head > Slot(8));
    let mut seen = Share::default();
    for slot in (1..=8).map(Slot) {
        let (record, truth) = (remote.record(slot), chain.slot(slot));
        let attested = truth.attesters.iter().filter(|attester| attester.included.is_some()).count();
        let votes = Share { part: attested as u64, whole: truth.attesters.len() as u64 };
        assert_eq!(record.came(DutyKind::Attester), votes, "slot {slot}");
        let proposed = Share { part: u64::from(truth.proposal.is_some()), whole: 1 };
        assert_eq!(record.came(DutyKind::Proposer), proposed, "slot {slot}");
        assert!(record.block.is_none_or(|block| block.fees_right));
        let bits = record.sync_bits.map(|bits| bits.part as usize);
        assert_eq!(bits, truth.sync_seats_included, "slot {slot}");
        assert!(record.sync_bits.is_none_or(|bits| bits.whole == 32 && bits.part < 32));
        seen.add(votes);
    }
    assert_eq!(remote.record(EXIT.0).came(DutyKind::Exit), Share { part: 1, whole: 1 });
    assert!(0 < seen.part && seen.part < seen.whole, "some attested, some did not: {seen}");
}

#[tokio::test]
async fn a_chain_without_the_validators_is_refused() {
    let config = ChainConfig::interop(Preset::Minimal, 6000, 1_700_000_000, 4);
    let chain = Chain::start_by(Clock::standing(-SLOT_NS), config).await.expect("a free port");
    let remote = Remote::connect(chain.url()).await.expect("it answers");
    let refused = remote.with_validators(&keys(0..5)).await.err().expect("one is missing");
    assert!(refused.to_string().contains("4 of the 5 validators"), "{refused}");
    let url = chain.url();
    chain.stop().await;
    assert!(matches!(Remote::connect(url).await, Err(Error::BeaconNode { .. })));
}
