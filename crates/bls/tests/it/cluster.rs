//! A validator's sharing to test with, from a number.

use bls::{GroupPublicKey, Item, PartialSignature, SecretKey, ShareIndex, SharePublicKey, Signature, split};
use blst::min_pk;
use sha2::{Digest, Sha256};

/// A point of order 13 on the curve of signatures: the smallest prime its cofactor has. Adding it to a
/// signature gives what a liar would send who hopes that nobody checks the subgroup.
pub(crate) const ORDER_13: &str = "a32762e5199990da7d4ebc6409c2fdae09b25206fa89dded0a23c05406588284278c22ea15e6d03cee69a68b7d4704a4\
     043ff79d06a80add8340a1a548d700c5ffeef5b14a3e246834d320e323d9fcc76bae16f9f2763ab556905843518bc0c2";

/// A validator split among members.
pub(crate) struct Validator {
    pub(crate) secret: SecretKey,
    pub(crate) key: GroupPublicKey,
    pub(crate) secrets: Vec<(ShareIndex, SecretKey)>,
    pub(crate) shares: Vec<SharePublicKey>,
}

impl Validator {
    pub(crate) fn new(number: u64, threshold: u8, shares: u8) -> Validator {
        let mut randomness = randomness(number);
        let secret = SecretKey::random(&mut randomness).expect("a good source");
        let secrets = split(&secret, threshold, shares, &mut randomness).expect("a good threshold");
        let key = GroupPublicKey(secret.public_key());
        let shares = secrets.iter().map(|(_, secret)| SharePublicKey(secret.public_key())).collect();
        Validator { secret, key, secrets, shares }
    }

    pub(crate) fn partial(&self, number: u8, root: &[u8]) -> PartialSignature {
        let (share, secret) = &self.secrets[usize::from(number) - 1];
        PartialSignature::new(*share, secret.sign(root))
    }

    pub(crate) fn partials(&self, numbers: &[u8], root: &[u8]) -> Vec<PartialSignature> {
        numbers.iter().map(|number| self.partial(*number, root)).collect()
    }

    pub(crate) fn item<'a>(&'a self, root: [u8; 32], partials: &'a [PartialSignature]) -> Item<'a> {
        Item { key: &self.key, shares: &self.shares, root, partials }
    }
}

/// Bytes that are the same for the same number.
pub(crate) fn randomness(number: u64) -> impl FnMut(&mut [u8]) {
    let mut counter = 0u64;
    move |bytes| {
        for chunk in bytes.chunks_mut(32) {
            let hash = Sha256::new().chain_update(number.to_le_bytes()).chain_update(counter.to_le_bytes());
            chunk.copy_from_slice(&hash.finalize()[..chunk.len()]);
            counter += 1;
        }
    }
}

pub(crate) fn share(number: u8) -> ShareIndex {
    ShareIndex::new(number).expect("not zero")
}

pub(crate) fn root(number: u8) -> [u8; 32] {
    [number; 32]
}

/// A wrong partial of that share: a well-formed signature of something else.
pub(crate) fn wrong(validator: &Validator, number: u8) -> PartialSignature {
    validator.partial(number, b"something else")
}

/// The partial with a point of order 13 added: on the curve, outside the subgroup.
pub(crate) fn with_torsion(partial: &PartialSignature) -> PartialSignature {
    let mut sum = min_pk::AggregateSignature::from_signature(&point(&partial.to_bytes()));
    let torsion: [u8; 96] = const_hex::decode_to_array(ORDER_13).expect("hex");
    sum.add_signature(&point(&torsion), false).expect("adding is not checking");
    PartialSignature::from_bytes(partial.share(), &sum.to_signature().to_bytes()).expect("on the curve")
}

/// The difference of two signatures, a signature again.
pub(crate) fn minus(left: &Signature, right: &Signature) -> Signature {
    let mut negated = right.to_bytes();
    // The sign of the y-coordinate (ZCash's encoding).
    negated[0] ^= 0x20;
    let negated = Signature::from_bytes(&negated).expect("the negative of a point is one");
    bls::aggregate(&[*left, negated]).expect("different signatures")
}

fn point(bytes: &[u8; 96]) -> min_pk::Signature {
    min_pk::Signature::from_bytes(bytes).expect("on the curve")
}

/// All choices of `size` from 1 to `count`.
pub(crate) fn subsets(size: usize, count: u8) -> Vec<Vec<u8>> {
    (0u32..1 << count)
        .filter(|mask| mask.count_ones() as usize == size)
        .map(|mask| (1..=count).filter(|number| mask >> (number - 1) & 1 == 1).collect())
        .collect()
}
