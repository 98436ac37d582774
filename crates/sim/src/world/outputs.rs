//! Carries out what an engine says.

use std::sync::Arc;

use duty::{ConsensusMessage, Duty, Fetch, Input, Notice, Output, PartialSet, Publication, Seat, To};
use eth::{Epoch, Root, SignedProposal};
use qbft::{Draft, Hash};
use slashing::{Refusal, Request};

use super::chain::is_block;
use super::disk::is_durable;
use super::network::Parcel;
use super::{Event, World};

impl World {
    pub(super) fn carry_out(&mut self, node: usize, output: Output) {
        self.reaches_stage(node, &output);
        match output {
            Output::Resolve(epoch) => self.resolve(node, epoch),
            Output::Fetch { duty, what } => self.fetch(node, duty, &what),
            Output::CheckParent { duty, parent } => self.check_parent(node, duty, parent),
            Output::Register(epoch) => self.nodes[node].registrations.push((self.now, epoch)),
            Output::Publish { duty, seats, what } => {
                if self.is_honest(node) {
                    let life = self.nodes[node].life;
                    self.checks.completed((node, life), &self.spec, duty, &seats, &what);
                }
                self.publish(node, duty, seats, what);
            }
            Output::Send { to, duty, draft, values } => self.send(node, to, duty, draft, values),
            Output::SendPartials { to, set } => self.send_partials(node, to, set),
            Output::Answer { request, answer } => self.answered(node, request, answer),
            Output::Consult { duty, value, request } => self.consult(node, duty, value, &request),
            Output::Permit { duty, request } => self.permit(node, duty, request),
            Output::Verify { .. } | Output::Combine { .. } if self.nodes[node].workers_are_lost => {}
            Output::Verify { job, items } => {
                let good = items.iter().map(|item| self.cryptography.verify(item)).collect();
                self.input_soon(node, Input::Verified { job, good });
            }
            Output::Combine { job, items } => {
                let threshold = qbft::quorum(self.settings.nodes);
                let outcomes = items.iter().map(|item| self.cryptography.combine(item, threshold)).collect();
                self.input_soon(node, Input::Combined { job, outcomes });
            }
            Output::Hello { to, hello } => self.say_hello(node, to, hello),
            Output::Testify { hello, testimony } => self.testify(node, hello, testimony),
            Output::FastForward(seen) => self.fast_forward(node, &seen),
            Output::Remember(sightings) => self.nodes[node].witness.sightings = sightings,
            Output::Notice(notice) => {
                if let Notice::Started(duty) = &notice {
                    let it = &self.nodes[node];
                    let slot = self.spec.slot_at_ns(it.clock.local(self.now).0);
                    self.checks.began((node, it.life), *duty, slot);
                }
                let is_judged = matches!(notice, Notice::Decided { .. } | Notice::Over(_));
                if is_judged || self.settings.is_observed {
                    self.nodes[node].notices.push((self.now, notice));
                }
            }
        }
    }

    pub(super) fn input_soon(&mut self, node: usize, input: Input) {
        let after_ms = self.random.between(1, 5);
        self.input_in(node, after_ms, input);
    }

    fn input_from_beacon(&mut self, node: usize, input: Input) {
        let after_ms = self.nodes[node].beacon.delay_ms + self.random.between(0, 20);
        self.input_in(node, after_ms, input);
    }

    fn resolve(&mut self, node: usize, epoch: Epoch) {
        if self.settings.is_observed {
            self.nodes[node].resolves.push((self.now, epoch));
        }
        let input = match self.nodes[node].beacon.is_up {
            true => Input::Resolved(self.chain_of(node).duties(epoch)),
            false => Input::ResolveFailed(epoch),
        };
        self.input_from_beacon(node, input);
    }

    fn fetch(&mut self, node: usize, duty: Duty, what: &Fetch) {
        if self.settings.is_observed {
            self.nodes[node].fetches.push((self.now, duty));
        }
        let beacon = &self.nodes[node].beacon;
        let value = if beacon.is_up { self.chain.value(duty, what, beacon) } else { None };
        let input = match value {
            Some(value) => Input::Fetched { duty, value },
            None => Input::FetchFailed { duty },
        };
        self.input_from_beacon(node, input);
    }

    fn check_parent(&mut self, node: usize, duty: Duty, parent: Root) {
        let beacon = &self.nodes[node].beacon;
        let known = beacon.is_up && beacon.knows_parents && is_block(parent, duty.slot);
        self.input_from_beacon(node, Input::ParentChecked { duty, parent, known });
    }

    pub(super) fn publish(&mut self, node: usize, duty: Duty, seats: Vec<Seat>, what: Publication) {
        if self.nodes[node].beacon.is_up {
            if let Publication::Block(block) = &what
                && self.settings.is_observed
            {
                self.nodes[node].blocks.push(SignedProposal::clone(block));
            }
            if self.is_honest(node) {
                self.checks.published(node, duty, &seats, &what, &self.spec);
            }
            return self.input_from_beacon(node, Input::Published { duty, seats, accepted: true });
        }
        let again = self.now.plus_ms(500);
        let deadline = self.nodes[node].engine.as_ref().map(|engine| engine.deadline_of(duty));
        if deadline.is_some_and(|deadline| again < deadline) {
            let (life, what) = (self.nodes[node].life, Box::new(what));
            return self.schedule(again, Event::PublishAgain { node, life, duty, seats, what });
        }
        self.input_from_beacon(node, Input::Published { duty, seats, accepted: false });
    }

    fn send(&mut self, node: usize, to: To, duty: Duty, draft: Draft, values: Vec<duty::Value>) {
        if let (To::All, Some(lie)) = (to, self.nodes[node].lie)
            && let Some(told) = lie.tell(&self.chain, duty, &draft, &values)
        {
            return self.tell(node, duty, &draft, told);
        }
        if self.settings.is_observed {
            self.nodes[node].votes.push((duty, draft.kind));
        }
        if self.is_honest(node) {
            self.checks.voted(node, duty, &draft);
        }
        let message = self.signed(node, duty, draft, values);
        match to {
            To::Peer(peer) => self.deliver_to_peer(node, peer, Parcel::Consensus(message)),
            To::All => {
                self.broadcast(node, &Parcel::Consensus(message.clone()));
                self.nodes[node].own.push_back(message);
            }
        }
    }

    /// Tells each peer its lie, or nothing.
    fn tell(&mut self, node: usize, duty: Duty, draft: &Draft, told: Vec<duty::Value>) {
        for (turn, peer) in self.peers_of(node).into_iter().enumerate() {
            let Some(value) = told.get(turn % told.len().max(1)) else { continue };
            let draft = Draft { value: Some(value.hash), ..draft.clone() };
            let message = self.signed(node, duty, draft, vec![value.clone()]);
            self.deliver(node, peer, Parcel::Consensus(message));
        }
    }

    fn signed(&self, node: usize, duty: Duty, draft: Draft, values: Vec<duty::Value>) -> ConsensusMessage {
        ConsensusMessage { duty, message: draft.signed(self.peer(node), Arc::from([])), values }
    }

    fn send_partials(&mut self, node: usize, to: To, set: PartialSet) {
        if self.is_honest(node) {
            let life = self.nodes[node].life;
            let ledger = self.nodes[node].ledger.as_ref();
            let peer = self.nodes[node].peer;
            // Each body has lives of its own.
            let life = life + if node == peer { 0 } else { 1_000 };
            self.checks.released((peer, life), &set, &self.spec, |key, root| is_durable(ledger, key, root));
        }
        if self.settings.is_observed {
            self.nodes[node].sent_partials.push((to, set.clone()));
        }
        match to {
            To::All => self.broadcast(node, &Parcel::Partials(set)),
            To::Peer(peer) => self.deliver_to_peer(node, peer, Parcel::Partials(set)),
        }
    }

    fn consult(&mut self, node: usize, duty: Duty, value: Hash, request: &Request) {
        let verdicts = match self.open_ledger(node) {
            Some(ledger) => ledger.check(request),
            None => vec![Err(Refusal::LedgerClosed); request.items.len()],
        };
        let peer = self.peer(node);
        // What another body of the same operator signed is not in this one's ledger.
        if self.bodies_of(peer).len() == 1 {
            self.checks.consulted(node, request, |place| verdicts[place].is_err());
        }
        let verdicts = request.items.iter().map(|item| item.key).zip(verdicts);
        let refused = verdicts.filter_map(|(key, verdict)| Some((key, verdict.err()?))).collect();
        self.input_soon(node, Input::Consulted { duty, value, refused });
    }

    fn permit(&mut self, node: usize, duty: Duty, request: Request) {
        if self.is_honest(node) {
            self.checks.decided(node, duty, &request);
        }
        let permit = match self.open_ledger(node) {
            Some(ledger) => ledger.permit(request),
            None => Err(Refusal::LedgerClosed),
        };
        if let Ok(permit) = &permit {
            self.checks.permitted(self.nodes[node].peer, permit);
        }
        self.input_soon(node, Input::Permitted { duty, permit });
    }
}
