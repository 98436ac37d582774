//! Whether a value may be prepared: the validity predicate of consensus, as pure functions.
//!
//! A lying leader costs a round, never a duty; an honest one whose beacon node sees another head costs nothing.
//! What cannot be judged yet is neither accepted nor refused: the round's timeout bounds the wait.

use std::collections::BTreeMap;

use cluster::GroupKey;
use eth::{Address, AttestationData, AttesterDuty, Proposal, SignatureBytes, Slot, Spec};

use crate::{AttesterDatum, ProposerSlot, Reason};

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
    if let Err(reason) = intrinsic(set, &first.data, view) {
        return Judgement::Refuse(reason);
    }
    let Some(on_duty) = view.on_duty else { return Judgement::Wait(Reason::DutiesUnknown) };
    if let Err(reason) = membership(set, on_duty, view.may_omit) {
        return Judgement::Refuse(reason);
    }
    match view.own {
        None => Judgement::Wait(Reason::OwnViewMissing),
        Some(own) if own.source == first.data.source && own.target == first.data.target => Judgement::Accept,
        Some(_) => Judgement::Refuse(Reason::CheckpointsDiffer),
    }
}

/// What is wrong whatever the chain says.
fn intrinsic(
    set: &BTreeMap<GroupKey, AttesterDatum>,
    data: &AttestationData,
    view: &AttesterView<'_>,
) -> Result<(), Reason> {
    if set.values().any(|datum| datum.data != *data || datum.duty.slot != view.slot) || data.slot != view.slot {
        return Err(Reason::WrongSlot);
    }
    // Electra moved the committee out of the signed data (EIP-7549).
    if data.index.0 != 0 {
        return Err(Reason::WrongCommittee);
    }
    let target = view.spec.epoch_of(view.slot);
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
}

/// Judges a block for a slot.
pub(crate) fn proposer(key: GroupKey, proposal: &Proposal, view: &ProposerView<'_>) -> Judgement {
    if proposal.slot() != view.slot {
        return Judgement::Refuse(Reason::WrongSlot);
    }
    let Some(duty) = view.proposer else { return Judgement::Wait(Reason::DutiesUnknown) };
    if key != duty.key || proposal.proposer_index() != duty.validator {
        return Judgement::Refuse(Reason::WrongProposer);
    }
    // A builder's payload pays the builder; the proposer is paid by a transaction in it.
    if !proposal.blinded() && proposal.fee_recipient() != view.fee_recipient {
        return Judgement::Refuse(Reason::WrongFeeRecipient);
    }
    match (view.randao_reveal, view.parent_known) {
        (Some(reveal), _) if reveal != proposal.randao_reveal() => Judgement::Refuse(Reason::WrongRandao),
        (None, _) => Judgement::Wait(Reason::RandaoIncomplete),
        (Some(_), None) => Judgement::Wait(Reason::ParentUnknown),
        (Some(_), Some(false)) => Judgement::Refuse(Reason::ParentUnknown),
        (Some(_), Some(true)) => Judgement::Accept,
    }
}

