//! Prints what the explorer finds: `cargo run --release -p model`.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_types,
    reason = "a command line tool, with a clock of its own"
)]

use std::time::Instant;

use model::{Agreement, Order, ROUNDS, Scope, explore};

fn main() {
    println!(
        "{:48} {:>10} {:>11} {:>5} {:>7}  decided in rounds",
        "exploration", "states", "steps", "depth", "seconds"
    );
    for liar_leads in 1..=ROUNDS + 1 {
        run(&format!("by rounds, liar leads {liar_leads}"), Scope::whole(liar_leads));
    }
    let broken = Scope { agreement: Agreement::Broken, order: Order::Any, ..Scope::whole(1) };
    run("signing without agreement", broken);
    for liar_leads in 1..=3 {
        let two = Scope { rounds: 2, order: Order::Any, signing: false, ..Scope::whole(liar_leads) };
        run(&format!("any order, two rounds, liar leads {liar_leads}"), two);
    }
    if std::env::args().any(|argument| argument == "--extended") {
        for liar_leads in 1..=ROUNDS + 1 {
            let three = Scope { order: Order::Any, signing: false, ..Scope::whole(liar_leads) };
            run(&format!("any order, three rounds, liar leads {liar_leads}"), three);
        }
        for liar_leads in 1..=3 {
            let two = Scope { rounds: 2, order: Order::Any, ..Scope::whole(liar_leads) };
            run(&format!("any order, two rounds, signing, liar leads {liar_leads}"), two);
        }
    }
}

fn run(name: &str, scope: Scope) {
    let begin = Instant::now();
    let report = explore(&scope);
    let seconds = begin.elapsed().as_secs_f64();
    let states = report.states.len();
    println!(
        "{name:48} {states:>10} {:>11} {:>5} {seconds:>7.1}  {:?}",
        report.steps, report.depth, report.decided_in
    );
    if let Some(counterexample) = report.counterexample {
        println!("  broken: {counterexample:#?}");
    }
}
