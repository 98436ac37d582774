//! `phalanx exit sign|broadcast|list`, with files carried from operator to operator.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use eth::{PublicKeyBytes, SignedVoluntaryExit};
use serde_json::Value;
use tempfile::TempDir;

use crate::beacon_node::{HOODI, nowhere, start_with};
use crate::program::{Said, create, json, keys, run};

/// A cluster of four with two validators, and a beacon node that knows them.
struct Scene {
    place: TempDir,
    cluster: PathBuf,
    beacon: String,
    exits: Arc<Mutex<Vec<Value>>>,
    validators: Vec<String>,
}

impl Scene {
    fn new() -> Scene {
        let (place, cluster) = create(&["--num-validators=2"]);
        let validators: Vec<String> =
            (0..2).map(|validator| keys(&cluster.join("node0"), validator).0).collect();
        let (beacon, exits) = start_with(HOODI, validators.clone());
        Scene { place, cluster, beacon, exits, validators }
    }

    fn lock(&self) -> String {
        format!("--lock-file={}", self.cluster.join("node0/cluster-lock.json").display())
    }

    fn beacon(&self) -> String {
        format!("--beacon-node-endpoints={}", self.beacon)
    }

    fn files(&self) -> PathBuf {
        self.place.path().join("exits")
    }

    /// An operator signs into the common directory.
    fn sign(&self, node: usize, more: &[&str]) -> Said {
        let keystores = self.cluster.join(format!("node{node}/validator_keys"));
        let keystores = format!("--validator-keys-dir={}", keystores.display());
        let files = format!("--output-dir={}", self.files().display());
        let own = ["exit", "sign", &self.lock(), &self.beacon(), &keystores, &files].map(str::to_owned);
        run(own.into_iter().chain(more.iter().map(|argument| (*argument).to_owned())))
    }

    fn broadcast(&self, more: &[&str]) -> Said {
        let from = format!("--from-dir={}", self.files().display());
        let own = ["exit", "broadcast", &self.lock(), &self.beacon(), &from].map(str::to_owned);
        run(own.into_iter().chain(more.iter().map(|argument| (*argument).to_owned())))
    }

    fn given(&self) -> Vec<Value> {
        self.exits.lock().expect("the beacon node does not panic").clone()
    }

    fn file(&self, validator: usize, share: usize) -> PathBuf {
        self.files().join(format!("exit-{}-share{share}.json", self.validators[validator]))
    }
}

/// Whether the exit is signed by the validator's own key, in the domain of Capella.
fn is_good(scene: &Scene, exit: &Value, validator: usize) -> bool {
    let exit: SignedVoluntaryExit = serde_json::from_value(exit.clone()).expect("an exit");
    let key: PublicKeyBytes = scene.validators[validator].parse().expect("a key");
    // The mock's chain has the versions that the program was told.
    let domain = eth::compute_domain(
        eth::DomainType::VoluntaryExit,
        eth::Version([3, 0, 0, 0]),
        crate::beacon_node::GENESIS_VALIDATORS_ROOT,
    );
    let root = eth::signing_root(eth::Container::root(&exit.message), domain);
    let key = bls::PublicKey::from_bytes(&key.0).expect("a key");
    let signature = bls::Signature::from_bytes(exit.signature.as_bytes()).expect("a signature");
    signature.verify(root.as_bytes(), &key)
}

#[test]
fn three_of_four_operators_exit_a_validator_by_files() {
    let scene = Scene::new();
    for node in [0, 2, 3] {
        let said = scene.sign(node, &["--validator-index=1000", "--exit-epoch=1", "--yes"]).well();
        assert!(said.stderr.contains("An exit cannot be undone"), "{}", said.stderr);
        assert!(scene.file(0, node + 1).exists(), "{}", said.stdout);
    }
    let said = scene.broadcast(&["--dry-run"]).well();
    assert_eq!(said.stdout, "validator 1000: the exit is complete and good; nothing was published\n");
    assert_eq!(scene.given(), [] as [Value; 0]);
    let said = scene.broadcast(&[]).well();
    assert_eq!(said.stdout, "validator 1000: the exit is published\n");
    let [exit] = &scene.given()[..] else { panic!("one exit") };
    assert_eq!(
        (&exit["message"]["validator_index"], &exit["message"]["epoch"]),
        (&"1000".into(), &"1".into())
    );
    assert!(is_good(&scene, exit, 0), "{exit}");
}

#[test]
fn too_few_operators_are_told_how_many_are_missing() {
    let scene = Scene::new();
    scene.sign(0, &["--validator-index=1001", "--yes"]).well();
    scene.sign(1, &["--validator-index=1001", "--yes"]).well();
    scene.broadcast(&[]).refused(&[&scene.validators[1], "1 more operators must sign", "shares 1, 2 of 3"]);
    assert_eq!(scene.given(), [] as [Value; 0]);
}

#[test]
fn different_epochs_do_not_combine() {
    let scene = Scene::new();
    scene.sign(0, &["--validator-index=1000", "--exit-epoch=1", "--yes"]).well();
    scene.sign(1, &["--validator-index=1000", "--exit-epoch=2", "--yes"]).well();
    scene.broadcast(&[]).refused(&["different exits", "epoch 1 in", "epoch 2 in", "Agree on one epoch"]);
}

#[test]
fn a_wrong_signature_is_named_by_its_file() {
    let scene = Scene::new();
    for node in 0..3 {
        scene.sign(node, &["--validator-index=1000", "--exit-epoch=1", "--yes"]).well();
    }
    // The second operator's file with the third's signature.
    let mut wrong = json(&scene.file(0, 2));
    wrong["signed_exit"]["signature"] = json(&scene.file(0, 3))["signed_exit"]["signature"].clone();
    fs::write(scene.file(0, 2), wrong.to_string()).expect("written");
    scene.broadcast(&[]).refused(&["share2.json", "the signature is not by share 2"]);
    assert_eq!(scene.given(), [] as [Value; 0]);
}

#[test]
fn nothing_is_signed_unless_it_is_meant() {
    let scene = Scene::new();
    scene.sign(0, &["--validator-index=1000"]).refused(&["nobody is there to confirm it", "--yes"]);
    assert!(!scene.files().exists());
    let said = scene.sign(0, &[]);
    assert_eq!(said.code, Some(2), "which validator must be said: {}", said.stderr);
}

#[test]
fn wrong_wishes_are_refused_with_a_remedy() {
    let scene = Scene::new();
    scene.sign(0, &["--validator-index=7", "--yes"]).refused(&["none of the cluster's 2 validators fits"]);
    scene
        .sign(0, &["--validator-index=1000", "--exit-epoch=99999999", "--yes"])
        .refused(&["has not come", "the current one is"]);
    let foreign = create(&[]);
    let keystores = foreign.1.join("node0/validator_keys");
    let keystores = format!("--validator-keys-dir={}", keystores.display());
    let said = run(["exit", "sign", &scene.lock(), &scene.beacon(), &keystores, "--all", "--yes"]);
    said.refused(&["no share of this cluster", "--validator-keys-dir"]);
    let node = format!("--node={}", nowhere());
    let keystores = format!("--validator-keys-dir={}", scene.cluster.join("node0/validator_keys").display());
    let said = run(["exit", "sign", &scene.lock(), &scene.beacon(), &keystores, &node, "--all", "--yes"]);
    said.refused(&["did not take the exit", "--output-dir"]);
    let said = run(["exit", "broadcast", &scene.lock(), &scene.beacon(), "--from-dir=/nowhere"]);
    said.refused(&["cannot read /nowhere"]);
}

#[test]
fn the_list_shows_who_is_where_and_who_has_signed() {
    let scene = Scene::new();
    scene.sign(1, &["--all", "--exit-epoch=1", "--yes"]).well();
    scene.sign(3, &["--validator-index=1001", "--exit-epoch=1", "--yes"]).well();
    let from = format!("--from-dir={}", scene.files().display());
    let list = |more: &str| run(["exit", "list", &scene.lock(), &scene.beacon(), &from, more]).well().stdout;
    let [first, second] = &scene.validators[..] else { panic!("two validators") };
    assert_eq!(
        run(["exit", "list", &scene.lock(), &scene.beacon(), &from]).well().stdout,
        format!(
            "     index  status                signed by shares    validator\n\
             \x20     1000  active_ongoing        2 (1 of 3)          {first}\n\
             \x20     1001  active_ongoing        2,4 (2 of 3)        {second}\n"
        )
    );
    let rows: Value = serde_json::from_str(&list("--json")).expect("JSON");
    assert_eq!(rows[1]["partial_exits"][1]["share_index"], 4);
    assert_eq!(rows[0]["status"], "active_ongoing");
}

#[test]
fn a_file_that_is_no_partial_exit_is_named() {
    let scene = Scene::new();
    fs::create_dir_all(scene.files()).expect("a directory");
    let broken = scene.files().join("exit-0x00-share1.json");
    fs::write(&broken, "{}").expect("written");
    scene.broadcast(&[]).refused(&["exit-0x00-share1.json", "is no partial exit"]);
    fs::write(&broken, vec![b' '; 10_000]).expect("written");
    scene.broadcast(&[]).refused(&["it has 10000 bytes"]);
    assert!(Path::new(&broken).exists());
}
