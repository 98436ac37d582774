//! Whether this node itself runs twice, as its peers tell it.

use std::collections::BTreeMap;

use qbft::{PeerIndex, Time};

use super::Life;

/// What the peers' word amounts to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// Nobody says that this node runs twice.
    #[default]
    Single,
    /// Some say so, but no more than may lie.
    Rumoured,
    /// It runs twice, and this is the older life: it goes on.
    Older,
    /// It runs twice, and this is the newer life: it signs nothing slashable.
    Newer,
}

/// What each peer last told.
#[derive(Debug)]
pub(crate) struct Twins {
    me: Life,
    faults: usize,
    told: BTreeMap<PeerIndex, (Life, Time)>,
    standing: Standing,
    patience_ns: i64,
}

impl Twins {
    pub(crate) fn new(me: Life, faults: usize, patience_ns: i64) -> Twins {
        Twins { me, faults, told: BTreeMap::new(), standing: Standing::Single, patience_ns }
    }

    /// Takes in what a peer tells.
    pub(crate) fn tell(&mut self, peer: PeerIndex, twin: Option<Life>, now: Time) {
        match twin.filter(|twin| *twin != self.me) {
            Some(twin) => drop(self.told.insert(peer, (twin, now))),
            None => drop(self.told.remove(&peer)),
        }
    }

    /// Judges anew; the standing if it is another one than before.
    pub(crate) fn judge(&mut self, now: Time) -> Option<Standing> {
        let patience_ns = self.patience_ns;
        self.told.retain(|_, (_, at)| now.0.saturating_sub(at.0) < patience_ns);
        let older = self.told.values().filter(|(twin, _)| *twin < self.me).count();
        let standing = match self.told.len() {
            _ if older > self.faults => Standing::Newer,
            told if told > self.faults => Standing::Older,
            0 => Standing::Single,
            _ => Standing::Rumoured,
        };
        let before = std::mem::replace(&mut self.standing, standing);
        (before != standing).then_some(standing)
    }

    /// Whether this life has to keep still.
    pub(crate) fn forbid_signing(&self) -> bool {
        self.standing == Standing::Newer
    }

    /// The peers that tell of another life.
    pub(crate) fn tellers(&self) -> Vec<PeerIndex> {
        self.told.keys().copied().collect()
    }

    /// The oldest of the other lives.
    pub(crate) fn other(&self) -> Option<Life> {
        self.told.values().map(|(twin, _)| *twin).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(number: u8) -> Life {
        Life { began: Time(i64::from(number)), nonce: [number; 16] }
    }

    /// The fifth life of a node among four, of whose peers these tell of those lives.
    fn told(tellers: &[(u8, u8)]) -> Twins {
        let mut twins = Twins::new(life(5), 1, 100);
        for (peer, twin) in tellers {
            twins.tell(PeerIndex(*peer), Some(life(*twin)), Time(0));
        }
        twins
    }

    #[test]
    fn more_than_can_lie_must_tell_before_a_life_keeps_still() {
        for (tellers, standing, still) in [
            (&[(1, 3)][..], Standing::Rumoured, false),
            (&[(1, 3), (2, 3)], Standing::Newer, true),
            (&[(1, 7), (2, 7)], Standing::Older, false),
            (&[(1, 3), (2, 7)], Standing::Older, false),
            (&[(1, 3), (2, 4), (3, 7)], Standing::Newer, true),
        ] {
            let mut twins = told(tellers);
            assert_eq!(twins.judge(Time(0)), Some(standing), "{tellers:?}");
            assert_eq!(twins.judge(Time(0)), None, "it is said once");
            assert_eq!(twins.forbid_signing(), still, "{tellers:?}");
        }
        assert_eq!(told(&[]).judge(Time(0)), None);
        assert_eq!(told(&[(1, 5), (2, 5)]).judge(Time(0)), None, "that is this life itself");
    }

    #[test]
    fn it_is_over_when_peers_take_it_back_or_fall_silent() {
        let mut twins = told(&[(1, 3), (2, 3)]);
        assert_eq!(twins.judge(Time(99)), Some(Standing::Newer));
        twins.tell(PeerIndex(2), None, Time(99));
        assert_eq!(twins.judge(Time(99)), Some(Standing::Rumoured));
        assert_eq!(twins.judge(Time(100)), Some(Standing::Single));
        assert!(twins.tellers().is_empty());
    }
}
