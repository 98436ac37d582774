//! A chain's configuration: what beacon nodes answer, what is refused, and the times that follow.

use std::collections::BTreeMap;

use eth::{Epoch, FAR_FUTURE_EPOCH, Fork, Genesis, Preset, Root, Slot, Spec, SpecError, Version};
use serde_json::{Value, json};

#[test]
fn an_answer_of_ours_reads_back_as_the_same_configuration() {
    for (preset, fork) in [(Preset::Mainnet, Fork::Electra), (Preset::Minimal, Fork::Fulu)] {
        let spec = Spec::local(preset, genesis(), 3_000, fork);
        assert_eq!(Spec::from_api(&values(spec.to_api()), spec.genesis), Ok(spec));
    }
}

#[test]
fn mainnet_forks_when_it_did() {
    let spec = Spec::from_api(&mainnet(), genesis()).expect("mainnet's answer");
    assert_eq!(spec.fork_at(Epoch(0)), Fork::Phase0);
    assert_eq!(spec.fork_at(Epoch(364_031)), Fork::Deneb);
    assert_eq!(spec.fork_at(Epoch(364_032)), Fork::Electra);
    assert_eq!(spec.fork_at(Epoch(411_392)), Fork::Fulu);
    assert_eq!(spec.fork_version_at(Epoch(411_392)), Version([6, 0, 0, 0]));
    assert_eq!(spec.fork_at(FAR_FUTURE_EPOCH), Fork::Fulu, "an unscheduled fork never begins");
}

#[test]
fn a_beacon_node_that_knows_no_fork_after_electra_is_usable() {
    let mut answer = mainnet();
    answer.retain(|key, _| !key.starts_with("FULU") && !key.starts_with("GLOAS"));
    let spec = Spec::from_api(&answer, genesis()).expect("Electra is enough");
    assert_eq!(spec.fork_at(Epoch(411_392)), Fork::Electra);
}

#[test]
fn a_fork_of_the_future_is_known_to_be_unknown_from_its_first_epoch_on() {
    let mut answer = with("HEZE_FORK_EPOCH", json!("600000"));
    answer.insert("EIP9999_FORK_EPOCH".to_owned(), json!("700000"));
    let spec = Spec::from_api(&answer, genesis()).expect("usable until then");
    assert_eq!(spec.check_known(Epoch(599_999)), Ok(()));
    let refused = spec.check_known(Epoch(600_000)).expect_err("nothing of ours");
    assert_eq!(
        refused.to_string(),
        "the chain forks to heze in epoch 600000, which this version of the program does not know: update it before"
    );
    assert!(spec.check_known(Epoch(700_000)).is_err());
    assert_eq!(Spec::from_api(&values(spec.to_api()), genesis()), Ok(spec));
}

#[test]
fn a_fork_of_the_future_that_is_not_scheduled_never_begins() {
    let never = json!(FAR_FUTURE_EPOCH.to_string());
    let spec = Spec::from_api(&with("HEZE_FORK_EPOCH", never), genesis()).expect("not scheduled");
    assert_eq!(spec.check_known(Epoch(u64::MAX - 1)), Ok(()));
    let malformed = Spec::from_api(&with("HEZE_FORK_EPOCH", json!("soon")), genesis());
    assert!(matches!(malformed, Err(SpecError::Malformed { key, .. }) if key == "HEZE_FORK_EPOCH"));
}

#[test]
fn seconds_per_slot_serve_where_milliseconds_are_missing() {
    let spec = Spec::from_api(&without("SLOT_DURATION_MS"), genesis()).expect("SECONDS_PER_SLOT is there");
    assert_eq!(spec.slot_duration_ms, 12_000);
}

#[test]
fn duties_are_due_at_whole_milliseconds_rounded_down() {
    let spec = Spec::from_api(&mainnet(), genesis()).expect("mainnet's answer");
    assert_eq!(spec.attestation_due_ns(Slot(1)), 3_999_000_000);
    assert_eq!(spec.aggregate_due_ns(Slot(1)), 8_000_000_000);
    assert_eq!(spec.sync_message_due_ns(Slot(1)), 3_999_000_000);
    assert_eq!(spec.contribution_due_ns(Slot(1)), 8_000_000_000);
}

#[test]
fn duties_are_due_earlier_from_gloas_on_and_not_before() {
    let answer = with("GLOAS_FORK_EPOCH", json!("500000"));
    let spec = Spec::from_api(&answer, genesis()).expect("a chain that schedules Gloas");
    let first = spec.first_slot(Epoch(500_000));
    assert_eq!(spec.attestation_due_ns(Slot(first.0 - 1)), 3_999_000_000);
    assert_eq!(spec.attestation_due_ns(first), 3_000_000_000);
    assert_eq!(spec.aggregate_due_ns(first), 6_000_000_000);
}

#[test]
fn due_times_fall_back_to_thirds_and_are_refused_out_of_range() {
    let spec = Spec::from_api(&without("ATTESTATION_DUE_BPS"), genesis()).expect("the key is optional");
    assert_eq!(spec.due.attestation_bps, 3333);
    for wrong in [json!("0"), json!("10001"), json!("-1"), json!("soon"), json!(null)] {
        let refused = Spec::from_api(&with("AGGREGATE_DUE_BPS", wrong.clone()), genesis());
        assert!(
            matches!(&refused, Err(SpecError::Malformed { key, .. }) if key == "AGGREGATE_DUE_BPS"),
            "{wrong}"
        );
    }
}

#[test]
fn an_answer_without_an_essential_key_is_refused_by_name() {
    for key in ["PRESET_BASE", "SLOTS_PER_EPOCH", "CAPELLA_FORK_VERSION", "ELECTRA_FORK_EPOCH"] {
        let refused = Spec::from_api(&without(key), genesis());
        assert_eq!(refused, Err(SpecError::Missing { key: key.to_owned() }));
    }
}

#[test]
fn a_preset_of_the_right_name_with_other_sizes_is_refused() {
    let refused = Spec::from_api(&with("SYNC_COMMITTEE_SIZE", json!("32")), genesis());
    assert!(matches!(refused, Err(SpecError::PresetMismatch { theirs: 32, ours: 512, .. })));
}

#[test]
fn contradictions_are_refused() {
    let other_chain = Genesis { genesis_fork_version: Version([9, 9, 9, 9]), ..genesis() };
    assert!(matches!(Spec::from_api(&mainnet(), other_chain), Err(SpecError::GenesisMismatch { .. })));
    let backwards = Spec::from_api(&with("FULU_FORK_EPOCH", json!("5")), genesis());
    assert_eq!(backwards, Err(SpecError::ForksOutOfOrder { fork: Fork::Fulu, before: Fork::Electra }));
    let gnosis = Spec::from_api(&with("PRESET_BASE", json!("gnosis")), genesis());
    assert!(matches!(gnosis, Err(SpecError::UnknownPreset(_))));
    for zero in ["SLOT_DURATION_MS", "SLOTS_PER_EPOCH", "EPOCHS_PER_SYNC_COMMITTEE_PERIOD"] {
        assert!(Spec::from_api(&with(zero, json!("0")), genesis()).is_err(), "{zero}");
    }
}

#[test]
fn slots_and_epochs_convert_without_overflow() {
    let spec = Spec::from_api(&mainnet(), genesis()).expect("mainnet's answer");
    assert_eq!(spec.epoch_of(Slot(63)), Epoch(1));
    assert_eq!(spec.first_slot(Epoch(2)), Slot(64));
    assert_eq!(spec.slot_start_ns(Slot(2)), 24_000_000_000);
    assert_eq!(spec.slot_at_ns(24_000_000_000), Slot(2));
    assert_eq!(spec.slot_at_ns(23_999_999_999), Slot(1));
    assert_eq!(spec.slot_at_ns(-5), Slot(0));
    assert_eq!(spec.first_slot(FAR_FUTURE_EPOCH), Slot(u64::MAX));
    assert_eq!(spec.slot_start_ns(Slot(u64::MAX)), i64::MAX);
}

#[test]
fn genesis_reads_from_a_beacon_nodes_answer() {
    let text = r#"{"genesis_time":"1606824023","genesis_validators_root":
        "0x4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95","genesis_fork_version":"0x00000000"}"#;
    let read: Genesis = serde_json::from_str(text).expect("the Beacon API's form");
    assert_eq!(read.genesis_time, 1_606_824_023);
}

fn genesis() -> Genesis {
    Genesis {
        genesis_time: 1_606_824_023,
        genesis_validators_root: Root([7; 32]),
        genesis_fork_version: Version::ZERO,
    }
}

/// Mainnet's answer: ours for a local chain, with mainnet's fork epochs.
fn mainnet() -> BTreeMap<String, Value> {
    let mut answer = values(Spec::local(Preset::Mainnet, genesis(), 12_000, Fork::Fulu).to_api());
    let epochs = [
        ("ALTAIR", 74_240),
        ("BELLATRIX", 144_896),
        ("CAPELLA", 194_048),
        ("DENEB", 269_568),
        ("ELECTRA", 364_032),
        ("FULU", 411_392),
    ];
    for (fork, epoch) in epochs {
        answer.insert(format!("{fork}_FORK_EPOCH"), json!(epoch.to_string()));
    }
    answer
}

fn with(key: &str, value: Value) -> BTreeMap<String, Value> {
    let mut answer = mainnet();
    answer.insert(key.to_owned(), value);
    answer
}

fn without(key: &str) -> BTreeMap<String, Value> {
    let mut answer = mainnet();
    assert!(answer.remove(key).is_some(), "{key} is part of the answer");
    answer
}

fn values(answer: BTreeMap<String, String>) -> BTreeMap<String, Value> {
    answer.into_iter().map(|(key, value)| (key, Value::String(value))).collect()
}
