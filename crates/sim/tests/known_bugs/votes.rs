//! Votes: what counts for a decision, what a proof must prove, and that nobody votes twice.

use duty::{Notice, Time};
use qbft::{Kind, Message, Output};
use sim::world::lies::Lie;
use sim::world::{World, leader};

use crate::instance::{A, Node, message, round_change, said};
use crate::liars::{
    SPLITTER, Says, Splitter, commit_to_another_value, itself_three_times, prepared_by_itself, two_clusters,
};
use crate::{SLOT, duty, quiet};

#[test]
pub(crate) fn a_decision_is_what_a_quorum_committed_to() {
    let mut world = quiet(4, 8);
    world.corrupt(0, Box::new(Says(commit_to_another_value)));
    world.run_until_slot(SLOT + 2);
    world.assert_no_vote_missed(SLOT..SLOT + 1);
}

#[test]
pub(crate) fn commits_of_different_rounds_decide_nothing() {
    let mut node = Node::started(3);
    for (source, round) in [(0, 1), (1, 2), (2, 3)] {
        let out = node.receive(message(Kind::Commit, source, round, A));
        let is_decision = |output: &Output| matches!(output, Output::Decide { .. });
        assert!(!out.iter().any(is_decision), "three COMMITs of three rounds are no quorum");
    }
}

/// Node 0 decides alone in round 1; what the leader of round 3 proposes then must be that value again.
fn split(splitter: Splitter) -> World {
    let mut world = quiet(4, 8);
    world.corrupt(SPLITTER, Box::new(splitter));
    world.run_until_slot(SLOT);
    world.deafen(0, 1);
    world.run_until(world.at(SLOT, 4_500));
    world.deafen(0, 3);
    world.run_until(world.at(SLOT, 8_000));
    assert_eq!(world.decided_in(0, duty()), Some(1), "node 0 has decided");
    world.heal();
    world.run_until_slot(SLOT + 2);
    world
}

fn assert_all_decided_with_node_0(world: &World) {
    for node in [0, 1, 3] {
        assert_eq!(world.decided_in(node, duty()), Some(1));
    }
    world.assert_no_vote_missed(SLOT..SLOT + 1);
}

#[test]
pub(crate) fn one_peer_listed_three_times_justifies_nothing() {
    assert_all_decided_with_node_0(&split(Splitter::new(itself_three_times)));
}

#[test]
pub(crate) fn a_claim_to_have_prepared_needs_a_quorum_of_prepares() {
    assert_all_decided_with_node_0(&split(Splitter::new(prepared_by_itself)));
}

#[test]
pub(crate) fn two_quorums_share_an_honest_node_in_clusters_of_five() {
    let mut world = quiet(5, 8);
    world.corrupt(leader(duty(), 1, 5), Box::new(Says(two_clusters)));
    world.run_until_slot(SLOT + 2);
    world.assert_no_vote_missed(SLOT..SLOT + 1);
}

#[test]
pub(crate) fn a_leader_proposes_upon_any_quorum_of_round_changes() {
    let mut node = Node::started(1);
    node.now = Time(0).plus_ms(1_000);
    let prepares = [0, 2, 3].map(|source| message(Kind::Prepare, source, 1, A));
    let prepared = Message {
        prepared_round: 1,
        prepared_value: Some(A),
        justification: prepares.to_vec(),
        ..round_change(0, 2)
    };
    node.receive(prepared);
    let out = node.receive(round_change(2, 2));
    assert_eq!(said(&out, Kind::PrePrepare), [(2, Some(A))], "one of the three has prepared, two have not");
}

#[test]
pub(crate) fn whoever_missed_the_proposal_decides_with_the_others() {
    let mut world = quiet(7, 8);
    let (leader, deaf) = (leader(duty(), 1, 7), leader(duty(), 3, 7));
    world.run_until_slot(SLOT);
    world.deafen(leader, deaf);
    world.run_until_slot(SLOT + 1);
    let is_decision = |notice: &Notice| matches!(notice, Notice::Decided { duty: of, .. } if *of == duty());
    let decided = world.when(deaf, is_decision).expect("it decides in the end");
    assert!(
        decided < world.at(SLOT, 4_900),
        "the others' COMMITs are enough, and it need not ask for a proof"
    );
}

#[test]
pub(crate) fn a_restarted_node_does_not_vote_again() {
    let mut world = quiet(4, 8);
    world.checks.liars.insert(leader(duty(), 1, 4));
    world.run_until_slot(SLOT);
    world.nodes[leader(duty(), 1, 4)].lie = Some(Lie::TwoHeads);
    world.run_until(world.at(SLOT, 4_500));
    world.crash(2);
    world.run_until(world.at(SLOT, 4_600));
    // The leader shows it yet another value.
    world.start(2);
    world.run_until_slot(SLOT + 2);
    assert!(world.decided_in(2, duty()).is_some(), "it learns the decision all the same");
}
