//! Leaders that lie: each costs a round, and nothing else.

use duty::Reason;
use qbft::{Input, Kind};
use sim::world::chain::FEE_RECIPIENT;
use sim::world::lies::Lie;
use sim::world::{Settings, World, leader, proposing};

use crate::instance::{A, B, Node, checks, message, said};
use crate::liars::{Says, no_value, two_proposals};
use crate::{SLOT, duty, quiet};

/// The round of the next leader that is heard: a proposal doubles its round, and the second is over with the first.
const AFTER_A_REFUSAL: u64 = 3;

/// The leader of the first round lies to a cluster of which two validators attest.
fn lied_to(lie: Lie) -> World {
    let mut world = quiet(4, 16);
    world.settings.delay_ms = (60, 80);
    let liar = leader(duty(), 1, 4);
    world.checks.liars.insert(liar);
    world.run_until_slot(SLOT);
    world.nodes[liar].lie = Some(lie);
    world.run_until_slot(SLOT + 1);
    world.nodes[liar].lie = None;
    world.run_until_slot(SLOT + 2);
    world
}

fn honest() -> impl Iterator<Item = usize> {
    (0..4).filter(|node| *node != leader(duty(), 1, 4))
}

#[test]
pub(crate) fn an_equivocating_leader_gets_one_prepare() {
    let mut world = quiet(4, 8);
    // The second proposal arrives after the first was prepared and before that is decided.
    world.settings.delay_ms = (30, 40);
    world.corrupt(leader(duty(), 1, 4), Box::new(Says(two_proposals)));
    world.run_until_slot(SLOT + 2);
    world.assert_no_vote_missed(SLOT..SLOT + 1);
}

#[test]
pub(crate) fn a_proposal_of_no_value_costs_one_round() {
    let mut world = quiet(4, 8);
    world.corrupt(leader(duty(), 1, 4), Box::new(Says(no_value)));
    world.run_until_slot(SLOT + 2);
    for node in honest() {
        assert_eq!(world.decided_in(node, duty()), Some(2), "it does not double the round");
    }
}

#[test]
pub(crate) fn a_refusal_waives_no_justification_of_the_next_round() {
    let mut node = Node::started(3);
    assert_eq!(checks(&node.receive(message(Kind::PrePrepare, 0, 1, A))), [A]);
    node.step(Input::Verdict { value: A, accept: false });
    let out = node.receive(message(Kind::PrePrepare, 1, 2, B));
    assert_eq!(checks(&out), [], "without a quorum of ROUND_CHANGEs it is no proposal");
    assert!(said(&out, Kind::RoundChange).is_empty());
}

#[test]
pub(crate) fn whoever_refused_a_value_still_has_its_own_to_propose() {
    let world = lied_to(Lie::OmitsValidators);
    for node in honest() {
        assert_eq!(world.refused(node, duty()), [Reason::OmitsValidators]);
        assert_eq!(world.decided_in(node, duty()), Some(AFTER_A_REFUSAL), "the next leader has a value");
    }
}

#[test]
pub(crate) fn a_leader_on_another_fork_is_not_followed() {
    let world = lied_to(Lie::WrongTarget);
    for node in honest() {
        assert_eq!(world.decided_in(node, duty()), Some(AFTER_A_REFUSAL), "its vote is not the cluster's");
        assert_eq!(world.refused(node, duty()), [Reason::CheckpointsDiffer]);
    }
}

#[test]
pub(crate) fn a_leader_that_leaves_a_validator_out_costs_no_vote() {
    lied_to(Lie::OmitsValidators).assert_no_vote_missed(SLOT..SLOT + 1);
}

#[test]
pub(crate) fn a_block_pays_the_cluster_whoever_proposes_it() {
    let mut world = World::new(Settings { sync_members: 0, ..Settings::default() });
    let liar = leader(proposing(8), 1, 4);
    world.checks.liars.insert(liar);
    world.run_until_slot(8);
    world.nodes[liar].lie = Some(Lie::WrongFeeRecipient);
    world.run_until_slot(10);
    let blocks: Vec<_> = world.nodes.iter().flat_map(|node| &node.blocks).collect();
    assert!(blocks.len() > 4, "blocks of two slots were published");
    for block in blocks {
        assert_eq!(block.proposal().fee_recipient(), FEE_RECIPIENT, "a leader cannot take the fees");
    }
}
