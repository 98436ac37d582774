//! EIP-2335 keystores: a BLS secret, encrypted under a password.
//!
//! A keystore comes from anywhere, so everything in it is checked before it costs memory or time: the key derivation
//! may not be asked for more than a few times what the EIP's own examples ask.

mod crypto;
mod derivation;
mod directory;
mod json;
mod password;

use bls::SecretKey;
use eth::PublicKeyBytes;

pub use directory::{LoadedKeystore, load_directory, random_password, write_directory};

use json::Json;

/// Bytes a keystore file may have; real ones have less than 2 KiB.
const MAX_JSON_BYTES: usize = 64 * 1024;

/// The derivation path written for key shares: shares derive from no seed, and readers demand a path.
const SHARE_PATH: &str = "m/12381/3600/0/0/0";

/// An encrypted secret key.
#[derive(Clone, Debug)]
pub struct Keystore {
    json: Json,
}

/// How costly guessing the password is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// PBKDF2 with 2^18 rounds (some 30 ms), as Charon writes it.
    Pbkdf2,
    /// scrypt with n = 2^18 (some 0.8 s and 256 MiB).
    Scrypt,
    /// PBKDF2 with 16 rounds, for tests and test networks only.
    Insecure,
}

/// Why a keystore cannot be used: the file's fault, or the password's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeystoreFault {
    /// Not the JSON of a keystore.
    #[error("it is not an EIP-2335 keystore: {0}")]
    Malformed(String),
    /// A version, function or parameter that the EIP does not have.
    #[error("{0} is not supported")]
    Unsupported(String),
    /// Opening it would take unreasonable memory or time.
    #[error("its key derivation asks for too much ({0}): such a file may be meant to exhaust this machine")]
    TooCostly(String),
    /// The checksum does not match.
    #[error("the password is wrong, or the file is damaged")]
    WrongPassword,
    /// What was decrypted is no BLS secret key.
    #[error("it does not hold a BLS secret key")]
    NotAKey,
    /// What was decrypted is not the key that the file declares.
    #[error("it declares the public key {declared} but holds the secret of {actual}")]
    OtherKey {
        /// The `pubkey` field.
        declared: PublicKeyBytes,
        /// The public key of the decrypted secret.
        actual: PublicKeyBytes,
    },
    /// The system gave no randomness.
    #[error("the system gives no random bytes: {0}")]
    NoRandomness(String),
}

impl Keystore {
    /// Reads a keystore and checks everything that can be checked without the password.
    pub fn from_json(bytes: &[u8]) -> Result<Keystore, KeystoreFault> {
        if bytes.len() > MAX_JSON_BYTES {
            return Err(KeystoreFault::Malformed(format!("it has more than {MAX_JSON_BYTES} bytes")));
        }
        let json: Json =
            serde_json::from_slice(bytes).map_err(|error| KeystoreFault::Malformed(error.to_string()))?;
        json.check()?;
        Ok(Keystore { json })
    }

    /// The file's content.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(&self.json).expect("strings and numbers always serialize")
    }

    /// Encrypts a key share under a password.
    pub fn encrypt(
        secret: &SecretKey,
        password: &str,
        protection: Protection,
    ) -> Result<Keystore, KeystoreFault> {
        let crypto = crypto::encrypt(&secret.to_bytes(), &password::normalized(password), protection)?;
        let pubkey = PublicKeyBytes(secret.public_key().to_bytes());
        Ok(Keystore { json: Json::new(crypto, pubkey, SHARE_PATH) })
    }

    /// Decrypts the key. Takes up to seconds and, with scrypt, hundreds of megabytes: see
    /// [`memory_bytes`](Keystore::memory_bytes).
    pub fn decrypt(&self, password: &str) -> Result<SecretKey, KeystoreFault> {
        let bytes = crypto::decrypt(&self.json.crypto, &password::normalized(password))?;
        let secret = SecretKey::from_bytes(&bytes).map_err(|_| KeystoreFault::NotAKey)?;
        let actual = PublicKeyBytes(secret.public_key().to_bytes());
        match self.public_key() {
            Some(declared) if declared != actual => Err(KeystoreFault::OtherKey { declared, actual }),
            _ => Ok(secret),
        }
    }

    /// The public key that the file declares, if it does.
    pub fn public_key(&self) -> Option<PublicKeyBytes> {
        self.json.pubkey
    }

    /// Memory that decrypting takes, in bytes.
    pub fn memory_bytes(&self) -> u64 {
        self.json.crypto.kdf.memory_bytes()
    }
}
