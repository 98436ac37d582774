//! A fingerprint of all rows that is updated in constant time per row.

use sha2::{Digest as _, Sha256};

/// The XOR of the hashes of a set of rows. Adding and removing a row are the same operation.
///
/// It detects accidents, not malice: whoever can write the file can also write the digest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Digest(pub(super) [u8; 32]);

/// A row as the digest sees it. Ids are unique in their table, so no two rows cancel each other out.
#[derive(Clone, Copy)]
pub(super) enum Row<'a> {
    Header { genesis_validators_root: &'a [u8; 32], lock_hash: &'a [u8; 32] },
    Validator { id: i64, group_key: &'a [u8; 48], floors: [Option<i64>; 3] },
    Attestation { id: i64, validator: i64, source: i64, target: i64, signing_root: Option<&'a [u8; 32]> },
    Block { id: i64, validator: i64, slot: i64, signing_root: Option<&'a [u8; 32]> },
}

impl Digest {
    /// Adds the row, or removes it if it was part.
    pub(super) fn toggle(&mut self, row: Row<'_>) {
        for (byte, other) in self.0.iter_mut().zip(row.hash()) {
            *byte ^= other;
        }
    }
}

impl Row<'_> {
    fn hash(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        match *self {
            Row::Header { genesis_validators_root, lock_hash } => {
                hasher.update([0]);
                hasher.update(genesis_validators_root);
                hasher.update(lock_hash);
            }
            Row::Validator { id, group_key, floors } => {
                hasher.update([1]);
                hasher.update(id.to_be_bytes());
                hasher.update(group_key);
                floors.iter().for_each(|floor| number(&mut hasher, *floor));
            }
            Row::Attestation { id, validator, source, target, signing_root } => {
                hasher.update([2]);
                [id, validator, source, target].iter().for_each(|part| hasher.update(part.to_be_bytes()));
                root(&mut hasher, signing_root);
            }
            Row::Block { id, validator, slot, signing_root } => {
                hasher.update([3]);
                [id, validator, slot].iter().for_each(|part| hasher.update(part.to_be_bytes()));
                root(&mut hasher, signing_root);
            }
        }
        hasher.finalize().into()
    }
}

fn number(hasher: &mut Sha256, value: Option<i64>) {
    hasher.update([u8::from(value.is_some())]);
    hasher.update(value.unwrap_or_default().to_be_bytes());
}

fn root(hasher: &mut Sha256, value: Option<&[u8; 32]>) {
    hasher.update([u8::from(value.is_some())]);
    hasher.update(value.unwrap_or(&[0; 32]));
}
