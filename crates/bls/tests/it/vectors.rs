//! `bls_threshold.json` of the distributed validator specifications.

use std::path::PathBuf;

use bls::{
    GroupPublicKey, PartialSignature, SecretKey, ShareIndex, SharePublicKey, Signature, aggregate,
    check_sharing, combine, fast_aggregate_verify, interpolate_public, recover,
};
use serde::Deserialize;

use crate::cluster::share;

#[derive(Deserialize)]
struct Suite {
    message_hex: String,
    group_secret_hex: String,
    group_pubkey_hex: String,
    group_signature_hex: String,
    keys: Vec<KeyCase>,
    partials: Vec<PartialCase>,
    threshold_aggregates: Vec<AggregateCase>,
    recovery: Vec<RecoveryCase>,
    plain_aggregate: Vec<AggregateCase>,
}

#[derive(Deserialize)]
struct KeyCase {
    input: Secret,
    pubkey_hex: String,
}

#[derive(Deserialize)]
struct Secret {
    secret_hex: String,
}

#[derive(Deserialize)]
struct PartialCase {
    input: Share,
    pubshare_hex: String,
    signature_hex: String,
}

#[derive(Deserialize)]
struct Share {
    share_idx: u8,
    secret_hex: String,
}

#[derive(Deserialize)]
struct AggregateCase {
    input: Shares,
    signature_hex: String,
}

#[derive(Deserialize)]
struct RecoveryCase {
    input: Shares,
    pubkey_hex: String,
}

#[derive(Deserialize)]
struct Shares {
    share_indices: Vec<u8>,
}

/// The suite, or nothing where the vectors are not there; then the test says so.
fn suite() -> Option<Suite> {
    let directory = std::env::var_os("PHALANX_VECTORS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"),
        PathBuf::from,
    );
    let Ok(json) = std::fs::read(directory.join("dvspec/bls_threshold.json")) else {
        #[expect(clippy::print_stderr, reason = "a skipped test must say so")]
        {
            eprintln!("skipped: vectors not found, set PHALANX_VECTORS");
        }
        return None;
    };
    Some(serde_json::from_slice(&json).expect("the suite has this form"))
}

fn bytes<const N: usize>(hex: &str) -> [u8; N] {
    const_hex::decode_to_array(hex).expect("hex of that length")
}

impl Suite {
    fn message(&self) -> Vec<u8> {
        const_hex::decode(&self.message_hex).expect("hex")
    }

    fn group(&self) -> GroupPublicKey {
        GroupPublicKey::from_bytes(&bytes(&self.group_pubkey_hex)).expect("a key")
    }

    fn share_keys(&self) -> Vec<SharePublicKey> {
        let decode =
            |case: &PartialCase| SharePublicKey::from_bytes(&bytes(&case.pubshare_hex)).expect("a key");
        self.partials.iter().map(decode).collect()
    }

    fn secrets(&self, shares: &[u8]) -> Vec<(ShareIndex, SecretKey)> {
        let secret = |number: &u8| {
            let case = self.partials.iter().find(|case| case.input.share_idx == *number).expect("a share");
            (share(*number), SecretKey::from_bytes(&bytes(&case.input.secret_hex)).expect("a secret"))
        };
        shares.iter().map(secret).collect()
    }

    fn partial(&self, number: u8) -> PartialSignature {
        let case = self.partials.iter().find(|case| case.input.share_idx == number).expect("a share");
        PartialSignature::from_bytes(share(number), &bytes(&case.signature_hex)).expect("a signature")
    }
}

#[test]
fn public_keys_match() {
    let Some(suite) = suite() else { return };
    assert!(!suite.keys.is_empty());
    for case in &suite.keys {
        let secret = SecretKey::from_bytes(&bytes(&case.input.secret_hex)).expect("a secret");
        assert_eq!(secret.public_key().to_bytes(), bytes(&case.pubkey_hex));
        assert_eq!(*secret.to_bytes(), bytes(&case.input.secret_hex));
    }
}

#[test]
fn partial_signatures_match() {
    let Some(suite) = suite() else { return };
    assert!(!suite.partials.is_empty());
    for case in &suite.partials {
        let secret = SecretKey::from_bytes(&bytes(&case.input.secret_hex)).expect("a secret");
        assert_eq!(secret.public_key().to_bytes(), bytes(&case.pubshare_hex));
        assert_eq!(secret.sign(&suite.message()).to_bytes(), bytes(&case.signature_hex));
        let key = SharePublicKey(secret.public_key());
        assert!(suite.partial(case.input.share_idx).verify(&suite.message(), &key));
    }
}

#[test]
fn threshold_aggregates_match() {
    let Some(suite) = suite() else { return };
    assert!(!suite.threshold_aggregates.is_empty());
    for case in &suite.threshold_aggregates {
        let partials: Vec<_> = case.input.share_indices.iter().map(|number| suite.partial(*number)).collect();
        let outcome = combine(3, &suite.group(), &suite.share_keys(), &suite.message(), &partials);
        let signature = outcome.signature.expect("enough good partials");
        assert_eq!(signature.to_bytes(), bytes(&case.signature_hex));
        assert_eq!(signature.to_bytes(), bytes(&suite.group_signature_hex));
    }
}

#[test]
fn keys_are_recovered() {
    let Some(suite) = suite() else { return };
    assert!(!suite.recovery.is_empty());
    for case in &suite.recovery {
        let shares = suite.secrets(&case.input.share_indices);
        let secret = recover(&shares).expect("different shares");
        assert_eq!(*secret.to_bytes(), bytes(&suite.group_secret_hex));
        let public: Vec<_> = shares.iter().map(|(share, secret)| (*share, secret.public_key())).collect();
        let key = interpolate_public(&public, 3).expect("enough shares");
        assert_eq!(key.to_bytes(), bytes(&case.pubkey_hex));
    }
    assert_eq!(check_sharing(&suite.group(), &suite.share_keys(), 3), Ok(()));
}

#[test]
fn plain_aggregates_match_and_are_no_group_signatures() {
    let Some(suite) = suite() else { return };
    assert!(!suite.plain_aggregate.is_empty());
    for case in &suite.plain_aggregate {
        let secrets = suite.secrets(&case.input.share_indices);
        let signatures: Vec<Signature> = secrets.iter().map(|(_, key)| key.sign(&suite.message())).collect();
        let keys: Vec<_> = secrets.iter().map(|(_, key)| key.public_key()).collect();
        let sum = aggregate(&signatures).expect("some signatures");
        assert_eq!(sum.to_bytes(), bytes(&case.signature_hex));
        assert!(fast_aggregate_verify(&suite.message(), &keys, &sum));
        assert!(!fast_aggregate_verify(b"another message", &keys, &sum));
        assert!(!sum.verify(&suite.message(), &suite.group().0));
    }
}
