//! The EIP-3076 interchange tests of the eth-clients collection, run under both import strategies.
//!
//! A step whose file holds slashable data may be refused whole; this ledger imports it instead (more restrictions are
//! always safe), so every check of every step counts.

use std::path::PathBuf;

use cluster::GroupKey;
use eth::{Epoch, PublicKeyBytes, Root, Slot};
use serde::Deserialize;
use slashing::{Interchange, Item, Ledger, MemoryStore, Signable, Strategy};

use crate::setting::sign;

#[derive(Deserialize)]
struct Vector {
    name: String,
    genesis_validators_root: Root,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    should_succeed: bool,
    contains_slashable_data: bool,
    interchange: serde_json::Value,
    blocks: Vec<BlockCheck>,
    attestations: Vec<VoteCheck>,
}

#[derive(Deserialize)]
struct BlockCheck {
    pubkey: PublicKeyBytes,
    slot: Slot,
    #[serde(default)]
    signing_root: Root,
    should_succeed: bool,
    should_succeed_complete: bool,
}

#[derive(Deserialize)]
struct VoteCheck {
    pubkey: PublicKeyBytes,
    source_epoch: Epoch,
    target_epoch: Epoch,
    #[serde(default)]
    signing_root: Root,
    should_succeed: bool,
    should_succeed_complete: bool,
}

#[test]
fn the_interchange_vectors_pass_with_minimal_import() {
    run_all(Strategy::Minimal);
}

#[test]
fn the_interchange_vectors_pass_with_complete_import() {
    run_all(Strategy::Complete);
}

fn run_all(strategy: Strategy) {
    let Some(vectors) = vectors() else { return };
    assert!(!vectors.is_empty(), "the vector directory holds no json file");
    let failures: Vec<_> = vectors.iter().flat_map(|vector| vector.failures(strategy)).collect();
    assert!(failures.is_empty(), "{strategy:?}:\n{}", failures.join("\n"));
}

#[allow(clippy::print_stderr)]
fn vectors() -> Option<Vec<Vector>> {
    let root = std::env::var_os("PHALANX_VECTORS")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"));
    let Ok(entries) = std::fs::read_dir(root.join("eip3076")) else {
        eprintln!("skipped: vectors not found, set PHALANX_VECTORS");
        return None;
    };
    let files = entries.map(|entry| entry.expect("a readable directory").path());
    let json = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    Some(
        json.map(|path| {
            let text = std::fs::read(&path).expect("a readable vector");
            serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        })
        .collect(),
    )
}

impl Vector {
    fn failures(&self, strategy: Strategy) -> Vec<String> {
        let mut ledger = Ledger::open(MemoryStore::new(self.genesis_validators_root)).expect("loads");
        let mut failures = vec![];
        for (number, step) in self.steps.iter().enumerate() {
            let failed = step.failures(&mut ledger, strategy);
            failures.extend(failed.iter().map(|what| format!("{} step {number}: {what}", self.name)));
            // Nothing but the disk may matter from one step to the next.
            ledger = Ledger::open(ledger.into_store()).expect("loads");
        }
        failures
    }
}

impl Step {
    fn failures(&self, ledger: &mut Ledger<MemoryStore>, strategy: Strategy) -> Vec<String> {
        let json = self.interchange.to_string();
        let interchange = Interchange::parse(json.as_bytes()).expect("every vector is well-formed");
        let keys: Vec<_> = interchange.data.iter().map(|validator| GroupKey(validator.pubkey)).collect();
        ledger.register(keys).expect("the store works");
        let mut failures = match ledger.import(&interchange, strategy) {
            Ok(imported) if self.should_succeed => self.unreported(!imported.conflicts.is_empty()),
            Ok(_) => vec!["imported, but should have been refused".to_owned()],
            Err(error) if self.should_succeed => vec![format!("refused: {error}")],
            Err(_) => vec![],
        };
        failures.extend(self.blocks.iter().filter_map(|check| check.failure(ledger, strategy)));
        failures.extend(self.attestations.iter().filter_map(|check| check.failure(ledger, strategy)));
        failures
    }

    /// Data without anything slashable must not be reported as if there were.
    fn unreported(&self, has_conflicts: bool) -> Vec<String> {
        match has_conflicts && !self.contains_slashable_data {
            true => vec!["conflicts reported in data that holds none".to_owned()],
            false => vec![],
        }
    }
}

impl BlockCheck {
    fn failure(&self, ledger: &mut Ledger<MemoryStore>, strategy: Strategy) -> Option<String> {
        let expected = by_strategy(strategy, self.should_succeed, self.should_succeed_complete);
        let what = Signable::Block { slot: self.slot };
        compare(ledger, Item { key: GroupKey(self.pubkey), what, signing_root: self.signing_root }, expected)
    }
}

impl VoteCheck {
    fn failure(&self, ledger: &mut Ledger<MemoryStore>, strategy: Strategy) -> Option<String> {
        let expected = by_strategy(strategy, self.should_succeed, self.should_succeed_complete);
        let what = Signable::Attestation { source: self.source_epoch, target: self.target_epoch };
        compare(ledger, Item { key: GroupKey(self.pubkey), what, signing_root: self.signing_root }, expected)
    }
}

fn by_strategy(strategy: Strategy, minimal: bool, complete: bool) -> bool {
    match strategy {
        Strategy::Minimal => minimal,
        Strategy::Complete => complete,
    }
}

fn compare(ledger: &mut Ledger<MemoryStore>, item: Item, expected: bool) -> Option<String> {
    let verdict = sign(ledger, item);
    (verdict.is_ok() != expected).then(|| format!("{:?} should be {expected}, was {verdict:?}", item.what))
}
