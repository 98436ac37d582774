//! Whether the own ledger may be trusted: the rules, one by one.

use eth::PublicKeyBytes;

use super::*;

const KEY: GroupKey = GroupKey(PublicKeyBytes([1; 48]));
const GRACE: i64 = 1_000;
const ALONE: i64 = 100_000;

/// A node that starts at 0 among seven, of which two may lie.
fn trust() -> Trust {
    let patience = Patience { grace_ns: GRACE, alone_ns: ALONE };
    Trust::new(Company { others: 6, quorum: 5, faults: 2 }, patience, Time(0), None)
}

fn mark(source: u64, target: u64, slot: u64) -> Watermark {
    let vote = VoteMark { source: Epoch(source), target: Epoch(target) };
    Watermark { vote: Some(vote), block: Some(Slot(slot)) }
}

fn present() -> Present {
    Present { epoch: Epoch(10), slot: Slot(85) }
}

fn peers(peers: impl IntoIterator<Item = u8>) -> BTreeSet<PeerIndex> {
    peers.into_iter().map(PeerIndex).collect()
}

fn testify(trust: &mut Trust, peer: u8, mark: Option<Watermark>) {
    let marks = mark.map(|mark| (KEY, mark)).into_iter().collect();
    assert!(!trust.testify(PeerIndex(peer), marks, present(), Time(1)), "an honest claim");
}

/// The floors that the ledger is given.
fn floor(trust: &mut Trust) -> Option<Watermark> {
    let floors = trust.take_floors([KEY].into_iter(), Time(1))?;
    floors.first().map(|(_, floor)| *floor)
}

#[test]
fn all_peers_are_waited_for_a_moment_and_no_longer() {
    let mut trust = trust();
    let connected = peers(1..=6);
    (1..=5).for_each(|peer| testify(&mut trust, peer, None));
    assert_eq!(trust.settle(&connected, present(), Time(1)), None);
    assert_eq!(trust.deadline(Time(1)), Some(Time(GRACE)));
    let by = (1..=5).map(PeerIndex).collect();
    assert_eq!(trust.settle(&connected, present(), Time(GRACE)), Some(Ground::Peers(by)));
    assert!(trust.is_settled() && trust.deadline(Time(GRACE)).is_none());
    assert_eq!(trust.settle(&connected, present(), Time(GRACE)), None, "it is said once");
}

#[test]
fn peers_that_all_answer_end_the_wait_at_once() {
    let mut trust = trust();
    (1..=6).for_each(|peer| testify(&mut trust, peer, None));
    assert!(trust.settle(&peers(1..=6), present(), Time(1)).is_some());
}

#[test]
fn the_word_of_those_who_may_all_lie_is_not_enough() {
    for (answer, mute, connected, enough) in [
        (2, 0, 2, false),
        (2, 0, 6, false),
        (3, 0, 6, true),
        (2, 2, 4, true),
        (2, 2, 5, false),
        (1, 5, 6, true),
        (0, 6, 6, false),
    ] {
        let mut trust = trust();
        (1..=answer).for_each(|peer| testify(&mut trust, peer, None));
        (answer + 1..=answer + mute).for_each(|peer| trust.cannot(PeerIndex(peer)));
        let settled = trust.settle(&peers(1..=connected), present(), Time(GRACE)).is_some();
        assert_eq!(settled, enough, "{answer} answer, {mute} cannot, {connected} are there");
    }
}

#[test]
fn a_mute_peer_that_comes_again_is_asked_again() {
    let mut trust = trust();
    testify(&mut trust, 1, None);
    (2..=6).for_each(|peer| trust.cannot(PeerIndex(peer)));
    trust.lost(PeerIndex(2));
    assert!(trust.asks(PeerIndex(2)));
    assert_eq!(trust.settle(&peers(1..=6), present(), Time(GRACE)), None);
}

#[test]
fn one_honest_peer_catches_a_rollback() {
    let mut trust = trust();
    testify(&mut trust, 1, Some(mark(8, 9, 70)));
    testify(&mut trust, 2, None);
    testify(&mut trust, 3, Some(mark(1, 2, 3)));
    assert!(trust.settle(&peers(1..=6), present(), Time(GRACE)).is_some());
    assert!(!trust.is_settled(), "the ledger does not know yet");
    assert_eq!(floor(&mut trust), Some(mark(0, 9, 70)), "of sources three must speak");
    assert_eq!(floor(&mut trust), None, "it is under way");
    let behind = Behind { key: KEY, ledger: mark(3, 4, 20), seen: mark(0, 9, 70) };
    let found = trust.raised(Some(vec![behind]), Time(2));
    assert_eq!(found, Found { behind: vec![behind], claimants: vec![PeerIndex(1)] });
    assert!(trust.is_settled());
}

#[test]
fn a_source_is_raised_to_what_an_honest_peer_must_have_seen() {
    let mut trust = trust();
    for (peer, source) in [(1, 9), (2, 9), (3, 7), (4, 7), (5, 6)] {
        testify(&mut trust, peer, Some(mark(source, 9, 70)));
    }
    assert_eq!(floor(&mut trust), Some(mark(7, 9, 70)));
}

#[test]
fn a_claim_ends_at_the_present_and_is_taken_once() {
    let mut trust = trust();
    let claim = |target| Marks::from([(KEY, mark(target, target, 1 << 40))]);
    assert!(trust.testify(PeerIndex(1), claim(1 << 50), present(), Time(1)));
    assert_eq!(floor(&mut trust), Some(mark(0, 10, 85)));
    assert_eq!(trust.raised(Some(vec![]), Time(2)), Found::default());
    assert!(!trust.testify(PeerIndex(1), claim(10), Present { epoch: Epoch(11), slot: Slot(93) }, Time(3)));
    assert_eq!(floor(&mut trust), None);
}

#[test]
fn a_ledger_that_cannot_write_is_asked_again() {
    let mut trust = trust();
    (1..=6).for_each(|peer| testify(&mut trust, peer, Some(mark(8, 9, 70))));
    assert!(trust.settle(&peers(1..=6), present(), Time(1)).is_some());
    assert!(floor(&mut trust).is_some());
    trust.raised(None, Time(2));
    let again = Time(2).plus_ms(RETRY_MS);
    assert!(!trust.is_settled() && trust.deadline(Time(2)) == Some(again));
    assert!(trust.take_floors([KEY].into_iter(), again).is_some());
    trust.raised(Some(vec![]), again);
    assert!(trust.is_settled());
}

#[test]
fn what_is_told_while_the_ledger_writes_is_not_lost() {
    let mut trust = trust();
    testify(&mut trust, 1, Some(mark(8, 9, 70)));
    assert!(floor(&mut trust).is_some());
    testify(&mut trust, 2, Some(mark(8, 9, 80)));
    trust.raised(Some(vec![]), Time(1));
    assert_eq!(floor(&mut trust), Some(mark(0, 9, 80)));
}

#[test]
fn who_can_ask_nobody_waits_and_leaves_the_past_behind() {
    let mut trust = trust();
    (1..=6).for_each(|peer| trust.cannot(PeerIndex(peer)));
    assert_eq!(trust.settle(&peers(1..=6), present(), Time(ALONE - 1)), None);
    assert_eq!(trust.deadline(Time(ALONE - 1)), Some(Time(ALONE)));
    assert_eq!(trust.settle(&peers(1..=6), present(), Time(ALONE)), Some(Ground::Waited));
    let floors = trust.take_floors([KEY].into_iter(), Time(ALONE));
    assert_eq!(floors, Some(vec![(KEY, mark(0, 10, 85))]));
    let behind = Behind { key: KEY, ledger: Watermark::default(), seen: mark(0, 10, 85) };
    assert_eq!(trust.raised(Some(vec![behind]), Time(ALONE)), Found::default(), "nobody has seen anything");
}

#[test]
fn doubt_begins_everything_anew() {
    let mut trust = trust();
    (1..=6).for_each(|peer| testify(&mut trust, peer, None));
    assert!(trust.settle(&peers(1..=6), present(), Time(1)).is_some());
    trust.doubt(Time(50));
    assert!(!trust.is_settled() && trust.asks(PeerIndex(1)));
    (1..=6).for_each(|peer| testify(&mut trust, peer, None));
    assert!(trust.settle(&peers(1..=6), present(), Time(51)).is_some());
}
