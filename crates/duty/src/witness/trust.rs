//! Whether this node's own ledger may be trusted.
//!
//! A ledger is written before a partial signature leaves, so no peer can have seen more than it holds, unless it is not
//! the one that was written last. At the start peers are asked; what they saw raises the ledger's floors before the
//! first permit. Votes' targets and blocks' slots are raised on the word of a single peer: a false one, bounded by the
//! present, costs this epoch's duties and no more. A source would cost all until the chain finalizes that epoch; so of
//! sources as many peers must speak that one of them is honest.

use std::collections::{BTreeMap, BTreeSet};

use cluster::GroupKey;
use eth::{Epoch, Slot};
use qbft::{PeerIndex, Time};
use slashing::{Behind, VoteMark, Watermark};

use super::Marks;

/// How long to wait before a ledger that could not write is asked again.
const RETRY_MS: i64 = 500;

/// Why a ledger is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ground {
    /// The chain has not begun: nothing can have been signed.
    BeforeGenesis,
    /// There are no other operators.
    Alone,
    /// The operator vouches for it.
    Operator,
    /// These peers told what they have seen.
    Peers(Vec<PeerIndex>),
    /// No peer could be asked, two epochs have passed, and whatever a former life may have signed is out of reach.
    Waited,
}

/// How many there are of whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Company {
    pub(crate) others: usize,
    pub(crate) quorum: usize,
    pub(crate) faults: usize,
}

/// How long to wait for what, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For the last peers, when enough have answered.
    pub(crate) grace_ns: i64,
    /// For any peer.
    pub(crate) alone_ns: i64,
}

/// The highest that can have been signed by now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Present {
    pub(crate) epoch: Epoch,
    pub(crate) slot: Slot,
}

/// The way to trust.
#[derive(Debug)]
pub(crate) struct Trust {
    company: Company,
    patience: Patience,
    since: Time,
    ground: Option<Ground>,
    /// What each peer has seen, at most once in this life: a liar cannot raise floors again and again.
    claims: BTreeMap<PeerIndex, Marks>,
    /// Peers that do not speak the protocol.
    mute: BTreeSet<PeerIndex>,
    /// What holds for every validator, whatever peers say.
    common: Option<Watermark>,
    raising: Raising,
}

/// Whether the ledger knows what the peers know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Raising {
    Done,
    Due(Time),
    UnderWay,
    /// More became known meanwhile.
    UnderWayAgain,
}

/// What became of raising.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// Validators of which peers have seen more than the ledger held.
    pub(crate) behind: Vec<Behind>,
    /// Those peers.
    pub(crate) claimants: Vec<PeerIndex>,
}

impl Trust {
    /// A ledger that is trusted on that ground, or not yet.
    pub(crate) fn new(company: Company, patience: Patience, since: Time, ground: Option<Ground>) -> Trust {
        Trust {
            company,
            patience,
            since,
            ground,
            claims: BTreeMap::new(),
            mute: BTreeSet::new(),
            common: None,
            raising: Raising::Done,
        }
    }

    /// Whether what may be signed is known.
    pub(crate) fn is_settled(&self) -> bool {
        self.ground.is_some() && self.raising == Raising::Done
    }

    /// Whether the peer is still to be asked.
    pub(crate) fn asks(&self, peer: PeerIndex) -> bool {
        !self.claims.contains_key(&peer)
    }

    /// Whether the peer does not speak the protocol.
    pub(crate) fn is_mute(&self, peer: PeerIndex) -> bool {
        self.mute.contains(&peer)
    }

    /// Takes in what a peer has seen; true when it claims what cannot have been signed yet.
    pub(crate) fn testify(&mut self, peer: PeerIndex, seen: Marks, present: Present, now: Time) -> bool {
        if !self.asks(peer) {
            return false;
        }
        let mut is_false = false;
        let bounded = seen.into_iter().map(|(key, mark)| {
            let bounded = present.bound(mark);
            is_false |= bounded != mark;
            (key, bounded)
        });
        let claim: Marks = bounded.filter(|(_, mark)| *mark != Watermark::default()).collect();
        if !claim.is_empty() {
            self.raise(now);
        }
        self.mute.remove(&peer);
        self.claims.insert(peer, claim);
        is_false
    }

    /// The peer does not speak the protocol.
    pub(crate) fn cannot(&mut self, peer: PeerIndex) {
        if self.asks(peer) {
            self.mute.insert(peer);
        }
    }

    /// The peer is gone: when it comes again it may be another program.
    pub(crate) fn lost(&mut self, peer: PeerIndex) {
        self.mute.remove(&peer);
    }

    /// Asks all peers again, for something else than this life has signed.
    pub(crate) fn ask_again(&mut self) {
        self.claims.clear();
    }

    /// Trusts nothing until peers have answered again.
    pub(crate) fn doubt(&mut self, now: Time) {
        self.ask_again();
        self.ground = None;
        self.since = now;
    }

    /// Looks whether the ledger may be trusted now; `present` is the present, below which former lives have signed.
    /// The ground when it is new.
    pub(crate) fn settle(
        &mut self,
        connected: &BTreeSet<PeerIndex>,
        former: Present,
        now: Time,
    ) -> Option<Ground> {
        if self.ground.is_some() {
            return None;
        }
        self.ground = if self.is_witnessed(connected, now) {
            Some(Ground::Peers(self.claims.keys().copied().collect()))
        } else if now >= self.alone_until() {
            let vote = VoteMark { source: Epoch(0), target: former.epoch };
            self.common = Some(Watermark { vote: Some(vote), block: Some(former.slot) });
            self.raise(now);
            Some(Ground::Waited)
        } else {
            None
        };
        self.ground.clone()
    }

    /// Among the peers that have answered is an honest one, and nobody who could still say more is kept waiting.
    fn is_witnessed(&self, connected: &BTreeSet<PeerIndex>, now: Time) -> bool {
        let Company { others, quorum, faults } = self.company;
        let heard = self.claims.len() + self.mute.len();
        let is_known = |peer: &PeerIndex| self.claims.contains_key(peer) || self.mute.contains(peer);
        let has_quorum = heard + 1 >= quorum && connected.iter().all(is_known);
        let is_late = now >= self.grace_until();
        let suffice = heard == others || (is_late && (has_quorum || self.claims.len() > faults));
        !self.claims.is_empty() && suffice
    }

    fn grace_until(&self) -> Time {
        Time(self.since.0.saturating_add(self.patience.grace_ns))
    }

    fn alone_until(&self) -> Time {
        Time(self.since.0.saturating_add(self.patience.alone_ns))
    }

    fn raise(&mut self, now: Time) {
        self.raising = match self.raising {
            Raising::Done | Raising::Due(_) => Raising::Due(now),
            Raising::UnderWay | Raising::UnderWayAgain => Raising::UnderWayAgain,
        };
    }

    /// The floors to raise now, if there are any; the outcome comes back to [`Trust::raised`].
    pub(crate) fn take_floors(
        &mut self,
        validators: impl Iterator<Item = GroupKey>,
        now: Time,
    ) -> Option<Vec<(GroupKey, Watermark)>> {
        if !matches!(self.raising, Raising::Due(at) if now >= at) {
            return None;
        }
        self.raising = Raising::UnderWay;
        let common = self.common.unwrap_or_default();
        let floor = |key: GroupKey| (key, self.claimed(&key).raised_to(common));
        Some(validators.map(floor).filter(|(_, floor)| *floor != Watermark::default()).collect())
    }

    /// What peers together claim to have seen of the validator.
    fn claimed(&self, key: &GroupKey) -> Watermark {
        let claims = || self.claims.values().filter_map(|claim| claim.get(key));
        let mut sources: Vec<Epoch> = claims().filter_map(|mark| mark.vote.map(|vote| vote.source)).collect();
        sources.sort_unstable();
        let agreed = sources.into_iter().rev().nth(self.company.faults).unwrap_or(Epoch(0));
        let highest = claims().fold(Watermark::default(), |highest, mark| highest.raised_to(*mark));
        Watermark { vote: highest.vote.map(|vote| VoteMark { source: agreed, ..vote }), ..highest }
    }

    /// Takes in which validators the ledger was behind for; nothing of it when it could not write.
    pub(crate) fn raised(&mut self, behind: Option<Vec<Behind>>, now: Time) -> Found {
        self.raising = match (self.raising, &behind) {
            (_, None) => Raising::Due(now.plus_ms(RETRY_MS)),
            (Raising::UnderWayAgain, _) => Raising::Due(now),
            _ => Raising::Done,
        };
        let claims_more = |claim: &Marks, one: &Behind| {
            claim.get(&one.key).is_some_and(|mark| one.ledger.raised_to(*mark) != one.ledger)
        };
        let mut behind = behind.unwrap_or_default();
        behind.retain(|one| self.claims.values().any(|claim| claims_more(claim, one)));
        let is_claimant = |claim: &Marks| behind.iter().any(|one| claims_more(claim, one));
        let claimants = self.claims.iter().filter(|(_, claim)| is_claimant(claim)).map(|(peer, _)| *peer);
        Found { claimants: claimants.collect(), behind }
    }

    /// When time alone changes something.
    pub(crate) fn deadline(&self, now: Time) -> Option<Time> {
        let retry = match self.raising {
            Raising::Due(at) => Some(at),
            _ => None,
        };
        let waiting = [self.grace_until(), self.alone_until()].into_iter().filter(|at| *at > now).min();
        [retry, waiting.filter(|_| self.ground.is_none())].into_iter().flatten().min()
    }
}

impl Present {
    fn bound(self, mark: Watermark) -> Watermark {
        let vote = mark.vote.map(|vote| VoteMark {
            source: vote.source.min(vote.target).min(self.epoch),
            target: vote.target.min(self.epoch),
        });
        Watermark { vote, block: mark.block.map(|slot| slot.min(self.slot)) }
    }
}

#[cfg(test)]
mod tests;
