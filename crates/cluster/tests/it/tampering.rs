//! No change of a lock goes unseen, and each is refused for the right reason.

use cluster::{
    Error, FormatVersion, GroupKey, Lock, NodeKey, RegistrationProblem, ShareKey, StoredHash, WalletSignature,
};
use eth::{Address, PublicKeyBytes};
use serde_json::{Value, json};

use crate::sample;

fn lock() -> Lock {
    sample::cluster(4, 2).lock
}

fn document() -> Value {
    serde_json::from_slice(&lock().to_json()).expect("JSON")
}

fn judge(document: &Value) -> Result<(), Error> {
    Lock::parse(&serde_json::to_vec(document).expect("JSON")).and_then(|lock| lock.verify().map(|_| ()))
}

/// Pointers to everything that is no container.
fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| leaves(value, &format!("{at}/{key}"), found))
        }
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, value)| leaves(value, &format!("{at}/{index}"), found));
        }
        _ => found.push(at.to_owned()),
    }
}

/// The smallest change: the last digit of a text, one more of a number.
fn changed(value: &Value) -> Value {
    match value {
        Value::String(text) if text.is_empty() => json!("00"),
        Value::String(text) => {
            let (rest, last) = text.split_at(text.len() - 1);
            json!(format!("{rest}{}", if last == "0" { "1" } else { "0" }))
        }
        Value::Number(number) => json!(number.as_u64().expect("unsigned") + 1),
        Value::Bool(value) => json!(!value),
        other => panic!("{other} is no leaf of a lock"),
    }
}

#[test]
fn an_untouched_lock_is_accepted() {
    assert_eq!(judge(&document()), Ok(()));
}

#[test]
fn no_single_change_is_accepted() {
    let document = document();
    let mut places = Vec::new();
    leaves(&document, "", &mut places);
    assert!(places.len() > 70, "{}", places.len());
    for place in places {
        let mut tampered = document.clone();
        let value = tampered.pointer_mut(&place).expect("the place exists");
        *value = changed(value);
        assert!(judge(&tampered).is_err(), "{place}");
    }
}

#[test]
fn no_entry_may_be_left_out_or_doubled() {
    let document = document();
    let lists = [
        "/cluster_definition/operators",
        "/cluster_definition/validators",
        "/distributed_validators",
        "/distributed_validators/0/public_shares",
        "/distributed_validators/1/partial_deposit_data",
        "/node_signatures",
    ];
    for place in lists {
        let list = document.pointer(place).and_then(Value::as_array).expect("the list exists");
        let shorter: Vec<_> = list[1..].to_vec();
        let longer: Vec<_> = list.iter().chain(&list[..1]).cloned().collect();
        let swapped: Vec<_> = list.iter().rev().cloned().collect();
        for other in [shorter, longer, swapped] {
            let mut tampered = document.clone();
            *tampered.pointer_mut(place).expect("the list exists") = other.clone().into();
            // The addresses of both validators are equal, so exchanging them changes nothing.
            let same = other == *list;
            assert_eq!(judge(&tampered).is_ok(), same, "{place}");
        }
    }
}

#[test]
fn changed_content_is_refused_by_the_hash_that_covers_it() {
    let document = document();
    let cases = [
        ("/cluster_definition/name", StoredHash::Config),
        ("/cluster_definition/uuid", StoredHash::Config),
        ("/cluster_definition/timestamp", StoredHash::Config),
        ("/cluster_definition/threshold", StoredHash::Config),
        ("/cluster_definition/dkg_algorithm", StoredHash::Config),
        ("/cluster_definition/fork_version", StoredHash::Config),
        ("/cluster_definition/consensus_protocol", StoredHash::Config),
        ("/cluster_definition/target_gas_limit", StoredHash::Config),
        ("/cluster_definition/compounding", StoredHash::Config),
        ("/cluster_definition/config_hash", StoredHash::Config),
        ("/cluster_definition/validators/1/withdrawal_address", StoredHash::Config),
        ("/cluster_definition/operators/3/enr", StoredHash::Definition),
        ("/cluster_definition/definition_hash", StoredHash::Definition),
        ("/distributed_validators/0/distributed_public_key", StoredHash::Lock),
        ("/distributed_validators/1/public_shares/3", StoredHash::Lock),
        ("/distributed_validators/1/partial_deposit_data/0/amount", StoredHash::Lock),
        ("/distributed_validators/1/partial_deposit_data/0/signature", StoredHash::Lock),
        ("/distributed_validators/1/builder_registration/message/gas_limit", StoredHash::Lock),
        ("/distributed_validators/1/builder_registration/message/timestamp", StoredHash::Lock),
        ("/distributed_validators/1/builder_registration/signature", StoredHash::Lock),
        ("/lock_hash", StoredHash::Lock),
    ];
    for (place, expected) in cases {
        let mut tampered = document.clone();
        let value = tampered.pointer_mut(place).expect("the place exists");
        *value = changed(value);
        match judge(&tampered) {
            Err(Error::HashMismatch { which, .. }) => assert_eq!(which, expected, "{place}"),
            other => panic!("{place}: {other:?}"),
        }
    }
}

/// What a forger who makes all hashes good again runs into.
#[test]
fn forged_hashes_do_not_help() {
    type Forge = fn(&mut Lock);
    type Expected = fn(&Error) -> bool;
    let cases: [(Forge, Expected); 20] = [
        (
            |it| it.definition.threshold = 2,
            |error| matches!(error, Error::Threshold { threshold: 2, nodes: 4, minimum: 3 }),
        ),
        (|it| it.definition.threshold = 5, |error| matches!(error, Error::Threshold { threshold: 5, .. })),
        (
            |it| it.definition.threshold = 4,
            |error| {
                // Four shares lie on a polynomial of degree 3 too, but nobody signed this lock.
                matches!(error, Error::SignatureAggregate { shares: 8 })
            },
        ),
        (|it| it.definition.operators.clear(), |error| matches!(error, Error::NoOperators)),
        (
            |it| it.definition.operators[1].config_signature = vec![1; 65],
            |error| {
                let what = WalletSignature::OperatorConfig(0);
                *error == Error::WalletSignature { what }
            },
        ),
        (
            |it| it.definition.creator.address = Address([1; 20]).into(),
            |error| *error == Error::WalletSignature { what: WalletSignature::Creator },
        ),
        (
            |it| it.validators[1].shares.truncate(3),
            |error| matches!(error, Error::ShareCount { validator: 1, found: 3, nodes: 4 }),
        ),
        (
            |it| it.validators[1].group_key = it.validators[0].group_key,
            |error| matches!(error, Error::DuplicateKey { validator: 1, .. }),
        ),
        (
            |it| it.validators[1].shares[2] = it.validators[0].shares[2],
            |error| matches!(error, Error::DuplicateKey { validator: 1, .. }),
        ),
        (
            |it| it.validators[0].shares[1] = ShareKey(it.validators[0].group_key.0),
            |error| matches!(error, Error::DuplicateKey { validator: 0, .. }),
        ),
        (
            |it| it.validators[0].shares.swap(0, 3),
            |error| matches!(error, Error::Sharing { validator: 0, .. }),
        ),
        (
            |it| {
                let (first, second) = it.validators.split_at_mut(1);
                std::mem::swap(&mut first[0].group_key, &mut second[0].group_key);
            },
            |error| matches!(error, Error::Sharing { validator: 0, .. }),
        ),
        (
            |it| it.validators[1].group_key = GroupKey(PublicKeyBytes([7; 48])),
            |error| matches!(error, Error::GroupKey { validator: 1, .. }),
        ),
        (
            |it| it.validators[1].shares[3] = ShareKey(PublicKeyBytes([0; 48])),
            |error| matches!(error, Error::ShareKey { validator: 1, share: 4, .. }),
        ),
        (|it| it.definition.name.push('!'), |error| matches!(error, Error::SignatureAggregate { shares: 8 })),
        (
            |it| it.signature_aggregate.clear(),
            |error| matches!(error, Error::SignatureAggregate { shares: 8 }),
        ),
        (
            |it| it.signature_aggregate[50] ^= 1,
            |error| matches!(error, Error::SignatureAggregate { shares: 8 }),
        ),
        (|it| it.node_signatures.swap(1, 2), |error| matches!(error, Error::NodeSignature { operator: 1 })),
        (
            |it| it.node_signatures.truncate(3),
            |error| matches!(error, Error::NodeSignatureCount { found: 3, nodes: 4 }),
        ),
        (|it| it.node_signatures[3][64] ^= 1, |error| matches!(error, Error::NodeSignature { operator: 3 })),
    ];
    let lock = lock();
    for (position, (forge, expected)) in cases.into_iter().enumerate() {
        let mut forged = lock.clone();
        forge(&mut forged);
        let refusal = rehashed(forged).verify().expect_err("a forged lock is refused");
        assert!(expected(&refusal), "case {position}: {refusal:?}");
    }
}

/// Even one who holds all shares and node keys cannot forge what validators and wallets signed.
#[test]
fn forged_registrations_and_records_do_not_help() {
    type Forge = fn(&mut Lock);
    let refused = |problem| Error::Registration { validator: 1, problem };
    let other_address: Forge = |it| {
        it.validators[1].builder_registration.as_mut().expect("there is one").message.fee_recipient =
            Address([9; 20]);
    };
    let cases: [(Forge, RegistrationProblem); 4] = [
        (other_address, RegistrationProblem::FeeRecipient),
        (
            |it| {
                let first = it.validators[0].builder_registration;
                it.validators[1].builder_registration = first;
            },
            RegistrationProblem::OtherValidator,
        ),
        (
            |it| it.validators[1].builder_registration.as_mut().expect("there is one").message.gas_limit += 1,
            RegistrationProblem::Signature,
        ),
        (
            |it| it.validators[1].builder_registration.as_mut().expect("there is one").signature.0[95] ^= 1,
            RegistrationProblem::Signature,
        ),
    ];
    let created = sample::cluster(4, 2);
    for (forge, problem) in cases {
        let mut forged = created.lock.clone();
        forge(&mut forged);
        assert_eq!(resigned(forged, &created.nodes).verify(), Err(refused(problem)));
    }
    let mut without = created.lock.clone();
    without.validators[1].builder_registration = None;
    assert_eq!(without.verify(), Err(refused(RegistrationProblem::Missing)));
}

#[test]
fn operators_with_bad_or_equal_records_are_refused() {
    let created = sample::cluster(4, 1);
    let mut twins = created.lock.clone();
    twins.definition.operators[2].enr = twins.definition.operators[0].enr.clone();
    assert_eq!(resigned(twins, &created.nodes).verify(), Err(Error::SameNode { first: 0, second: 2 }));
    let mut broken = created.lock.clone();
    broken.definition.operators[1].enr.pop();
    assert!(matches!(resigned(broken, &created.nodes).verify(), Err(Error::Enr { operator: 1, .. })));
    let mut other = created.lock.clone();
    let stranger = NodeKey::from_bytes(&[1; 32]).expect("a key");
    other.definition.operators[1].enr = cluster::Enr::new(&stranger, None, None).to_string();
    assert_eq!(resigned(other, &created.nodes).verify(), Err(Error::NodeSignature { operator: 1 }));
}

#[test]
fn another_version_of_the_same_content_is_refused() {
    let lock = lock();
    for version in FormatVersion::ALL.into_iter().filter(|version| *version != FormatVersion::V1_10) {
        let mut claimed = lock.clone();
        claimed.definition.version = version;
        assert!(matches!(claimed.verify(), Err(Error::HashMismatch { .. })), "{version}");
    }
}

/// Stores good hashes of changed content.
fn rehashed(mut lock: Lock) -> Lock {
    lock.definition = lock.definition.with_hashes().expect("it hashes");
    lock.with_hash().expect("it hashes")
}

/// Signs changed content with all shares and all node keys.
fn resigned(lock: Lock, nodes: &[cluster::NewNode]) -> Lock {
    let mut lock = rehashed(lock);
    let hash = lock.lock_hash.as_bytes();
    let shares: Vec<_> = nodes.iter().flat_map(|node| &node.shares).map(|share| share.sign(hash)).collect();
    lock.signature_aggregate = bls::aggregate(&shares).expect("there are shares").to_bytes().to_vec();
    lock.node_signatures = nodes.iter().map(|node| node.key.sign(hash).to_vec()).collect();
    lock
}
