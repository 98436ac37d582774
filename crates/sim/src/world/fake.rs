//! Chance, hashes and signatures, all made up.

use bls::ShareIndex;
use cluster::GroupKey;
use duty::{Combination, Combine, Verify};
use eth::{PublicKeyBytes, Root, SignatureBytes};
use sha2::{Digest, Sha256};

/// A stream of numbers that looks like chance (splitmix64).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From `least` to `greatest`, both included.
    pub fn between(&mut self, least: i64, greatest: i64) -> i64 {
        least + (self.number() % (greatest - least + 1) as u64) as i64
    }

    /// Less than the bound.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.number() % bound as u64) as usize
    }

    /// True once in so many times.
    pub fn one_in(&mut self, chances: u64) -> bool {
        self.number().is_multiple_of(chances)
    }

    /// True so many times in a thousand.
    pub fn per_mille(&mut self, chance: u64) -> bool {
        self.number() % 1000 < chance
    }
}

/// The hash of some bytes.
pub fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

/// The keys of the cluster's validators.
pub fn keys(validators: u8) -> impl Iterator<Item = GroupKey> {
    (0..validators).map(key)
}

/// The key of one validator.
pub fn key(validator: u8) -> GroupKey {
    GroupKey(PublicKeyBytes([validator; 48]))
}

/// What a share of a validator's key makes of a root.
pub fn sign(key: &GroupKey, share: ShareIndex, root: Root) -> SignatureBytes {
    let mut bytes = [0; 96];
    bytes[..32].copy_from_slice(&mixed(&[&key.0.0[..8], &[share.number()], &root.0]));
    SignatureBytes(bytes)
}

/// The same for much less where nobody looks at the bits: multiplication and rotation, as in splitmix64.
fn mixed(parts: &[&[u8]]) -> [u8; 32] {
    let chunks = parts.iter().flat_map(|part| part.chunks(8));
    let word = |chunk: &[u8]| chunk.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    let sum = chunks.fold(0x51_6e, |sum: u64, chunk| {
        (sum ^ word(chunk)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
    });
    let mut random = Random::new(sum);
    let mut bytes = [0; 32];
    bytes.chunks_exact_mut(8).for_each(|chunk| chunk.copy_from_slice(&random.number().to_le_bytes()));
    bytes
}

/// What the validator's key makes of a root.
pub fn group_sign(key: &GroupKey, root: Root) -> SignatureBytes {
    signature(&[&key.0.0, &[0], &root.0])
}

fn signature(parts: &[&[u8]]) -> SignatureBytes {
    let mut bytes = [0; 96];
    bytes[..32].copy_from_slice(&hash(parts));
    SignatureBytes(bytes)
}

/// Whether a share's, or the validator's own, signature is right.
pub fn verify(item: &Verify) -> bool {
    let right = match item.share {
        Some(share) => sign(&item.key, share, item.signing_root),
        None => group_sign(&item.key, item.signing_root),
    };
    right == item.signature
}

/// Combines what is good; names who sent the rest.
pub fn combine(item: &Combine, threshold: usize) -> Combination {
    let is_bad = |(share, signature): &&(ShareIndex, SignatureBytes)| {
        sign(&item.key, *share, item.signing_root) != *signature
    };
    let culprits: Vec<ShareIndex> = item.partials.iter().filter(is_bad).map(|(share, _)| *share).collect();
    let good = item.partials.len() - culprits.len();
    let signature = (good >= threshold).then(|| group_sign(&item.key, item.signing_root));
    Combination { signature, culprits }
}
