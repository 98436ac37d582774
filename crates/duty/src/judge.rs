//! Whether a value may be prepared: the validity predicate of consensus, as pure functions.
//!
//! A lying leader costs a round, never a duty; an honest one whose beacon node sees another head costs nothing.
//! What cannot be judged yet is neither accepted nor refused: the round's timeout bounds the wait.

mod aggregation;

use std::collections::BTreeMap;

use cluster::GroupKey;
use eth::{Address, AttestationData, AttesterDuty, Proposal, SignatureBytes, Slot, Spec};

use crate::known_bugs::{KnownBug, is_on};
use crate::{AttesterDatum, Content, Duty, DutyKind, ProposerSlot, Reason, ValidatorConfig};

pub(crate) use aggregation::{AggregatorView, ContributionView, aggregator, contributions};

/// The outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// Nothing speaks against it but, perhaps, the ledger.
    Accept,
    /// Something needed to judge is still missing.
    Wait(Reason),
    /// It must not be prepared.
    Refuse(Reason),
}

/// Checks a decided value, which this node may never have judged: it decides what is right whatever the chain says.
///
/// Where the own beacon node disagrees, the quorum's word stands: too many honest nodes have prepared the value for
/// it to be a lie, and what may be signed after what was signed before is the ledger's to say. What follows from the
/// duty and the cluster's own files is not a matter of opinion, though, and no majority changes it.
pub(crate) fn decision(
    content: &Content,
    duty: Duty,
    spec: &Spec,
    takes_builders: bool,
    validators: &BTreeMap<GroupKey, ValidatorConfig>,
) -> Result<(), Reason> {
    match (duty.kind, content) {
        (DutyKind::Attester, Content::Attester(set)) => {
            let first = set.values().next().ok_or(Reason::WrongKindOfValue)?;
            intrinsic(set, &first.data, duty.slot, spec)?;
            let is_ours = set.keys().any(|key| validators.contains_key(key));
            if is_ours { Ok(()) } else { Err(Reason::ForeignValidator) }
        }
        (DutyKind::Proposer, Content::Proposer { key, proposal }) => {
            let config = validators.get(key).ok_or(Reason::ForeignValidator)?;
            intrinsic_block(proposal, duty.slot, config.fee_recipient, takes_builders)
        }
        (DutyKind::Aggregator, Content::Aggregator(set)) => aggregation::intrinsic_aggregates(set, duty.slot),
        (DutyKind::SyncContribution, Content::SyncContribution(set)) => {
            aggregation::intrinsic_contributions(set, duty.slot)
        }
        _ => Err(Reason::WrongKindOfValue),
    }
}

/// What this node knows when it judges attestation data.
pub(crate) struct AttesterView<'a> {
    pub(crate) spec: &'a Spec,
    pub(crate) slot: Slot,
    /// The validators on duty as the own beacon node tells it; none while unknown.
    pub(crate) on_duty: Option<&'a BTreeMap<GroupKey, AttesterDuty>>,
    /// What the own beacon node would sign.
    pub(crate) own: Option<&'a AttestationData>,
    /// Whether validators may be left out: only after every honest leader had its round.
    pub(crate) may_omit: bool,
}

/// Judges attestation data for a slot.
pub(crate) fn attester(set: &BTreeMap<GroupKey, AttesterDatum>, view: &AttesterView<'_>) -> Judgement {
    let Some(first) = set.values().next() else { return Judgement::Refuse(Reason::WrongKindOfValue) };
    if let Err(reason) = intrinsic(set, &first.data, view.slot, view.spec) {
        return Judgement::Refuse(reason);
    }
    let Some(on_duty) = view.on_duty else { return Judgement::Wait(Reason::DutiesUnknown) };
    if let Err(reason) = membership(set, on_duty, view.may_omit) {
        return Judgement::Refuse(reason);
    }
    match view.own {
        _ if is_on(KnownBug::CheckpointsAreNotCompared) => Judgement::Accept,
        None => Judgement::Wait(Reason::OwnViewMissing),
        Some(own) if own.source == first.data.source && own.target == first.data.target => Judgement::Accept,
        Some(_) => Judgement::Refuse(Reason::CheckpointsDiffer),
    }
}

/// What is wrong whatever the chain says.
fn intrinsic(
    set: &BTreeMap<GroupKey, AttesterDatum>,
    data: &AttestationData,
    slot: Slot,
    spec: &Spec,
) -> Result<(), Reason> {
    if set.values().any(|datum| datum.data != *data || datum.duty.slot != slot) || data.slot != slot {
        return Err(Reason::WrongSlot);
    }
    let target = spec.epoch_of(slot);
    // Electra moved the committee out of the signed data (EIP-7549).
    if data.index.0 >= spec.fork_at(target).attestation_indices() {
        return Err(Reason::WrongCommittee);
    }
    let source_is_earlier = data.source.epoch < target || (target.0 == 0 && data.source.epoch.0 == 0);
    if data.target.epoch != target || !source_is_earlier {
        return Err(Reason::WrongEpoch);
    }
    Ok(())
}

fn membership(
    set: &BTreeMap<GroupKey, AttesterDatum>,
    on_duty: &BTreeMap<GroupKey, AttesterDuty>,
    may_omit: bool,
) -> Result<(), Reason> {
    if is_on(KnownBug::TheLeaderChoosesWhoVotes) {
        return Ok(());
    }
    for (key, datum) in set {
        match on_duty.get(key) {
            None => return Err(Reason::ForeignValidator),
            Some(duty) if *duty != datum.duty => return Err(Reason::WrongCommittee),
            Some(_) => {}
        }
    }
    if set.len() < on_duty.len() && !may_omit {
        return Err(Reason::OmitsValidators);
    }
    Ok(())
}

/// What this node knows when it judges a block.
pub(crate) struct ProposerView<'a> {
    pub(crate) slot: Slot,
    /// The validator that proposes; none while unknown.
    pub(crate) proposer: Option<&'a ProposerSlot>,
    /// The complete RANDAO reveal, once it is.
    pub(crate) randao_reveal: Option<SignatureBytes>,
    /// Whether the own beacon node knows the block's parent; none while unasked.
    pub(crate) parent_known: Option<bool>,
    /// Where the cluster wants its fees.
    pub(crate) fee_recipient: Address,
    /// Whether the cluster takes blocks of builders.
    pub(crate) takes_builders: bool,
}

/// Judges a block for a slot.
pub(crate) fn proposer(key: GroupKey, proposal: &Proposal, view: &ProposerView<'_>) -> Judgement {
    if let Err(reason) = intrinsic_block(proposal, view.slot, view.fee_recipient, view.takes_builders) {
        return Judgement::Refuse(reason);
    }
    let Some(duty) = view.proposer else { return Judgement::Wait(Reason::DutiesUnknown) };
    if key != duty.key || proposal.proposer_index() != duty.validator {
        return Judgement::Refuse(Reason::WrongProposer);
    }
    match (view.randao_reveal, view.parent_known) {
        (Some(reveal), _) if reveal != proposal.randao_reveal() => Judgement::Refuse(Reason::WrongRandao),
        (None, _) => Judgement::Wait(Reason::RandaoIncomplete),
        (Some(_), None) => Judgement::Wait(Reason::ParentUnknown),
        (Some(_), Some(false)) => Judgement::Refuse(Reason::ParentUnknown),
        (Some(_), Some(true)) => Judgement::Accept,
    }
}

/// What is wrong with a block whatever the chain says.
fn intrinsic_block(
    proposal: &Proposal,
    slot: Slot,
    fee_recipient: Address,
    takes_builders: bool,
) -> Result<(), Reason> {
    if proposal.slot() != slot {
        return Err(Reason::WrongSlot);
    }
    if proposal.blinded() && !takes_builders {
        return Err(Reason::BuilderNotWanted);
    }
    // A builder's payload pays the builder; the proposer is paid by a transaction in it.
    let pays_another = proposal.fee_recipient() != fee_recipient && !is_on(KnownBug::FeesGoAnywhere);
    if !proposal.blinded() && pays_another {
        return Err(Reason::WrongFeeRecipient);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
