//! What holds in every run of a cluster: agreement, validity, one word in a round, and an end.
//!
//! [`Network`] asserts the safety properties at every step; these tests choose the runs and ask for the end.

use std::collections::BTreeSet;

use proptest::prelude::*;
use qbft::{PeerIndex, Time, faults};

use crate::liars::Lie;
use crate::network::{Character, Network, Random, Weather, some_faulty, value_of};

#[test]
fn a_fair_network_decides_the_leaders_value_in_the_first_round() {
    for peers in [1, 3, 4, 5, 6, 7, 10, 13] {
        let mut network = Network::new(peers as u64, &vec![Character::Honest; peers], 5, Weather::FAIR);
        assert!(network.run_until_decided(1_000), "n = {peers}");
        let leader = network.config.leader(qbft::Round::FIRST);
        assert!(
            network
                .decisions
                .values()
                .all(|d| (d.value, d.round) == (value_of(leader.0), qbft::Round::FIRST))
        );
    }
}

#[test]
fn each_crashed_leader_costs_one_round() {
    for peers in [4, 7, 10, 13] {
        for crashed in 0..=faults(peers) {
            let leader_offset = peers as u64 - 1;
            // Peer r − 1 leads round r: the leaders of the first rounds are the ones that are gone.
            let mut characters = vec![Character::Honest; peers];
            characters[..crashed].fill(Character::Crashing { at_ms: 0 });
            let mut network = Network::new(7, &characters, leader_offset, Weather::FAIR);
            assert!(network.run_until_decided(60_000), "n = {peers}, crashed = {crashed}");
            for decision in network.decisions.values() {
                assert_eq!(decision.round.number(), 1 + crashed as u64, "n = {peers}");
                assert!(decision.at < Time(0).plus_ms(1_000 * crashed as i64 + 500));
            }
        }
    }
}

#[test]
fn an_equivocating_first_leader_costs_no_safety_and_two_rounds_at_most() {
    for seed in 0..50 {
        let mut characters = [Character::Honest; 4];
        characters[0] = Character::Liar(Lie::Equivocation);
        let mut network = Network::new(seed, &characters, 3, Weather::FAIR);
        assert!(network.run_until_decided(60_000));
        // Its proposals double round 1 up to the end of round 2; round 3 has an honest leader.
        assert!(network.decisions.values().all(|decision| decision.round.number() <= 3));
    }
}

#[test]
fn with_more_liars_than_the_protocol_bears_an_honest_peer_still_says_one_thing() {
    // Z11: agreement is lost when f + 1 lie; what an honest peer says stays consistent, and nothing panics.
    for seed in 0..50 {
        let mut characters = [Character::Liar(Lie::Everything); 4];
        characters[seed as usize % 4] = Character::Honest;
        Network::new(seed, &characters, seed, storm(&mut Random::new(seed))).run_until_decided(20_000);
    }
}

#[test]
fn an_observer_learns_what_the_voters_decide() {
    for seed in 0..20 {
        let mut characters = [Character::Honest; 4];
        characters[2] = Character::Observer;
        let mut network = Network::new(seed, &characters, 3, Weather::FAIR);
        assert!(network.run_until_decided(1_000));
        assert!(network.decisions.contains_key(&PeerIndex(2)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Agreement, validity and an end, among crashes in a storm.
    #[test]
    fn crashes_and_storms_cost_time_only(seed: u64, peers in 4usize..=10, leader_offset in 0u64..100) {
        let random = &mut Random::new(seed);
        let weather = storm(random);
        let faulty = some_faulty(peers, random);
        let crash = |random: &mut Random| Character::Crashing { at_ms: random.below(weather.stable_at_ms as u64) as i64 };
        let characters = cast(peers, &faulty, weather, crash, random);
        let mut network = Network::new(seed, &characters, leader_offset, weather);
        let decided = network.run_until_decided(300_000);
        prop_assert!(decided, "{:?}", network.rounds);
        let proposed: BTreeSet<_> = network.peers().map(|peer| value_of(peer.0)).collect();
        prop_assert!(network.decisions.values().all(|decision| proposed.contains(&decision.value)));

        // A round r that is doubled ends at 2r seconds. By then all are in one round, of which some messages may have
        // been lost; after it come at most f crashed leaders, and then an honest one.
        let together_ms = weather.stable_at_ms.max(2_000 * network.round_when_stable as i64);
        let end_ms = together_ms + 1_000 * (faults(peers) as i64 + 2);
        let last = network.decisions.values().map(|decision| decision.at).max();
        prop_assert!(last <= Some(Time(0).plus_ms(end_ms)), "{last:?} is after {end_ms} ms");
    }

    /// Agreement, validity, one word in a round, whatever liars do in a storm.
    #[test]
    fn liars_never_break_agreement(seed: u64, peers in 4usize..=10, leader_offset in 0u64..100) {
        stormy_network(seed, peers, leader_offset, &[ALL_BUT_EQUIVOCATION, EQUIVOCATION].concat())
            .run_until_decided(30_000);
    }

    /// And an end, when the liars that lead do not split the others.
    #[test]
    fn liars_and_storms_cost_time_only(seed: u64, peers in 4usize..=10, leader_offset in 0u64..100) {
        let mut network = stormy_network(seed, peers, leader_offset, ALL_BUT_EQUIVOCATION);
        let decided = network.run_until_decided(300_000);
        prop_assert!(decided, "{:?}", network.rounds);
    }

    /// And an end, when one leader splits the others.
    ///
    /// Doubled rounds follow each other as r, 2r + 1, …, so the leader of a round r ≡ −1 mod n leads again after
    /// it: that one can hold the cluster until the duty expires, and so can some pairs of liars. It is the price of
    /// Charon's timer.
    #[test]
    fn an_equivocating_leader_costs_time_only(
        seed: u64, peers in 4usize..=10, leader_offset in 0u64..100, liar in 0u64..9
    ) {
        let captor = (leader_offset + peers as u64 - 1) % peers as u64;
        let liar = (captor + 1 + liar % (peers as u64 - 1)) % peers as u64;
        let random = &mut Random::new(seed);
        let weather = storm(random);
        let lie = EQUIVOCATION[random.below(2) as usize];
        let characters = cast(peers, &BTreeSet::from([liar as u8]), weather, |_| Character::Liar(lie), random);
        let mut network = Network::new(seed, &characters, leader_offset, weather);
        let decided = network.run_until_decided(300_000);
        prop_assert!(decided, "{:?}", network.rounds);
    }
}

const EQUIVOCATION: &[Lie] = &[Lie::Equivocation, Lie::Everything];

const ALL_BUT_EQUIVOCATION: &[Lie] =
    &[Lie::Silence, Lie::NoProposal, Lie::VoteForAll, Lie::Forgery, Lie::Replay];

fn stormy_network(seed: u64, peers: usize, leader_offset: u64, lies: &[Lie]) -> Network {
    let random = &mut Random::new(seed);
    let weather = storm(random);
    let faulty = some_faulty(peers, random);
    let lie = |random: &mut Random| Character::Liar(lies[random.below(lies.len() as u64) as usize]);
    let characters = cast(peers, &faulty, weather, lie, random);
    Network::new(seed, &characters, leader_offset, weather)
}

/// From a breeze, in which peers decide in different rounds, to a storm in which nothing gets through.
fn storm(random: &mut Random) -> Weather {
    Weather {
        stable_at_ms: 1_000 + random.below(8_000) as i64,
        loss_percent: random.below(40),
        duplicate_percent: random.below(30),
        delay_ms: 50 + random.below(1_200),
        stable_delay_ms: 50,
    }
}

/// Some faulty peers, and honest ones of which some are late or have no value until the network is stable.
fn cast(
    peers: usize,
    faulty: &BTreeSet<u8>,
    weather: Weather,
    fault: impl Fn(&mut Random) -> Character,
    random: &mut Random,
) -> Vec<Character> {
    let cast = (0..peers as u8).map(|peer| match random.below(6) {
        _ if faulty.contains(&peer) => fault(random),
        0 => Character::Empty,
        1 => Character::Late { at_ms: random.below(weather.stable_at_ms as u64) as i64 },
        _ => Character::Honest,
    });
    cast.collect()
}
