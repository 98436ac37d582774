//! Signatures of operators' and creators' wallets.

use cluster::{AddressText, Definition, Error, FormatVersion, Network, NodeKey, Statement, WalletSignature};
use eth::{Address, Root};

use crate::sample;

fn wallet(number: u8) -> NodeKey {
    NodeKey::from_bytes(&[number; 32]).expect("a key")
}

fn network() -> Network {
    Network::from_name("hoodi").expect("hoodi is known")
}

/// A definition signed by the creator and by all operators.
fn signed(version: FormatVersion) -> Definition {
    let mut definition = Definition { version, ..sample::cluster(4, 1).lock.definition };
    if version < FormatVersion::V1_5 {
        let addresses = definition.addresses_of(0).cloned().expect("one validator");
        definition.addresses = cluster::Addresses::Shared(addresses);
    }
    definition.creator.address = wallet(9).public_key().address().into();
    for (position, operator) in (1..).zip(&mut definition.operators) {
        operator.address = wallet(position).public_key().address().into();
    }
    let mut definition = definition.with_hashes().expect("it hashes");
    (0..4)
        .for_each(|position| definition.sign_as_operator(position, &network(), &wallet(position as u8 + 1)));
    definition.sign_as_creator(&network(), &wallet(9));
    definition.with_hashes().expect("it hashes")
}

#[test]
fn signed_definitions_verify() {
    for version in FormatVersion::ALL.into_iter().filter(|version| *version >= FormatVersion::V1_3) {
        let definition = signed(version);
        assert_eq!(definition.check_signatures(), Ok(()), "{version}");
        assert_eq!(Definition::parse(&definition.to_json()).expect("it is read").check_signatures(), Ok(()));
    }
}

#[test]
fn signing_leaves_the_config_hash_alone() {
    let signed = signed(FormatVersion::V1_10);
    let mut unsigned = signed.clone();
    for operator in &mut unsigned.operators {
        operator.config_signature.clear();
        operator.enr_signature.clear();
    }
    unsigned.creator.config_signature.clear();
    let unsigned = unsigned.with_hashes().expect("it hashes");
    assert_eq!(unsigned.config_hash, signed.config_hash);
    assert_ne!(unsigned.definition_hash, signed.definition_hash);
}

#[test]
fn a_missing_or_foreign_signature_is_named() {
    type Change = fn(&mut Definition);
    let stranger = |definition: &mut Definition| definition.operators[1].address = Address([1; 20]).into();
    let cases: [(Change, WalletSignature); 8] = [
        (|it| it.operators[2].config_signature.clear(), WalletSignature::OperatorConfig(2)),
        (|it| it.operators[3].enr_signature.clear(), WalletSignature::OperatorEnr(3)),
        (|it| it.operators[0].config_signature[5] ^= 1, WalletSignature::OperatorConfig(0)),
        (|it| it.operators[0].enr_signature[64] = 9, WalletSignature::OperatorEnr(0)),
        (|it| it.operators[0].address = AddressText::default(), WalletSignature::OperatorConfig(0)),
        (stranger, WalletSignature::OperatorConfig(1)),
        (|it| it.creator.config_signature.clear(), WalletSignature::Creator),
        (|it| it.creator = cluster::Creator::default(), WalletSignature::Creator),
    ];
    for (change, what) in cases {
        let mut definition = signed(FormatVersion::V1_10);
        change(&mut definition);
        assert_eq!(definition.check_signatures(), Err(Error::WalletSignature { what }));
    }
}

#[test]
fn one_unsigned_operator_among_signed_ones_is_refused() {
    let mut definition = signed(FormatVersion::V1_10);
    definition.operators[2] =
        cluster::OperatorEntry { enr: definition.operators[2].enr.clone(), ..Default::default() };
    let what = WalletSignature::OperatorConfig(2);
    assert_eq!(definition.check_signatures(), Err(Error::WalletSignature { what }));
}

#[test]
fn a_creator_may_sign_for_operators_without_wallets() {
    let mut definition = sample::cluster(4, 1).lock.definition;
    definition.creator.address = wallet(9).public_key().address().into();
    let mut definition = definition.with_hashes().expect("it hashes");
    let what = WalletSignature::Creator;
    assert_eq!(definition.check_signatures(), Err(Error::WalletSignature { what }));
    definition.sign_as_creator(&network(), &wallet(9));
    assert_eq!(definition.check_signatures(), Ok(()));
}

#[test]
fn signatures_hold_on_one_chain_only() {
    let statement = Statement::OperatorConfig(Root([7; 32]));
    let address = wallet(1).public_key().address();
    let signature = statement.sign(1, &wallet(1));
    assert!(statement.is_signed_by(address, 1, &signature));
    assert!(!statement.is_signed_by(address, 5, &signature));
    assert!(!Statement::CreatorConfig(Root([7; 32])).is_signed_by(address, 1, &signature));
}

#[test]
fn an_unknown_network_cannot_be_judged() {
    let mut definition = signed(FormatVersion::V1_10);
    definition.fork_version = eth::Version([1, 2, 3, 4]);
    assert_eq!(definition.check_signatures(), Err(Error::UnknownNetwork(definition.fork_version)));
}

/// Digests as wallets show them, pinned: changing one breaks every signature ever collected.
#[test]
fn digests_are_frozen() {
    let root = Root([0xab; 32]);
    let statements = [
        Statement::CreatorConfig(root),
        Statement::OperatorConfig(root),
        Statement::LegacyConfig(root),
        Statement::Enr("enr:-x"),
    ];
    let digests = statements.map(|statement| const_hex::encode(statement.digest(560_048)));
    assert_eq!(
        digests,
        [
            "de7e39260ca05d407e533c71ce39f607cd778cc41ceb8d254e835b496974af8f",
            "5eb0eff3129d4d56877b9bbc810e9c7bf831101347c340055236eef6907e9f3a",
            "4faccdf4bde8c53991ec324f8e947ff979fcb3382266163dabf779070cdf7839",
            "c02e9bf9a5afac51e1b9cd9074acdf0be0bc5e35d3654eaad0b4b40411cd4b9d"
        ]
    );
}
