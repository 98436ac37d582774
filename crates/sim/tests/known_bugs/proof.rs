//! The proof: with its bug switched on each test fails, and says why.

use std::panic::{AssertUnwindSafe, catch_unwind};

use sim::known_bugs::KnownBug;

use crate::cases::{Case, Finding, cases};

#[test]
fn every_bug_of_consensus_fails_its_test() {
    assert_all_fail(|bug| matches!(bug, KnownBug::Qbft(_)));
}

#[test]
fn every_bug_of_the_ledger_fails_its_test() {
    assert_all_fail(|bug| matches!(bug, KnownBug::Slashing(_)));
}

#[test]
fn every_bug_of_the_life_of_a_duty_fails_its_test() {
    assert_all_fail(|bug| matches!(bug, KnownBug::Duty(_)));
}

fn assert_all_fail(fits: impl Fn(KnownBug) -> bool) {
    let survivors: Vec<String> = cases().iter().filter(|case| fits(case.bug)).filter_map(survivor).collect();
    assert!(survivors.is_empty(), "\n{}", survivors.join("\n"));
}

/// What is wrong with the case, if its test does not find the bug as it should.
fn survivor(case: &Case) -> Option<String> {
    let expected = match case.finding {
        Finding::Broken(sentence) => format!("{sentence:?}: "),
        Finding::Told(words) => words.to_owned(),
    };
    let Case { bug, test, run, .. } = case;
    let Err(panic) = catch_unwind(AssertUnwindSafe(|| bug.during(run))) else {
        return Some(format!("{bug} passes {test}"));
    };
    let said = panic.downcast_ref::<String>().map(String::as_str);
    let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default();
    (!said.contains(&expected)).then(|| format!("{bug} fails {test} otherwise than by {expected:?}: {said}"))
}
