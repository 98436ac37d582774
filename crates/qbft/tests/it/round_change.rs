//! Algorithm 3, one rule at a time.

use qbft::{Cause, Config, Extra, Input, Kind, Missing, Output, Time, Timer, Why};

use crate::script::*;

#[test]
fn a_round_without_a_proposal_ends_at_its_first_deadline() {
    let mut node = Node::started(1);
    assert_eq!(node.deadline_ms(), Some(1000));
    assert!(node.at_ms(999).is_empty());
    let out = node.at_ms(1000);
    assert_eq!(rounds_entered(&out), [(2, Cause::Timeout)]);
    assert_eq!(said(&out, Kind::RoundChange), [(2, None)]);
    assert!(out.iter().any(|o| matches!(o, Output::RoundTimedOut { missing: Missing::Proposal, .. })));
    assert_eq!(node.deadline_ms(), Some(2000));
}

#[test]
fn a_proposal_doubles_its_round_once() {
    let mut node = Node::started(1);
    node.receive(pre_prepare(1, A, vec![]));
    assert_eq!(node.deadline_ms(), Some(2000));
    node.receive(pre_prepare(1, A, vec![]));
    node.receive(pre_prepare(1, B, vec![]));
    assert_eq!(node.deadline_ms(), Some(2000));
}

#[test]
fn a_jump_to_a_proposal_starts_that_round_undoubled() {
    // The first request of a round's timer sets its plain deadline, also when it is the proposal that brought us.
    let mut node = Node::started(3);
    node.receive(pre_prepare(2, A, round_changes(&[0, 1, 2], 2)));
    assert_eq!(node.deadline_ms(), Some(2000));
    node.receive(pre_prepare(2, A, round_changes(&[0, 1, 2], 2)));
    assert_eq!(node.deadline_ms(), Some(2000), "a repetition is no second proposal");
}

#[test]
fn after_a_doubled_round_the_rounds_it_covered_flash_by() {
    let mut node = Node::started(1);
    node.at_ms(1000);
    node.receive(pre_prepare(2, A, round_changes(&[0, 1, 2], 2)));
    assert_eq!(node.deadline_ms(), Some(4000));
    assert!(node.at_ms(3999).is_empty());
    let out = node.at_ms(4000);
    assert_eq!(said(&out, Kind::RoundChange), [(3, None), (4, None), (5, None)]);
    assert_eq!(node.deadline_ms(), Some(5000));
}

#[test]
fn a_late_start_passes_the_rounds_that_are_over() {
    let mut node = Node::new(config(4), 3);
    node.now = Time(0).plus_ms(3500);
    let out = node.step(Input::Start);
    let rounds = [(1, Cause::Start), (2, Cause::Timeout), (3, Cause::Timeout), (4, Cause::Timeout)];
    assert_eq!(rounds_entered(&out), rounds);
    assert_eq!(said(&out, Kind::RoundChange), [(2, None), (3, None), (4, None)]);
}

#[test]
fn a_late_start_decides_first_what_is_decided() {
    let mut node = Node::new(config(4), 3);
    node.receive_all(commits(&[0, 1, 2], 1, A));
    node.now = Time(0).plus_ms(3500);
    let out = node.step(Input::Start);
    assert_eq!(decision(&out), Some((A, 1)));
    assert!(broadcasts(&out).is_empty());
}

#[test]
fn a_message_at_the_last_moment_comes_before_the_timer() {
    let mut node = Node::started(1);
    node.now = Time(0).plus_ms(1000);
    let out = node.receive(pre_prepare(1, A, vec![]));
    assert!(said(&out, Kind::RoundChange).is_empty());
    assert_eq!(node.deadline_ms(), Some(2000));
}

#[test]
fn a_proposer_has_its_extra_time() {
    let timer = |extra| Config { timer: Timer { anchor: Time(0), extra }, ..config(4) };
    let mut node = Node::new(timer(Extra::EveryRound(500)), 1);
    node.step(Input::Start);
    node.at_ms(1500);
    assert_eq!(node.deadline_ms(), Some(2500));
    let mut node = Node::new(timer(Extra::FirstRound(500)), 1);
    node.step(Input::Start);
    node.at_ms(1500);
    assert_eq!(node.deadline_ms(), Some(2000));
}

#[test]
fn there_is_no_deadline_before_the_start() {
    let mut node = Node::new(config(4), 1);
    assert_eq!(node.deadline_ms(), None);
    assert!(node.at_ms(60_000).is_empty());
}

#[test]
fn a_round_change_tells_what_we_prepared_and_proves_it() {
    let mut node = Node::started(3);
    node.receive_all(prepares(&[0, 1, 2], 1, A));
    let out = node.at_ms(1000);
    let drafts = broadcasts(&out);
    let [draft] = drafts.as_slice() else { panic!("one ROUND_CHANGE") };
    assert_eq!((draft.prepared_round, draft.prepared_value, draft.value), (1, Some(A), None));
    assert_eq!(draft.justification, prepares(&[0, 1, 2], 1, A));
    assert!(out.iter().any(|o| matches!(o, Output::RoundTimedOut { missing: Missing::Commits, .. })));
}

#[test]
fn what_was_prepared_last_is_what_is_told() {
    let mut node = Node::started(3);
    node.receive_all(prepares(&[0, 1, 2], 1, A));
    node.at_ms(1000);
    node.receive_all(prepares(&[0, 1, 2], 2, B));
    let drafts = broadcasts(&node.at_ms(2000));
    assert_eq!((drafts[0].prepared_round, drafts[0].prepared_value), (2, Some(B)));
}

#[test]
fn one_liar_does_not_change_our_round() {
    let mut node = Node::started(3);
    assert!(node.receive_all((2..50).map(|round| round_change(0, round))).is_empty());
}

#[test]
fn f_plus_one_round_changes_take_us_to_the_smallest_of_their_rounds() {
    let mut node = Node::started(3);
    node.receive(round_change(0, 7));
    let out = node.receive(round_change(1, 4));
    assert_eq!(rounds_entered(&out), [(4, Cause::RoundChanges)]);
    assert_eq!(said(&out, Kind::RoundChange), [(4, None)]);
    assert_eq!(node.deadline_ms(), Some(4000));
}

#[test]
fn only_the_highest_round_change_of_a_peer_counts_for_a_jump() {
    let mut node = Node::started(3);
    node.receive_all([round_change(0, 2), round_change(0, 3), round_change(0, 9)]);
    let out = node.receive(round_change(1, 6));
    assert_eq!(rounds_entered(&out), [(6, Cause::RoundChanges)]);
}

#[test]
fn round_changes_of_the_past_are_ignored() {
    let mut node = Node::in_round(3, 4);
    assert!(node.receive_all(round_changes(&[0, 1, 2], 3)).is_empty());
    assert!(node.receive(bare(prepared_round_change(0, 3, 1, A))).is_empty(), "not even judged");
}

#[test]
fn the_leader_of_a_later_round_proposes_its_own_value_when_nothing_was_prepared() {
    let mut node = Node::in_round(1, 2);
    node.step(Input::Propose(B));
    node.receive(round_change(0, 2));
    let out = node.receive(round_change(2, 2));
    let drafts = broadcasts(&out);
    assert_eq!((drafts[0].kind, drafts[0].value), (Kind::PrePrepare, Some(B)));
    assert_eq!(drafts[0].justification, round_changes(&[0, 1, 2], 2));
    assert!(said(&node.receive(round_change(3, 2)), Kind::PrePrepare).is_empty(), "one proposal in a round");
}

#[test]
fn a_leader_without_a_value_proposes_when_it_gets_one() {
    let mut node = Node::in_round(1, 2);
    node.receive(round_change(0, 2));
    assert!(broadcasts(&node.receive(round_change(2, 2))).is_empty());
    let out = node.step(Input::Propose(B));
    assert_eq!(said(&out, Kind::PrePrepare), [(2, Some(B))]);
}

#[test]
fn the_leader_must_propose_the_highest_prepared_value() {
    let mut node = Node::in_round(2, 3);
    node.step(Input::Propose(value(0xc)));
    node.receive(prepared_round_change(0, 3, 1, A));
    let out = node.receive(prepared_round_change(1, 3, 2, B));
    let drafts = broadcasts(&out);
    assert_eq!((drafts[0].kind, drafts[0].value), (Kind::PrePrepare, Some(B)));
    let round_changes =
        [prepared_round_change(0, 3, 1, A), prepared_round_change(1, 3, 2, B), round_change(2, 3)].map(bare);
    assert_eq!(drafts[0].justification, [&round_changes[..], &prepares(&[0, 1, 2], 2, B)].concat());
}

#[test]
fn what_a_leader_proposes_its_peers_find_justified() {
    for prepared in [false, true] {
        let mut leader = Node::in_round(1, 2);
        leader.step(Input::Propose(A));
        let other = if prepared { prepared_round_change(0, 2, 1, B) } else { round_change(0, 2) };
        let out = leader.receive_all([other, round_change(3, 2)]);
        let proposal = broadcasts(&out).swap_remove(0);
        let out = Node::in_round(3, 2).receive(sign(proposal, 1));
        assert_eq!(checks(&out), [(if prepared { B } else { A }, 2)]);
        assert!(faults(&out).is_empty());
    }
}

#[test]
fn a_leader_without_a_value_proposes_what_was_prepared() {
    let mut node = Node::in_round(1, 2);
    node.receive(prepared_round_change(0, 2, 1, A));
    assert_eq!(said(&node.receive(round_change(2, 2)), Kind::PrePrepare), [(2, Some(A))]);
}

#[test]
fn the_round_change_roots_of_a_quorum_need_not_be_equal() {
    // Anchor #600: demanding equal ones halts a cluster in which only some have prepared.
    let mut node = Node::in_round(1, 2);
    let mixed = [prepared_round_change(0, 2, 1, A), round_change(2, 2)];
    assert_eq!(said(&node.receive_all(mixed), Kind::PrePrepare), [(2, Some(A))]);
}

#[test]
fn fewer_than_a_quorum_of_round_changes_let_nobody_propose() {
    let mut node = Node::in_round(1, 2);
    node.step(Input::Propose(A));
    let out = node.receive_all([round_change(0, 2), round_change(0, 2)]);
    assert!(said(&out, Kind::PrePrepare).is_empty());
}

#[test]
fn a_peer_that_changes_its_story_is_blamed() {
    let mut node = Node::in_round(1, 2);
    node.receive(round_change(0, 2));
    let out = node.receive(prepared_round_change(0, 2, 1, A));
    assert_eq!(faults(&out), [(0, Why::Equivocation(Kind::RoundChange, round(2)))]);
}

#[test]
fn round_changes_that_came_early_count_when_their_round_begins() {
    let mut node = Node::new(config(7), 5);
    // Offset 3 and seven peers: peer 5 leads round 2; f = 2 and the quorum is 5.
    node.step(Input::Start);
    node.step(Input::Propose(A));
    node.receive_all(round_changes(&[0, 1], 2));
    node.receive(round_change(2, 2));
    let out = node.receive(round_change(3, 2));
    assert_eq!(said(&out, Kind::PrePrepare), [(2, Some(A))]);
}
