//! Random walks: the same deliveries, timeouts, verdicts and restarts for the core and the model.
#![allow(clippy::print_stdout, reason = "figures for docs/protocol/model.md")]

use model::Value;

use crate::liar::{Dice, lie, stripped};
use crate::replay::Cluster;

/// Walks of a test run; `MODEL_WALKS` asks for more.
const WALKS: usize = 12_000;
const STEPS: usize = 150;

#[test]
fn the_core_says_and_decides_what_the_model_does_on_every_walk() {
    let walks = std::env::var("MODEL_WALKS").ok().and_then(|text| text.parse().ok()).unwrap_or(WALKS);
    let mut decided_in = [0; 3];
    for seed in 0..walks {
        let cluster = walk(seed as u64);
        if let Some(round) = decided_round(&cluster) {
            decided_in[round.min(3) as usize - 1] += 1;
        }
    }
    println!("of {walks} walks, decided in round 1, 2, later: {decided_in:?}");
    assert!(decided_in.iter().all(|count| count * 40 > walks), "{decided_in:?}");
}

fn decided_round(cluster: &Cluster) -> Option<u64> {
    cluster.decision()?;
    (0..3).filter_map(|node| cluster.twin(node).decided).map(|(round, _)| round).min()
}

fn walk(seed: u64) -> Cluster {
    let mut dice = Dice(seed);
    let mut cluster = Cluster::new(dice.below(4));
    for node in 0..3 {
        prepare(&mut cluster, node, &mut dice);
    }
    // Some walks are calm, in others rounds end often and much is lost.
    let weather = Weather { patience: 12 + dice.below(60), loss: 4 + dice.below(30) };
    let mut heard = [0; 3];
    for _ in 0..STEPS {
        step(&mut cluster, &mut heard, &weather, &mut dice);
    }
    cluster
}

struct Weather {
    /// One step in so many ends a round.
    patience: usize,
    /// One message in so many is not heard in its turn, and perhaps never.
    loss: usize,
}

/// Most nodes have a value and judge quickly.
fn prepare(cluster: &mut Cluster, node: usize, dice: &mut Dice) {
    let value = dice.value();
    if !dice.one_in(5) {
        cluster.step(node, |twin| twin.propose(value));
    }
    for value in Value::ALL.into_iter().filter(|_| !dice.one_in(6)) {
        cluster.step(node, |twin| twin.judge(value, true));
    }
}

fn step(cluster: &mut Cluster, heard: &mut [usize; 3], weather: &Weather, dice: &mut Dice) {
    let node = dice.below(3);
    if dice.one_in(weather.patience) {
        cluster.step(node, |twin| twin.time_out());
    } else if dice.one_in(30) {
        let (value, accept) = (dice.value(), !dice.one_in(8));
        cluster.step(node, |twin| twin.judge(value, accept));
    } else if dice.one_in(40) {
        let value = dice.value();
        cluster.step(node, |twin| twin.propose(value));
    } else if dice.one_in(150) {
        cluster.restart(node);
    } else if cluster.sent.is_empty() || dice.one_in(4) {
        let message = lie(cluster.liar, &cluster.sent, dice);
        cluster.step(node, |twin| twin.hear(&message));
    } else if heard[node] < cluster.sent.len() && !dice.one_in(4) {
        let message = cluster.sent[heard[node]].clone();
        heard[node] += 1;
        if !dice.one_in(weather.loss) {
            cluster.step(node, |twin| twin.hear(&message));
        }
    } else {
        let message = cluster.sent[dice.below(cluster.sent.len())].clone();
        let message = if dice.one_in(30) { stripped(&message) } else { message };
        cluster.step(node, |twin| twin.hear(&message));
    }
}
