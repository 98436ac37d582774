//! Keys that everybody knows, for chains that are worth nothing.

use bls::SecretKey;
use sha2::{Digest, Sha256};

/// The interop key of a test chain's validator: SHA-256 of its index as 32 little-endian bytes, read as a
/// little-endian integer modulo the group order.
pub fn interop_key(index: u64) -> SecretKey {
    let mut preimage = [0; 32];
    preimage[..8].copy_from_slice(&index.to_le_bytes());
    SecretKey::from_wide_le(&Sha256::digest(preimage)).expect("no index below 2^64 is known to hash to zero")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_interop_keys_are_those_of_every_other_client() {
        let key = |index| const_hex::encode(interop_key(index).public_key().to_bytes());
        assert!(key(0).starts_with("a99a76ed7796f7be22d5b7e85deeb7c5"), "{}", key(0));
        assert!(key(1).starts_with("b89bebc699769726a318c8e9971bd317"), "{}", key(1));
    }
}
