//! Validator clients: they ask at their time, sign what they are given, and hand it in.

use duty::{Answer, Input, Question, RequestId, Signed, Submission};
use eth::{AttestationData, Proposal, Root, SignatureBytes, SingleAttestation, Slot};

use super::chain::block_root;
use super::fake::sign;
use super::{Event, World};

/// How a validator client behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    Honest,
    /// It never asks.
    Absent,
    /// It signs that many milliseconds late.
    Late(i64),
    /// It asks and hands in everything twice.
    Twice,
    /// It signs another head than it was given.
    SignsSomethingElse,
    /// It holds another share.
    WrongShare,
}

/// What a client asks for, and later hands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asked {
    Attestation(Slot),
    Block(Slot),
}

impl World {
    /// The client plans its slot.
    pub(super) fn client_begins_slot(&mut self, node: usize, slot: Slot) {
        let client = self.nodes[node].client;
        let times = match client {
            Client::Absent => 0,
            Client::Twice => 2,
            _ => 1,
        };
        let begin = qbft::Time(self.spec.slot_start_ns(slot)).max(self.now);
        for _ in 0..times {
            if slot.0 > 0 && self.chain.proposer(slot).is_some() {
                let at = begin.plus_ms(self.random.between(5, 100));
                self.schedule(at, Event::Ask { node, what: Asked::Block(slot) });
            }
            if !self.chain.attesters(slot).is_empty() {
                let at = begin.plus_ms(self.random.between(2_000, 4_000));
                self.schedule(at, Event::Ask { node, what: Asked::Attestation(slot) });
            }
        }
    }

    pub(super) fn ask(&mut self, node: usize, what: Asked) {
        let question = match what {
            Asked::Attestation(slot) => Question::AttestationData { slot, committee: Default::default() },
            Asked::Block(slot) => {
                let Some(proposer) = self.chain.proposer(slot) else { return };
                let epoch = self.spec.epoch_of(slot);
                let root = Signed::Randao { epoch }.signing_root(&self.spec);
                Question::Block { slot, randao_reveal: self.client_signs(node, &proposer.key, root) }
            }
        };
        if let Some(request) = self.request(node, what) {
            self.step(node, Input::Ask { request, question });
        }
    }

    pub(super) fn submit(&mut self, node: usize, what: Asked, submission: Submission) {
        if let Some(request) = self.request(node, what) {
            self.step(node, Input::Submit { request, submission });
        }
    }

    /// Asks anything at all.
    pub fn put(&mut self, node: usize, what: Asked, question: Question) {
        if let Some(request) = self.request(node, what) {
            self.step(node, Input::Ask { request, question });
        }
    }

    /// Hands in anything at all.
    pub fn hand_in(&mut self, node: usize, what: Asked, submission: Submission) {
        self.submit(node, what, submission);
    }

    fn request(&mut self, node: usize, what: Asked) -> Option<RequestId> {
        self.nodes[node].engine.as_ref()?;
        self.requests += 1;
        let request = RequestId(self.requests);
        self.nodes[node].asked.insert(request, (self.now, what));
        Some(request)
    }

    pub(super) fn answered(&mut self, node: usize, request: RequestId, answer: Answer) {
        let asked = self.nodes[node].asked.remove(&request);
        let (_, what) = asked.expect("a request is answered once");
        match answer {
            Answer::Refused(reason) => self.nodes[node].refusals.push((self.now, what, reason)),
            Answer::Received(items) => self.nodes[node].received.push((what, items)),
            Answer::AttestationData(data) => self.client_attests(node, data),
            Answer::Block(proposal) => self.client_proposes(node, &proposal),
        }
    }

    fn client_attests(&mut self, node: usize, mut data: AttestationData) {
        if self.nodes[node].client == Client::SignsSomethingElse {
            data.beacon_block_root = block_root(data.slot, 77);
        }
        let attestations = self.attestations(node, data);
        self.hand_in_later(node, Asked::Attestation(data.slot), Submission::Attestations(attestations));
    }

    /// What the client makes of the data for each validator on duty.
    pub fn attestations(&self, node: usize, data: AttestationData) -> Vec<SingleAttestation> {
        let attest = |duty: eth::AttesterDuty| {
            let (validator, committee) = (Some(duty.validator_index), duty.committee_index);
            let root = Signed::Attestation { data, validator, committee }.signing_root(&self.spec);
            let signature = self.client_signs(node, &cluster::GroupKey(duty.pubkey), root);
            let (committee_index, attester_index) = (duty.committee_index, duty.validator_index);
            SingleAttestation { committee_index, attester_index, data, signature }
        };
        self.chain.attesters(data.slot).into_iter().map(attest).collect()
    }

    fn client_proposes(&mut self, node: usize, proposal: &Proposal) {
        let Some(proposer) = self.chain.proposer(proposal.slot()) else { return };
        let proposal = match self.nodes[node].client {
            Client::SignsSomethingElse => self.chain.block(
                proposal.slot(),
                proposal.randao_reveal(),
                Root([9; 32]),
                proposal.fee_recipient(),
            ),
            _ => proposal.clone(),
        };
        let root = Signed::Block(proposal.clone().into()).signing_root(&self.spec);
        let block = proposal.sign(self.client_signs(node, &proposer.key, root));
        self.hand_in_later(node, Asked::Block(proposer.slot), Submission::Block(Box::new(block)));
    }

    fn hand_in_later(&mut self, node: usize, what: Asked, submission: Submission) {
        let late_ms = if let Client::Late(ms) = self.nodes[node].client { ms } else { 0 };
        let at = self.now.plus_ms(late_ms + self.random.between(2, 30));
        if self.nodes[node].client == Client::Twice {
            let submission = Box::new(submission.clone());
            self.schedule(at.plus_ms(1), Event::Submit { node, what, submission });
        }
        self.schedule(at, Event::Submit { node, what, submission: Box::new(submission) });
    }

    fn client_signs(&self, node: usize, key: &cluster::GroupKey, root: Root) -> SignatureBytes {
        let holds = if self.nodes[node].client == Client::WrongShare { node + 1 } else { node };
        sign(key, share(holds), root)
    }
}

/// The share of a node.
pub fn share(node: usize) -> bls::ShareIndex {
    bls::ShareIndex::new(u8::try_from(node + 1).expect("a few nodes"))
        .expect("a position plus one is not zero")
}
