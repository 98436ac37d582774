//! What an instance is told before it begins.

use crate::known_bugs::{KnownBug, is_on};
use crate::quorum::{faults, quorum};
use crate::{PeerIndex, Round, Timer};

/// One instance: who takes part, who leads, when rounds end, and whether we have a voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Operators of the cluster, 1 to 256.
    pub peers: usize,
    /// Slot plus duty type: it turns the leadership from duty to duty.
    pub leader_offset: u64,
    /// When each round ends.
    pub timer: Timer,
    /// Whether we vote.
    pub role: Role,
}

/// The part we play in an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Proposes, votes, changes rounds, decides.
    Voter,
    /// Only learns the decision and proves it to others. For one who may have voted before and does not remember
    /// it, for example after a restart in the middle of a duty: whoever never speaks never contradicts himself.
    Observer,
}

impl Config {
    /// The peer that proposes in `round`: (offset + round) mod n.
    pub fn leader(&self, round: Round) -> PeerIndex {
        let peers = self.peers as u64;
        PeerIndex(((self.leader_offset % peers + round.number() % peers) % peers) as u8)
    }

    pub(crate) fn quorum(&self) -> usize {
        if is_on(KnownBug::TwoFPlusOneIsAQuorum) { 2 * self.faults() + 1 } else { quorum(self.peers) }
    }

    pub(crate) fn faults(&self) -> usize {
        faults(self.peers)
    }

    pub(crate) fn has(&self, peer: PeerIndex) -> bool {
        usize::from(peer.0) < self.peers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Extra, Time};

    #[test]
    fn leadership_turns_with_slot_duty_and_round() {
        let led = |leader_offset, round| {
            let timer = Timer { anchor: Time(0), extra: Extra::None };
            let config = Config { peers: 4, leader_offset, timer, role: Role::Voter };
            config.leader(Round::new(round).expect("not zero")).0
        };
        let attester = |slot: u64| slot + 2;
        assert_eq!(led(attester(0), 1), 3, "charon-wire 4.4: (s + 3) mod n");
        assert_eq!(led(attester(1), 1), 0);
        assert_eq!(led(attester(1), 2), 1);
        assert_eq!(led(u64::MAX, u64::MAX), 2, "no overflow: both are 3 mod 4");
    }
}
