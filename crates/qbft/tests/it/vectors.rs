//! The conformance vectors of the distributed validator specifications.

use std::path::PathBuf;

use qbft::{Extra, Input, Kind, Time, Timer, limits};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::script::{A, Node, commits, decided, round, round_change, sent};

#[test]
fn first_deadlines_are_those_of_the_specification() {
    let Some(suite) = read::<Deadlines>("timer_deadlines.json") else { return };
    assert!(!suite.cases.is_empty());
    for case in suite.cases {
        let DeadlineInput { genesis_time_nanos, slot_duration_nanos, slot, duty_type_name, round: number } =
            case.input;
        let anchor = Time(genesis_time_nanos + slot_duration_nanos * slot + case.duty_start_delay_nanos);
        let extra = if duty_type_name == "PROPOSER" { Extra::FirstRound(500) } else { Extra::None };
        let deadline = Timer { anchor, extra }.deadline(round(number), false);
        assert_eq!(deadline, Time(case.deadline_nanos), "{}", case.name);
    }
}

#[test]
fn message_limits_are_those_of_the_specification() {
    let Some(suite) = read::<Limits>("qbft_msg_limits.json") else { return };
    assert!(!suite.counts.is_empty() && !suite.wire_size.is_empty());
    for case in suite.counts {
        let CountInput { nodes, justification_count, value_count } = case.input;
        let found = limits::counts(nodes, justification_count, value_count).err().map(reason);
        assert_eq!(found, case.reason.as_deref(), "{}", case.name);
        assert_eq!(found.is_none(), case.accepted, "{}", case.name);
        assert_eq!(limits::max_justifications(nodes), case.max_justifications, "{}", case.name);
        assert_eq!(limits::max_values(justification_count), case.max_values, "{}", case.name);
    }
    for case in suite.wire_size {
        let found = limits::size(case.input.wire_size_bytes).err().map(reason);
        assert_eq!(found, case.reason.as_deref(), "{}", case.name);
        assert_eq!(found.is_none(), case.accepted, "{}", case.name);
    }
}

#[test]
fn decided_is_resent_as_in_the_specification() {
    let Some(suite) = read::<Resends>("qbft_decided_resends.json") else { return };
    assert!(!suite.cases.is_empty());
    for case in suite.cases {
        assert_eq!(case.input.nodes, 4, "the scripts have four peers");
        let mut node = Node::started(0);
        node.receive(decided(
            1,
            case.input.decided_round,
            A,
            commits(&[1, 2, 3], case.input.decided_round, A),
        ));
        let mut resent = Vec::new();
        for event in &case.input.events {
            let out = node.step(Input::Receive(round_change(event.source, event.round)));
            let answers = sent(&out);
            assert!(answers.iter().all(|(peer, kind, _)| (peer.0, *kind) == (event.source, Kind::Decided)));
            resent.push(answers.len() == 1);
        }
        assert_eq!(resent, case.rebroadcast, "{}", case.name);
        assert_eq!(resent.iter().filter(|resent| **resent).count(), case.total_rebroadcasts, "{}", case.name);
    }
}

fn reason(excess: limits::Excess) -> &'static str {
    match excess {
        limits::Excess::Bytes { .. } => "msg_too_large",
        limits::Excess::Justifications { .. } => "too_many_justifications",
        limits::Excess::Values { .. } => "too_many_values",
    }
}

/// A suite by its file name; none, said plainly, where the vectors are not at hand.
#[allow(clippy::print_stderr)]
fn read<Suite: DeserializeOwned>(name: &str) -> Option<Suite> {
    let beside_the_repository = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors");
    let vectors = std::env::var_os("PHALANX_VECTORS").map_or_else(beside_the_repository, PathBuf::from);
    let Ok(text) = std::fs::read(vectors.join("dvspec").join(name)) else {
        eprintln!("skipped: vectors not found, set PHALANX_VECTORS");
        return None;
    };
    Some(serde_json::from_slice(&text).expect("the suite has the known shape"))
}

#[derive(Deserialize)]
struct Deadlines {
    cases: Vec<DeadlineCase>,
}

#[derive(Deserialize)]
struct DeadlineCase {
    name: String,
    input: DeadlineInput,
    duty_start_delay_nanos: i64,
    deadline_nanos: i64,
}

#[derive(Deserialize)]
struct DeadlineInput {
    genesis_time_nanos: i64,
    slot_duration_nanos: i64,
    slot: i64,
    duty_type_name: String,
    round: u64,
}

#[derive(Deserialize)]
struct Limits {
    counts: Vec<LimitCase>,
    wire_size: Vec<SizeCase>,
}

#[derive(Deserialize)]
struct LimitCase {
    name: String,
    input: CountInput,
    accepted: bool,
    reason: Option<String>,
    max_justifications: usize,
    max_values: usize,
}

#[derive(Deserialize)]
struct CountInput {
    nodes: usize,
    justification_count: usize,
    value_count: usize,
}

#[derive(Deserialize)]
struct SizeCase {
    name: String,
    input: SizeInput,
    accepted: bool,
    reason: Option<String>,
}

#[derive(Deserialize)]
struct SizeInput {
    wire_size_bytes: usize,
}

#[derive(Deserialize)]
struct Resends {
    cases: Vec<ResendCase>,
}

#[derive(Deserialize)]
struct ResendCase {
    name: String,
    input: ResendInput,
    rebroadcast: Vec<bool>,
    total_rebroadcasts: usize,
}

#[derive(Deserialize)]
struct ResendInput {
    nodes: usize,
    decided_round: u64,
    events: Vec<ResendEvent>,
}

#[derive(Deserialize)]
struct ResendEvent {
    source: u8,
    round: u64,
}
