//! When to dial whom again: doubling pauses with jitter.

use std::collections::BTreeMap;
use std::time::Duration;

use qbft::PeerIndex;
use tokio::time::Instant;

/// The pauses of one host towards its peers.
pub(crate) struct Redial {
    first: Duration,
    cap: Duration,
    jitter_seed: u64,
    absent: BTreeMap<PeerIndex, Absent>,
}

struct Absent {
    failures: u32,
    last_dial: Option<Instant>,
    due: Instant,
}

impl Redial {
    /// Pauses from `first` to `cap`. The seed keeps two hosts from dialling each other in step.
    pub(crate) fn new(first: Duration, cap: Duration, jitter_seed: u64) -> Redial {
        Redial { first, cap, jitter_seed, absent: BTreeMap::new() }
    }

    /// The peer is not connected: dial it at once, then with pauses.
    pub(crate) fn lost(&mut self, peer: PeerIndex, now: Instant) {
        self.absent.entry(peer).or_insert(Absent { failures: 0, last_dial: None, due: now });
    }

    /// The peer is connected.
    pub(crate) fn reached(&mut self, peer: PeerIndex) {
        self.absent.remove(&peer);
    }

    /// Somebody has something for the peer: do not wait longer than the first pause since the last dial.
    pub(crate) fn hurry(&mut self, peer: PeerIndex, now: Instant) {
        if let Some(absent) = self.absent.get_mut(&peer) {
            let earliest = absent.last_dial.map_or(now, |dialled| dialled + self.first);
            absent.due = absent.due.min(earliest.max(now));
        }
    }

    /// When the next dial is due.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.absent.values().map(|absent| absent.due).min()
    }

    /// The peers to dial now; each gets its next date.
    pub(crate) fn take_due(&mut self, now: Instant) -> Vec<PeerIndex> {
        let mut due = Vec::new();
        for (&peer, absent) in &mut self.absent {
            if absent.due <= now {
                let pause = pause(self.first, self.cap, absent.failures);
                absent.due = now + jittered(pause, self.jitter_seed, peer, absent.failures);
                absent.failures = absent.failures.saturating_add(1);
                absent.last_dial = Some(now);
                due.push(peer);
            }
        }
        due
    }
}

fn pause(first: Duration, cap: Duration, failures: u32) -> Duration {
    first.saturating_mul(1 << failures.min(16)).min(cap)
}

/// Between three quarters of the pause and the whole of it.
fn jittered(pause: Duration, seed: u64, peer: PeerIndex, failures: u32) -> Duration {
    let mixed = mix(seed ^ u64::from(peer.0) << 32 ^ u64::from(failures));
    let thousandth = u32::try_from(mixed % 251).unwrap_or(0);
    pause - pause / 1000 * thousandth
}

/// One step of the splitmix64 generator.
fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(250);
    const CAP: Duration = Duration::from_secs(5);
    const PEER: PeerIndex = PeerIndex(3);

    #[test]
    fn pauses_double_up_to_the_cap_and_never_exceed_it() {
        let mut redial = Redial::new(FIRST, CAP, 7);
        let mut now = Instant::now();
        redial.lost(PEER, now);
        let mut pauses = Vec::new();
        for _ in 0..8 {
            assert_eq!(redial.take_due(now), [PEER]);
            let next = redial.next().expect("the peer is still absent");
            pauses.push(next - now);
            now = next;
        }
        assert!(pauses[0] <= FIRST && pauses[0] >= FIRST * 74 / 100);
        assert!(pauses.iter().all(|pause| *pause <= CAP));
        assert!(pauses[7] >= CAP * 74 / 100);
        assert!(pauses[4] > pauses[1]);
    }

    #[test]
    fn a_connected_peer_is_not_dialled() {
        let mut redial = Redial::new(FIRST, CAP, 7);
        let now = Instant::now();
        redial.lost(PEER, now);
        redial.reached(PEER);
        assert_eq!(redial.next(), None);
        assert!(redial.take_due(now).is_empty());
    }

    #[test]
    fn urgency_shortens_a_long_pause_but_never_dials_in_a_storm() {
        let mut redial = Redial::new(FIRST, CAP, 7);
        let mut now = Instant::now();
        redial.lost(PEER, now);
        for _ in 0..8 {
            redial.take_due(now);
            now = redial.next().expect("the peer is still absent");
        }
        redial.take_due(now);
        redial.hurry(PEER, now);
        assert_eq!(redial.next(), Some(now + FIRST), "not sooner than the first pause after the last dial");
        redial.hurry(PEER, now + CAP);
        assert_eq!(redial.next(), Some(now + FIRST), "urgency never postpones");
    }

    #[test]
    fn two_hosts_do_not_dial_in_step() {
        let pauses = |seed| (0..8).map(|failures| jittered(CAP, seed, PEER, failures)).collect::<Vec<_>>();
        assert_ne!(pauses(1), pauses(2));
    }
}
