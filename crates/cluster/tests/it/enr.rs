//! Node records.

use std::net::Ipv4Addr;

use cluster::{Enr, EnrError, NodeKey};
use sha3::{Digest, Keccak256};

/// The example of EIP-778: by the key below, with IP address 127.0.0.1 and UDP port 30303.
const EIP_778: &str = "enr:-IS4QHCYrYZbAKWCBRlAy5zzaDZXJBGkcnh4MHcBFZntXNFrdvJjX04jRzjzCBOonrkTfj499SZuOh8R33Ls8RRcy5wBgmlkgnY0gmlwhH8AAAGJc2VjcDI1NmsxoQPKY0yuDUmstAHYpMa2_oxVtw0RW_QAdpzBQA8yWM0xOIN1ZHCCdl8";
const EIP_778_SECRET: &str = "b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291";

fn key() -> NodeKey {
    NodeKey::from_text(EIP_778_SECRET).expect("the example's key")
}

fn encode(record: &[u8]) -> String {
    use base64::Engine;
    format!("enr:{}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(record))
}

/// A record of these items after the sequence number, each already RLP, signed by the example's key.
fn signed(items: &[&[u8]]) -> String {
    let content = [&[0x80][..], &items.concat()].concat();
    let digest: [u8; 32] = Keccak256::digest(list(&content)).into();
    let signature = [&[0xb8, 64][..], &key().sign(&digest)[..64]].concat();
    encode(&list(&[signature, content].concat()))
}

fn list(payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("short");
    let header = if length < 56 { vec![0xc0 + length] } else { vec![0xf8, length] };
    [header, payload.to_vec()].concat()
}

fn text(text: &str) -> Vec<u8> {
    [&[0x80 + u8::try_from(text.len()).expect("short")], text.as_bytes()].concat()
}

fn own_key() -> Vec<u8> {
    [&text("secp256k1")[..], &[0x80 + 33], &key().public_key().to_bytes()].concat()
}

#[test]
fn the_example_of_the_standard_is_read() {
    let enr: Enr = EIP_778.parse().expect("the standard's example");
    assert_eq!(enr.public_key, key().public_key());
    assert_eq!((enr.ip, enr.tcp), (Some(Ipv4Addr::LOCALHOST), None));
    assert_eq!(enr.to_string(), EIP_778);
}

#[test]
fn records_round_trip() {
    for (ip, tcp) in [(None, None), (Some(Ipv4Addr::new(192, 168, 1, 7)), Some(3610)), (None, Some(80))] {
        let enr = Enr::new(&key(), ip, tcp);
        let read: Enr = enr.as_str().parse().expect("what was made is read");
        assert_eq!(read, enr);
        assert_eq!((read.public_key, read.ip, read.tcp), (key().public_key(), ip, tcp));
    }
}

#[test]
fn padding_is_tolerated() {
    let enr: Enr = format!("{EIP_778}==").parse().expect("padding does no harm");
    assert_eq!(enr.public_key, key().public_key());
}

#[test]
fn entries_of_others_are_skipped() {
    let id = [text("id"), text("v4")].concat();
    let other = [text("eth2"), vec![0xc2, 1, 2]].concat();
    let enr: Enr = signed(&[&other, &id, &own_key()]).parse().expect("unknown entries do no harm");
    assert_eq!(enr.public_key, key().public_key());
}

#[test]
fn bad_records_are_refused_with_the_reason() {
    let id = [text("id"), text("v4")].concat();
    let cases = [
        (EIP_778.replace("enr:", ""), EnrError::Prefix),
        ("enr:!!!!".to_owned(), EnrError::Base64),
        (format!("enr:{}", "A".repeat(404)), EnrError::TooLong),
        (format!("enr:{}", "A".repeat(1 << 20)), EnrError::TooLong),
        ("enr:".to_owned(), EnrError::Structure),
        (encode(&[0xc0]), EnrError::Structure),
        (encode(&[0xc1, 0xb8]), EnrError::Structure),
        (EIP_778.replace("enr:-IS4QHCY", "enr:-IS4QHCZ"), EnrError::Signature),
        (signed(&[&own_key(), &id]), EnrError::Structure),
        (signed(&[&id, &id, &own_key()]), EnrError::Structure),
        (signed(&[&own_key()]), EnrError::Scheme),
        (signed(&[&text("id"), &text("v5"), &own_key()]), EnrError::Scheme),
        (signed(&[&id]), EnrError::Entry("secp256k1")),
        (signed(&[&id, &text("secp256k1"), &text("short")]), EnrError::Entry("secp256k1")),
        (signed(&[&id, &text("ip"), &text("12345"), &own_key()]), EnrError::Entry("ip")),
        (signed(&[&id, &own_key(), &text("tcp"), &text("123")]), EnrError::Entry("tcp")),
    ];
    for (record, expected) in cases {
        assert_eq!(record.parse::<Enr>(), Err(expected), "{}", &record[..record.len().min(200)]);
    }
}

#[test]
fn a_record_of_another_key_is_refused() {
    let id = [text("id"), text("v4")].concat();
    let other = NodeKey::from_bytes(&[3; 32]).expect("a key").public_key();
    let foreign = [&text("secp256k1")[..], &[0x80 + 33], &other.to_bytes()].concat();
    assert_eq!(signed(&[&id, &foreign]).parse::<Enr>(), Err(EnrError::Signature));
}

#[test]
fn no_truncation_or_flipped_bit_is_accepted() {
    for length in 0..EIP_778.len() {
        assert!(EIP_778[..length].parse::<Enr>().is_err(), "{length} characters");
    }
    use base64::Engine;
    let record = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(&EIP_778[4..]).expect("base64");
    for bit in 0..8 * record.len() {
        let mut flipped = record.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(encode(&flipped).parse::<Enr>().is_err(), "bit {bit}");
    }
}
