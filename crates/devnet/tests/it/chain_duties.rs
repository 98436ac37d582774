//! What the chain tells of itself and of duties.

use std::collections::BTreeMap;

use eth::{Preset, ProposerDuty, Spec};
use serde_json::{Value, json};

use crate::driver::Driver;

#[tokio::test]
async fn the_configuration_reads_back_as_the_chain_s() {
    for preset in [Preset::Minimal, Preset::Mainnet] {
        let driver = Driver::start(preset, 4).await;
        let (_, genesis) = driver.get("eth/v1/beacon/genesis").await;
        let (_, spec) = driver.get("eth/v1/config/spec").await;
        let genesis = serde_json::from_value(genesis["data"].clone()).expect("a genesis");
        let spec: BTreeMap<String, Value> = serde_json::from_value(spec["data"].clone()).expect("a map");
        assert_eq!(Spec::from_api(&spec, genesis).expect("a configuration"), driver.spec);
    }
}

#[tokio::test]
async fn every_validator_has_one_attester_duty_in_an_epoch_and_slots_have_proposers() {
    let driver = Driver::minimal().await;
    for epoch in [0, 1] {
        let duties = driver.duties(epoch).await;
        assert_eq!(duties.len(), 16);
        assert!(duties.iter().all(|duty| duty.slot.0 / 8 == epoch));
        for version in ["v1", "v2"] {
            let (_, answer) = driver.get(&format!("eth/{version}/validator/duties/proposer/{epoch}")).await;
            let proposers: Vec<ProposerDuty> =
                serde_json::from_value(answer["data"].clone()).expect("duties");
            let slots: Vec<u64> = proposers.iter().map(|duty| duty.slot.0).collect();
            assert_eq!(slots, (8 * epoch..8 * epoch + 8).collect::<Vec<_>>());
        }
    }
    let (status, _) = driver.get("eth/v1/validator/duties/proposer/2").await;
    assert_eq!(status, 400, "one epoch ahead and no further");
}

#[tokio::test]
async fn validators_are_found_by_key_and_by_index_and_unknown_ones_left_out() {
    let driver = Driver::minimal().await;
    let key = const_hex::encode_prefixed(devnet::interop_key(3).public_key().to_bytes());
    let stranger = const_hex::encode_prefixed(devnet::interop_key(99).public_key().to_bytes());
    let indices = |answer: &Value| -> Vec<String> {
        let data = answer["data"].as_array().expect("a list");
        data.iter().map(|each| each["index"].as_str().expect("quoted").to_owned()).collect()
    };
    let path = "eth/v1/beacon/states/head/validators";
    let (_, answer) = driver.post(path, &json!({ "ids": [key, stranger, "5"] })).await;
    assert_eq!(indices(&answer), ["3", "5"]);
    let (_, answer) = driver.get(&format!("{path}?id={key},7&id=2&status=active")).await;
    assert_eq!(indices(&answer), ["3", "7", "2"]);
    let (_, answer) = driver.get(&format!("{path}?status=exited")).await;
    assert_eq!(indices(&answer), Vec::<String>::new());
    let (_, answer) = driver.get(path).await;
    assert_eq!(indices(&answer).len(), 16);
    let (status, one) = driver.get(&format!("{path}/{key}")).await;
    assert_eq!((status, one["data"]["index"].as_str()), (200, Some("3")));
    assert_eq!(driver.get(&format!("{path}/{stranger}")).await.0, 404);
    assert_eq!(driver.get(&format!("{path}/nonsense")).await.0, 400);
}

#[tokio::test]
async fn dependent_roots_are_those_of_the_blocks_before_the_epochs() {
    let driver = Driver::minimal().await;
    for slot in 1..=9 {
        driver.slot(slot).await;
    }
    let root = async |slot: u64| {
        let (_, answer) = driver.get(&format!("eth/v1/beacon/blocks/{slot}/root")).await;
        answer["data"]["root"].clone()
    };
    let dependent = async |path: String, body: Option<Value>| {
        let (_, answer) = match body {
            Some(body) => driver.post(&path, &body).await,
            None => driver.get(&path).await,
        };
        answer["dependent_root"].clone()
    };
    let attester = async |epoch: u64| {
        dependent(format!("eth/v1/validator/duties/attester/{epoch}"), Some(json!([]))).await
    };
    assert_eq!(attester(1).await, root(0).await);
    assert_eq!(attester(2).await, root(7).await);
    assert_eq!(dependent("eth/v1/validator/duties/proposer/1".to_owned(), None).await, root(7).await);
    assert_eq!(dependent("eth/v2/validator/duties/proposer/1".to_owned(), None).await, root(0).await);
}

#[tokio::test]
async fn who_did_anything_in_an_epoch_is_live_in_it() {
    let driver = Driver::minimal().await;
    driver.slot(1).await;
    let live = async |epoch: u64| {
        let everybody: Vec<String> = (0..16).map(|index| index.to_string()).collect();
        let path = format!("eth/v1/validator/liveness/{epoch}");
        let (status, answer) = driver.post(&path, &json!(everybody)).await;
        assert_eq!(status, 200, "{answer}");
        let answers = answer["data"].as_array().expect("a list").clone();
        let live = answers.into_iter().filter(|each| each["is_live"] == json!(true));
        let live: Vec<u64> =
            live.map(|each| each["index"].as_str().expect("quoted").parse().expect("a number")).collect();
        live
    };
    let mut expected: Vec<u64> = driver.chain.attesters(eth::Slot(1)).iter().map(|index| index.0).collect();
    expected.push(driver.proposer(1).0);
    expected.sort_unstable();
    expected.dedup();
    assert_eq!(live(0).await, expected);
    driver.at(8, 0);
    assert_eq!(live(1).await, Vec::<u64>::new());
    let path = "eth/v1/validator/liveness";
    assert_eq!(driver.post(&format!("{path}/2"), &json!(["1"])).await.0, 400, "it has not begun");
    assert_eq!(driver.post(&format!("{path}/1"), &json!(["1000"])).await.0, 400, "no such validator");
}

#[tokio::test]
async fn subscriptions_are_taken_and_selections_are_not_a_beacon_node_s() {
    let driver = Driver::minimal().await;
    let committee = json!([{
        "validator_index": "1", "committee_index": "0", "committees_at_slot": "1", "slot": "9", "is_aggregator": true,
    }]);
    let sync = json!([{ "validator_index": "1", "sync_committee_indices": ["3"], "until_epoch": "8" }]);
    for (path, body) in
        [("beacon_committee_subscriptions", committee), ("sync_committee_subscriptions", sync)]
    {
        let path = format!("eth/v1/validator/{path}");
        assert_eq!(driver.post(&path, &body).await.0, 200, "{path}");
        assert_eq!(driver.post(&path, &json!([{}])).await.0, 400, "{path}");
    }
    for path in ["beacon_committee_selections", "sync_committee_selections"] {
        let (status, answer) = driver.post(&format!("eth/v1/validator/{path}"), &json!([])).await;
        assert_eq!((status, &answer["code"]), (501, &json!(501)), "{path}");
    }
}

#[tokio::test]
async fn malformed_requests_are_refused_in_words() {
    let driver = Driver::minimal().await;
    for (path, body) in [
        ("eth/v1/validator/duties/attester/0", json!({ "not": "a list" })),
        ("eth/v2/beacon/pool/attestations", json!([{ "committee_index": "x" }])),
        ("eth/v2/beacon/blocks", json!({})),
        ("eth/v1/validator/prepare_beacon_proposer", json!(7)),
        ("eth/v1/validator/duties/sync/0", json!({})),
        ("eth/v1/beacon/pool/sync_committees", json!([{ "slot": "1" }])),
        ("eth/v1/validator/contribution_and_proofs", json!([{}])),
        ("eth/v2/validator/aggregate_and_proofs", json!([7])),
        ("eth/v1/validator/register_validator", json!([{}])),
        ("eth/v1/beacon/pool/voluntary_exits", json!([])),
        ("eth/v2/beacon/blinded_blocks", json!({})),
    ] {
        let (status, answer) = driver.post(path, &body).await;
        assert_eq!(status, 400, "{path}");
        assert_eq!(answer["code"], 400, "{path}");
        assert!(!answer["message"].as_str().unwrap_or_default().is_empty(), "{path}");
    }
    assert_eq!(driver.get("eth/v1/no/such/endpoint").await.0, 404);
    assert_eq!(driver.get("eth/v1/beacon/headers/0x12").await.0, 400);
    assert_eq!(driver.get("eth/v1/beacon/headers/12").await.0, 404);
}
