//! Plans: what a world is made of and what is done to it, all of it from one number.

use duty::Time;

use crate::byzantine::Liar;
use crate::faults::Fault;
use crate::world::beacon::Nonsense;
use crate::world::client::Client;
use crate::world::fake::Random;
use crate::world::lies::Lie;
use crate::world::{Disk, Settings};

/// Slots that are needed for peace at the end: what is lost of selections comes back with the next epoch.
pub const PEACE_SLOTS: u64 = 16;

/// One in so many worlds may have more liars than the cluster tolerates: what one node owes must hold even then.
const OVERRUN: u64 = 12;

/// What happens to a world, and when.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What it is made of.
    pub settings: Settings,
    /// What is done to it, in the order of time.
    pub faults: Vec<Planned>,
    /// The slot in which everything is mended.
    pub mended: u64,
    /// The slot in which it ends.
    pub end: u64,
    /// Nodes that stay dead in peace.
    pub dead: Vec<usize>,
}

/// A fault at its time.
#[derive(Clone, Copy, Debug)]
pub struct Planned {
    /// Its number among the plan's faults, which stays when others are left out.
    pub number: usize,
    /// When.
    pub at: Time,
    /// Of which node.
    pub node: usize,
    /// What.
    pub fault: Fault,
}

/// Draws a fault of a kind; kinds are switched on and off as a whole, so that rare combinations are not drowned.
type Draw = fn(&mut Random) -> Fault;

const KINDS: &[Draw] = &[
    |_| Fault::Crash,
    |random| Fault::CrashBetween(random.between(0, 12) as u32),
    |_| Fault::Alone,
    |random| Fault::Split(random.number() as u16),
    |_| Fault::Unheard,
    |_| Fault::Deaf,
    |_| Fault::BeaconDown,
    |random| Fault::BeaconSlow(random.between(200, 6_000)),
    |_| Fault::OtherFork,
    |_| Fault::OtherHead,
    |_| Fault::OtherDuties,
    |random| [Fault::NoAggregates, Fault::ThinAggregates][random.below(2)],
    |random| [Fault::NoParents, Fault::ForeignFees][random.below(2)],
    |random| Fault::Nonsense(Nonsense::ALL[random.below(Nonsense::ALL.len())]),
    |_| Fault::Reorganisation,
    |random| Fault::Disk([Disk::Full, Disk::Gone, Disk::Unsynced][random.below(3)]),
    |_| Fault::Disk(Disk::Good),
    |random| [Fault::Backup, Fault::Restore, Fault::Restore][random.below(3)],
    |random| Fault::Client(Client::ALL[random.below(Client::ALL.len())]),
    |_| Fault::Client(Client::Honest),
    |_| Fault::WorkersLost,
    |random| Fault::ClockJump(random.between(-2_000, 2_000)),
    |random| Fault::ClockDrift(random.between(-500, 500)),
    |random| Fault::Lie(Lie::ALL[random.below(Lie::ALL.len())]),
    |_| Fault::Truth,
    |random| Fault::Corrupt(Liar::ALL[random.below(Liar::ALL.len())]),
    |random| Fault::Weather {
        delay_ms: [30, 300, 1_500][random.below(3)],
        duplicated: [0, 50, 300][random.below(3)],
        lost: [0, 5, 50][random.below(3)],
    },
];

/// What ends faults is always possible.
const REMEDIES: &[Draw] = &[|_| Fault::Start, |_| Fault::Heal, |_| Fault::BeaconUp];

impl Plan {
    /// The plan of a seed for a world of so many slots; the last [`PEACE_SLOTS`] of them are peaceful.
    pub fn new(seed: u64, slots: u64) -> Plan {
        let mut random = Random::new(seed ^ 0x0f00_f417);
        let settings = settings(seed, &mut random);
        let end = slots.max(PEACE_SLOTS + 2);
        let mended = end - PEACE_SLOTS;
        let faults = faults(&mut random, settings.nodes, mended);
        let spared = random.below(qbft::faults(settings.nodes) + 1);
        let mut dead: Vec<usize> = (0..spared).map(|_| random.below(settings.nodes)).collect();
        dead.sort_unstable();
        dead.dedup();
        Plan { settings, faults, mended, end, dead }
    }

    /// The same with only these of its faults.
    pub fn only(&self, numbers: &[usize]) -> Plan {
        let mut plan = self.clone();
        plan.faults.retain(|planned| numbers.contains(&planned.number));
        plan
    }
}

/// The generator must not be blind: small clusters most of the time, large ones, and all kinds of duties.
fn settings(seed: u64, random: &mut Random) -> Settings {
    let nodes = match random.below(40) {
        0..28 => 4,
        28..31 => 5,
        31..33 => 6,
        33..37 => 7,
        37..39 => 10,
        _ => 13,
    };
    let most_liars = if random.one_in(OVERRUN) { nodes - 1 } else { qbft::faults(nodes) };
    Settings {
        seed,
        nodes,
        validators: random.between(1, 12) as u8,
        propose_every: [0, 1, 2, 3, 5][random.below(5)],
        committee_length: [16, 64, 512][random.below(3)],
        sync_members: random.below(4) as u8,
        sync_period: [1, 2, 256][random.below(3)],
        takes_builders: random.one_in(2),
        one_selection_per_request: random.one_in(3),
        head_ms: [None, Some(1_000), Some(2_000), Some(3_000)][random.below(4)],
        is_observed: false,
        most_liars,
        ..Settings::default()
    }
}

fn faults(random: &mut Random, nodes: usize, mended: u64) -> Vec<Planned> {
    let mut enabled: Vec<Draw> = KINDS.iter().filter(|_| random.one_in(3)).copied().collect();
    enabled.extend(REMEDIES);
    let slot_ms = 12_000;
    let longest_ms = [400, 2_000, 8_000, 30_000][random.below(4)];
    // Some worlds begin with a fault, others know a slot of peace first.
    let mut at_ms = random.between(-400, slot_ms);
    let mut planned = Vec::new();
    while at_ms < mended as i64 * slot_ms {
        let fault = enabled[random.below(enabled.len())](random);
        let node = random.below(nodes);
        planned.push(Planned { number: planned.len(), at: Time(0).plus_ms(at_ms), node, fault });
        at_ms += random.between(10, longest_ms);
    }
    planned
}
