//! Who of the peers runs twice.
//!
//! A restarted node is not one that runs twice, and what its former life sent may arrive late. Hence a life has to prove
//! that it lives: it repeats the time of the last answer it got, which it cannot know if it had ended by then. Between
//! the first and the last time a life has repeated it was alive; two lives whose spans overlap run side by side.

use std::collections::BTreeMap;

use qbft::{PeerIndex, Time};

use super::{Hello, Life};

/// Lives of one peer that are kept, at most; the one that was silent longest gives way.
const MAX_LIVES: usize = 4;

/// The lives of all peers.
#[derive(Debug)]
pub(crate) struct Lives {
    of: BTreeMap<PeerIndex, Vec<Heard>>,
    /// A life that has been silent for so long, in nanoseconds, has ended.
    patience_ns: i64,
}

#[derive(Clone, Copy, Debug)]
struct Heard {
    life: Life,
    last: Time,
    /// The earliest and the latest answer that it is known to have received.
    alive: Option<(Time, Time)>,
}

impl Lives {
    pub(crate) fn new(patience_ns: i64) -> Lives {
        Lives { of: BTreeMap::new(), patience_ns }
    }

    /// Takes in a hello.
    pub(crate) fn hear(&mut self, peer: PeerIndex, hello: &Hello, now: Time) {
        let heard = self.of.entry(peer).or_default();
        let echo = hello.echo.filter(|echo| *echo <= now);
        if let Some(known) = heard.iter_mut().find(|known| known.life == hello.life) {
            known.last = now;
            known.alive = echo.map(|echo| span(known.alive, echo)).or(known.alive);
            return;
        }
        if heard.len() >= MAX_LIVES
            && let Some(silent) = (0..heard.len()).min_by_key(|index| heard[*index].last)
        {
            heard.remove(silent);
        }
        heard.push(Heard { life: hello.life, last: now, alive: echo.map(|echo| (echo, echo)) });
    }

    /// The oldest life of the peer that runs beside that one.
    pub(crate) fn twin(&self, peer: PeerIndex, life: &Life, now: Time) -> Option<Life> {
        let heard = self.of.get(&peer)?;
        let this = heard.iter().find(|known| known.life == *life)?;
        let runs = |other: &&Heard| other.life != *life && self.is_heard(other, now) && overlap(this, other);
        heard.iter().filter(runs).map(|other| other.life).min()
    }

    /// The peers that run twice, each with two of its lives, the older one first.
    pub(crate) fn doubled(&self, now: Time) -> BTreeMap<PeerIndex, (Life, Life)> {
        let pair = |peer: PeerIndex, heard: &[Heard]| {
            let lives = heard.iter().filter(|known| self.is_heard(known, now)).map(|known| known.life);
            lives
                .filter_map(|life| Some((self.twin(peer, &life, now)?, life)))
                .find(|(older, life)| older < life)
        };
        self.of.iter().filter_map(|(peer, heard)| Some((*peer, pair(*peer, heard)?))).collect()
    }

    /// Forgets lives that have ended.
    pub(crate) fn sweep(&mut self, now: Time) {
        let patience_ns = self.patience_ns;
        for heard in self.of.values_mut() {
            heard.retain(|known| is_recent(known.last, now, patience_ns));
        }
        self.of.retain(|_, heard| !heard.is_empty());
    }

    fn is_heard(&self, known: &Heard, now: Time) -> bool {
        is_recent(known.last, now, self.patience_ns)
    }

    #[cfg(test)]
    fn peers(&self) -> Vec<PeerIndex> {
        self.of.keys().copied().collect()
    }
}

fn is_recent(last: Time, now: Time, patience_ns: i64) -> bool {
    now.0.saturating_sub(last.0) < patience_ns
}

fn span(known: Option<(Time, Time)>, echo: Time) -> (Time, Time) {
    known.map_or((echo, echo), |(first, last)| (first.min(echo), last.max(echo)))
}

fn overlap(one: &Heard, other: &Heard) -> bool {
    match (one.alive, other.alive) {
        (Some((first, last)), Some((other_first, other_last))) => first <= other_last && other_first <= last,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: PeerIndex = PeerIndex(2);
    const PATIENCE: i64 = 240;

    fn life(number: u8) -> Life {
        Life { began: Time(i64::from(number)), nonce: [number; 16] }
    }

    /// A life that says hello and is answered, again and again.
    struct Node {
        life: Life,
        echo: Option<Time>,
    }

    impl Node {
        fn new(number: u8) -> Node {
            Node { life: life(number), echo: None }
        }

        fn hello(&self) -> Hello {
            Hello { life: self.life, echo: self.echo, asks: false }
        }

        /// The twin that it is told of.
        fn speaks(&mut self, lives: &mut Lives, now: i64) -> Option<Life> {
            lives.hear(PEER, &self.hello(), Time(now));
            self.echo = Some(Time(now));
            lives.twin(PEER, &self.life, Time(now))
        }
    }

    #[test]
    fn two_lives_side_by_side_are_told_from_the_second_hello_of_each() {
        let (mut lives, mut old, mut new) = (Lives::new(PATIENCE), Node::new(1), Node::new(2));
        for now in [0, 60, 120] {
            assert_eq!(old.speaks(&mut lives, now), None);
        }
        assert_eq!(new.speaks(&mut lives, 130), None, "it may be a restart");
        assert_eq!(old.speaks(&mut lives, 180), None, "it may have been on its way for long");
        assert_eq!(new.speaks(&mut lives, 190), None);
        assert!(lives.doubled(Time(190)).is_empty());
        assert_eq!(old.speaks(&mut lives, 240), Some(life(2)));
        assert_eq!(new.speaks(&mut lives, 250), Some(life(1)));
        assert_eq!(lives.doubled(Time(250)), BTreeMap::from([(PEER, (life(1), life(2)))]));
    }

    #[test]
    fn a_restart_is_none_whatever_arrives_late() {
        let (mut lives, mut old, mut new) = (Lives::new(PATIENCE), Node::new(1), Node::new(2));
        old.speaks(&mut lives, 0);
        old.speaks(&mut lives, 60);
        let late = old.hello();
        for now in [70, 130, 190, 250] {
            assert_eq!(new.speaks(&mut lives, now), None);
            lives.hear(PEER, &late, Time(now + 1));
            assert!(lives.doubled(Time(now + 1)).is_empty());
        }
    }

    #[test]
    fn the_first_hello_of_a_former_life_may_be_the_last_to_arrive() {
        let (mut lives, old, mut new) = (Lives::new(PATIENCE), Node::new(1), Node::new(2));
        new.speaks(&mut lives, 10);
        lives.hear(PEER, &old.hello(), Time(20));
        for now in [70, 130] {
            assert_eq!(new.speaks(&mut lives, now), None, "the former life has proved nothing");
        }
    }

    #[test]
    fn it_is_over_when_the_other_was_silent_for_two_slots() {
        let (mut lives, mut old, mut new) = (Lives::new(PATIENCE), Node::new(1), Node::new(2));
        for now in [0, 60, 120] {
            old.speaks(&mut lives, now);
            new.speaks(&mut lives, now + 1);
        }
        assert_eq!(new.speaks(&mut lives, 359), Some(life(1)));
        assert_eq!(new.speaks(&mut lives, 360), None);
        assert!(lives.doubled(Time(360)).is_empty());
        lives.sweep(Time(400));
        assert_eq!(lives.peers(), [PEER], "the new one is still there");
        lives.sweep(Time(600));
        assert_eq!(lives.peers(), []);
    }

    #[test]
    fn of_one_peer_no_more_than_four_lives_are_kept() {
        let mut lives = Lives::new(PATIENCE);
        for number in 0..100 {
            Node::new(number).speaks(&mut lives, i64::from(number));
        }
        assert_eq!(lives.of[&PEER].len(), MAX_LIVES);
    }

    #[test]
    fn a_time_that_was_never_answered_proves_nothing() {
        let (mut lives, mut old) = (Lives::new(PATIENCE), Node::new(1));
        old.speaks(&mut lives, 0);
        old.speaks(&mut lives, 60);
        lives.hear(PEER, &Hello { life: life(2), echo: Some(Time(1_000)), asks: false }, Time(61));
        assert!(lives.doubled(Time(61)).is_empty());
    }
}
