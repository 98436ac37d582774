//! The page of known bugs says what is so: every bug has its row, and every row its test.

use sim::known_bugs::KnownBug;

use crate::cases::{Finding, cases};

const PAGE: &str = include_str!("../../../../docs/protocol/known-bugs.md");

/// The cells of the table's rows.
fn rows() -> Vec<Vec<&'static str>> {
    let rows = PAGE.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
}

#[test]
fn every_known_bug_has_a_row_with_its_test_and_what_that_finds() {
    let named: Vec<&str> = rows().iter().map(|row| row[0]).collect();
    let expected: Vec<String> = KnownBug::all().map(|bug| format!("`{bug}`")).collect();
    assert_eq!(named, expected, "one row for each bug, in their order");
    for case in cases() {
        let bug = format!("`{}`", case.bug);
        let row = rows().into_iter().find(|row| row[0] == bug).expect("it has a row");
        let [_, _, test, finding, search] = row[..] else { panic!("{bug} has not five cells: {row:?}") };
        assert_eq!(test, format!("`{}`", case.test), "{bug}");
        let expected = match case.finding {
            Finding::Broken(sentence) => format!("`{sentence:?}`"),
            Finding::Told(_) => "its own assertion".to_owned(),
        };
        assert_eq!(finding, expected, "{bug}");
        assert!(!search.is_empty(), "{bug}: how long the search takes");
    }
}

#[test]
fn every_known_bug_has_one_test_and_no_two_share_it() {
    let mut bugs: Vec<KnownBug> = cases().iter().map(|case| case.bug).collect();
    let mut tests: Vec<&str> = cases().iter().map(|case| case.test).collect();
    assert_eq!(bugs, KnownBug::all().collect::<Vec<_>>());
    bugs.dedup();
    tests.sort_unstable();
    tests.dedup();
    assert_eq!(tests.len(), bugs.len());
}
