//! Liars: programs that run in place of honest nodes, one a file.
//!
//! A liar runs an honest engine and sees all that it would send; the program decides what really leaves, to whom and
//! when. It signs with its own key whatever it likes, and cannot sign in anybody else's name: what is not authentic is
//! dropped by the network as every real node would drop it.

mod ear;
mod equivocator;
mod false_witness;
mod flooder;
mod justification_forger;
mod mutating_relayer;
mod replayer;
mod selective;
mod silent;
mod slow_leader;
mod thief;
mod twins;
mod wrong_share;

use duty::Time;
use eth::Spec;

use crate::world::World;
use crate::world::chain::Chain;
use crate::world::fake::Random;
use crate::world::network::Parcel;

/// Every liar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Liar {
    /// Tells two halves of the cluster two things.
    Equivocator,
    /// Bears false witness of what its peers signed.
    FalseWitness,
    /// Drowns its peers in messages.
    Flooder,
    /// Proves what is not so.
    JustificationForger,
    /// Passes others' partial signatures on, altered.
    MutatingRelayer,
    /// Repeats what others said.
    Replayer,
    /// Speaks to some and of some things.
    Selective,
    /// Says nothing.
    Silent,
    /// Is a moment too late.
    SlowLeader,
    /// Wants the fees.
    Thief,
    /// Is run twice.
    Twins,
    /// Signs what nobody can use.
    WrongShare,
}

impl Liar {
    /// All of them.
    pub const ALL: [Liar; 12] = [
        Liar::Equivocator,
        Liar::FalseWitness,
        Liar::Flooder,
        Liar::JustificationForger,
        Liar::MutatingRelayer,
        Liar::Replayer,
        Liar::Selective,
        Liar::Silent,
        Liar::SlowLeader,
        Liar::Thief,
        Liar::Twins,
        Liar::WrongShare,
    ];

    fn program(self) -> Box<dyn Program> {
        match self {
            Liar::Equivocator => Box::new(equivocator::Equivocator::default()),
            Liar::FalseWitness => Box::new(false_witness::FalseWitness),
            Liar::Flooder => Box::new(flooder::Flooder),
            Liar::JustificationForger => Box::new(justification_forger::JustificationForger::default()),
            Liar::MutatingRelayer => Box::new(mutating_relayer::MutatingRelayer::default()),
            Liar::Replayer => Box::new(replayer::Replayer::default()),
            Liar::Selective => Box::new(selective::Selective),
            Liar::Silent => Box::new(silent::Silent),
            Liar::SlowLeader => Box::new(slow_leader::SlowLeader),
            Liar::Thief => Box::new(thief::Thief),
            Liar::Twins => Box::new(twins::Twin),
            Liar::WrongShare => Box::new(wrong_share::WrongShare),
        }
    }
}

/// What a liar does in place of an honest node.
pub trait Program: std::fmt::Debug {
    /// What leaves in place of a parcel for another body.
    fn sends(&mut self, scene: &mut Scene<'_>, to: usize, parcel: Parcel, out: &mut Vec<Sent>);

    /// Something arrives from another body; the engine hears it, too.
    fn hears(&mut self, _scene: &mut Scene<'_>, _from: usize, _parcel: &Parcel, _out: &mut Vec<Sent>) {}
}

/// What a program can see.
pub struct Scene<'a> {
    /// The liar's own body.
    pub me: usize,
    /// Bodies of other operators.
    pub peers: &'a [usize],
    /// This moment.
    pub now: Time,
    /// The chain.
    pub chain: &'a Chain,
    /// The chain's clockwork.
    pub spec: &'a Spec,
    /// Chance.
    pub random: &'a mut Random,
}

/// What a program sends.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The receiving body.
    pub to: usize,
    /// How long it waits before.
    pub after_ms: i64,
    /// What is sent.
    pub parcel: Parcel,
}

impl World {
    /// From now on the node is a liar of that kind.
    pub fn make_liar(&mut self, node: usize, liar: Liar) {
        match liar {
            Liar::Twins if self.nodes[node].engine.is_some() => _ = self.twin(node),
            liar => self.corrupt(node, liar.program()),
        }
    }

    /// From now on the node runs that program, and nothing it says counts.
    pub fn corrupt(&mut self, node: usize, program: Box<dyn Program>) {
        self.checks.liars.insert(self.nodes[node].peer);
        self.nodes[node].program = Some(program);
    }

    pub(crate) fn liar_sends(&mut self, from: usize, to: usize, parcel: Parcel) {
        self.with_program(from, |program, scene, out| program.sends(scene, to, parcel, out));
    }

    pub(crate) fn liar_hears(&mut self, node: usize, from: usize, parcel: &Parcel) {
        if self.nodes[node].program.is_some() {
            self.with_program(node, |program, scene, out| program.hears(scene, from, parcel, out));
        }
    }

    fn with_program(
        &mut self,
        node: usize,
        act: impl FnOnce(&mut dyn Program, &mut Scene<'_>, &mut Vec<Sent>),
    ) {
        let Some(mut program) = self.nodes[node].program.take() else { return };
        let peers = self.peers_of(node);
        let mut scene = Scene {
            me: node,
            peers: &peers,
            now: self.now,
            chain: &self.chain,
            spec: &self.spec,
            random: &mut self.random,
        };
        let mut out = Vec::new();
        act(program.as_mut(), &mut scene, &mut out);
        self.nodes[node].program = Some(program);
        let me = self.peer(node);
        for Sent { to, after_ms, parcel } in out {
            let may = match &parcel {
                Parcel::Consensus(message) => self.is_authentic(me, message),
                Parcel::Partials(_) | Parcel::Hello { .. } | Parcel::Testimony(_) => true,
            };
            if may {
                self.post(node, to, after_ms, parcel);
            }
        }
    }
}
