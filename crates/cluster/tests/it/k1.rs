//! Nodes' keys and signatures.

use cluster::{Error, NodeKey, NodePublicKey};

fn key() -> NodeKey {
    NodeKey::from_bytes(&[0x42; 32]).expect("a key")
}

#[test]
fn keys_round_trip_through_their_file() {
    let text = key().to_text();
    assert_eq!(text.as_str(), "42".repeat(32));
    let read = NodeKey::from_text(&format!("{}\n", *text)).expect("a newline does no harm");
    assert_eq!(read.public_key(), key().public_key());
    assert_eq!(NodePublicKey::from_bytes(&key().public_key().to_bytes()), Ok(key().public_key()));
}

#[test]
fn bad_keys_are_refused() {
    let text = |text: &str| NodeKey::from_text(text).map(|key| key.public_key());
    assert_eq!(text(""), Err(Error::NodeKeyText));
    assert_eq!(text(&"4".repeat(63)), Err(Error::NodeKeyText));
    assert_eq!(text(&"42".repeat(33)), Err(Error::NodeKeyText));
    assert_eq!(text(&"x".repeat(64)), Err(Error::NodeKeyText));
    assert_eq!(text(&"0".repeat(64)), Err(Error::NodeKeyRange));
    assert_eq!(text(&"f".repeat(64)), Err(Error::NodeKeyRange));
    assert_eq!(NodePublicKey::from_bytes(&[2; 33]).map(|_| ()), Ok(()));
    assert_eq!(NodePublicKey::from_bytes(&[5; 33]), Err(Error::NodePublicKey));
}

#[test]
fn parity_may_be_counted_from_27() {
    for digest in 0..8 {
        let digest = [digest; 32];
        let mut signature = key().sign(&digest);
        assert!(signature[64] <= 1);
        signature[64] += 27;
        assert!(key().public_key().verify(&digest, &signature));
    }
}

#[test]
fn produced_signatures_have_a_low_s() {
    // Half the order of the curve, rounded down.
    let half =
        const_hex::decode("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0").expect("hex");
    for digest in 0..=255 {
        assert!(key().sign(&[digest; 32])[32..64] <= half[..]);
    }
}

#[test]
fn anything_else_than_the_signature_is_refused() {
    let (digest, other) = ([7; 32], [8; 32]);
    let signature = key().sign(&digest);
    let public_key = key().public_key();
    assert!(public_key.verify(&digest, &signature));
    assert!(!public_key.verify(&other, &signature));
    for byte in 0..65 {
        let mut changed = signature;
        changed[byte] ^= 1;
        assert!(!public_key.verify(&digest, &changed), "byte {byte}");
    }
    for length in [0, 1, 63, 64] {
        assert!(!public_key.verify(&digest, &signature[..length]), "{length} bytes");
    }
    assert!(!public_key.verify(&digest, &[signature.as_slice(), &[0]].concat()));
    for parity in [2, 3, 26, 29, 255] {
        let mut changed = signature;
        changed[64] = parity;
        assert!(NodePublicKey::recover(&digest, &changed).is_none(), "V = {parity}");
    }
    assert!(NodePublicKey::recover(&digest, &[0; 65]).is_none());
    assert!(NodePublicKey::recover(&digest, &[0xff; 65]).is_none());
}

#[test]
fn addresses_are_those_of_wallets() {
    // The first account of the widely known test mnemonic "test test … junk".
    let secret = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
    let key = NodeKey::from_text(secret).expect("a key");
    assert_eq!(key.public_key().address().to_string(), "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266");
}
