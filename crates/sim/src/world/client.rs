//! Validator clients: they ask at their time, sign what they are given, and hand it in.

use cluster::GroupKey;
use duty::{Answer, Input, Question, RequestId, Signed, Submission, Time};
use eth::{
    AttestationData, CommitteeIndex, Epoch, Proposal, Root, SignatureBytes, SignedVoluntaryExit,
    SingleAttestation, Slot, SubcommitteeIndex, VoluntaryExit,
};

use super::chain::{block_root, validator_index};
use super::fake::key;
use super::{Event, Node, World};
use crate::checker::Sentence;

/// How a validator client behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// It does what it should.
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

impl Client {
    /// Every misbehaviour.
    pub const ALL: [Client; 6] = [
        Client::Absent,
        Client::Late(1_500),
        Client::Late(9_000),
        Client::Twice,
        Client::SignsSomethingElse,
        Client::WrongShare,
    ];
}

/// What a client asks for, and later hands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asked {
    /// Data to attest to.
    Attestation(Slot),
    /// A block.
    Block(Slot),
    /// Selection proofs of the slots of an epoch.
    CommitteeSelections(Epoch),
    /// Selection proofs of its seats in the sync committee.
    SyncSelections(Slot),
    /// The aggregate of a committee.
    Aggregate(Slot, CommitteeIndex),
    /// The contribution of a subcommittee.
    Contribution(Slot, SubcommitteeIndex),
    /// Nothing: it signs the head it sees.
    SyncMessages(Slot),
    /// Nothing: its operator has it sign an exit.
    Exit(Epoch),
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
        // Its clock is its node's.
        let slot_start = self.nodes[node].clock.truth(Time(self.spec.slot_start_ns(slot)));
        let begin = slot_start.max(self.now);
        for _ in 0..times {
            if slot.0 > 0 && self.chain.proposer(slot).is_some() {
                let at = begin.plus_ms(self.random.between(5, 100));
                self.schedule(at, Event::Ask { node, what: Asked::Block(slot) });
            }
            if !self.chain.attesters(slot).is_empty() {
                let at = begin.plus_ms(self.random.between(2_000, 4_000));
                self.schedule(at, Event::Ask { node, what: Asked::Attestation(slot) });
            }
            self.client_plans_to_aggregate(node, slot, slot_start, begin);
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
            Asked::CommitteeSelections(epoch) => return self.ask_committee_selections(node, epoch),
            Asked::SyncSelections(slot) => return self.ask_sync_selections(node, slot),
            Asked::Aggregate(slot, committee) => {
                let Some(data) = self.nodes[node].memory.attested.get(&slot) else { return };
                Question::Aggregate { slot, data_root: eth::Container::root(data), committee }
            }
            Asked::Contribution(slot, subcommittee) => {
                let Some(block) = self.nodes[node].memory.heads.get(&slot).copied() else { return };
                Question::Contribution { slot, subcommittee, block }
            }
            Asked::SyncMessages(slot) => return self.client_signs_the_head(node, slot),
            Asked::Exit(epoch) => return self.client_exits(node, 0, epoch),
        };
        self.put(node, what, question);
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
        self.checks.demand(asked.is_some(), Sentence::RequestsAreAnsweredOnce, || {
            format!("node {node} answers {request:?} again")
        });
        let Some((_, what)) = asked else { return };
        let is_observed = self.settings.is_observed;
        match answer {
            Answer::Refused(_) | Answer::Received(_) | Answer::Aggregators(_) if !is_observed => {}
            Answer::Refused(reason) => self.nodes[node].refusals.push((self.now, what, reason)),
            Answer::Received(items) => self.nodes[node].received.push((what, items)),
            Answer::AttestationData(data) => self.client_attests(node, data),
            Answer::Block(proposal) => self.client_proposes(node, &proposal),
            Answer::CommitteeSelections(proofs) => self.client_learns_selections(node, &proofs),
            Answer::SyncSelections(proofs) => self.client_learns_sync_selections(node, &proofs),
            Answer::Aggregate(aggregate) => self.client_aggregates(node, what, &aggregate),
            Answer::Contribution(contribution) => self.client_contributes(node, what, &contribution),
            Answer::Aggregators(verdicts) => self.nodes[node].verdicts.push((what, verdicts)),
        }
    }

    fn client_attests(&mut self, node: usize, mut data: AttestationData) {
        self.nodes[node].memory.attested.insert(data.slot, data);
        if self.nodes[node].client == Client::SignsSomethingElse {
            data.beacon_block_root = block_root(data.slot, 77);
        }
        let attestations = self.attestations(node, data);
        self.hand_in_later(node, Asked::Attestation(data.slot), Submission::Attestations(attestations));
    }

    /// What the client makes of the data for each validator on duty.
    pub fn attestations(&self, node: usize, data: AttestationData) -> Vec<SingleAttestation> {
        // Neither validator nor committee is covered by the signature.
        let root = Signed::Attestation { data, validator: None, committee: CommitteeIndex(0) }
            .signing_root(&self.spec);
        let attest = |duty: eth::AttesterDuty| {
            let signature = self.client_signs(node, &GroupKey(duty.pubkey), root);
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

    /// The operator has its client sign an exit.
    pub fn client_exits(&mut self, node: usize, validator: u8, epoch: Epoch) {
        let message = VoluntaryExit { epoch, validator_index: validator_index(validator) };
        let root = Signed::Exit(message).signing_root(&self.spec);
        let signature = self.client_signs(node, &key(validator), root);
        let exit = Submission::Exit(SignedVoluntaryExit { message, signature });
        self.hand_in(node, Asked::Exit(epoch), exit);
    }

    pub(super) fn hand_in_later(&mut self, node: usize, what: Asked, submission: Submission) {
        let late_ms = if let Client::Late(ms) = self.nodes[node].client { ms } else { 0 };
        let at = self.now.plus_ms(late_ms + self.random.between(2, 30));
        if self.nodes[node].client == Client::Twice {
            let submission = Box::new(submission.clone());
            self.schedule(at.plus_ms(1), Event::Submit { node, what, submission });
        }
        self.schedule(at, Event::Submit { node, what, submission: Box::new(submission) });
    }

    /// What the client's share of a validator's key makes of a root.
    pub fn client_signs(&self, node: usize, key: &GroupKey, root: Root) -> SignatureBytes {
        let Node { peer, client, .. } = &self.nodes[node];
        let holds = if *client == Client::WrongShare { (peer + 1) % self.settings.nodes } else { *peer };
        self.cryptography.sign(key, share(holds), root)
    }
}

/// The share of a node.
pub fn share(node: usize) -> bls::ShareIndex {
    bls::ShareIndex::new(u8::try_from(node + 1).expect("a few nodes"))
        .expect("a position plus one is not zero")
}
