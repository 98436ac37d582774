//! Signatures: made up, which is fast and as good for everything but the mathematics, or real.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use bls::{Claim, GroupPublicKey, Item, PartialSignature, SecretKey, ShareIndex, SharePublicKey, split};
use cluster::GroupKey;
use duty::{Combination, Combine, Verify};
use eth::{Root, SignatureBytes};

use super::fake::{self, Random};

/// How the world signs. In both ways a validator's key is only its name.
#[derive(Clone, Debug, Default)]
pub enum Cryptography {
    /// A signature is a hash of key, share and root.
    #[default]
    Made,
    /// BLS12-381.
    Real(Rc<Keys>),
}

/// The keys of the cluster's validators, all of them: no real node has them.
pub struct Keys {
    threshold: u8,
    validators: BTreeMap<GroupKey, Validator>,
    /// What was signed before: signatures are unique.
    signed: RefCell<BTreeMap<(GroupKey, u8, Root), SignatureBytes>>,
}

struct Validator {
    secret: SecretKey,
    public: GroupPublicKey,
    shares: Vec<SecretKey>,
    public_shares: Vec<SharePublicKey>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("threshold", &self.threshold).finish_non_exhaustive()
    }
}

impl Cryptography {
    /// Real keys of so many validators, shared out among so many peers; chance comes from the seed.
    pub fn real(seed: u64, validators: u8, peers: usize) -> Cryptography {
        let threshold = u8::try_from(qbft::quorum(peers)).expect("a few peers");
        let peers = u8::try_from(peers).expect("a few peers");
        let validator = |number: u8| {
            let mut random = Random::new(seed ^ u64::from(number) << 32);
            let mut fill = |bytes: &mut [u8]| bytes.iter_mut().for_each(|byte| *byte = random.number() as u8);
            let secret = SecretKey::random(&mut fill).expect("chance gives a key");
            let shares = split(&secret, threshold, peers, &mut fill).expect("a quorum is a good threshold");
            let shares: Vec<SecretKey> = shares.into_iter().map(|(_, share)| share).collect();
            let validator = Validator {
                public: GroupPublicKey(secret.public_key()),
                public_shares: shares.iter().map(|share| SharePublicKey(share.public_key())).collect(),
                secret,
                shares,
            };
            (fake::key(number), validator)
        };
        let validators = (0..validators).map(validator).collect();
        Cryptography::Real(Rc::new(Keys { threshold, validators, signed: RefCell::default() }))
    }

    /// What a share of a validator's key makes of a root.
    pub fn sign(&self, key: &GroupKey, share: ShareIndex, root: Root) -> SignatureBytes {
        match self {
            Cryptography::Made => fake::sign(key, share, root),
            Cryptography::Real(keys) => keys.sign(key, share.number(), root),
        }
    }

    /// What the validator's key makes of a root.
    pub fn group_sign(&self, key: &GroupKey, root: Root) -> SignatureBytes {
        match self {
            Cryptography::Made => fake::group_sign(key, root),
            Cryptography::Real(keys) => keys.sign(key, 0, root),
        }
    }

    /// Whether a share's, or the validator's own, signature is right.
    pub(super) fn verify(&self, item: &Verify) -> bool {
        match self {
            Cryptography::Made => fake::verify(item),
            Cryptography::Real(keys) => keys.verify(item),
        }
    }

    /// Combines what is good; names who sent the rest.
    pub(super) fn combine(&self, item: &Combine, threshold: usize) -> Combination {
        match self {
            Cryptography::Made => fake::combine(item, threshold),
            Cryptography::Real(keys) => keys.combine(item),
        }
    }
}

impl Keys {
    fn sign(&self, key: &GroupKey, share: u8, root: Root) -> SignatureBytes {
        let sign = || {
            let validator = self.validators.get(key)?;
            let secret = match share.checked_sub(1) {
                None => &validator.secret,
                Some(place) => validator.shares.get(usize::from(place))?,
            };
            Some(SignatureBytes(secret.sign(&root.0).to_bytes()))
        };
        let mut signed = self.signed.borrow_mut();
        // Nobody has the keys of validators that are not the cluster's.
        *signed.entry((*key, share, root)).or_insert_with(|| sign().unwrap_or(SignatureBytes([0; 96])))
    }

    fn verify(&self, item: &Verify) -> bool {
        let Some(validator) = self.validators.get(&item.key) else { return false };
        let key = match item.share {
            None => Some(&validator.public.0),
            Some(share) => validator.public_shares.get(usize::from(share.number()) - 1).map(|key| &key.0),
        };
        key.is_some_and(|key| {
            let claim = Claim { key, root: item.signing_root.0, signature: item.signature.as_bytes() };
            bls::verify_batch(&[claim], item.signing_root.0) == [true]
        })
    }

    fn combine(&self, item: &Combine) -> Combination {
        let Some(validator) = self.validators.get(&item.key) else {
            return Combination { signature: None, culprits: Vec::new() };
        };
        let (mut partials, mut culprits) = (Vec::new(), Vec::new());
        for (share, signature) in &item.partials {
            match PartialSignature::from_bytes(*share, signature.as_bytes()) {
                Ok(partial) => partials.push(partial),
                Err(_) => culprits.push(*share),
            }
        }
        let (key, shares) = (&validator.public, &validator.public_shares);
        let of_validator = Item { key, shares, root: item.signing_root.0, partials: &partials };
        // Whoever could foresee the seed could cheat; the liars here cannot.
        let outcomes = bls::combine_batch(self.threshold, &[of_validator], item.signing_root.0);
        let outcome = outcomes.into_iter().next();
        let signature = outcome.and_then(|outcome| {
            culprits.extend(&outcome.culprits);
            outcome.signature.ok().map(|signature| SignatureBytes(signature.to_bytes()))
        });
        Combination { signature, culprits }
    }
}
