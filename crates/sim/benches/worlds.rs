//! How many slots of a whole cluster a core simulates in a second, every fault and every check included.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sim::plan::Plan;
use sim::run::run;

const SLOTS: u64 = 32;
const WORLDS: usize = 50;

fn worlds(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cluster-slots");
    group.sample_size(10);
    group.throughput(Throughput::Elements(WORLDS as u64 * SLOTS));
    for (name, sizes) in [("of four nodes", 4..=4), ("of four to thirteen nodes", 4..=13)] {
        let plans = (0..).map(|seed| Plan::new(seed, SLOTS));
        let plans: Vec<Plan> =
            plans.filter(|plan| sizes.contains(&plan.settings.nodes)).take(WORLDS).collect();
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| {
                for plan in &plans {
                    let outcome = run(plan, false);
                    assert_eq!(outcome.violation, None, "seed {}", plan.settings.seed);
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, worlds);
criterion_main!(benches);
