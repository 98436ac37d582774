//! Node records (EIP-778, identity scheme "v4"): how an operator publishes its node's public key.

mod rlp;

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha3::{Digest, Keccak256};
use thiserror::Error;

use crate::{NodeKey, NodePublicKey};

/// Longest record of EIP-778, in bytes before base64.
const MAX_BYTES: usize = 300;

/// A node record whose signature has been checked. It prints as it was read.
#[derive(Clone, PartialEq, Eq)]
pub struct Enr {
    /// The node's identity.
    pub public_key: NodePublicKey,
    /// Where the node says it is reached, if it says so.
    pub ip: Option<Ipv4Addr>,
    /// The port at which it accepts TCP connections, if it says so.
    pub tcp: Option<u16>,
    text: String,
}

/// What is wrong with a node record. The fault is its author's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EnrError {
    /// The text does not start with `enr:`.
    #[error("a node record starts with enr:")]
    Prefix,
    /// What follows the prefix is not URL-safe base64.
    #[error("it is not URL-safe base64")]
    Base64,
    /// The record is longer than EIP-778 allows.
    #[error("it is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// The bytes are no RLP list of a signature, a number and sorted pairs.
    #[error("it is not a list of signature, sequence number and sorted key-value pairs")]
    Structure,
    /// Another identity scheme than "v4".
    #[error("its identity scheme is not v4")]
    Scheme,
    /// A value has the wrong length or no meaning.
    #[error("its entry {0:?} is malformed")]
    Entry(&'static str),
    /// The signature is not by the record's own key.
    #[error("its signature is not by the key it carries")]
    Signature,
}

impl Enr {
    /// Makes and signs a record with sequence number 0, as nodes of a cluster publish it.
    pub fn new(key: &NodeKey, ip: Option<Ipv4Addr>, tcp: Option<u16>) -> Enr {
        let public_key = key.public_key();
        let content = content(&public_key, ip, tcp);
        let signature = key.sign(&digest(&content));
        let record = rlp::list(&[rlp::string(&signature[..64]), content].concat());
        let text = format!("enr:{}", URL_SAFE_NO_PAD.encode(record));
        Enr { public_key, ip, tcp, text }
    }

    /// The record's text, as it was read.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Enr {
    type Err = EnrError;

    fn from_str(text: &str) -> Result<Enr, EnrError> {
        let encoded = text.strip_prefix("enr:").ok_or(EnrError::Prefix)?.trim_end_matches('=');
        if encoded.len() > MAX_BYTES.div_ceil(3) * 4 {
            return Err(EnrError::TooLong);
        }
        let record = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| EnrError::Base64)?;
        if record.len() > MAX_BYTES {
            return Err(EnrError::TooLong);
        }
        read(&record, text)
    }
}

impl fmt::Display for Enr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Enr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The signed part: sequence number and pairs, sorted by key.
fn content(public_key: &NodePublicKey, ip: Option<Ipv4Addr>, tcp: Option<u16>) -> Vec<u8> {
    let mut content = rlp::string(&[]); // the number 0
    let mut put = |key: &str, value: &[u8]| {
        content.extend(rlp::string(key.as_bytes()));
        content.extend(rlp::string(value));
    };
    put("id", b"v4");
    if let Some(ip) = ip {
        put("ip", &ip.octets());
    }
    put("secp256k1", &public_key.to_bytes());
    if let Some(tcp) = tcp {
        put("tcp", rlp::without_leading_zeros(&tcp.to_be_bytes()));
    }
    content
}

fn digest(content: &[u8]) -> [u8; 32] {
    Keccak256::digest(rlp::list(content)).into()
}

fn read(record: &[u8], text: &str) -> Result<Enr, EnrError> {
    let (payload, rest) = rlp::take_list(record).ok_or(EnrError::Structure)?;
    if !rest.is_empty() {
        return Err(EnrError::Structure);
    }
    let (signature, content) = rlp::take_string(payload).ok_or(EnrError::Structure)?;
    let entries = Entries::read(content)?;
    if entries.find("id") != Some(b"v4".as_slice()) {
        return Err(EnrError::Scheme);
    }
    let public_key = entries.public_key()?;
    check_signature(&public_key, content, signature)?;
    Ok(Enr { public_key, ip: entries.ip()?, tcp: entries.port("tcp")?, text: text.to_owned() })
}

fn check_signature(key: &NodePublicKey, content: &[u8], signature: &[u8]) -> Result<(), EnrError> {
    // Records carry no parity, so the key must be one of the two that recovery yields.
    let digest = digest(content);
    let by_key = |parity: u8| key.verify(&digest, &[signature, &[parity]].concat());
    if signature.len() == 64 && (by_key(0) || by_key(1)) { Ok(()) } else { Err(EnrError::Signature) }
}

/// The pairs of a record, in its order.
struct Entries<'a>(Vec<(&'a [u8], &'a [u8])>);

impl<'a> Entries<'a> {
    fn read(content: &'a [u8]) -> Result<Entries<'a>, EnrError> {
        let (_sequence, mut rest) = rlp::take_string(content).ok_or(EnrError::Structure)?;
        let mut entries: Vec<(&[u8], &[u8])> = Vec::new();
        while !rest.is_empty() {
            let (key, after_key) = rlp::take_string(rest).ok_or(EnrError::Structure)?;
            let (value, after_value) = rlp::take_item(after_key).ok_or(EnrError::Structure)?;
            if entries.last().is_some_and(|(previous, _)| *previous >= key) {
                return Err(EnrError::Structure);
            }
            entries.push((key, value));
            rest = after_value;
        }
        Ok(Entries(entries))
    }

    fn find(&self, key: &str) -> Option<&'a [u8]> {
        self.0.iter().find(|(name, _)| *name == key.as_bytes()).map(|(_, value)| *value)
    }

    fn public_key(&self) -> Result<NodePublicKey, EnrError> {
        self.find("secp256k1")
            .and_then(|value| value.try_into().ok())
            .and_then(|bytes| NodePublicKey::from_bytes(bytes).ok())
            .ok_or(EnrError::Entry("secp256k1"))
    }

    fn ip(&self) -> Result<Option<Ipv4Addr>, EnrError> {
        let octets = |value: &[u8]| <[u8; 4]>::try_from(value).map_err(|_| EnrError::Entry("ip"));
        self.find("ip").map(|value| octets(value).map(Ipv4Addr::from)).transpose()
    }

    fn port(&self, key: &'static str) -> Result<Option<u16>, EnrError> {
        self.find(key)
            .map(|value| match *value {
                [] => Ok(0),
                [low] => Ok(u16::from(low)),
                [high, low] => Ok(u16::from_be_bytes([high, low])),
                _ => Err(EnrError::Entry(key)),
            })
            .transpose()
    }
}
