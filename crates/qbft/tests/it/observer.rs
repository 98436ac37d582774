//! One who listens: no word that could contradict what it said before a restart.

use qbft::{Config, Input, Kind, PeerIndex, Role};

use crate::script::*;

fn observer() -> Node {
    let mut node = Node::new(Config { role: Role::Observer, ..config(4) }, 0);
    node.step(Input::Start);
    node
}

#[test]
fn an_observer_never_votes_proposes_or_changes_rounds() {
    let mut node = observer();
    node.accept(A);
    assert!(node.step(Input::Propose(A)).is_empty(), "though it leads round 1");
    assert!(node.receive(pre_prepare(2, A, round_changes(&[1, 2, 3], 2))).is_empty());
    assert!(node.receive_all(prepares(&[1, 2, 3], 1, A)).is_empty());
    assert!(node.receive_all(round_changes(&[1, 2, 3], 5)).is_empty());
    assert!(node.receive(bare(prepared_round_change(1, 3, 2, A))).is_empty(), "it does not even judge them");
    assert_eq!(node.deadline_ms(), None);
    assert!(node.at_ms(60_000).is_empty());
    assert!(node.step(Input::Connected(PeerIndex(1))).is_empty());
}

#[test]
fn an_observer_learns_the_decision_from_commits_or_a_proof() {
    assert_eq!(decision(&observer().receive_all(commits(&[1, 2, 3], 3, A))), Some((A, 3)));
    assert_eq!(decision(&observer().receive(decided(1, 2, A, commits(&[1, 2, 3], 2, A)))), Some((A, 2)));
}

#[test]
fn an_observer_serves_the_decision() {
    let mut node = observer();
    node.receive_all(commits(&[1, 2, 3], 1, A));
    assert_eq!(sent(&node.receive(round_change(2, 2))), [(PeerIndex(2), Kind::Decided, 1)]);
    assert_eq!(sent(&node.step(Input::Connected(PeerIndex(1)))), [(PeerIndex(1), Kind::Decided, 1)]);
}
