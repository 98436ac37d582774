//! Every version of the format: it is read as it was written, and its hashes never change.

use cluster::{
    Addresses, Creator, Definition, FormatVersion, GroupKey, Lock, OperatorEntry, ShareKey, Validator,
    ValidatorAddresses,
};
use eth::{
    Address, DepositData, Hash32, PublicKeyBytes, Root, SignatureBytes, SignedValidatorRegistration,
    ValidatorRegistration, Version,
};

/// A lock of that version about one validator, with every field filled that some version has. Keys are no points and
/// signatures nobody's: only hashes matter.
fn lock_of(version: FormatVersion) -> Lock {
    let definition = definition_of(version).with_hashes().expect("it hashes");
    let unhashed = Lock {
        definition,
        validators: vec![validator()],
        signature_aggregate: vec![0x71; 96],
        lock_hash: Root::ZERO,
        node_signatures: vec![vec![0x72; 65]; 3],
    };
    unhashed.with_hash().expect("it hashes")
}

fn definition_of(version: FormatVersion) -> Definition {
    let pair = ValidatorAddresses {
        fee_recipient: Address([0xfe; 20]).into(),
        withdrawal: Address([0xad; 20]).into(),
    };
    let addresses =
        if version < FormatVersion::V1_5 { Addresses::Shared(pair) } else { Addresses::Each(vec![pair]) };
    Definition {
        name: "every version".to_owned(),
        creator: Creator { address: Address([0xc0; 20]).into(), config_signature: vec![0xc1; 65] },
        operators: (1..=3).map(operator).collect(),
        uuid: "0194FDC2-FA2F-4CC0-81D3-FF12045B73C8".to_owned(),
        version,
        timestamp: "2026-11-21T07:46:00Z".to_owned(),
        validator_count: 1,
        threshold: 2,
        addresses,
        dkg_algorithm: "default".to_owned(),
        fork_version: Version([0x10, 0, 0x09, 0x10]),
        deposit_amounts: vec![1_000_000_000, 31_000_000_000],
        consensus_protocol: "qbft".to_owned(),
        target_gas_limit: 60_000_000,
        compounding: true,
        config_hash: Root::ZERO,
        definition_hash: Root::ZERO,
    }
}

fn operator(number: u8) -> OperatorEntry {
    OperatorEntry {
        address: Address([number; 20]).into(),
        enr: format!("enr:-number-{number}"),
        config_signature: vec![0x10 + number; 65],
        enr_signature: vec![0x20 + number; 65],
    }
}

fn validator() -> Validator {
    let key = PublicKeyBytes([0x31; 48]);
    let deposit = |amount| DepositData {
        pubkey: key,
        withdrawal_credentials: Hash32([0x32; 32]),
        amount,
        signature: SignatureBytes([0x33; 96]),
    };
    let message = ValidatorRegistration {
        fee_recipient: Address([0xfe; 20]),
        gas_limit: 60_000_000,
        timestamp: 1_742_213_400,
        pubkey: key,
    };
    Validator {
        group_key: GroupKey(key),
        shares: (1..=3).map(|number| ShareKey(PublicKeyBytes([0x40 + number; 48]))).collect(),
        fee_recipient: Some(Address([0xfe; 20])),
        withdrawal: Some(Address([0xad; 20])),
        deposits: vec![deposit(1_000_000_000), deposit(31_000_000_000)],
        builder_registration: Some(SignedValidatorRegistration {
            message,
            signature: SignatureBytes([0x34; 96]),
        }),
    }
}

/// What of the lock its version's file can hold.
fn as_written(mut lock: Lock) -> Lock {
    let version = lock.definition.version;
    let definition = &mut lock.definition;
    if version < FormatVersion::V1_4 {
        definition.creator = Creator::default();
    }
    if version < FormatVersion::V1_8 {
        definition.deposit_amounts.clear();
        lock.validators[0].deposits.truncate(usize::from(version >= FormatVersion::V1_6));
    }
    if version < FormatVersion::V1_9 {
        definition.consensus_protocol.clear();
    }
    if version < FormatVersion::V1_10 {
        definition.target_gas_limit = 0;
        definition.compounding = false;
    }
    if version < FormatVersion::V1_7 {
        lock.node_signatures.clear();
        lock.validators[0].builder_registration = None;
    }
    lock
}

#[test]
fn every_version_is_read_as_it_was_written() {
    for version in FormatVersion::ALL {
        let lock = lock_of(version);
        let read = Lock::parse(&lock.to_json()).expect("what was written is read");
        assert_eq!(read, as_written(lock), "{version}");
        read.check_hashes().expect("the hashes cover no more than the file holds");
    }
}

#[test]
fn fields_of_later_versions_are_not_believed() {
    let newest = String::from_utf8(lock_of(FormatVersion::V1_10).to_json()).expect("JSON is UTF-8");
    let claimed = newest.replace("v1.10.0", "v1.7.0");
    let lock = Lock::parse(claimed.as_bytes()).expect("the file is read");
    assert!(!lock.definition.compounding);
    assert_eq!(lock.definition.target_gas_limit, 0);
    assert!(lock.definition.deposit_amounts.is_empty() && lock.validators[0].deposits.is_empty());
}

/// First 8 bytes of config, definition and lock hash. The walks of all versions were checked against files made by
/// Charon; this pins them.
#[test]
fn hashes_of_every_version_are_frozen() {
    let hashes_of = |version| {
        let lock = lock_of(version);
        let hashes = [lock.definition.config_hash, lock.definition.definition_hash, lock.lock_hash];
        hashes.map(|hash| const_hex::encode(&hash.as_bytes()[..8]))
    };
    assert_eq!(FormatVersion::ALL.map(hashes_of), FROZEN);
}

const FROZEN: [[&str; 3]; 12] = [
    ["be433175cff79f4c", "f4b70b0063f1a41a", "944ae0c94edd2c8d"],
    ["df848611509e8756", "53d886513eaa7c79", "213c02db13c4400b"],
    ["a463e3678de47385", "117dcd0583d54a31", "e7ead298ef3ea697"],
    ["4218521f2d4904c0", "94976c991450b2c9", "f6c5dffe75ce9836"],
    ["4a8448ed9333a7db", "2c88033b5f261c9a", "fa719a6651372e9a"],
    ["4f24cb67fac7b2fd", "b892bfb73bc26567", "8af91a307a26accf"],
    ["412060cd68c8b384", "d381c500ce11ae1c", "414f61a6085e5d8f"],
    ["3d5fb946f21e64be", "00f1d0eb9a363890", "3b4c20c260679a73"],
    ["8b074f36b28f6a35", "cf2aa1a297fae71a", "14d482a8ab408b08"],
    ["e91ba0ebb82b939c", "5b6706a61eff4f58", "f7d2ecae32d1235b"],
    ["4dd49ac041506916", "380f1f0d4d091f2e", "e67149b6a7701f31"],
    ["607d8c694d568ee9", "0f3ec00cdedc81ca", "f0d4fc7c41443c08"],
];
