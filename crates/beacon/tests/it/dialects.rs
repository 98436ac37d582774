//! The ways of Lighthouse 8.1.0 and Vero 1.4.1, which differ from Lodestar's, as scripted clients.

use std::collections::BTreeMap;

use beacon::server::ServerConfig;
use eth::containers::minimal;
use eth::{Fork, Preset, Proposal, PublicKeyBytes, SingleAttestation, SyncCommitteeMessage, ValidatorIndex};
use futures::future::join_all;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::backend::Api;
use crate::samples::COMBINED;
use crate::script::{HEAD, Script, signature};

const VALIDATORS: &str = "/eth/v1/beacon/states/head/validators";

/// Validators 12 to 15.
fn script() -> Script {
    Script::of((12..16).map(|index| (ValidatorIndex(index), PublicKeyBytes([index as u8; 48]))))
}

/// Lighthouse: no user agent, bodies with their length, `*/*` or JSON accepted.
struct Lighthouse {
    api: Api<Script>,
}

impl Lighthouse {
    async fn get(&self, path: &str) -> Value {
        let request = self.api.http.get(self.api.url(path)).header("accept", "*/*");
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.expect("JSON")
    }

    async fn post(&self, path: &str, body: Value) -> reqwest::Response {
        let request = self.api.http.post(self.api.url(path)).header("content-type", "application/json");
        let response =
            request.header("accept", "*/*").body(body.to_string()).send().await.expect("an answer");
        assert_eq!(response.status(), 200, "{path}");
        response
    }

    async fn ask(&self, path: &str, body: Value) -> Value {
        self.post(path, body).await.json().await.expect("JSON")
    }

    /// One question per key.
    async fn find(&self, key: PublicKeyBytes) -> Value {
        let answer = self.get(&format!("{VALIDATORS}/{key}")).await;
        assert_eq!(answer["data"]["validator"]["pubkey"], json!(key));
        answer["data"]["index"].clone()
    }

    /// What it asks about three times a slot, and once.
    async fn poll(&self) {
        for _ in 0..3 {
            assert_eq!(self.get("/eth/v1/node/syncing").await["data"]["is_syncing"], false);
            assert_eq!(self.get("/eth/v1/config/spec").await["data"]["PRESET_BASE"], "minimal");
        }
        assert!(self.get("/eth/v1/node/version").await["data"]["version"].is_string());
        assert_eq!(self.get("/eth/v1/beacon/blocks/head/root").await["data"]["root"], json!(HEAD));
    }

    /// One question with one entry.
    async fn selection(&self, validator: ValidatorIndex, slot: u64, subcommittee: u64) {
        let entry = |proof| {
            json!({ "validator_index": validator, "slot": slot.to_string(),
                    "subcommittee_index": subcommittee.to_string(), "selection_proof": proof })
        };
        let path = "/eth/v1/validator/sync_committee_selections";
        let answer = self.ask(path, json!([entry(signature(1))])).await;
        assert_eq!(answer["data"], json!([entry(COMBINED)]));
    }

    /// SSZ or nothing.
    async fn block(&self, slot: u64) -> Proposal {
        let path = format!("/eth/v3/validator/blocks/{slot}?randao_reveal={}", signature(2));
        let request = self.api.http.get(self.api.url(&path)).header("accept", "application/octet-stream");
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        for (name, value) in [
            ("content-type", "application/octet-stream"),
            ("eth-consensus-version", "fulu"),
            ("eth-execution-payload-blinded", "false"),
        ] {
            assert_eq!(response.headers()[name], value);
        }
        let ssz = response.bytes().await.expect("a body");
        Proposal::from_ssz(Preset::Minimal, Fork::Fulu, false, &ssz).expect("a block")
    }

    async fn publish(&self, block: Proposal) {
        let ssz = block.sign(signature(3)).to_ssz();
        let request = self.api.http.post(self.api.url("/eth/v2/beacon/blocks"));
        let request = request.header("content-type", "application/octet-stream").body(ssz);
        let response = request.header("eth-consensus-version", "fulu").send().await.expect("an answer");
        assert_eq!(response.status(), 200);
    }
}

#[tokio::test]
async fn lighthouse_asks_for_one_key_and_for_one_selection_at_a_time_and_polls() {
    const SLOTS: u64 = 5;
    // The six selections of a slot are under way at once, and each is answered only when all are there.
    let script = script().answering_selections_in(6);
    let (node, api) = script.start(ServerConfig::default()).await;
    let lighthouse = Lighthouse { api };
    let keys: Vec<PublicKeyBytes> = script.validators.iter().map(|one| one.share).collect();
    let indices = join_all(keys.iter().map(|key| lighthouse.find(*key))).await;
    assert_eq!(indices, ["12", "13", "14", "15"]);
    for slot in 1..=SLOTS {
        lighthouse.poll().await;
        for epoch in [0, 1] {
            let path = format!("/eth/v1/validator/duties/attester/{epoch}");
            assert_eq!(lighthouse.ask(&path, json!(indices)).await["data"][0]["pubkey"], json!(keys[0]));
        }
        let preparations = json!([{ "validator_index": "12", "fee_recipient": eth::Address::default() }]);
        lighthouse.post("/eth/v1/validator/prepare_beacon_proposer", preparations).await;
        lighthouse.post("/eth/v1/validator/register_validator", json!([])).await;
        let places = [(12, 0), (12, 1), (13, 2), (14, 2), (15, 0), (15, 3)];
        let asked = places.map(|(index, place)| lighthouse.selection(ValidatorIndex(index), slot, place));
        tokio::time::timeout(std::time::Duration::from_secs(20), join_all(asked))
            .await
            .expect("no question waits for another's answer");
        lighthouse.publish(lighthouse.block(slot).await).await;
    }
    assert_eq!(script.taken("sync selections"), 6 * SLOTS as usize);
    assert_eq!(script.taken("blocks"), SLOTS as usize);
    let mut asked: BTreeMap<String, usize> = BTreeMap::new();
    for line in node.asked() {
        *asked.entry(line).or_default() += 1;
    }
    assert_eq!(asked["GET /eth/v1/config/spec"], 1, "thirty polls cost one question: {asked:?}");
    assert!(asked["GET /eth/v1/node/syncing"] <= 3 * SLOTS as usize);
    assert!(!asked.keys().any(|line| line.contains("register") || line.contains("prepare")), "{asked:?}");
}

/// Vero: one connection, kept for long; a content type also where there is no content.
struct Vero {
    stream: BufReader<TcpStream>,
}

impl Vero {
    async fn connect(api: &Api<Script>) -> Vero {
        Vero { stream: BufReader::new(TcpStream::connect(api.address).await.expect("it listens")) }
    }

    async fn get(&mut self, path: &str) -> Value {
        self.exchange("GET", path, None, "").await
    }

    async fn post(&mut self, path: &str, body: Value) -> Value {
        self.exchange("POST", path, Some(body.to_string()), "").await
    }

    /// A body in chunks, as Lodestar sends it.
    async fn post_in_chunks(&mut self, path: &str, body: Value) -> Value {
        let text = body.to_string();
        let (begin, rest) = text.split_at(text.len() / 2);
        let chunk = |part: &str| format!("{:x}\r\n{part}\r\n", part.len());
        let body = format!("{}{}0\r\n\r\n", chunk(begin), chunk(rest));
        self.exchange("POST", path, Some(body), "transfer-encoding: chunked\r\n").await
    }

    /// A request and its answer, which is JSON or nothing.
    async fn exchange(&mut self, method: &str, path: &str, body: Option<String>, more: &str) -> Value {
        let length = match &body {
            Some(body) if more.is_empty() => format!("content-length: {}\r\n", body.len()),
            _ => more.to_owned(),
        };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: node\r\naccept: application/json\r\ncontent-type: application/json\r\n\
             eth-consensus-version: fulu\r\nuser-agent: io.serenita.vero/v1.4.1\r\naccept-encoding: gzip, deflate\r\n\
             {length}\r\n"
        );
        let request = head + body.as_deref().unwrap_or_default();
        self.stream.write_all(request.as_bytes()).await.expect("the connection is open");
        self.answer(path).await
    }

    async fn answer(&mut self, path: &str) -> Value {
        let (mut line, mut length) = (String::new(), 0);
        self.stream.read_line(&mut line).await.expect("a status line");
        assert_eq!(line, "HTTP/1.1 200 OK\r\n", "{path}");
        loop {
            line.clear();
            self.stream.read_line(&mut line).await.expect("a header");
            let Some((name, value)) = line.trim().split_once(": ") else { break };
            match name {
                "content-length" => length = value.parse().expect("a length"),
                "connection" => {
                    assert_ne!(value, "close", "a client that reuses its connection loses a duty")
                }
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.expect("a body");
        if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).expect("JSON") }
    }
}

#[tokio::test]
async fn vero_does_all_its_duties_on_one_connection() {
    let script = script();
    let (_node, api) = script.start(ServerConfig::default()).await;
    let mut vero = Vero::connect(&api).await;
    let keys: Vec<PublicKeyBytes> = script.validators.iter().map(|one| one.share).collect();
    let indices = json!(["12", "13", "14", "15"]);
    vero.get("/eth/v1/beacon/genesis").await;
    vero.get("/eth/v1/config/spec").await;
    vero.get("/eth/v1/node/version").await;
    for statuses in [json!(["active_ongoing", "pending_queued"]), json!(["active_slashed"])] {
        let found = vero.post(VALIDATORS, json!({ "ids": keys, "statuses": statuses })).await;
        assert_eq!(found["data"].as_array().map(Vec::len), Some(4));
    }
    let duties = vero.post("/eth/v1/validator/duties/attester/0", indices.clone()).await;
    assert_eq!(duties["data"][3]["pubkey"], json!(keys[3]));
    vero.post("/eth/v1/validator/duties/sync/0", indices).await;
    for slot in 1..4 {
        vero.get("/eth/v1/validator/duties/proposer/0").await;
        // It asks again until it has seen the data confirmed.
        let path = format!("/eth/v1/validator/attestation_data?slot={slot}&committee_index=0");
        let first = vero.get(&path).await;
        assert_eq!(vero.get(&path).await, first);
        let vote = |index| SingleAttestation { attester_index: ValidatorIndex(index), ..Default::default() };
        vero.post("/eth/v2/beacon/pool/attestations", json!([vote(12), vote(13)])).await;
        vero.post_in_chunks("/eth/v2/beacon/pool/attestations", json!([vote(14), vote(15)])).await;
        let message = SyncCommitteeMessage { validator_index: ValidatorIndex(12), ..Default::default() };
        vero.post_in_chunks("/eth/v1/beacon/pool/sync_committees", json!([message])).await;
    }
    assert_eq!((script.taken("attestations"), script.taken("sync committee messages")), (12, 3));
}

#[tokio::test]
async fn veros_four_kinds_of_events_are_one_stream() {
    let (node, api) = script().start(ServerConfig::default()).await;
    let path =
        "/eth/v1/events?topics=head&topics=chain_reorg&topics=attester_slashing&topics=proposer_slashing";
    let request = api.http.get(api.url(path)).header("accept", "text/event-stream");
    let mut response = request.header("content-type", "application/json").send().await.expect("an answer");
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let event = response.chunk().await.expect("no error").expect("an event");
    assert!(event.starts_with(b"event: head\ndata: {"), "{event:?}");
    let topics = "topics=head%2Cchain_reorg%2Cattester_slashing%2Cproposer_slashing";
    assert_eq!(node.asked(), [format!("GET /eth/v1/events?{topics}")]);
}

#[tokio::test]
async fn a_block_is_asked_for_in_ssz_first_and_signed_and_handed_in_with_its_length() {
    let script = script();
    script.set_blobs(2);
    let (_node, api) = script.start(ServerConfig::default()).await;
    let query = format!("randao_reveal={}&graffiti={}&builder_boost_factor=90", signature(2), HEAD);
    let request = api.http.get(api.url(&format!("/eth/v3/validator/blocks/9?{query}")));
    let request = request.header("accept", "application/octet-stream;q=1.0,application/json;q=0.9");
    let response = request.header("content-type", "application/json").send().await.expect("an answer");
    assert_eq!(response.headers()["content-type"], "application/octet-stream");
    let ssz = response.bytes().await.expect("a body");
    let contents: minimal::fulu::BlockContents = eth::Container::from_ssz(&ssz).expect("a block");
    assert_eq!(contents.blobs.len(), 2);
    let block = Proposal::new(Fork::Fulu, &contents).expect("a block");
    let lighthouse = Lighthouse { api };
    lighthouse.publish(block).await;
    assert_eq!(script.taken("blocks"), 1);
}
