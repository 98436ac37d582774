//! Committees and sync committees against what must hold of them.

use std::collections::BTreeSet;

use eth::{Fork, Genesis, Preset, Root, SubcommitteeIndex};

use super::*;
use crate::chain::ChainConfig;

fn schedule(preset: Preset, validators: u64) -> Schedule {
    let genesis = Genesis {
        genesis_time: 0,
        genesis_validators_root: Root::ZERO,
        genesis_fork_version: ChainConfig::genesis_fork_version(preset),
    };
    Schedule::new(&Spec::local(preset, genesis, 6000, Fork::Fulu), validators, [7; 32])
}

/// How often each validator attests in an epoch; its places are as its committees say.
fn attestations(schedule: &Schedule, epoch: Epoch) -> BTreeMap<ValidatorIndex, usize> {
    let committees = schedule.committees(epoch);
    let first = schedule.spec.first_slot(epoch).0;
    let mut seen = BTreeMap::new();
    for slot in (first..first + schedule.spec.slots_per_epoch).map(Slot) {
        for committee in committees.indices() {
            let members = committees.members(slot, committee);
            for (position, member) in members.iter().enumerate() {
                *seen.entry(*member).or_default() += 1;
                let place = committees.place(*member).expect("a member has a place");
                assert_eq!((place.slot, place.committee), (slot, committee));
                let (position, length) = (position as u64, members.len() as u64);
                assert_eq!((place.position, place.committee_length), (position, length));
            }
        }
    }
    seen
}

#[test]
fn every_validator_attests_once_in_an_epoch() {
    for (preset, validators) in [(Preset::Minimal, 100), (Preset::Minimal, 3), (Preset::Mainnet, 9000)] {
        let schedule = schedule(preset, validators);
        for epoch in [Epoch(0), Epoch(5)] {
            let seen = attestations(&schedule, epoch);
            assert_eq!(seen.len() as u64, validators);
            assert!(seen.values().all(|times| *times == 1));
        }
    }
}

#[test]
fn epochs_are_shuffled_differently_and_always_the_same() {
    let order = |epoch| schedule(Preset::Minimal, 64).committees(Epoch(epoch)).order.clone();
    assert_eq!(order(3), order(3));
    assert_ne!(order(3), order(4));
}

#[test]
fn who_has_exited_neither_attests_nor_proposes() {
    let mut schedule = schedule(Preset::Minimal, 4);
    schedule.committees(Epoch(3));
    schedule.leave(ValidatorIndex(2), Epoch(3));
    assert_eq!(attestations(&schedule, Epoch(2)).len(), 4);
    assert!(!attestations(&schedule, Epoch(3)).contains_key(&ValidatorIndex(2)));
    assert_eq!(schedule.committees(Epoch(3)).place(ValidatorIndex(2)), None);
    assert!((24..100).all(|slot| schedule.proposer(Slot(slot)) != ValidatorIndex(2)));
    assert!((0..24).any(|slot| schedule.proposer(Slot(slot)) == ValidatorIndex(2)));
}

#[test]
fn duties_dealt_anew_differ_from_their_epoch_on() {
    let mut schedule = schedule(Preset::Minimal, 64);
    let order = |schedule: &Schedule, epoch| schedule.committees(Epoch(epoch)).order.clone();
    let before: Vec<_> = (0..4).map(|epoch| order(&schedule, epoch)).collect();
    schedule.deal_anew(Epoch(2));
    let same: Vec<bool> = (0..4).map(|epoch| order(&schedule, epoch) == before[epoch as usize]).collect();
    assert_eq!(same, [true, true, false, false]);
}

#[test]
fn sync_committees_have_the_preset_s_size_and_last_a_period() {
    for (preset, size, part, epochs) in [(Preset::Minimal, 32, 8, 8), (Preset::Mainnet, 512, 128, 256)] {
        let schedule = schedule(preset, 16);
        let seats = |epoch| schedule.sync_committee(Epoch(epoch)).seats().to_vec();
        assert_eq!(seats(0).len(), size);
        assert_eq!(seats(0), seats(epochs - 1));
        assert_ne!(seats(0), seats(epochs));
        let committee = schedule.sync_committee(Epoch(0));
        let parts: Vec<_> = SyncCommittee::subcommittees().collect();
        assert_eq!(parts.len(), 4);
        let joined = parts.iter().flat_map(|part| committee.subcommittee(*part).expect("four")).copied();
        assert_eq!(joined.collect::<Vec<_>>(), committee.seats());
        assert_eq!(committee.subcommittee(SubcommitteeIndex(3)).map(<[_]>::len), Some(part));
        assert_eq!(committee.subcommittee(SubcommitteeIndex(4)), None);
        let seats: usize = committee.members().iter().map(|member| committee.seats_of(*member).len()).sum();
        assert_eq!(seats, size, "some have several");
    }
}

#[test]
fn the_last_slot_of_a_period_is_signed_by_the_next_committee() {
    let schedule = schedule(Preset::Minimal, 16);
    let signing = |slot| schedule.sync_committee_signing(Slot(slot)).seats().to_vec();
    assert_eq!(signing(62), signing(0));
    assert_ne!(signing(63), signing(62));
    assert_eq!(signing(63), schedule.sync_committee(Epoch(8)).seats());
}

#[test]
fn who_exits_stays_in_the_committees_drawn_before() {
    let mut schedule = schedule(Preset::Minimal, 2);
    let gone = ValidatorIndex(1);
    schedule.leave(gone, Epoch(3));
    let members = |epoch| schedule.sync_committee(Epoch(epoch)).members();
    assert!(members(7).contains(&gone));
    assert!(members(15).contains(&gone), "it was drawn at genesis");
    assert_eq!(members(16), BTreeSet::from([ValidatorIndex(0)]));
}
