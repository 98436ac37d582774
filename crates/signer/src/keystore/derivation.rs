//! From password to decryption key: scrypt or PBKDF2, within bounds.

use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::json::Hex;
use super::{KeystoreFault, Protection};

/// The decryption key: 16 bytes for the cipher, 16 for the checksum.
pub(super) const KEY_BYTES: usize = 32;

/// Twice the EIP's example (n = 2^18, r = 8).
const MAX_SCRYPT_MEMORY_BYTES: u64 = 512 << 20;

/// Eight times the work of the EIP's example.
const MAX_SCRYPT_BLOCKS: u64 = 1 << 24;

/// 64 times the EIP's example.
const MAX_PBKDF2_ROUNDS: u32 = 1 << 24;

const MAX_SALT_BYTES: usize = 1024;

/// How the decryption key is derived.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "function", rename_all = "lowercase")]
pub(super) enum Kdf {
    Scrypt { params: Scrypt, message: Hex },
    Pbkdf2 { params: Pbkdf2, message: Hex },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Scrypt {
    dklen: u64,
    n: u64,
    p: u32,
    r: u32,
    salt: Hex,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Pbkdf2 {
    c: u32,
    dklen: u64,
    prf: String,
    salt: Hex,
}

impl Kdf {
    pub(super) fn new(protection: Protection, salt: [u8; 32]) -> Kdf {
        let (salt, message, dklen) = (Hex(salt.to_vec()), Hex(vec![]), KEY_BYTES as u64);
        let pbkdf2 = |c, salt| Pbkdf2 { c, dklen, prf: "hmac-sha256".to_owned(), salt };
        match protection {
            Protection::Pbkdf2 => Kdf::Pbkdf2 { params: pbkdf2(1 << 18, salt), message },
            Protection::Insecure => Kdf::Pbkdf2 { params: pbkdf2(16, salt), message },
            Protection::Scrypt => {
                Kdf::Scrypt { params: Scrypt { dklen, n: 1 << 18, p: 1, r: 8, salt }, message }
            }
        }
    }

    /// Refuses parameters outside the EIP or beyond all measure.
    pub(super) fn check(&self) -> Result<(), KeystoreFault> {
        let (dklen, salt) = match self {
            Kdf::Scrypt { params, .. } => (params.dklen, &params.salt),
            Kdf::Pbkdf2 { params, .. } => (params.dklen, &params.salt),
        };
        if dklen != KEY_BYTES as u64 {
            return Err(KeystoreFault::Unsupported(format!("dklen {dklen}")));
        }
        if salt.0.len() > MAX_SALT_BYTES {
            return Err(KeystoreFault::TooCostly(format!("a salt of {} bytes", salt.0.len())));
        }
        match self {
            Kdf::Scrypt { params, .. } => params.check(),
            Kdf::Pbkdf2 { params, .. } => params.check(),
        }
    }

    /// Derives the key. The parameters have been checked.
    pub(super) fn derive(&self, password: &[u8]) -> Result<Zeroizing<[u8; KEY_BYTES]>, KeystoreFault> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        match self {
            Kdf::Pbkdf2 { params, .. } => {
                pbkdf2::pbkdf2_hmac::<Sha256>(password, &params.salt.0, params.c, key.as_mut_slice());
            }
            Kdf::Scrypt { params, .. } => {
                scrypt::scrypt(password, &params.salt.0, &params.checked()?, key.as_mut_slice())
                    .map_err(|error| KeystoreFault::Unsupported(format!("scrypt: {error}")))?;
            }
        }
        Ok(key)
    }

    /// Memory that deriving takes.
    pub(super) fn memory_bytes(&self) -> u64 {
        match self {
            Kdf::Scrypt { params, .. } => params.memory_bytes(),
            Kdf::Pbkdf2 { .. } => 0,
        }
    }
}

impl Scrypt {
    fn check(&self) -> Result<(), KeystoreFault> {
        let Scrypt { n, r, p, .. } = self;
        if self.memory_bytes() > MAX_SCRYPT_MEMORY_BYTES || self.blocks() > MAX_SCRYPT_BLOCKS {
            return Err(KeystoreFault::TooCostly(format!("scrypt with n = {n}, r = {r}, p = {p}")));
        }
        self.checked().map(|_| ())
    }

    /// RFC 7914: n is a power of two above one, r and p are positive.
    fn checked(&self) -> Result<scrypt::Params, KeystoreFault> {
        let Scrypt { n, r, p, .. } = *self;
        let unsupported = || KeystoreFault::Unsupported(format!("scrypt with n = {n}, r = {r}, p = {p}"));
        if n < 2 || !n.is_power_of_two() {
            return Err(unsupported());
        }
        let log_n = u8::try_from(n.trailing_zeros()).map_err(|_| unsupported())?;
        scrypt::Params::new(log_n, r, p).map_err(|_| unsupported())
    }

    fn memory_bytes(&self) -> u64 {
        self.n.saturating_add(u64::from(self.p)).saturating_mul(u64::from(self.r)).saturating_mul(128)
    }

    fn blocks(&self) -> u64 {
        self.n.saturating_mul(u64::from(self.r)).saturating_mul(u64::from(self.p))
    }
}

impl Pbkdf2 {
    fn check(&self) -> Result<(), KeystoreFault> {
        if self.prf != "hmac-sha256" {
            return Err(KeystoreFault::Unsupported(format!("prf {:?}", self.prf)));
        }
        match self.c {
            0 => Err(KeystoreFault::Unsupported("PBKDF2 with c = 0".to_owned())),
            1..=MAX_PBKDF2_ROUNDS => Ok(()),
            rounds => Err(KeystoreFault::TooCostly(format!("PBKDF2 with c = {rounds}"))),
        }
    }
}
