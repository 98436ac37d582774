//! The scores of charon-wire 4.9 against the shared vectors.

use std::path::PathBuf;

use duty::priority::{Preferences, PriorityError, Topic, score};
use duty::{Duty, DutyKind};
use eth::Slot;
use serde_json::Value;

fn vectors() -> Option<Value> {
    let directory = match std::env::var_os("PHALANX_VECTORS") {
        Some(directory) => PathBuf::from(directory),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"),
    };
    let text = std::fs::read_to_string(directory.join("dvspec/priority_scoring.json")).ok()?;
    Some(serde_json::from_str(&text).expect("the vectors are JSON"))
}

/// Any injective function will do: the vectors do not tell an order of topics.
fn topic_hash(topic: &str) -> [u8; 32] {
    sim::world::fake::hash(&[topic.as_bytes()])
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

fn preferences(input: &Value) -> Vec<Preferences> {
    let duty = Duty::new(Slot(input["slot"].as_u64().expect("a slot")), DutyKind::InfoSync);
    let of_peer = |peer: &Value| Preferences {
        peer_id: text(&peer["peer_id"]),
        duty,
        topics: vec![
            Topic {
                topic: text(&input["topic"]),
                priorities: peer["priorities"].as_array().expect("a list").iter().map(text).collect(),
            },
            Topic { topic: text(&input["ignored_topic"]), priorities: vec![] },
        ],
    };
    input["peers"].as_array().expect("a list").iter().map(of_peer).collect()
}

#[test]
#[allow(clippy::print_stderr)]
fn scores_are_those_of_the_vectors() {
    let Some(vectors) = vectors() else {
        eprintln!("skipped: vectors not found, set PHALANX_VECTORS");
        return;
    };
    let cases = vectors["cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 18);
    for case in cases {
        let input = &case["input"];
        let minimum =
            usize::try_from(input["min_required"].as_u64().expect("a number")).expect("a small one");
        let mut preferences = preferences(input);
        // The order of arrival does not matter.
        preferences.reverse();
        let scored = score(&preferences, minimum, topic_hash).expect("sound preferences");
        let of = |name: &Value| scored.iter().find(|scored| scored.topic == text(name)).expect("a result");
        let expected: Vec<(String, i64)> = case["result"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|entry| (text(&entry["priority"]), entry["score"].as_i64().expect("a score")))
            .collect();
        assert_eq!(of(&input["topic"]).priorities, expected, "{}", case["name"]);
        assert!(of(&input["ignored_topic"]).priorities.is_empty(), "{}", case["name"]);
        assert!(scored.is_sorted_by_key(|scored| topic_hash(&scored.topic)), "{}", case["name"]);
    }
}

#[test]
fn unsound_preferences_are_refused() {
    let duty = Duty::new(Slot(1), DutyKind::InfoSync);
    let of = |peer: &str, topics: Vec<(&str, Vec<String>)>| Preferences {
        peer_id: peer.to_owned(),
        duty,
        topics: topics
            .into_iter()
            .map(|(topic, priorities)| Topic { topic: topic.to_owned(), priorities })
            .collect(),
    };
    let refused = |preferences: &[Preferences]| score(preferences, 1, topic_hash).expect_err("unsound");
    let one = || vec!["a".to_owned()];
    assert_eq!(refused(&[]), PriorityError::Empty);
    assert_eq!(refused(&[of("x", vec![]), of("x", vec![])]), PriorityError::DuplicatePeer);
    assert_eq!(refused(&[of("x", vec![("t", one()), ("t", one())])]), PriorityError::DuplicateTopic);
    assert_eq!(refused(&[of("x", vec![("t", [one(), one()].concat())])]), PriorityError::DuplicatePriority);
    let many = (0..1_000).map(|number| number.to_string()).collect();
    assert_eq!(refused(&[of("x", vec![("t", many)])]), PriorityError::TooManyPriorities);
    let other = Preferences { duty: Duty::new(Slot(2), DutyKind::InfoSync), ..of("y", vec![]) };
    assert_eq!(refused(&[of("x", vec![]), other]), PriorityError::DifferentDuties);
}
