//! What validator clients need of an answer to accept it.

use bytes::Bytes;
use eth::{
    Attestation, AttestationData, Container, Fork, Preset, Proposal, PublicKeyBytes,
    SyncCommitteeContribution,
};
use futures::StreamExt;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::Request;
use crate::samples::COMBINED;
use crate::script::{DEPENDENT, HEAD, Script};

/// An answer, read whole.
pub(super) struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    pub(super) async fn read(response: reqwest::Response) -> Answer {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, body: response.bytes().await.expect("a whole body") }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    fn is_ssz(&self) -> bool {
        self.header("content-type") == "application/octet-stream"
    }

    fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json");
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// The list in the plain envelope.
    fn list(&self) -> Vec<Value> {
        self.json()["data"].as_array().expect("a list").clone()
    }
}

/// Checks an answer; panics when the client would not accept it.
pub(super) fn answer(request: &Request, answer: &Answer, script: &Script) {
    let body = String::from_utf8_lossy(&answer.body);
    assert_eq!(answer.status, 200, "{body}");
    if answer.is_ssz() {
        assert!(request.header("accept").contains("application/octet-stream"), "it asked for JSON");
    }
    match request.kind {
        "spec" => assert_eq!(answer.json()["data"]["CONFIG_NAME"], "minimal"),
        "genesis" => names(
            &answer.json()["data"],
            &["genesis_time", "genesis_validators_root", "genesis_fork_version"],
        ),
        "syncing" => syncing(&answer.json()["data"]),
        "version" => assert!(answer.json()["data"]["version"].is_string()),
        "head root" => {
            assert_eq!(answer.json()["data"]["root"], json!(HEAD));
            assert_eq!(answer.json()["execution_optimistic"], false);
        }
        "validators" => validators(request, answer, script),
        "validator" => {
            let asked = request.path.rsplit('/').next().expect("a last segment").to_owned();
            assert_eq!(answer.json()["data"]["validator"]["pubkey"], asked);
            names(&answer.json()["data"], &["index", "status", "balance"]);
        }
        "attester duties" | "sync duties" | "proposer duties" => duties(request, answer, script),
        "selections" => selections(request, answer, &["validator_index", "slot"]),
        "sync selections" => {
            selections(request, answer, &["validator_index", "slot", "subcommittee_index"]);
        }
        "attestation data" => attestation_data(request, answer),
        "aggregate" => aggregate(request, answer),
        "contribution" => contribution(request, answer),
        "block" => block(request, answer),
        // What is handed in is answered by the status alone.
        _ => assert_eq!(body, ""),
    }
}

/// Reads an event stream up to its first event; the stream stays open as long as the answer is kept.
pub(super) async fn event_stream(response: reqwest::Response) -> impl Sized {
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut stream = response.bytes_stream();
    let mut text = String::new();
    while !text.ends_with("\n\n") {
        let chunk = stream.next().await.expect("it goes on").expect("no error");
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
    let data = text.strip_prefix("event: head\ndata: ").expect("a head event").trim();
    let data: Value = serde_json::from_str(data).expect("JSON");
    names(&data, &["slot", "block", "previous_duty_dependent_root", "current_duty_dependent_root"]);
    stream
}

fn names(value: &Value, names: &[&str]) {
    for name in names {
        assert!(value[name].is_string(), "{name} not in {value}");
    }
}

fn syncing(data: &Value) {
    names(data, &["head_slot", "sync_distance"]);
    for name in ["is_syncing", "is_optimistic", "el_offline"] {
        assert_eq!(data[name], false, "{name}");
    }
}

/// One entry for each key, with the very key that was asked for.
fn validators(request: &Request, answer: &Answer, script: &Script) {
    let asked = &request.json()["ids"];
    let found: Vec<Value> = answer.list().iter().map(|entry| entry["validator"]["pubkey"].clone()).collect();
    assert_eq!(asked, &json!(found));
    for (entry, key) in answer.list().iter().zip(found) {
        names(entry, &["index", "status", "balance"]);
        let known = script.validators.iter().find(|one| json!(one.share) == key).expect("one of the script");
        assert_eq!(entry["index"], json!(known.index));
    }
}

/// With the root they depend on, and the keys the client knows.
fn duties(request: &Request, answer: &Answer, script: &Script) {
    let whole = answer.json();
    assert_eq!(whole["execution_optimistic"], false);
    if request.kind != "sync duties" {
        assert_eq!(whole["dependent_root"], json!(DEPENDENT));
    }
    let place: &[&str] = match request.kind {
        "attester duties" => &[
            "committee_index",
            "committee_length",
            "committees_at_slot",
            "validator_committee_index",
            "slot",
        ],
        "proposer duties" => &["slot"],
        _ => &[],
    };
    for duty in answer.list() {
        names(&duty, place);
        let known = script.validators.iter().find(|one| json!(one.index) == duty["validator_index"]);
        assert_eq!(duty["pubkey"], json!(known.expect("one of the script").share));
    }
    if request.kind == "proposer duties" {
        assert_eq!(answer.list().len(), script.validators.len().min(8));
    } else {
        let of: Vec<Value> = answer.list().iter().map(|duty| duty["validator_index"].clone()).collect();
        assert_eq!(request.json(), json!(of), "one for each that was asked for");
    }
}

/// Every entry comes back, with the validator's own proof.
fn selections(request: &Request, answer: &Answer, entry: &[&str]) {
    let of = |list: &Value| -> Vec<Vec<Value>> {
        let items = list.as_array().expect("a list").iter();
        items.map(|item| entry.iter().map(|name| item[name].clone()).collect()).collect()
    };
    assert_eq!(of(&json!(answer.list())), of(&request.json()));
    assert!(answer.list().iter().all(|item| item["selection_proof"] == json!(COMBINED)));
}

fn attestation_data(request: &Request, answer: &Answer) {
    let data = if answer.is_ssz() {
        AttestationData::from_ssz(&answer.body).expect("attestation data")
    } else {
        serde_json::from_value(answer.json()["data"].clone()).expect("attestation data")
    };
    assert_eq!(data.slot.to_string(), request.parameter("slot"));
    assert_eq!(data.index.to_string(), request.parameter("committee_index"));
}

/// The fork is told in a header, and in JSON in the envelope too.
fn aggregate(request: &Request, answer: &Answer) {
    assert_eq!(answer.header("eth-consensus-version"), "fulu");
    let aggregate = if answer.is_ssz() {
        Attestation::from_ssz(Preset::Minimal, &answer.body)
    } else {
        assert_eq!(answer.json()["version"], "fulu");
        Attestation::from_json(Preset::Minimal, answer.json()["data"].to_string().as_bytes())
    };
    let aggregate = aggregate.expect("an aggregate of Electra");
    assert_eq!(aggregate.data().slot.to_string(), request.parameter("slot"));
}

fn contribution(request: &Request, answer: &Answer) {
    let contribution = if answer.is_ssz() {
        SyncCommitteeContribution::from_ssz(Preset::Minimal, &answer.body)
    } else {
        let data = answer.json()["data"].to_string();
        SyncCommitteeContribution::from_json(Preset::Minimal, data.as_bytes())
    };
    let contribution = contribution.expect("a contribution");
    assert_eq!(contribution.slot().to_string(), request.parameter("slot"));
    assert_eq!(contribution.subcommittee_index().to_string(), request.parameter("subcommittee_index"));
    assert_eq!(contribution.beacon_block_root().to_string(), request.parameter("beacon_block_root"));
}

/// SSZ has no envelope: what it would tell is told in headers.
fn block(request: &Request, answer: &Answer) {
    assert_eq!(answer.header("eth-consensus-version"), "fulu");
    assert_eq!(answer.header("eth-execution-payload-blinded"), "false");
    for name in ["eth-execution-payload-value", "eth-consensus-block-value"] {
        assert!(answer.header(name).parse::<u128>().is_ok(), "{name}: {}", answer.header(name));
    }
    assert!(answer.is_ssz(), "recorded clients prefer SSZ");
    let block = Proposal::from_ssz(Preset::Minimal, Fork::Fulu, false, &answer.body).expect("a block");
    assert_eq!(Some(block.slot().to_string().as_str()), request.path.rsplit('/').next());
}

/// The keys the client asks by.
pub(super) fn keys(request: &Request) -> Vec<PublicKeyBytes> {
    let ids = match request.kind {
        "validators" => request.json()["ids"].as_array().expect("a list").clone(),
        "validator" => vec![json!(request.path.rsplit('/').next())],
        _ => Vec::new(),
    };
    ids.into_iter().map(|id| serde_json::from_value(id).expect("a key")).collect()
}
