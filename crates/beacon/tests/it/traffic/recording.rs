//! What was recorded: one JSON object a line; long bodies are cut.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

/// A recorded request, its body as far as it was kept, and what was answered.
#[derive(Debug, Deserialize)]
pub(super) struct Recorded {
    pub(super) method: String,
    pub(super) path: String,
    /// With its question mark, or empty.
    #[serde(default)]
    pub(super) query: String,
    #[serde(rename = "reqHeaders")]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(rename = "reqBody")]
    pub(super) body: Option<Kept>,
    #[serde(rename = "resBody")]
    pub(super) answer: Option<Value>,
}

/// A body as far as it was kept.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Kept {
    Text { len: usize, text: String },
    Ssz { ssz_bytes: usize, hex_prefix: String },
}

/// The kinds of requests we know: their name, method and path.
const KINDS: [(&str, &str, &str); 26] = [
    ("spec", "GET", "/eth/v1/config/spec"),
    ("genesis", "GET", "/eth/v1/beacon/genesis"),
    ("syncing", "GET", "/eth/v1/node/syncing"),
    ("version", "GET", "/eth/v1/node/version"),
    ("events", "GET", "/eth/v1/events"),
    ("head root", "GET", "/eth/v1/beacon/blocks/head/root"),
    ("validators", "POST", "/eth/v1/beacon/states/head/validators"),
    ("validator", "GET", "/eth/v1/beacon/states/head/validators/{}"),
    ("attester duties", "POST", "/eth/v1/validator/duties/attester/{}"),
    ("proposer duties", "GET", "/eth/v1/validator/duties/proposer/{}"),
    ("sync duties", "POST", "/eth/v1/validator/duties/sync/{}"),
    ("subscriptions", "POST", "/eth/v1/validator/beacon_committee_subscriptions"),
    ("sync subscriptions", "POST", "/eth/v1/validator/sync_committee_subscriptions"),
    ("preparations", "POST", "/eth/v1/validator/prepare_beacon_proposer"),
    ("registrations", "POST", "/eth/v1/validator/register_validator"),
    ("selections", "POST", "/eth/v1/validator/beacon_committee_selections"),
    ("sync selections", "POST", "/eth/v1/validator/sync_committee_selections"),
    ("attestation data", "GET", "/eth/v1/validator/attestation_data"),
    ("attestations", "POST", "/eth/v2/beacon/pool/attestations"),
    ("aggregate", "GET", "/eth/v2/validator/aggregate_attestation"),
    ("aggregates", "POST", "/eth/v2/validator/aggregate_and_proofs"),
    ("sync committee messages", "POST", "/eth/v1/beacon/pool/sync_committees"),
    ("contribution", "GET", "/eth/v1/validator/sync_committee_contribution"),
    ("contributions", "POST", "/eth/v1/validator/contribution_and_proofs"),
    ("block", "GET", "/eth/v3/validator/blocks/{}"),
    ("blocks", "POST", "/eth/v2/beacon/blocks"),
];

impl Recorded {
    /// What kind of request it is; a kind nobody knows is an error of the test.
    pub(super) fn kind(&self) -> &'static str {
        let known = KINDS.iter().find(|(_, method, pattern)| {
            let same = |(want, is): (&str, &str)| want == "{}" && !is.is_empty() || want == is;
            let length = self.path.split('/').count() == pattern.split('/').count();
            self.method == *method && length && pattern.split('/').zip(self.path.split('/')).all(same)
        });
        known.unwrap_or_else(|| panic!("{} {}: no such kind is known", self.method, self.path)).0
    }
}

/// The requests of a recording in their order; `None` when the recordings are not there.
pub(super) fn recorded(name: &str) -> Option<Vec<Recorded>> {
    let text = std::fs::read_to_string(folder()?.join(format!("{name}.jsonl"))).expect("it can be read");
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a JSON object a line"));
    // Lines without a method are events.
    let requests = lines.filter(|line| line.get("method").is_some());
    Some(requests.map(|line| serde_json::from_value(line).expect("a recorded request")).collect())
}

/// Beside the vectors.
fn folder() -> Option<PathBuf> {
    let beside_the_repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors");
    let vectors = std::env::var_os("PHALANX_VECTORS").map_or(beside_the_repository, PathBuf::from);
    let folder = vectors.join("../facts/traffic");
    folder.is_dir().then_some(folder)
}
