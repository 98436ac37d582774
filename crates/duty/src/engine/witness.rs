//! The witness's limb: hellos and their answers, what was seen of peers, and whether this node may sign.

use std::collections::BTreeSet;

use cluster::GroupKey;
use eth::{Epoch, Slot};
use qbft::{PeerIndex, Time};
use slashing::{Behind, Refusal, Signable, Watermark};

use super::{Config, Engine};
use crate::consent::Consent;
use crate::window::Window;
use crate::witness::trust::{Company, Found, Ground, Patience, Present, Trust};
use crate::witness::twins::Standing;
use crate::witness::{Life, Witness};
use crate::{Duty, Hello, HelloId, Notice, Output, Reason, Sightings, Signed, Testimony};

/// Epochs that a node waits which can ask nobody.
const ALONE_EPOCHS: i64 = 2;

/// What a node that starts now knows of itself.
pub(super) fn begin(config: &Config, window: &Window, now: Time) -> Witness {
    let others = config.peers.saturating_sub(1);
    let company = Company { others, quorum: qbft::quorum(config.peers), faults: qbft::faults(config.peers) };
    let patience = Patience {
        grace_ns: window.slot_ns() / 12,
        alone_ns: window.epoch_ns().saturating_mul(ALONE_EPOCHS),
    };
    let ground = match () {
        () if now < window.slot_start(Slot(0)) => Some(Ground::BeforeGenesis),
        () if others == 0 => Some(Ground::Alone),
        () if config.trusts_ledger => Some(Ground::Operator),
        () => None,
    };
    let life = Life { began: now, nonce: config.nonce };
    Witness::new(life, Trust::new(company, patience, now, ground), config.peers, window)
}

impl Engine {
    /// The same engine, with what a former life of it had seen of its peers.
    pub fn remembering(mut self, mut sightings: Sightings) -> Engine {
        sightings.retain(|peer, _| self.is_other(*peer));
        sightings.values_mut().for_each(|marks| marks.retain(|key, _| self.is_ours(key)));
        self.witness.remember(sightings);
        self
    }

    /// All that this node has seen of its peers.
    pub fn sightings(&self) -> &Sightings {
        self.witness.all_seen()
    }

    fn is_other(&self, peer: PeerIndex) -> bool {
        usize::from(peer.0) < self.config.peers && peer != self.config.me
    }

    pub(super) fn greeted(&mut self, from: PeerIndex, id: HelloId, hello: &Hello, out: &mut Vec<Output>) {
        if !self.is_other(from) {
            return;
        }
        self.witness.lives.hear(from, hello, self.now);
        let testimony = self.witness.testimony(from, hello, self.now);
        out.push(Output::Testify { hello: id, testimony });
        self.note_doubled(out);
    }

    /// Says of whom it is new that it runs twice, and of whom it is over.
    fn note_doubled(&mut self, out: &mut Vec<Output>) {
        let doubled = self.witness.lives.doubled(self.now);
        let known = std::mem::take(&mut self.doubled);
        for (peer, (older, newer)) in &doubled {
            if !known.contains(peer) {
                out.push(Output::Notice(Notice::PeerRunsTwice { peer: *peer, older: *older, newer: *newer }));
            }
        }
        self.doubled = doubled.into_keys().collect();
        let over = known.difference(&self.doubled);
        out.extend(over.map(|peer| Output::Notice(Notice::PeerRunsOnce(*peer))));
    }

    pub(super) fn witnessed(&mut self, from: PeerIndex, testimony: Testimony, out: &mut Vec<Output>) {
        if !self.is_other(from) {
            return;
        }
        let Testimony { at, seen, twin } = testimony;
        self.witness.echo(from, at);
        self.witness.twins.tell(from, twin, self.now);
        if let Some(mut seen) = seen {
            seen.retain(|key, _| self.is_ours(key));
            // Peers take partial signatures from one slot ahead.
            let present = self.present(1);
            if self.witness.trust.testify(from, seen, present, self.now) {
                out.push(Output::Notice(Notice::FalseTestimony(from)));
            }
        }
    }

    pub(super) fn witness_unsupported(&mut self, peer: PeerIndex) {
        if self.is_other(peer) {
            self.witness.trust.cannot(peer);
        }
    }

    /// The current slot with so many more, and its epoch.
    fn present(&self, slots: u64) -> Present {
        let slot = Slot(self.window.slot_at(self.now).0.saturating_add(slots));
        Present { epoch: self.window.spec().epoch_of(slot), slot }
    }

    /// What lies behind the running epoch and slot.
    fn past(&self) -> Present {
        let Present { epoch, slot } = self.present(0);
        Present { epoch: Epoch(epoch.0.saturating_sub(1)), slot: Slot(slot.0.saturating_sub(1)) }
    }

    pub(super) fn fast_forwarded(&mut self, behind: Result<Vec<Behind>, Refusal>, out: &mut Vec<Output>) {
        let Found { behind, claimants } = self.witness.trust.raised(behind.ok(), self.now);
        if behind.is_empty() {
            return;
        }
        let keys: BTreeSet<GroupKey> = behind.iter().map(|one| one.key).collect();
        self.consents.values_mut().for_each(|consent| consent.revoke(&keys));
        let highest = |marks: &mut dyn Iterator<Item = Watermark>| {
            marks.fold(Watermark::default(), Watermark::raised_to)
        };
        out.push(Output::Notice(Notice::LedgerBehind {
            validators: behind.len(),
            ledger: highest(&mut behind.iter().map(|one| one.ledger)),
            seen: highest(&mut behind.iter().map(|one| one.seen)),
            peers: claimants,
        }));
    }

    pub(super) fn say_hello(&self, to: PeerIndex, out: &mut Vec<Output>) {
        out.push(Output::Hello { to, hello: self.witness.hello(to) });
    }

    /// What time and answers bring about: hellos, floors to raise, and whether signing may begin or must end.
    pub(super) fn advance_witness(&mut self, out: &mut Vec<Output>) {
        if self.witness.is_hello_due(self.now, &self.window) {
            self.greet_all(out);
        }
        self.judge_twins(out);
        let past = self.past();
        if let Some(ground) = self.witness.trust.settle(&self.connected, past, self.now) {
            out.push(Output::Notice(Notice::LedgerTrusted(ground)));
        }
        let validators = self.config.validators.keys().copied();
        if let Some(floors) = self.witness.trust.take_floors(validators, self.now) {
            out.push(Output::FastForward(floors));
        }
        self.release_withheld(out);
    }

    /// Peers that do not speak the protocol are left in peace until they come again.
    fn greet_all(&self, out: &mut Vec<Output>) {
        let speaking = self.connected.iter().filter(|peer| !self.witness.trust.is_mute(**peer));
        speaking.for_each(|peer| self.say_hello(*peer, out));
    }

    fn judge_twins(&mut self, out: &mut Vec<Output>) {
        let was_newer = self.witness.twins.forbid_signing();
        let Some(standing) = self.witness.twins.judge(self.now) else { return };
        let (peers, other) = (self.witness.twins.tellers(), self.witness.twins.other());
        out.push(Output::Notice(Notice::RunsTwice { standing, peers, other }));
        match standing {
            // The other life has signed what is not in this one's ledger.
            Standing::Newer => self.witness.trust.doubt(self.now),
            Standing::Older => self.witness.trust.ask_again(),
            Standing::Single | Standing::Rumoured => {}
        }
        if was_newer {
            self.witness.trust.doubt(self.now);
            self.greet_all(out);
        }
    }

    /// Asks the ledger for what was withheld, once signing is allowed.
    fn release_withheld(&mut self, out: &mut Vec<Output>) {
        if self.witness.allows_signing().is_err() {
            return;
        }
        let is_withheld = |consent: &Consent| matches!(consent, Consent::Withheld(_));
        let withheld = self.consents.iter().filter(|(_, consent)| is_withheld(consent));
        for duty in withheld.map(|(duty, _)| *duty).collect::<Vec<Duty>>() {
            self.ask_permit(duty, out);
        }
    }

    /// Forgets lives that have ended, and has what was seen kept.
    pub(super) fn sweep_witness(&mut self, out: &mut Vec<Output>) {
        self.note_doubled(out);
        self.witness.lives.sweep(self.now);
        out.extend(self.witness.news().map(Output::Remember));
    }

    /// Why slashable things may not be signed now, if so.
    pub fn withholds(&self) -> Option<Reason> {
        self.witness.allows_signing().err()
    }
}

/// The mark that a signature sets, if two different ones of its kind can cost the stake.
pub(super) fn mark(signed: &Signed) -> Option<Watermark> {
    let what = match signed {
        Signed::Attestation { data, .. } => {
            Signable::Attestation { source: data.source.epoch, target: data.target.epoch }
        }
        Signed::Block(proposal) => Signable::Block { slot: proposal.slot() },
        _ => return None,
    };
    Some(Watermark::of(what))
}
