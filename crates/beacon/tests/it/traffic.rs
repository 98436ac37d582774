//! The recorded conversations of real validator clients, replayed: every request gets an answer that its client accepts.
//!
//! The recordings lie beside the repository. Long bodies were cut when they were recorded; they are made whole again
//! in the same shape and length (`rebuild.rs`).

mod expect;
mod rebuild;
mod recording;

use std::collections::{BTreeMap, BTreeSet};

use beacon::server::ServerConfig;
use bytes::Bytes;
use eth::ValidatorIndex;
use futures::stream;
use serde_json::Value;

use crate::backend::Api;
use crate::script::Script;
use expect::Answer;
use recording::Recorded;

/// How many requests of each kind a recording has.
type Counts = BTreeMap<&'static str, usize>;

#[tokio::test]
async fn lodestar_in_its_default_mode_is_answered_as_it_expects() {
    let counts = "12 aggregate, 12 aggregates, 13 attestation data, 13 attestations, 7 attester duties, \
        14 block, 14 blocks, 44 contribution, 44 contributions, 1 events, 1 genesis, \
        3 preparations, 17 proposer duties, 1 spec, 5 subscriptions, 12 sync committee messages, \
        4 sync duties, 2 sync subscriptions, 16 syncing, 1 validators";
    replayed("default-blobs", counts).await;
}

#[tokio::test]
async fn lodestar_in_its_distributed_mode_is_answered_as_it_expects() {
    let counts = "20 aggregate, 20 aggregates, 20 attestation data, 20 attestations, 17 attester duties, \
        8 block, 8 blocks, 190 contribution, 188 contributions, 1 events, 1 genesis, \
        8 preparations, 56 proposer duties, 17 selections, 1 spec, 10 subscriptions, \
        48 sync committee messages, 14 sync duties, 48 sync selections, 7 sync subscriptions, \
        51 syncing, 1 validators";
    replayed("distributed", counts).await;
}

#[tokio::test]
async fn lodestar_with_a_builder_is_answered_as_it_expects() {
    let counts = "10 aggregate, 9 aggregates, 10 attestation data, 10 attestations, 9 attester duties, \
        3 block, 3 blocks, 72 contribution, 69 contributions, 1 events, 1 genesis, \
        4 preparations, 22 proposer duties, 3 registrations, 1 spec, 6 subscriptions, \
        18 sync committee messages, 6 sync duties, 3 sync subscriptions, 21 syncing, \
        1 validators";
    replayed("builder", counts).await;
}

#[tokio::test]
async fn lodestar_with_key_shares_is_answered_as_it_expects() {
    let counts = "34 aggregate, 34 aggregates, 34 attestation data, 34 attestations, 13 attester duties, \
        33 block, 33 blocks, 132 contribution, 132 contributions, 1 events, 1 genesis, \
        6 preparations, 39 proposer duties, 13 selections, 1 spec, 8 subscriptions, \
        33 sync committee messages, 10 sync duties, 34 sync selections, 5 sync subscriptions, \
        36 syncing, 1 validators";
    replayed("dv-shares-node1", counts).await;
}

#[tokio::test]
async fn lighthouse_in_its_distributed_mode_is_answered_as_it_expects() {
    let counts = "6 aggregate, 6 aggregates, 9 attestation data, 9 attestations, 42 attester duties, \
        7 block, 7 blocks, 80 contribution, 80 contributions, 1 events, 21 head root, \
        21 preparations, 21 proposer duties, 21 registrations, 2 selections, 63 spec, \
        20 subscriptions, 21 sync committee messages, 2 sync duties, 126 sync selections, \
        16 sync subscriptions, 63 syncing, 4 validator, 21 version";
    replayed("lighthouse-distributed", counts).await;
}

#[tokio::test]
async fn vero_is_answered_as_it_expects() {
    let counts = "9 aggregate, 9 aggregates, 19 attestation data, 9 attestations, 6 attester duties, \
        6 block, 6 blocks, 68 contribution, 68 contributions, 1 events, 1 genesis, \
        9 preparations, 6 proposer duties, 1 spec, 5 subscriptions, 18 sync committee messages, \
        3 sync duties, 3 sync subscriptions, 8 validators, 1 version";
    replayed("vero-1.4.1", counts).await;
}

/// Replays a recording in its order and checks each answer, and how many requests of each kind there were.
async fn replayed(name: &str, expected: &str) {
    let Some(recorded) = recording::recorded(name) else {
        say(&format!("skipped: no recordings beside the vectors, set PHALANX_VECTORS ({name})"));
        return;
    };
    let requests: Vec<Request> = recorded.iter().map(Request::of).collect();
    let script = script_of(&requests);
    let (_node, api) = script.start(ServerConfig::default()).await;
    let (mut counts, mut streams, mut given) = (Counts::new(), Vec::new(), Counts::new());
    for request in &requests {
        *counts.entry(request.kind).or_default() += 1;
        let response = request.send(&api, &script).await;
        if request.kind == "events" {
            streams.push(expect::event_stream(response).await);
            continue;
        }
        expect::answer(request, &Answer::read(response).await, &script);
        *given.entry(request.kind).or_default() += request.items();
    }
    for kind in [
        "attestations",
        "aggregates",
        "contributions",
        "sync committee messages",
        "selections",
        "sync selections",
    ] {
        assert_eq!(
            script.taken(kind),
            given.get(kind).copied().unwrap_or(0),
            "{kind} that reached the cluster"
        );
    }
    assert!(
        !api.metrics().contains("endpoint=\"proxy\""),
        "nothing of what clients ask is left to the proxy"
    );
    let counts: Vec<String> = counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let counts = counts.join(", ");
    say(&format!("{name}: {} requests replayed: {counts}", requests.len()));
    assert_eq!(counts, expected, "{name}");
}

/// The keys the client has, with the indices it uses.
fn script_of(requests: &[Request]) -> Script {
    let mut seen = BTreeSet::new();
    let keys: Vec<_> = requests.iter().flat_map(expect::keys).filter(|key| seen.insert(*key)).collect();
    let asks = requests.iter().filter(|request| request.kind == "attester duties");
    let indices: BTreeSet<ValidatorIndex> =
        asks.flat_map(|request| serde_json::from_slice::<Vec<_>>(&request.body).expect("indices")).collect();
    assert_eq!(indices.len(), keys.len(), "as many keys as validators");
    Script::of(indices.into_iter().zip(keys))
}

/// A recorded request with its body made whole.
struct Request<'a> {
    kind: &'static str,
    path: &'a str,
    recorded: &'a Recorded,
    body: Bytes,
}

impl<'a> Request<'a> {
    fn of(recorded: &'a Recorded) -> Request<'a> {
        let body = rebuild::body(recorded).into();
        Request { kind: recorded.kind(), path: &recorded.path, recorded, body }
    }

    fn header(&self, name: &str) -> &str {
        self.recorded.headers.get(name).map_or("", String::as_str)
    }

    fn parameter(&self, name: &str) -> String {
        let pairs = url::form_urlencoded::parse(self.recorded.query.trim_start_matches('?').as_bytes());
        pairs
            .into_iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a body in JSON")
    }

    /// Items of the list in its body.
    fn items(&self) -> usize {
        serde_json::from_slice::<Vec<Value>>(&self.body).map_or(0, |items| items.len())
    }

    /// Sends it as the client did: the same headers, and chunked where it was chunked.
    async fn send(&self, api: &Api<Script>, script: &Script) -> reqwest::Response {
        if self.kind == "block" {
            script.set_blobs(self.recorded.blobs());
        }
        let body = match (self.kind, script.produced()) {
            ("blocks", Some(block)) => block.sign(rebuild::block_signature(self.recorded)).to_ssz().into(),
            _ => self.body.clone(),
        };
        let url = api.url(&format!("{}{}", self.path, self.recorded.query));
        let method = self.recorded.method.parse().expect("a method");
        let mut request = api.http.request(method, url);
        for (name, value) in &self.recorded.headers {
            if !["host", "content-length", "transfer-encoding"].contains(&name.as_str()) {
                request = request.header(name, value);
            }
        }
        if self.recorded.method == "POST" {
            request = match self.header("transfer-encoding") {
                "chunked" => request.body(reqwest::Body::wrap_stream(stream::iter(chunks(&body)))),
                _ => request.body(body),
            };
        }
        request.send().await.expect("an answer")
    }
}

impl Recorded {
    /// How many blobs came with the block that was answered: each has 131 072 bytes, and 128 proofs of 48.
    fn blobs(&self) -> usize {
        let size = self.answer.as_ref().and_then(|answer| answer["ssz_bytes"].as_u64()).unwrap_or(0);
        usize::try_from(size).expect("a size") / (131_072 + 128 * 48)
    }
}

fn chunks(body: &Bytes) -> Vec<Result<Bytes, std::io::Error>> {
    body.chunks(1000).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect()
}

#[allow(clippy::print_stderr, reason = "a test says what it did, and what it left out")]
fn say(what: &str) {
    eprintln!("{what}");
}
