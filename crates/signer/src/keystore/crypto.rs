//! Encryption and decryption of EIP-2335.

use aes::Aes128;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit as _, StreamCipher as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::derivation::{KEY_BYTES, Kdf};
use super::json::{Checksum, Cipher, Crypto};
use super::{KeystoreFault, Protection};

/// Bytes of the decryption key that go into the cipher; the others go into the checksum.
const CIPHER_KEY_BYTES: usize = 16;

/// Encrypts a secret under a normalized password, with fresh salt and iv.
pub(super) fn encrypt(
    secret: &[u8; 32],
    password: &[u8],
    protection: Protection,
) -> Result<Crypto, KeystoreFault> {
    let kdf = Kdf::new(protection, random()?);
    let (key, iv) = (kdf.derive(password)?, random::<16>()?);
    let mut message = *secret;
    apply_cipher(&key, &iv, &mut message);
    let checksum = Checksum::sha256(checksum(&key, &message));
    Ok(Crypto { kdf, checksum, cipher: Cipher::aes_128_ctr(iv, message) })
}

/// Decrypts a secret with a normalized password. Lengths have been checked.
pub(super) fn decrypt(crypto: &Crypto, password: &[u8]) -> Result<Zeroizing<[u8; 32]>, KeystoreFault> {
    let key = crypto.kdf.derive(password)?;
    let Cipher { params, message, .. } = &crypto.cipher;
    let expected = checksum(&key, &message.0);
    if !bool::from(expected.as_slice().ct_eq(&crypto.checksum.message.0)) {
        return Err(KeystoreFault::WrongPassword);
    }
    let malformed = |_| KeystoreFault::Malformed("cipher".to_owned());
    let iv: [u8; 16] = params.iv.0.as_slice().try_into().map_err(malformed)?;
    let mut secret = Zeroizing::new(<[u8; 32]>::try_from(message.0.as_slice()).map_err(malformed)?);
    apply_cipher(&key, &iv, &mut secret);
    Ok(secret)
}

/// Encrypting and decrypting are the same.
fn apply_cipher(key: &[u8; KEY_BYTES], iv: &[u8; 16], message: &mut [u8; 32]) {
    let mut cipher_key = Zeroizing::new([0; CIPHER_KEY_BYTES]);
    cipher_key.copy_from_slice(&key[..CIPHER_KEY_BYTES]);
    Ctr128BE::<Aes128>::new((&*cipher_key).into(), iv.into()).apply_keystream(message);
}

fn checksum(key: &[u8; KEY_BYTES], message: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(&key[CIPHER_KEY_BYTES..]).chain_update(message).finalize().into()
}

fn random<const N: usize>() -> Result<[u8; N], KeystoreFault> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| KeystoreFault::NoRandomness(error.to_string()))?;
    Ok(bytes)
}
