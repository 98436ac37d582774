//! The file format of EIP-2335, version 4.

use eth::PublicKeyBytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::KeystoreFault;
use super::derivation::Kdf;

const VERSION: u64 = 4;

/// A keystore file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Json {
    pub(super) crypto: Crypto,
    #[serde(default)]
    description: String,
    #[serde(default, with = "bare_key", skip_serializing_if = "Option::is_none")]
    pub(super) pubkey: Option<PublicKeyBytes>,
    path: String,
    uuid: String,
    version: u64,
}

/// The three steps from password to secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Crypto {
    pub(super) kdf: Kdf,
    pub(super) checksum: Checksum,
    pub(super) cipher: Cipher,
}

/// Tells a right password from a wrong one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Checksum {
    function: String,
    #[serde(default)]
    params: NoParams,
    pub(super) message: Hex,
}

/// Encrypts the secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Cipher {
    function: String,
    pub(super) params: CipherParams,
    pub(super) message: Hex,
}

/// The cipher's only parameter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct CipherParams {
    pub(super) iv: Hex,
}

/// `{}`; whatever else is in it has no meaning.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct NoParams {}

/// Bytes as hex without `0x`.
#[derive(Clone, Debug)]
pub(super) struct Hex(pub(super) Vec<u8>);

impl Json {
    pub(super) fn new(crypto: Crypto, pubkey: PublicKeyBytes, path: &str) -> Json {
        Json {
            crypto,
            description: String::new(),
            pubkey: Some(pubkey),
            path: path.to_owned(),
            // Charon writes it in upper case; readers take both.
            uuid: uuid::Uuid::new_v4().to_string().to_uppercase(),
            version: VERSION,
        }
    }

    /// Refuses what could not be decrypted anyhow, or at too high a price.
    pub(super) fn check(&self) -> Result<(), KeystoreFault> {
        let Crypto { kdf, checksum, cipher } = &self.crypto;
        if self.version != VERSION {
            return Err(KeystoreFault::Unsupported(format!("keystore version {}", self.version)));
        }
        require("checksum", &checksum.function, "sha256")?;
        require("cipher", &cipher.function, "aes-128-ctr")?;
        length("checksum", &checksum.message, 32)?;
        length("iv", &cipher.params.iv, 16)?;
        length("encrypted secret", &cipher.message, 32)?;
        kdf.check()
    }
}

impl Checksum {
    pub(super) fn sha256(message: [u8; 32]) -> Checksum {
        Checksum { function: "sha256".to_owned(), params: NoParams {}, message: Hex(message.to_vec()) }
    }
}

impl Cipher {
    pub(super) fn aes_128_ctr(iv: [u8; 16], message: [u8; 32]) -> Cipher {
        let params = CipherParams { iv: Hex(iv.to_vec()) };
        Cipher { function: "aes-128-ctr".to_owned(), params, message: Hex(message.to_vec()) }
    }
}

fn require(what: &str, found: &str, known: &str) -> Result<(), KeystoreFault> {
    match found == known {
        true => Ok(()),
        false => Err(KeystoreFault::Unsupported(format!("{what} {found:?}"))),
    }
}

fn length(what: &str, found: &Hex, bytes: usize) -> Result<(), KeystoreFault> {
    match found.0.len() == bytes {
        true => Ok(()),
        false => Err(KeystoreFault::Malformed(format!("{what} has {} bytes, not {bytes}", found.0.len()))),
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&const_hex::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Hex, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        const_hex::decode(text.as_ref()).map(Hex).map_err(serde::de::Error::custom)
    }
}

/// The EIP writes public keys without `0x`; some software leaves the field empty.
mod bare_key {
    use super::*;

    pub(super) fn serialize<S: Serializer>(
        key: &Option<PublicKeyBytes>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        key.map(|key| const_hex::encode(key.as_bytes())).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<PublicKeyBytes>, D::Error> {
        let text = Option::<std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let declared = text.filter(|text| !text.is_empty());
        declared.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
    }
}
