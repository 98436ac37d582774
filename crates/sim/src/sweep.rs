//! Many worlds, on all cores.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use sim::checker::Violation;
use sim::plan::Plan;
use sim::run::{Outcome, minimise, run};
use sim::world::Stage;

use crate::report;

/// Failures after which a sweep stops.
const MAX_FAILURES: usize = 3;

/// Which worlds to run.
pub(crate) struct Range {
    pub(crate) first: u64,
    pub(crate) seeds: Option<u64>,
    pub(crate) minutes: Option<u64>,
    pub(crate) slots: u64,
    pub(crate) twice: bool,
    pub(crate) real_bls: bool,
    pub(crate) threads: usize,
}

impl Range {
    fn plan(&self, seed: u64) -> Plan {
        let mut plan = Plan::new(seed, self.slots);
        plan.settings.has_real_signatures = self.real_bls;
        plan
    }
}

/// What the worlds came to. The same worlds give the same sums, however they were shared out.
#[derive(Default)]
struct Sums {
    worlds: u64,
    events: u64,
    faults: u64,
    hash: u64,
    met: BTreeMap<(&'static str, Stage), u64>,
    failures: Vec<(u64, Violation)>,
}

/// Panics are findings here, and are reported as such.
pub(crate) fn hush_panics() {
    std::panic::set_hook(Box::new(|_| {}));
}

/// Runs them all; says whether something was found.
pub(crate) fn sweep(range: &Range) -> bool {
    let clock = Clock::start(range.minutes);
    let (next, sums) = (AtomicU64::new(0), Mutex::new(Sums::default()));
    std::thread::scope(|scope| {
        for _ in 0..range.threads {
            scope.spawn(|| work(range, &clock, &next, &sums));
        }
    });
    let sums = sums.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    eprintln!();
    for (seed, violation) in &sums.failures {
        let plan = range.plan(*seed);
        let least = minimise(&plan, violation.sentence, |_| ());
        println!("{}\n", report::failure(&least, range.slots));
    }
    let seconds = clock.seconds();
    let slots = sums.worlds * range.slots;
    println!("{}", report::table(&sums.met));
    println!(
        "\n{} worlds from seed {}, {slots} cluster-slots, {} faults, {} events in {seconds:.1} s on {} threads: \
         {:.0} cluster-slots per second and thread; logs {:016x}; {} failures",
        sums.worlds,
        range.first,
        sums.faults,
        sums.events,
        range.threads,
        slots as f64 / seconds / range.threads as f64,
        sums.hash,
        sums.failures.len()
    );
    !sums.failures.is_empty()
}

fn work(range: &Range, clock: &Clock, next: &AtomicU64, sums: &Mutex<Sums>) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let is_over = range.seeds.is_some_and(|seeds| number >= seeds) || clock.is_over();
        let Ok(known) = sums.lock().map(|sums| sums.failures.len()) else { return };
        if is_over || known >= MAX_FAILURES {
            return;
        }
        let plan = range.plan(range.first + number);
        let mut outcome = run(&plan, false);
        if range.twice && outcome.violation.is_none() && run(&plan, false).hash != outcome.hash {
            outcome.violation = Some(Violation {
                sentence: sim::checker::Sentence::TheSameSeedIsTheSameWorld,
                detail: format!("the world of seed {} took two ways", plan.settings.seed),
            });
        }
        let Ok(mut sums) = sums.lock() else { return };
        sums.add(&plan, outcome);
        show_progress(&sums, range, clock);
    }
}

impl Sums {
    fn add(&mut self, plan: &Plan, outcome: Outcome) {
        self.worlds += 1;
        self.events += outcome.events;
        self.faults += outcome.met.values().sum::<u64>();
        // Worlds end in any order.
        self.hash ^= outcome.hash.rotate_left((plan.settings.seed % 64) as u32);
        for (fault_and_stage, times) in outcome.met {
            *self.met.entry(fault_and_stage).or_default() += times;
        }
        if let Some(violation) = outcome.violation {
            self.failures.push((plan.settings.seed, violation));
        }
    }
}

fn show_progress(sums: &Sums, range: &Range, clock: &Clock) {
    let is_terminal = std::io::stderr().is_terminal();
    if sums.worlds.is_multiple_of(if is_terminal { 100 } else { 5_000 }) {
        let rate = (sums.worlds * range.slots) as f64 / clock.seconds();
        let end = if is_terminal { "\r" } else { "\n" };
        eprint!("{} worlds, {rate:.0} cluster-slots/s, {} failures{end}", sums.worlds, sums.failures.len());
        _ = std::io::stderr().flush();
    }
}

/// The one clock here: the worlds have their own.
#[allow(clippy::disallowed_types, reason = "the speed of a sweep is measured on the wall")]
struct Clock {
    began: std::time::Instant,
    minutes: Option<u64>,
}

#[allow(clippy::disallowed_types, reason = "the speed of a sweep is measured on the wall")]
impl Clock {
    fn start(minutes: Option<u64>) -> Clock {
        Clock { began: std::time::Instant::now(), minutes }
    }

    fn seconds(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    fn is_over(&self) -> bool {
        self.minutes.is_some_and(|minutes| self.seconds() >= minutes as f64 * 60.0)
    }
}
