//! Algorithm 4: every way a proof can fail, beside the proofs that hold.

use qbft::{Kind, Message, PeerIndex, Why};

use crate::script::*;

/// What peer 3, in round 1, finds wrong with a message.
fn fault(message: Message) -> Option<Why> {
    faults(&Node::started(3).receive(message)).first().map(|(_, why)| *why)
}

/// What it finds wrong with a proposal of A in round 3 and this justification.
fn fault_in_proposal(justification: Vec<Message>) -> Option<Why> {
    fault(pre_prepare(3, A, justification))
}

/// ROUND_CHANGEs for round 3 of which the first is prepared with A in round 2, and the PREPAREs.
fn prepared_proof() -> Vec<Message> {
    let mut proof = vec![bare(prepared_round_change(0, 3, 2, A)), round_change(1, 3), round_change(2, 3)];
    proof.extend(prepares(&[0, 1, 2], 2, A));
    proof
}

fn without(mut entries: Vec<Message>, index: usize) -> Vec<Message> {
    entries.remove(index);
    entries
}

fn with(mut entries: Vec<Message>, entry: Message) -> Vec<Message> {
    entries.push(entry);
    entries
}

fn replaced(mut entries: Vec<Message>, index: usize, entry: Message) -> Vec<Message> {
    entries[index] = entry;
    entries
}

const UNJUSTIFIED: Option<Why> = Some(Why::UnjustifiedPrePrepare);

#[test]
fn a_quorum_of_unprepared_round_changes_justifies_any_value() {
    assert_eq!(fault_in_proposal(round_changes(&[0, 1, 2], 3)), None);
    assert_eq!(fault_in_proposal(round_changes(&[0, 1, 2, 3], 3)), None);
}

#[test]
fn a_prepared_value_is_justified_by_its_prepares() {
    assert_eq!(fault_in_proposal(prepared_proof()), None);
    let any_order = prepared_proof().into_iter().rev().collect();
    assert_eq!(fault_in_proposal(any_order), None);
}

#[test]
fn a_proposal_after_the_first_round_needs_a_quorum_of_round_changes() {
    assert_eq!(fault_in_proposal(vec![]), UNJUSTIFIED);
    assert_eq!(fault_in_proposal(round_changes(&[0, 1], 3)), UNJUSTIFIED);
    assert_eq!(fault_in_proposal(without(prepared_proof(), 1)), UNJUSTIFIED);
}

#[test]
fn a_duplicate_in_a_justification_spoils_it() {
    assert_eq!(fault_in_proposal(round_changes(&[0, 1, 1], 3)), UNJUSTIFIED);
    assert_eq!(fault_in_proposal(round_changes(&[0, 1, 2, 2], 3)), UNJUSTIFIED);
    assert_eq!(fault_in_proposal(with(prepared_proof(), prepare(0, 2, A))), UNJUSTIFIED);
}

#[test]
fn round_changes_of_another_round_justify_nothing() {
    assert_eq!(fault_in_proposal(round_changes(&[0, 1, 2], 2)), UNJUSTIFIED);
    assert_eq!(fault_in_proposal(round_changes(&[0, 1, 2], 4)), UNJUSTIFIED);
    let one_of_another = replaced(round_changes(&[0, 1, 2], 3), 1, round_change(1, 4));
    assert_eq!(fault_in_proposal(one_of_another), UNJUSTIFIED);
}

#[test]
fn a_prepared_value_may_not_be_passed_over() {
    let proof = prepared_proof();
    assert_eq!(fault(pre_prepare(3, B, proof.clone())), UNJUSTIFIED);
    let only_round_changes = proof[..3].to_vec();
    assert_eq!(fault(pre_prepare(3, B, only_round_changes.clone())), UNJUSTIFIED);
    assert_eq!(fault(pre_prepare(3, A, only_round_changes)), UNJUSTIFIED, "the PREPAREs are missing");
}

#[test]
fn the_prepares_must_be_a_quorum_of_the_highest_prepared_round() {
    assert_eq!(fault_in_proposal(without(prepared_proof(), 5)), UNJUSTIFIED);
    let other_round = replaced(prepared_proof(), 4, prepare(1, 1, A));
    assert_eq!(fault_in_proposal(other_round), UNJUSTIFIED);
    let other_value = replaced(prepared_proof(), 4, prepare(1, 2, B));
    assert_eq!(fault_in_proposal(other_value), UNJUSTIFIED);
    let nobody_is_prepared_there = replaced(prepared_proof(), 0, bare(prepared_round_change(0, 3, 1, A)));
    assert_eq!(fault_in_proposal(nobody_is_prepared_there), UNJUSTIFIED);
    let only_another_value_is = replaced(prepared_proof(), 0, bare(prepared_round_change(0, 3, 2, B)));
    assert_eq!(fault_in_proposal(only_another_value_is), UNJUSTIFIED);
}

#[test]
fn a_higher_prepared_round_than_the_proven_one_spoils_the_proof() {
    let mut proof = vec![
        bare(prepared_round_change(0, 3, 1, A)),
        bare(prepared_round_change(1, 3, 2, B)),
        round_change(2, 3),
    ];
    proof.extend(prepares(&[0, 1, 2], 1, A));
    assert_eq!(fault_in_proposal(proof), UNJUSTIFIED);
}

#[test]
fn prepares_that_no_round_change_speaks_of_spoil_the_proof() {
    let proof = [round_changes(&[0, 1, 2], 3), prepares(&[0, 1, 2], 2, A)].concat();
    assert_eq!(fault_in_proposal(proof), UNJUSTIFIED);
}

#[test]
fn a_message_of_another_kind_spoils_the_proof() {
    assert_eq!(fault_in_proposal(with(round_changes(&[0, 1, 2], 3), commit(3, 2, A))), UNJUSTIFIED);
    let commits_for_prepares = [&prepared_proof()[..3], &commits(&[0, 1, 2], 2, A)].concat();
    assert_eq!(fault_in_proposal(commits_for_prepares), UNJUSTIFIED);
}

#[test]
fn an_entry_with_a_justification_of_its_own_spoils_the_proof() {
    let nested = replaced(prepared_proof(), 0, prepared_round_change(0, 3, 2, A));
    assert_eq!(fault_in_proposal(nested), UNJUSTIFIED);
}

#[test]
fn an_entry_of_a_stranger_spoils_the_proof() {
    assert_eq!(fault_in_proposal(round_changes(&[0, 1, 4], 3)), UNJUSTIFIED);
}

#[test]
fn a_round_change_that_contradicts_itself_spoils_the_proof() {
    let half_prepared = [
        Message { prepared_round: 1, ..round_change(2, 3) },
        Message { prepared_value: Some(B), ..round_change(2, 3) },
        Message { prepared_round: 3, prepared_value: Some(A), ..round_change(2, 3) },
        Message { prepared_round: 1, prepared_value: Some(qbft::Hash::ZERO), ..round_change(2, 3) },
    ];
    for entry in half_prepared {
        assert_eq!(fault_in_proposal(with(round_changes(&[0, 1], 3), entry.clone())), UNJUSTIFIED);
        assert_eq!(fault(entry), Some(Why::UnjustifiedRoundChange));
    }
}

#[test]
fn a_round_change_proves_what_it_claims_to_have_prepared() {
    let claim = prepared_round_change(0, 3, 2, A);
    assert_eq!(fault(claim.clone()), None);
    let forged = [
        vec![],
        prepares(&[0, 1], 2, A),
        prepares(&[0, 1, 1], 2, A),
        prepares(&[0, 1, 2, 2], 2, A),
        prepares(&[0, 1, 2], 1, A),
        prepares(&[0, 1, 2], 2, B),
        prepares(&[0, 1, 7], 2, A),
        commits(&[0, 1, 2], 2, A),
        with(prepares(&[0, 1, 2], 2, A), commit(3, 2, A)),
        with(prepares(&[0, 1, 2], 2, A), prepare(3, 2, B)),
    ];
    for justification in forged {
        let claim = Message { justification, ..claim.clone() };
        assert_eq!(fault(claim.clone()), Some(Why::UnjustifiedRoundChange), "{claim:?}");
    }
}

#[test]
fn nobody_has_prepared_in_a_round_he_is_only_entering() {
    for prepared_round in [3, 4] {
        let claim = prepared_round_change(0, 3, prepared_round, A);
        assert_eq!(fault(claim), Some(Why::UnjustifiedRoundChange));
    }
}

#[test]
fn an_unprepared_round_change_carries_no_proof() {
    let claim = Message { justification: prepares(&[0, 1, 2], 1, A), ..round_change(0, 2) };
    assert_eq!(fault(claim), Some(Why::UnjustifiedRoundChange));
}

#[test]
fn nobody_changes_to_the_first_round() {
    assert_eq!(fault(round_change(0, 1)), Some(Why::UnjustifiedRoundChange));
}

#[test]
fn a_decision_needs_a_quorum_of_its_commits() {
    assert_eq!(fault(decided(0, 2, A, commits(&[0, 1, 2], 2, A))), None);
    let forged = [
        vec![],
        commits(&[0, 1], 2, A),
        commits(&[0, 1, 1], 2, A),
        commits(&[0, 1, 2, 2], 2, A),
        commits(&[0, 1, 2], 1, A),
        commits(&[0, 1, 2], 2, B),
        commits(&[0, 1, 9], 2, A),
        prepares(&[0, 1, 2], 2, A),
        vec![commit(0, 2, A), commit(1, 2, A), commit(2, 1, A)],
    ];
    for justification in forged {
        let claim = decided(0, 2, A, justification);
        assert_eq!(fault(claim.clone()), Some(Why::UnjustifiedDecided), "{claim:?}");
    }
    let nothing = Message { value: None, ..decided(0, 2, A, commits(&[0, 1, 2], 2, A)) };
    assert_eq!(fault(nothing), Some(Why::NoValue));
}

#[test]
fn more_entries_than_any_proof_needs_are_refused_unread() {
    let flood = (0..9).map(|source| prepare(source, 1, A)).collect();
    let claim = Message { justification: flood, ..prepared_round_change(0, 2, 1, A) };
    assert_eq!(fault(claim), Some(Why::TooManyJustifications));
}

#[test]
fn a_stripped_proof_does_not_keep_the_genuine_one_out() {
    // Signatures do not cover justifications: anyone can relay a message without its proof, or with another.
    let mut node = Node::started(3);
    let genuine = prepared_round_change(0, 2, 1, A);
    node.receive(bare(genuine.clone()));
    let out = node.receive(genuine);
    assert!(faults(&out).is_empty());
    assert_eq!(said(&out, Kind::Commit), [(1, Some(A))]);
}

#[test]
fn what_a_relay_hangs_on_a_vote_does_not_spoil_the_proofs_made_of_it() {
    let laden = |vote: Message| Message { justification: prepares(&[0, 1], 1, B), ..vote };
    let mut node = Node::started(3);
    node.receive_all(prepares(&[0, 1, 2], 1, A).into_iter().map(laden));
    let out = node.at_ms(1000);
    assert_eq!(fault(sign(broadcasts(&out).swap_remove(0), 3)), None);

    node.receive_all(commits(&[0, 1, 2], 1, A).into_iter().map(laden));
    let out = node.receive(round_change(1, 3));
    let [qbft::Output::Send(_, draft)] = out.as_slice() else { panic!("one answer: {out:?}") };
    assert_eq!(fault(sign(draft.clone(), 3)), None);
}

#[test]
fn a_stranger_is_not_heard() {
    let stranger = Message { source: PeerIndex(4), ..prepare(0, 1, A) };
    assert_eq!(fault(stranger), Some(Why::UnknownPeer));
}
