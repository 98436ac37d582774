//! Files that operators bring from elsewhere: keystores and slashing histories.

use eth::{PublicKeyBytes, Root};
use signer::{Keystore, Protection};
use slashing::{
    Interchange, Ledger, MemoryStore, SignedAttestation, SignedBlock, Strategy, ValidatorHistory,
};

use crate::chain::group_key;

const NETWORK: Root = Root([7; 32]);
const PASSWORD: &str = "correct horse";

/// A keystore, and an attempt to open it when that is cheap.
pub(crate) fn keystore(bytes: &[u8]) {
    let Ok(keystore) = Keystore::from_json(bytes) else { return };
    let text = keystore.to_json();
    let again = Keystore::from_json(text.as_bytes()).expect("what was read is written and read again");
    assert_eq!(again.to_json(), text);
    assert_eq!(again.public_key(), keystore.public_key());
    if bytes.len() < 2_000 && keystore.memory_bytes() < 1 << 20 && is_quick(&text) {
        let _ = keystore.decrypt(PASSWORD);
    }
}

/// Whether the key derivation takes few rounds.
fn is_quick(text: &str) -> bool {
    let json: serde_json::Value = serde_json::from_str(text).expect("what we write is JSON");
    let parameters = json["crypto"]["kdf"]["params"].as_object().into_iter().flatten();
    let work = parameters.filter_map(|(_, value)| value.as_u64()).fold(1, u64::saturating_mul);
    work <= 1 << 22
}

pub(crate) fn keystore_seeds() -> Vec<Vec<u8>> {
    let secret = bls::SecretKey::from_wide_be(&[7]).expect("a small number is a key");
    let keystore = Keystore::encrypt(&secret, PASSWORD, Protection::Insecure).expect("there is randomness");
    vec![keystore.to_json().into_bytes()]
}

/// An interchange file, imported into ledgers.
pub(crate) fn interchange(bytes: &[u8]) {
    let Ok(file) = Interchange::parse(bytes) else { return };
    let again =
        Interchange::parse(file.to_json().as_bytes()).expect("what was read is written and read again");
    assert_eq!(again, file);
    for strategy in [Strategy::Minimal, Strategy::Complete] {
        let mut ledger = Ledger::open(MemoryStore::new(NETWORK)).expect("a fresh store loads");
        ledger.register([group_key(1)]).expect("a memory store commits");
        if ledger.import(&file, strategy).is_ok() {
            let exported = ledger.export();
            let store = ledger.into_store().crash(false);
            let reopened = Ledger::open(store).expect("what was committed is read again");
            assert_eq!(reopened.export(), exported);
        }
    }
}

pub(crate) fn interchange_seeds() -> Vec<Vec<u8>> {
    let history = ValidatorHistory {
        pubkey: PublicKeyBytes([1; 48]),
        signed_blocks: vec![SignedBlock { slot: eth::Slot(81_952), signing_root: Some(Root([4; 32])) }],
        signed_attestations: vec![
            SignedAttestation {
                source_epoch: eth::Epoch(2_290),
                target_epoch: eth::Epoch(3_007),
                signing_root: None,
            },
            SignedAttestation {
                source_epoch: eth::Epoch(3_007),
                target_epoch: eth::Epoch(3_008),
                signing_root: None,
            },
        ],
    };
    vec![Interchange::new(NETWORK, vec![history]).to_json().into_bytes()]
}
