//! Deciding, once, and proving it to those who lag.

use qbft::{Input, Kind, Output, PeerIndex, Why};

use crate::script::*;

fn decided_node() -> Node {
    let mut node = Node::started(3);
    node.receive_all(commits(&[0, 1, 2], 1, A));
    node
}

#[test]
fn a_quorum_of_commits_decides() {
    let mut node = Node::started(3);
    assert!(node.receive_all(commits(&[0, 1], 1, A)).is_empty());
    let out = node.receive(commit(2, 1, A));
    assert_eq!(out, [Output::Decide { value: A, round: round(1), leader: PeerIndex(0) }]);
    assert_eq!(node.deadline_ms(), None);
}

#[test]
fn commits_count_only_within_one_round() {
    // ssv #282: votes of several rounds were added up.
    let mut node = Node::started(3);
    let votes = [commit(0, 1, A), commit(1, 2, A), commit(2, 3, A)];
    assert_eq!(decision(&node.receive_all(votes)), None);
}

#[test]
fn commits_count_only_for_one_value() {
    // Charon #4622: the first COMMIT's value was decided, whatever the quorum was for.
    let mut node = Node::started(3);
    let out = node.receive_all([commit(0, 1, B), commit(1, 1, A), commit(2, 1, A)]);
    assert_eq!(decision(&out), None);
    assert_eq!(decision(&node.receive(commit(3, 1, A))), Some((A, 1)));
}

#[test]
fn one_peer_is_no_quorum_however_often_it_votes() {
    let mut node = Node::started(3);
    assert_eq!(decision(&node.receive_all(commits(&[0, 1, 1, 1, 0], 1, A))), None);
}

#[test]
fn commits_before_any_proposal_count() {
    // Anchor #548: they were dropped.
    assert_eq!(decision(&Node::started(3).receive_all(commits(&[0, 1, 2], 1, A))), Some((A, 1)));
}

#[test]
fn commits_of_a_past_round_still_decide() {
    let mut node = Node::in_round(3, 5);
    assert_eq!(decision(&node.receive_all(commits(&[0, 1, 2], 2, A))), Some((A, 2)));
}

#[test]
fn commits_of_a_future_round_decide_at_once() {
    let mut node = Node::started(3);
    assert_eq!(decision(&node.receive_all(commits(&[0, 1, 2], 9, A))), Some((A, 9)));
}

#[test]
fn a_proven_decision_of_any_round_is_ours_too() {
    for (at_round, decided_round) in [(1, 4), (4, 1)] {
        let mut node = Node::in_round(3, at_round);
        let out = node.receive(decided(0, decided_round, A, commits(&[0, 1, 2], decided_round, A)));
        assert_eq!(decision(&out), Some((A, decided_round)));
    }
}

#[test]
fn a_decision_known_before_the_start_is_made_then() {
    let mut node = Node::new(config(4), 3);
    assert!(node.receive(decided(0, 2, A, commits(&[0, 1, 2], 2, A))).is_empty());
    assert_eq!(decision(&node.step(Input::Start)), Some((A, 2)));
}

#[test]
fn a_decision_is_made_once() {
    let mut node = decided_node();
    assert!(node.receive_all(commits(&[0, 1, 2], 2, A)).is_empty());
    assert!(node.receive(decided(0, 1, A, commits(&[0, 1, 2], 1, A))).is_empty());
    assert!(node.at_ms(60_000).is_empty());
}

#[test]
fn a_proof_of_another_decision_is_reported_and_changes_nothing() {
    let mut node = decided_node();
    let out = node.receive(decided(0, 2, B, commits(&[0, 1, 2], 2, B)));
    assert_eq!(faults(&out), [(0, Why::ConflictingDecision)]);
    assert_eq!(decision(&out), None);
    assert!(node.receive(decided(0, 2, B, commits(&[0, 1], 2, B))).is_empty(), "unproven, it is nothing");
}

#[test]
fn a_laggard_gets_the_proof_and_decides_by_it() {
    // Charon and Pluto end an instance when it decides; whoever lags starves.
    let mut node = decided_node();
    let out = node.receive(round_change(1, 2));
    let [Output::Send(peer, draft)] = out.as_slice() else { panic!("one answer: {out:?}") };
    assert_eq!(*peer, PeerIndex(1));
    assert_eq!(decision(&Node::in_round(1, 2).receive(sign(draft.clone(), 3))), Some((A, 1)));
}

#[test]
fn a_round_change_that_came_before_the_decision_is_answered_with_it() {
    // Its sender will not ask again until its round ends, and a doubled round ends late.
    let mut node = Node::started(3);
    node.receive_all(commits(&[0, 1], 1, A));
    node.receive(round_change(2, 3));
    assert_eq!(sent(&node.receive(commit(2, 1, A))), [(PeerIndex(2), Kind::Decided, 1)]);
    assert!(node.receive(round_change(2, 3)).is_empty(), "that was its answer");
}

#[test]
fn those_who_came_to_the_decided_round_with_us_need_no_proof() {
    let mut node = Node::in_round(3, 2);
    node.receive_all(round_changes(&[0, 1, 2], 2));
    let out = node.receive_all(commits(&[0, 1, 2], 2, A));
    assert_eq!(decision(&out), Some((A, 2)));
    assert!(sent(&out).is_empty(), "a proof carries the value: it is not sent without need");
}

#[test]
fn our_own_late_round_change_gets_no_answer() {
    assert!(decided_node().receive(round_change(3, 2)).is_empty());
}

#[test]
fn what_was_received_as_proof_is_given_as_proof() {
    let mut node = Node::started(3);
    node.receive(decided(0, 2, A, commits(&[0, 1, 2], 2, A)));
    assert_eq!(sent(&node.receive(round_change(1, 3))), [(PeerIndex(1), Kind::Decided, 2)]);
}

#[test]
fn a_peer_that_connects_after_the_decision_gets_the_proof() {
    let out = decided_node().step(Input::Connected(PeerIndex(2)));
    assert_eq!(sent(&out), [(PeerIndex(2), Kind::Decided, 1)]);
}

#[test]
fn after_the_decision_nothing_more_is_voted() {
    let mut node = decided_node();
    node.accept(A);
    node.accept(B);
    assert!(node.receive(pre_prepare(1, A, vec![])).is_empty());
    assert!(node.receive_all(prepares(&[0, 1, 2], 1, A)).is_empty());
    assert!(node.receive(pre_prepare(4, B, round_changes(&[0, 1, 2], 4))).is_empty());
}
