//! One decision in one process: every instance, every message, no signatures.

use std::collections::VecDeque;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use qbft::{Config, Extra, Hash, Input, Instance, Output, PeerIndex, Role, Time, Timer};

const VALUE: Hash = Hash([7; 32]);

/// Runs a cluster of `peers` from the start to the last decision; the decisions made.
fn decide(peers: usize) -> usize {
    let timer = Timer { anchor: Time(0), extra: Extra::None };
    let config = Config { peers, leader_offset: 3, timer, role: Role::Voter };
    let mut instances: Vec<_> = (0..peers).map(|me| Instance::new(config, PeerIndex(me as u8))).collect();
    let wire: Arc<[u8]> = Arc::new([]);
    let mut inputs: VecDeque<(usize, Input)> = VecDeque::new();
    for me in 0..peers {
        inputs.extend([(me, Input::Start), (me, Input::Propose(VALUE))]);
    }
    let mut out = Vec::new();
    let mut decisions = 0;
    while let Some((me, input)) = inputs.pop_front() {
        instances[me].step(Time(0), input, &mut out);
        for output in out.drain(..) {
            match output {
                Output::Broadcast(draft) => {
                    let message = draft.signed(PeerIndex(me as u8), Arc::clone(&wire));
                    inputs.extend((0..peers).map(|to| (to, Input::Receive(message.clone()))));
                }
                Output::Check { value, .. } => inputs.push_back((me, Input::Verdict { value, accept: true })),
                Output::Decide { .. } => decisions += 1,
                _ => {}
            }
        }
    }
    decisions
}

fn decisions(criterion: &mut Criterion) {
    for peers in [4, 7, 10] {
        assert_eq!(decide(peers), peers);
        criterion.bench_function(&format!("decision/{peers}"), |bencher| {
            bencher.iter(|| decide(black_box(peers)))
        });
    }
}

criterion_group!(benches, decisions);
criterion_main!(benches);
