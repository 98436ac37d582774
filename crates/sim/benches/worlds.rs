//! How many slots of a whole cluster a core simulates in a second, every fault and every check included.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sim::plan::Plan;
use sim::run::run;

const SLOTS: u64 = 32;
const SEEDS: u64 = 50;

fn worlds(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cluster-slots");
    group.sample_size(10);
    group.throughput(Throughput::Elements(SEEDS * SLOTS));
    group.bench_function(BenchmarkId::from_parameter("of random plans"), |bencher| {
        bencher.iter(|| {
            for seed in 0..SEEDS {
                let outcome = run(&Plan::new(seed, SLOTS), false);
                assert_eq!(outcome.violation, None, "seed {seed}");
            }
        });
    });
    group.finish();
}

criterion_group!(benches, worlds);
criterion_main!(benches);
