//! Algorithm 2, one rule at a time.

use qbft::{Cause, Input, Kind, Missing, Output, PeerIndex, Why};

use crate::script::*;

#[test]
fn the_leader_proposes_once_it_is_started_and_has_a_value() {
    let mut value_first = Node::new(config(4), 0);
    assert!(value_first.step(Input::Propose(A)).is_empty());
    assert_eq!(said(&value_first.step(Input::Start), Kind::PrePrepare), [(1, Some(A))]);

    let mut start_first = Node::new(config(4), 0);
    assert_eq!(rounds_entered(&start_first.step(Input::Start)), [(1, Cause::Start)]);
    assert_eq!(said(&start_first.step(Input::Propose(A)), Kind::PrePrepare), [(1, Some(A))]);
    assert!(said(&start_first.step(Input::Propose(B)), Kind::PrePrepare).is_empty(), "it proposes once");
}

#[test]
fn another_peer_does_not_propose_in_the_first_round() {
    let mut node = Node::started(1);
    assert!(broadcasts(&node.step(Input::Propose(A))).is_empty());
}

#[test]
fn a_proposal_is_prepared_only_after_its_verdict() {
    let mut node = Node::started(1);
    let out = node.receive(pre_prepare(1, A, vec![]));
    assert_eq!(checks(&out), [(A, 1)]);
    assert!(broadcasts(&out).is_empty());
    assert_eq!(said(&node.accept(A), Kind::Prepare), [(1, Some(A))]);
}

#[test]
fn the_leader_waits_for_a_verdict_on_its_own_proposal() {
    let mut node = Node::new(config(4), 0);
    node.step(Input::Propose(A));
    let out = node.step(Input::Start);
    assert_eq!(checks(&out), [(A, 1)]);
    assert!(said(&out, Kind::Prepare).is_empty());
    assert_eq!(said(&node.accept(A), Kind::Prepare), [(1, Some(A))]);
}

#[test]
fn a_value_is_checked_once() {
    let mut node = Node::started(3);
    assert_eq!(checks(&node.receive(pre_prepare(1, A, vec![]))), [(A, 1)]);
    node.accept(A);
    let out = node.receive(pre_prepare(2, A, round_changes(&[0, 1, 2], 2)));
    assert!(checks(&out).is_empty());
    assert_eq!(said(&out, Kind::Prepare), [(2, Some(A))], "the verdict is remembered");
}

#[test]
fn a_verdict_given_unasked_counts() {
    let mut node = Node::started(1);
    node.accept(A);
    let out = node.receive(pre_prepare(1, A, vec![]));
    assert!(checks(&out).is_empty());
    assert_eq!(said(&out, Kind::Prepare), [(1, Some(A))]);
}

#[test]
fn a_rejected_proposal_is_never_prepared_and_the_round_times_out() {
    let mut node = Node::started(1);
    node.receive(pre_prepare(1, A, vec![]));
    assert!(broadcasts(&node.reject(A)).is_empty());
    assert!(broadcasts(&node.at_ms(1999)).is_empty());
    let out = node.at_ms(2000);
    assert_eq!(said(&out, Kind::RoundChange)[0], (2, None));
    assert!(out.iter().any(|o| matches!(o, Output::RoundTimedOut { missing: Missing::Verdict, .. })));
}

#[test]
fn a_rejection_waives_no_justification_of_the_next_round() {
    // Charon's exemption for the round after a failed comparison: an unjustified proposal would pass.
    let mut node = Node::started(3);
    node.receive(pre_prepare(1, A, vec![]));
    node.reject(A);
    node.accept(B);
    node.at_ms(2000);
    let out = node.receive(pre_prepare(3, B, vec![]));
    assert_eq!(faults(&out), [(2, Why::UnjustifiedPrePrepare)]);
    assert!(broadcasts(&out).is_empty());
}

#[test]
fn a_late_verdict_still_leads_to_a_prepare_in_its_round() {
    let mut node = Node::started(1);
    node.receive(pre_prepare(1, A, vec![]));
    node.at_ms(1900);
    assert_eq!(said(&node.accept(A), Kind::Prepare), [(1, Some(A))]);
}

#[test]
fn a_verdict_that_comes_after_its_round_leads_to_nothing() {
    let mut node = Node::started(1);
    node.receive(pre_prepare(1, A, vec![]));
    node.at_ms(2000);
    assert!(broadcasts(&node.accept(A)).is_empty());
}

#[test]
fn the_latest_verdict_counts() {
    let mut node = Node::started(1);
    node.receive(pre_prepare(1, A, vec![]));
    node.reject(A);
    assert_eq!(said(&node.accept(A), Kind::Prepare), [(1, Some(A))]);
    assert!(broadcasts(&node.reject(A)).is_empty());
    assert!(broadcasts(&node.accept(A)).is_empty(), "one PREPARE in a round");
}

#[test]
fn an_equivocating_leader_gets_one_prepare() {
    let mut node = Node::started(1);
    node.accept(A);
    node.accept(B);
    assert_eq!(said(&node.receive(pre_prepare(1, A, vec![])), Kind::Prepare), [(1, Some(A))]);
    let out = node.receive(pre_prepare(1, B, vec![]));
    assert_eq!(faults(&out), [(0, Why::Equivocation(Kind::PrePrepare, qbft::Round::FIRST))]);
    assert!(broadcasts(&out).is_empty());
}

#[test]
fn an_equivocating_leader_gets_one_prepare_after_a_jump_too() {
    // Charon #4624: a jump to the round of the first proposal forgot that it had been answered.
    let mut node = Node::started(3);
    node.accept(A);
    node.accept(B);
    let justification = round_changes(&[0, 1, 2], 2);
    let out = node.receive(pre_prepare(2, A, justification.clone()));
    assert_eq!(rounds_entered(&out), [(2, Cause::Proposal)]);
    assert_eq!(said(&out, Kind::Prepare), [(2, Some(A))]);
    let out = node.receive(pre_prepare(2, B, justification));
    assert!(broadcasts(&out).is_empty());
    assert_eq!(faults(&out), [(1, Why::Equivocation(Kind::PrePrepare, round(2)))]);
}

#[test]
fn a_second_verdict_does_not_prepare_the_second_of_two_proposals() {
    let mut node = Node::started(1);
    node.receive(pre_prepare(1, A, vec![]));
    node.receive(pre_prepare(1, B, vec![]));
    node.reject(A);
    assert!(broadcasts(&node.accept(B)).is_empty(), "the first proposal of a round is the only one");
}

#[test]
fn the_same_proposal_twice_is_harmless() {
    let mut node = Node::started(1);
    node.accept(A);
    node.receive(pre_prepare(1, A, vec![]));
    let out = node.receive(pre_prepare(1, A, vec![]));
    assert!(out.is_empty());
    assert_eq!(node.deadline_ms(), Some(2000));
}

#[test]
fn a_proposal_of_no_value_is_refused() {
    // Charon #4619.
    let mut node = Node::started(1);
    let nothing = qbft::Message { value: None, ..pre_prepare(1, A, vec![]) };
    assert_eq!(faults(&node.receive(nothing)), [(0, Why::NoValue)]);
    assert_eq!(faults(&node.receive(pre_prepare(1, qbft::Hash::ZERO, vec![]))), [(0, Why::NoValue)]);
    assert_eq!(said(&node.accept(qbft::Hash::ZERO), Kind::Prepare), []);
}

#[test]
fn votes_for_no_value_are_refused() {
    let mut node = Node::started(1);
    for source in [0, 2, 3] {
        let prepare = qbft::Message { value: None, ..prepare(source, 1, A) };
        let commit = qbft::Message { value: Some(qbft::Hash::ZERO), ..commit(source, 1, A) };
        assert_eq!(faults(&node.receive(prepare)), [(source, Why::NoValue)]);
        assert_eq!(faults(&node.receive(commit)), [(source, Why::NoValue)]);
    }
}

#[test]
fn only_the_leader_of_its_round_may_propose() {
    let mut node = Node::started(1);
    let usurper = qbft::Message { source: PeerIndex(2), ..pre_prepare(1, A, vec![]) };
    assert_eq!(faults(&node.receive(usurper)), [(2, Why::NotLeader)]);
}

#[test]
fn a_proposal_of_an_earlier_round_is_ignored() {
    let mut node = Node::in_round(1, 2);
    node.accept(A);
    assert!(node.receive(pre_prepare(1, A, vec![])).is_empty());
}

#[test]
fn a_quorum_of_prepares_brings_one_commit() {
    let mut node = Node::started(3);
    assert!(broadcasts(&node.receive_all(prepares(&[0, 1], 1, A))).is_empty());
    assert_eq!(said(&node.receive(prepare(2, 1, A)), Kind::Commit), [(1, Some(A))], "no proposal is needed");
    assert!(broadcasts(&node.receive(prepare(3, 1, A))).is_empty());
}

#[test]
fn a_rejected_value_is_committed_when_a_quorum_prepared_it() {
    let mut node = Node::started(3);
    node.receive(pre_prepare(1, A, vec![]));
    node.reject(A);
    let out = node.receive_all(prepares(&[0, 1, 2], 1, A));
    assert_eq!(said(&out, Kind::Commit), [(1, Some(A))]);
    assert!(said(&out, Kind::Prepare).is_empty());
}

#[test]
fn prepares_of_different_values_do_not_add_up() {
    let mut node = Node::started(3);
    let votes = [prepare(0, 1, A), prepare(1, 1, A), prepare(2, 1, B)];
    assert!(broadcasts(&node.receive_all(votes)).is_empty());
}

#[test]
fn prepares_of_different_rounds_do_not_add_up() {
    let mut node = Node::started(3);
    let votes = [prepare(0, 1, A), prepare(1, 1, A), prepare(2, 2, A)];
    assert!(said(&node.receive_all(votes), Kind::Commit).is_empty());
}

#[test]
fn a_peer_that_repeats_itself_counts_once() {
    let mut node = Node::started(3);
    let votes = [prepare(0, 1, A), prepare(1, 1, A), prepare(1, 1, A), prepare(1, 1, A)];
    assert!(node.receive_all(votes).is_empty());
}

#[test]
fn a_voter_that_contradicts_itself_is_blamed_and_counted_once() {
    let mut node = Node::started(3);
    node.receive_all([prepare(0, 1, A), prepare(1, 1, A), prepare(2, 1, B)]);
    let out = node.receive(prepare(2, 1, A));
    assert_eq!(faults(&out), [(2, Why::Equivocation(Kind::Prepare, round(1)))]);
    assert!(broadcasts(&out).is_empty());
}

#[test]
fn prepares_that_came_early_count_when_their_round_begins() {
    // charon-wire 12.3.2: they must not wait for one more PREPARE.
    let mut node = Node::started(3);
    assert!(node.receive_all(prepares(&[0, 1, 2], 2, A)).is_empty());
    assert_eq!(said(&node.at_ms(1000), Kind::Commit), [(2, Some(A))]);
}

#[test]
fn prepares_of_a_past_round_are_over() {
    let mut node = Node::in_round(3, 2);
    assert!(node.receive_all(prepares(&[0, 1, 2], 1, A)).is_empty());
}

#[test]
fn prepares_inside_a_round_change_count() {
    let mut node = Node::started(3);
    let out = node.receive(prepared_round_change(1, 2, 1, A));
    assert_eq!(said(&out, Kind::Commit), [(1, Some(A))]);
}

#[test]
fn messages_that_came_before_the_start_are_played_then() {
    let mut node = Node::new(config(4), 3);
    assert!(node.receive(pre_prepare(1, A, vec![])).is_empty());
    assert!(node.receive_all(prepares(&[0, 1, 2], 1, A)).is_empty());
    assert!(node.accept(A).is_empty());
    let out = node.step(Input::Start);
    assert_eq!(said(&out, Kind::Prepare), [(1, Some(A))]);
    assert_eq!(said(&out, Kind::Commit), [(1, Some(A))]);
}

#[test]
fn of_the_proposals_before_the_start_the_one_of_the_highest_round_counts() {
    let mut node = Node::new(config(4), 3);
    node.accept(A);
    node.accept(B);
    node.receive(pre_prepare(2, B, round_changes(&[0, 1, 2], 2)));
    node.receive(pre_prepare(1, A, vec![]));
    let out = node.step(Input::Start);
    assert_eq!(rounds_entered(&out), [(1, Cause::Start), (2, Cause::Proposal)]);
    assert_eq!(said(&out, Kind::Prepare), [(2, Some(B))], "a quorum has left round 1");
}

#[test]
fn a_second_start_changes_nothing() {
    let mut node = Node::in_round(1, 3);
    assert!(node.step(Input::Start).is_empty());
}

#[test]
fn nothing_of_our_own_counts_before_it_comes_back_signed() {
    let mut node = Node::started(3);
    node.accept(A);
    node.receive_all(prepares(&[0, 1], 1, A));
    let out = node.step_without_echo(Input::Receive(pre_prepare(1, A, vec![])));
    assert_eq!(said(&out, Kind::Prepare), [(1, Some(A))]);
    assert!(said(&out, Kind::Commit).is_empty(), "two PREPAREs and one that is not signed yet");
    let out = node.step_without_echo(Input::Receive(prepare(3, 1, A)));
    assert_eq!(said(&out, Kind::Commit), [(1, Some(A))]);
}

#[test]
fn our_own_vote_from_before_a_restart_keeps_us_silent() {
    let mut node = Node::started(1);
    node.accept(B);
    node.receive(prepare(1, 1, A));
    assert!(broadcasts(&node.receive(pre_prepare(1, B, vec![]))).is_empty());
}

#[test]
fn a_connected_peer_gets_what_it_may_have_missed() {
    let mut leader = Node::new(config(4), 0);
    leader.step(Input::Propose(A));
    leader.step(Input::Start);
    leader.accept(A);
    leader.receive_all(prepares(&[1, 2], 1, A));
    let peer = PeerIndex(2);
    assert_eq!(
        sent(&leader.step(Input::Connected(peer))),
        [(peer, Kind::PrePrepare, 1), (peer, Kind::Prepare, 1), (peer, Kind::Commit, 1)]
    );
    leader.at_ms(2000);
    assert_eq!(
        sent(&leader.step(Input::Connected(peer))),
        [(peer, Kind::Commit, 1), (peer, Kind::RoundChange, 3)],
        "the proposal and the PREPARE of a past round help nobody"
    );
    assert!(leader.step(Input::Connected(PeerIndex(0))).is_empty(), "not to ourselves");
    assert!(leader.step(Input::Connected(PeerIndex(9))).is_empty(), "nor to a stranger");
}
