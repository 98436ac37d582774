//! The conformance vectors of the distributed validator specifications.

use std::path::PathBuf;

use cluster::{Check, Definition, Enr, Error, Lock, NodeKey, NodePublicKey, WalletSignature};
use serde_json::Value;

/// A suite of `PHALANX_VECTORS/dvspec`, or of `shared/vectors` beside the repository.
fn suite(name: &str) -> Option<Value> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors");
    let vectors = std::env::var_os("PHALANX_VECTORS").map_or(beside, PathBuf::from);
    let Ok(text) = std::fs::read(vectors.join("dvspec").join(name)) else {
        report("skipped: vectors not found, set PHALANX_VECTORS");
        return None;
    };
    Some(serde_json::from_slice(&text).expect("vectors are JSON"))
}

#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
pub(crate) fn report(message: &str) {
    eprintln!("{message}");
}

fn cases<'a>(suite: &'a Value, key: &str) -> &'a [Value] {
    suite[key].as_array().expect("the suite has these cases")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().expect("the case has this text")
}

fn bytes<const N: usize>(value: &Value, key: &str) -> [u8; N] {
    let mut bytes = [0; N];
    const_hex::decode_to_slice(text(value, key), &mut bytes).expect("the case has these bytes");
    bytes
}

fn input(case: &Value) -> Vec<u8> {
    serde_json::to_vec(&case["input"]).expect("JSON can be written")
}

#[test]
fn definitions_hash_as_charon_says() {
    let Some(suite) = suite("cluster_hashing.json") else { return };
    for case in cases(&suite, "definition") {
        let name = text(case, "name");
        let definition = Definition::parse(&input(case)).expect(name);
        let config_hash = definition.compute_config_hash().expect(name);
        let definition_hash = definition.compute_definition_hash().expect(name);
        assert_eq!(config_hash.as_bytes(), &bytes(case, "config_hash"), "{name}");
        assert_eq!(definition_hash.as_bytes(), &bytes(case, "definition_hash"), "{name}");
        definition.check_hashes().expect(name);
    }
}

#[test]
fn locks_hash_as_charon_says() {
    let Some(suite) = suite("cluster_hashing.json") else { return };
    for case in cases(&suite, "lock") {
        let name = text(case, "name");
        let lock = Lock::parse(&input(case)).expect(name);
        assert_eq!(lock.compute_hash().expect(name).as_bytes(), &bytes(case, "lock_hash"), "{name}");
        lock.check(Check::Hashes).expect(name);
    }
}

#[test]
fn files_are_written_as_they_were_read() {
    let Some(suite) = suite("cluster_hashing.json") else { return };
    for case in cases(&suite, "lock") {
        let lock = Lock::parse(&input(case)).expect("vectors are read");
        let written: Value = serde_json::from_slice(&lock.to_json()).expect("JSON was written");
        assert_eq!(written, crate::files::without_nulls(&case["input"]), "{}", text(case, "name"));
    }
}

#[test]
fn the_lock_with_real_keys_passes_all_that_is_real_in_it() {
    let Some(suite) = suite("cluster_hashing.json") else { return };
    let case = cases(&suite, "lock").iter().find(|case| case["name"] == "real_keys_3_of_4");
    let case = case.expect("the suite has this case");
    let lock = Lock::parse(&input(case)).expect("the lock is read");
    for check in
        [Check::Hashes, Check::Threshold, Check::Shares, Check::SignatureAggregate, Check::NodeSignatures]
    {
        assert_eq!(lock.check(check), Ok(()), "{check:?}");
    }
    let operators = lock.operators().expect("the records are good");
    for (operator, key) in operators.iter().zip(cases(case, "node_pubkeys")) {
        assert_eq!(const_hex::encode(operator.public_key.to_bytes()), key.as_str().expect("a key"));
    }
    // Its wallets' signatures and its registration are placeholders, which the specification says.
    let placeholder = WalletSignature::OperatorConfig(0);
    assert_eq!(lock.verify(), Err(Error::WalletSignature { what: placeholder }));
    assert!(matches!(lock.check(Check::Registrations), Err(Error::Registration { validator: 0, .. })));
}

#[test]
fn a_corrupt_share_beyond_the_threshold_is_seen() {
    let Some(suite) = suite("cluster_hashing.json") else { return };
    let case = cases(&suite, "lock").iter().find(|case| case["name"] == "real_keys_3_of_4");
    let mut lock = Lock::parse(&input(case.expect("the suite has this case"))).expect("the lock is read");
    // Another validator's share would do; any point of the curve does, such as the group key's double.
    let foreign = bls::SecretKey::from_wide_be(&[3]).expect("three is a key").public_key();
    lock.validators[0].shares[3] = cluster::ShareKey(eth::PublicKeyBytes(foreign.to_bytes()));
    assert!(matches!(lock.check(Check::Shares), Err(Error::Sharing { validator: 0, .. })));
}

#[test]
fn signatures_are_reproduced_and_recovered() {
    let Some(suite) = suite("secp256k1_signatures.json") else { return };
    let key = NodeKey::from_text(text(&suite, "secret_hex")).expect("the vector's key");
    assert_eq!(key.public_key().to_bytes(), bytes(&suite, "pubkey_hex"));
    for case in cases(&suite, "cases") {
        let digest: [u8; 32] = bytes(&case["input"], "hash_hex");
        let expected: [u8; 65] = bytes(case, "signature_hex");
        assert_eq!(key.sign(&digest), expected);
        let recovered = NodePublicKey::recover(&digest, &expected).expect("the signature is somebody's");
        assert_eq!(recovered.to_bytes(), bytes(case, "recovered_pubkey_hex"));
        assert!(key.public_key().verify(&digest, &expected));
    }
}

#[test]
fn records_are_read_and_remade_to_the_byte() {
    let Some(suite) = suite("cluster_hashing.json") else { return };
    let secp256k1 = self::suite("secp256k1_signatures.json").expect("suites come together");
    let key = NodeKey::from_text(text(&secp256k1, "secret_hex")).expect("the vector's key");
    let case = cases(&suite, "lock").iter().find(|case| case["name"] == "real_keys_3_of_4");
    let operators = &case.expect("the suite has this case")["input"]["cluster_definition"]["operators"];
    let made_by_charon = text(&operators[0], "enr");
    assert_eq!(Enr::new(&key, None, None).as_str(), made_by_charon);
}
