//! What complete signatures are for.

use std::sync::Arc;

use cluster::GroupKey;
use eth::{Proposal, SignatureBytes, SignedVoluntaryExit, SingleAttestation, Slot, SyncCommitteeMessage};

use super::Engine;
use crate::partials::Complete;
use crate::{Content, Duty, DutyKind, Output, Publication, Seat, Signed};

impl Engine {
    pub(super) fn complete(&mut self, duty: Duty, complete: Vec<(Seat, Complete)>, out: &mut Vec<Output>) {
        match duty.kind {
            DutyKind::Attester => self.publish_attestations(duty, complete, out),
            DutyKind::Proposer => self.publish_blocks(duty, complete, out),
            DutyKind::Randao => {
                let proposing = Duty::new(duty.slot, DutyKind::Proposer);
                self.fetch(proposing, out);
                self.judge(proposing, out);
            }
            DutyKind::PrepareAggregator | DutyKind::PrepareSyncContribution => {
                for (seat, _) in &complete {
                    self.done(duty, *seat, out);
                }
                let proofs: Vec<_> = complete.iter().map(|(seat, _)| (duty, *seat)).collect();
                self.selections_complete(&proofs, out);
                self.proved(duty, out);
            }
            DutyKind::Aggregator => publish_aggregates(duty, complete, out),
            DutyKind::SyncMessage => {
                self.publish_sync_messages(duty, complete, out);
                self.resume(Duty::new(duty.slot, DutyKind::SyncContribution), out);
            }
            DutyKind::SyncContribution => publish_contributions(duty, complete, out),
            DutyKind::Exit => publish_exits(duty, complete, out),
            DutyKind::Signature | DutyKind::BuilderRegistration | DutyKind::InfoSync => {}
        }
    }

    /// The duty of the seat is done; reported once.
    pub(super) fn done(&mut self, duty: Duty, seat: Seat, out: &mut Vec<Output>) {
        if self.tracker.done(duty, &seat) {
            out.push(self.report(duty, seat, None));
        }
    }

    fn publish_attestations(&mut self, duty: Duty, complete: Vec<(Seat, Complete)>, out: &mut Vec<Output>) {
        let on_duty = self.schedule.attesters(&self.window, duty.slot);
        let mut seats = Vec::new();
        let mut attestations = Vec::new();
        for (seat, Complete { signed, signature, .. }) in complete {
            let Signed::Attestation { data, validator, committee } = signed else { continue };
            // The indices are not signed: our own beacon node's word comes before a peer's.
            let known = on_duty.and_then(|on_duty| on_duty.get(&seat.key));
            let place = known.map(|duty| (duty.validator_index, duty.committee_index));
            let Some((attester_index, committee_index)) = place.or(validator.map(|index| (index, committee)))
            else {
                continue;
            };
            seats.push(seat);
            attestations.push(SingleAttestation { committee_index, attester_index, data, signature });
        }
        publish(duty, seats, Publication::Attestations(attestations), out);
    }

    fn publish_sync_messages(&self, duty: Duty, complete: Vec<(Seat, Complete)>, out: &mut Vec<Output>) {
        let members = self.schedule.sync_members(&self.window, duty.slot);
        let signed =
            complete.into_iter().filter_map(|(seat, Complete { signed, signature, .. })| match signed {
                Signed::SyncMessage { slot, block: beacon_block_root, validator } => {
                    // The index is not signed: our own beacon node's word comes before a peer's.
                    let validator_index = members.get(&seat.key).map_or(validator, |member| member.validator);
                    Some((seat, SyncCommitteeMessage { slot, beacon_block_root, validator_index, signature }))
                }
                _ => None,
            });
        let (seats, messages) = signed.unzip();
        publish(duty, seats, Publication::SyncMessages(messages), out);
    }

    /// The validator's complete RANDAO reveal for a block in that slot.
    pub(super) fn randao_reveal(&self, slot: Slot, key: &GroupKey) -> Option<SignatureBytes> {
        let collection = self.collections.get(&Duty::new(slot, DutyKind::Randao))?;
        Some(collection.complete(&Seat::from(*key))?.signature)
    }

    /// Publishes blocks. A signature covers neither blobs nor their proofs: what the cluster decided has the right
    /// ones, a peer's word is taken only where the decision is not known here.
    fn publish_blocks(&self, duty: Duty, complete: Vec<(Seat, Complete)>, out: &mut Vec<Output>) {
        let decision = self.agreements.get(&duty).and_then(|agreement| agreement.decision());
        let decided = match decision {
            Some(Content::Proposer { proposal, .. }) => Some(proposal),
            _ => None,
        };
        for (seat, Complete { root, signed, signature }) in complete {
            let Signed::Block(signed) = signed else { continue };
            let is_signed = |decided: &&Arc<Proposal>| {
                Signed::Block(Arc::clone(decided)).signing_root(self.window.spec()) == root
            };
            let proposal = decided.filter(is_signed).unwrap_or(&signed);
            let block = Box::new(Proposal::clone(proposal).sign(signature));
            publish(duty, vec![seat], Publication::Block(block), out);
        }
    }
}

fn publish_aggregates(duty: Duty, complete: Vec<(Seat, Complete)>, out: &mut Vec<Output>) {
    let signed = complete.into_iter().filter_map(|(seat, Complete { signed, signature, .. })| match signed {
        Signed::Aggregate(aggregate) => Some((seat, Arc::unwrap_or_clone(aggregate).sign(signature))),
        _ => None,
    });
    let (seats, aggregates) = signed.unzip();
    publish(duty, seats, Publication::Aggregates(aggregates), out);
}

fn publish_contributions(duty: Duty, complete: Vec<(Seat, Complete)>, out: &mut Vec<Output>) {
    let signed = complete.into_iter().filter_map(|(seat, Complete { signed, signature, .. })| match signed {
        Signed::Contribution(contribution) => {
            Some((seat, Arc::unwrap_or_clone(contribution).sign(signature)))
        }
        _ => None,
    });
    let (seats, contributions) = signed.unzip();
    publish(duty, seats, Publication::Contributions(contributions), out);
}

fn publish_exits(duty: Duty, complete: Vec<(Seat, Complete)>, out: &mut Vec<Output>) {
    for (seat, Complete { signed, signature, .. }) in complete {
        if let Signed::Exit(message) = signed {
            let exit = SignedVoluntaryExit { message, signature };
            publish(duty, vec![seat], Publication::Exit(exit), out);
        }
    }
}

fn publish(duty: Duty, seats: Vec<Seat>, what: Publication, out: &mut Vec<Output>) {
    if !seats.is_empty() {
        out.push(Output::Publish { duty, seats, what });
    }
}
