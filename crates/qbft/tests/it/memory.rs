//! What a flood can not do.

use crate::script::*;

#[test]
fn a_flood_of_one_peer_makes_us_forget_nobody_elses_votes() {
    let mut node = Node::started(3);
    node.receive_all([commit(0, 1, A), commit(1, 1, A), prepare(0, 2, B), prepare(1, 2, B)]);
    for round in 2..5_000 {
        node.receive_all([commit(2, round, B), prepare(2, round, B), round_change(2, round)]);
    }
    assert_eq!(decision(&node.receive(commit(3, 1, A))), Some((A, 1)));
}

#[test]
fn a_peer_that_floods_us_forgets_its_own_earliest_votes() {
    let mut node = Node::started(3);
    node.receive_all(commits(&[0, 1], 1, A));
    node.receive_all((1..=100).map(|round| commit(2, 1 + round, B)));
    assert_eq!(decision(&node.receive(commit(2, 1, A))), None, "its shelf is full of later rounds");
    assert_eq!(decision(&node.receive(commit(3, 1, A))), Some((A, 1)), "an honest one is enough");
}

#[test]
fn what_is_kept_of_a_peer_is_bounded() {
    let mut node = Node::started(3);
    node.receive_all((1..=1_000).map(|round| commit(2, round, A)));
    // Of its thousand COMMITs the last hundred are left: they count, the one before does not.
    assert_eq!(decision(&node.receive_all(commits(&[0, 1], 900, A))), None);
    assert_eq!(decision(&node.receive_all(commits(&[0, 1], 901, A))), Some((A, 901)));
}
