//! Many worlds with many faults, chosen by chance: nothing slashable ever, and nothing missed once all is well again.

use sim::world::beacon::Beacon;
use sim::world::client::Client;
use sim::world::fake::Random;
use sim::world::lies::Lie;
use sim::world::{Disk, Settings, World};

/// Worlds to try; more with `PHALANX_SEEDS`.
const SEEDS: u64 = 80;

/// The slot in which everything is mended.
const MENDED: u64 = 9;

/// The first slot of the epoch after that.
const NEXT_EPOCH: u64 = 16;

/// A fault, or its end.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Crash,
    Start,
    Alone,
    Halves,
    Heal,
    BeaconDown,
    BeaconUp,
    BeaconSlow,
    OtherFork,
    OtherHead,
    NoAggregates,
    ThinAggregates,
    Disk(Disk),
    Client(Client),
    Lie(Lie),
    Truth,
}

const FAULTS: [Fault; 28] = [
    Fault::Crash,
    Fault::Crash,
    Fault::Start,
    Fault::Start,
    Fault::Alone,
    Fault::Halves,
    Fault::Heal,
    Fault::Heal,
    Fault::BeaconDown,
    Fault::BeaconUp,
    Fault::BeaconSlow,
    Fault::OtherFork,
    Fault::OtherHead,
    Fault::NoAggregates,
    Fault::ThinAggregates,
    Fault::Disk(Disk::Full),
    Fault::Disk(Disk::Gone),
    Fault::Disk(Disk::Good),
    Fault::Client(Client::Absent),
    Fault::Client(Client::Late(3_000)),
    Fault::Client(Client::SignsSomethingElse),
    Fault::Lie(Lie::TwoHeads),
    Fault::Lie(Lie::WrongTarget),
    Fault::Lie(Lie::Thin),
    Fault::Lie(Lie::OmitsValidators),
    Fault::Lie(Lie::NamesUnselected),
    Fault::Client(Client::WrongShare),
    Fault::Truth,
];

fn inflict(world: &mut World, fault: Fault, node: usize) {
    let it = &mut world.nodes[node];
    match fault {
        Fault::Crash if it.engine.is_some() => world.crash(node),
        Fault::Start if it.engine.is_none() => world.start(node),
        Fault::Crash | Fault::Start => {}
        Fault::Alone => {
            let others: Vec<usize> = (0..world.settings.nodes).filter(|other| *other != node).collect();
            world.partition(&[&others]);
        }
        Fault::Halves => world.partition(&[&[node, (node + 1) % 4], &[(node + 2) % 4, (node + 3) % 4]]),
        Fault::Heal => world.heal(),
        Fault::BeaconDown => it.beacon.is_up = false,
        Fault::BeaconUp => it.beacon.is_up = true,
        Fault::BeaconSlow => it.beacon.delay_ms = 2_500,
        Fault::OtherFork => it.beacon.fork ^= 1,
        Fault::OtherHead => it.beacon.head = (it.beacon.head + 1) % 3,
        Fault::NoAggregates => it.beacon.aggregates = false,
        Fault::ThinAggregates => (it.beacon.votes, it.beacon.participants) = (2, 1),
        Fault::Disk(disk) => it.disk = disk,
        Fault::Client(client) => it.client = client,
        // One liar at most: more are more than four nodes bear.
        Fault::Lie(lie) if world.checks.liars.iter().all(|liar| *liar == node) => {
            it.lie = Some(lie);
            world.checks.liars.insert(node);
        }
        Fault::Lie(_) => {}
        Fault::Truth => it.lie = None,
    }
}

fn mend(world: &mut World) {
    world.heal();
    for node in 0..world.settings.nodes {
        let it = &mut world.nodes[node];
        (it.disk, it.client, it.lie) = (Disk::Good, Client::Honest, None);
        it.beacon = Beacon::default();
        if it.engine.is_none() {
            world.start(node);
        }
    }
}

/// Faults at random times, then peace.
fn survive(seed: u64) -> World {
    let mut random = Random::new(seed ^ 0xf417);
    let settings = Settings {
        seed,
        validators: 8,
        propose_every: if seed.is_multiple_of(2) { 3 } else { 0 },
        delay_ms: (1, [30, 300, 1_500][random.below(3)]),
        duplicated: [0, 200][random.below(2)],
        lost: [0, 5][random.below(2)],
        head_ms: [None, Some(1_000), Some(3_000)][random.below(3)],
        ..Settings::default()
    };
    let mut world = World::new(settings);
    let mut at = world.at(1, 0);
    while at < world.at(MENDED, 0) {
        world.run_until(at);
        inflict(&mut world, FAULTS[random.below(FAULTS.len())], random.below(4));
        at = at.plus_ms(random.between(100, 5_000));
    }
    world.run_until_slot(MENDED);
    mend(&mut world);
    world.settings.delay_ms = (1, 100);
    world.settings.lost = 0;
    world.run_until_slot(NEXT_EPOCH + 5);
    world
}

#[test]
fn whatever_happens_nothing_slashable_leaves_and_peace_brings_back_every_duty() {
    let seeds = std::env::var("PHALANX_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(SEEDS);
    for seed in 0..seeds {
        let world = survive(seed);
        // The slot of the mending may be lost; the epoch's duties must be known in the next one.
        world.assert_no_vote_missed(MENDED + 2..MENDED + 6);
        // Who aggregates is asked at the beginning of an epoch: what was lost of that is lost until the next.
        world.assert_nothing_missed(NEXT_EPOCH..NEXT_EPOCH + 4);
        world.assert_nobody_waits();
    }
}
