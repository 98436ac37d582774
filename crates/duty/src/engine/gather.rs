//! Partial signatures: gathered, combined when a threshold is there, published when complete.

use std::collections::BTreeMap;
use std::sync::Arc;

use cluster::GroupKey;
use eth::{Proposal, SignatureBytes, SingleAttestation, Slot};
use qbft::PeerIndex;

use super::{Engine, Job, share_of};
use crate::partial::SigningRoots;
use crate::partials::{Added, Collection, Complete};
use crate::{
    Combination, Content, Duty, DutyKind, JobId, Notice, Output, Partial, PartialSet, Publication, Signed,
    To, Why,
};

impl Engine {
    pub(super) fn peer_partials(&mut self, from: PeerIndex, set: PartialSet, out: &mut Vec<Output>) {
        let PartialSet { duty, partials } = set;
        let is_signed_here = matches!(duty.kind, DutyKind::Attester | DutyKind::Proposer | DutyKind::Randao);
        if !is_signed_here || usize::from(from.0) >= self.config.peers || !self.window.admits(duty, self.now)
        {
            return;
        }
        let mut stored = 0;
        let mut roots = SigningRoots::new(self.window.spec());
        let mut collection = self.collections.remove(&duty).unwrap_or_else(|| Collection::new(duty));
        for (key, partial) in partials {
            let added = match self.check_partial(from, duty, &key, &partial) {
                Ok(()) => collection.add(key, roots.of(&partial.signed), partial),
                Err(why) => {
                    out.push(fault(from, duty, why));
                    continue;
                }
            };
            match added {
                Added::New => stored += 1,
                Added::Known => {}
                Added::Conflicting => out.push(fault(from, duty, Why::ConflictingPartial)),
                Added::OtherValidator => out.push(fault(from, duty, Why::OtherDuty)),
            }
        }
        self.collections.insert(duty, collection);
        if stored > 0 {
            out.push(Output::Notice(Notice::PartialsStored { duty, share: share_of(from), count: stored }));
            self.combine(duty, out);
        }
    }

    /// What can be seen without cryptography. The share is bound to the connection, so that nobody can displace
    /// another's partial signature.
    fn check_partial(
        &self,
        from: PeerIndex,
        duty: Duty,
        key: &GroupKey,
        partial: &Partial,
    ) -> Result<(), Why> {
        let spec = self.window.spec();
        if !self.is_ours(key) {
            return Err(Why::ForeignValidator);
        }
        if from == self.config.me || partial.share != share_of(from) {
            return Err(Why::ForeignShare);
        }
        let fits = match (&partial.signed, duty.kind) {
            (Signed::Attestation { data, .. }, DutyKind::Attester) => {
                data.slot == duty.slot && data.target.epoch == spec.epoch_of(duty.slot)
            }
            (Signed::Block(proposal), DutyKind::Proposer) => proposal.slot() == duty.slot,
            (Signed::Randao { epoch }, DutyKind::Randao) => *epoch == spec.epoch_of(duty.slot),
            _ => false,
        };
        if fits { Ok(()) } else { Err(Why::OtherDuty) }
    }

    /// Stores partial signatures of our own, verified, and sends them to all.
    pub(super) fn add_own(
        &mut self,
        duty: Duty,
        partials: BTreeMap<GroupKey, Partial>,
        out: &mut Vec<Output>,
    ) {
        let mut roots = SigningRoots::new(self.window.spec());
        let collection = self.collections.entry(duty).or_insert_with(|| Collection::new(duty));
        let mut is_new = |key: &GroupKey, partial: &Partial| {
            collection.add(*key, roots.of(&partial.signed), partial.clone()) == Added::New
        };
        let new: BTreeMap<GroupKey, Partial> =
            partials.into_iter().filter(|(key, partial)| is_new(key, partial)).collect();
        if new.is_empty() {
            return;
        }
        out.push(Output::Notice(Notice::PartialsStored { duty, share: self.my_share(), count: new.len() }));
        out.push(Output::SendPartials { to: To::All, set: PartialSet { duty, partials: new } });
        self.combine(duty, out);
    }

    /// What was sent to all may not have reached a peer that was away.
    pub(super) fn send_own_partials_again(&mut self, since: u64, peer: PeerIndex, out: &mut Vec<Output>) {
        let share = self.my_share();
        for (duty, collection) in self.collections.iter().filter(|(duty, _)| duty.slot.0 >= since) {
            let partials = collection.of_share(share);
            if !partials.is_empty() {
                let set = PartialSet { duty: *duty, partials };
                out.push(Output::SendPartials { to: To::Peer(peer), set });
            }
        }
    }

    fn combine(&mut self, duty: Duty, out: &mut Vec<Output>) {
        let Some(collection) = self.collections.get_mut(&duty) else { return };
        let items = collection.ready(self.config.threshold);
        if items.is_empty() {
            return;
        }
        let keys = items.iter().map(|item| item.key).collect();
        let job = self.new_job(Job::Combine { duty, keys });
        out.push(Output::Combine { job, items });
    }

    pub(super) fn combined(&mut self, job: JobId, outcomes: Vec<Combination>, out: &mut Vec<Output>) {
        let Some((_, Job::Combine { duty, keys })) = self.jobs.remove(&job) else { return };
        let Some(collection) = self.collections.get_mut(&duty) else { return };
        let mut complete = Vec::new();
        for (key, outcome) in keys.into_iter().zip(outcomes) {
            for culprit in &outcome.culprits {
                let peer = PeerIndex(culprit.number() - 1);
                out.push(fault(peer, duty, Why::WrongPartial));
            }
            complete.extend(collection.combined(key, outcome).map(|complete| (key, complete)));
        }
        if !complete.is_empty() {
            out.push(Output::Notice(Notice::Aggregated { duty, count: complete.len() }));
            self.complete(duty, complete, out);
        }
        // Without the culprits there may be another threshold.
        self.combine(duty, out);
    }

    fn complete(&mut self, duty: Duty, complete: Vec<(GroupKey, Complete)>, out: &mut Vec<Output>) {
        match duty.kind {
            DutyKind::Attester => self.publish_attestations(duty, complete, out),
            DutyKind::Proposer => self.publish_blocks(duty, complete, out),
            DutyKind::Randao => {
                let proposing = Duty::new(duty.slot, DutyKind::Proposer);
                self.fetch(proposing, out);
                self.judge(proposing, out);
            }
            _ => {}
        }
    }

    fn publish_attestations(
        &mut self,
        duty: Duty,
        complete: Vec<(GroupKey, Complete)>,
        out: &mut Vec<Output>,
    ) {
        let on_duty = self.schedule.attesters(&self.window, duty.slot);
        let mut keys = Vec::new();
        let mut attestations = Vec::new();
        for (key, Complete { signed, signature, .. }) in complete {
            let Signed::Attestation { data, validator, committee } = signed else { continue };
            // The indices are not signed: our own beacon node's word comes before a peer's.
            let known = on_duty.and_then(|on_duty| on_duty.get(&key));
            let place = known.map(|duty| (duty.validator_index, duty.committee_index));
            let Some((attester_index, committee_index)) = place.or(validator.map(|index| (index, committee)))
            else {
                continue;
            };
            keys.push(key);
            attestations.push(SingleAttestation { committee_index, attester_index, data, signature });
        }
        if !keys.is_empty() {
            out.push(Output::Publish { duty, keys, what: Publication::Attestations(attestations) });
        }
    }

    /// The validator's complete RANDAO reveal for a block in that slot.
    pub(super) fn randao_reveal(&self, slot: Slot, key: &GroupKey) -> Option<SignatureBytes> {
        let collection = self.collections.get(&Duty::new(slot, DutyKind::Randao))?;
        Some(collection.complete(key)?.signature)
    }

    /// Publishes blocks. A signature covers neither blobs nor their proofs: what the cluster decided has the right
    /// ones, a peer's word is taken only where the decision is not known here.
    fn publish_blocks(&self, duty: Duty, complete: Vec<(GroupKey, Complete)>, out: &mut Vec<Output>) {
        let decision = self.agreements.get(&duty).and_then(|agreement| agreement.decision());
        let decided = match decision {
            Some(Content::Proposer { proposal, .. }) => Some(proposal),
            _ => None,
        };
        for (key, Complete { root, signed, signature }) in complete {
            let Signed::Block(signed) = signed else { continue };
            let is_signed = |decided: &&Arc<Proposal>| {
                Signed::Block(Arc::clone(decided)).signing_root(self.window.spec()) == root
            };
            let proposal = decided.filter(is_signed).unwrap_or(&signed);
            let block = Box::new(Proposal::clone(proposal).sign(signature));
            out.push(Output::Publish { duty, keys: vec![key], what: Publication::Block(block) });
        }
    }
}

fn fault(peer: PeerIndex, duty: Duty, why: Why) -> Output {
    Output::Notice(Notice::Fault { peer, duty, why })
}
