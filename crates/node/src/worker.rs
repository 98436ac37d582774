//! The BLS worker: carries out the engine's jobs away from its loop.

use std::collections::BTreeMap;

use bls::{Claim, GroupPublicKey, Item, PartialSignature, ShareIndex, SharePublicKey};
use cluster::GroupKey;
use duty::{Combination, Combine, Verify};

/// The public keys of the cluster, parsed once.
#[derive(Debug)]
pub struct KeyTable {
    threshold: u8,
    validators: BTreeMap<GroupKey, ValidatorKeys>,
}

/// The public keys of one validator.
#[derive(Debug)]
pub struct ValidatorKeys {
    /// Its own.
    pub group: GroupPublicKey,
    /// Its shares', by share index minus one.
    pub shares: Vec<SharePublicKey>,
}

impl KeyTable {
    /// A table of these validators.
    pub fn new(threshold: u8, validators: BTreeMap<GroupKey, ValidatorKeys>) -> KeyTable {
        KeyTable { threshold, validators }
    }

    /// Verifies signatures; by item whether it is good.
    pub fn verify(&self, items: &[Verify]) -> Vec<bool> {
        let claims: Vec<Option<Claim<'_>>> = items.iter().map(|item| self.claim(item)).collect();
        let known: Vec<Claim<'_>> = claims.iter().flatten().copied().collect();
        let mut verdicts = bls::verify_batch(&known, seed()).into_iter();
        claims.iter().map(|claim| claim.is_some() && verdicts.next() == Some(true)).collect()
    }

    /// What the item claims, if it is of a key that is known.
    fn claim<'a>(&'a self, item: &'a Verify) -> Option<Claim<'a>> {
        let keys = self.validators.get(&item.key)?;
        let key = match item.share {
            None => &keys.group.0,
            Some(share) => &keys.share(share)?.0,
        };
        Some(Claim { key, root: item.signing_root.0, signature: item.signature.as_bytes() })
    }

    /// Combines partial signatures, names culprits, and vouches for what it returns.
    pub fn combine(&self, items: &[Combine]) -> Vec<Combination> {
        let parsed: Vec<Parsed<'_>> = items.iter().map(|item| self.parse_partials(item)).collect();
        let known: Vec<Item<'_>> = items
            .iter()
            .zip(&parsed)
            .filter_map(|(item, parsed)| {
                let keys = parsed.keys?;
                Some(Item {
                    key: &keys.group,
                    shares: &keys.shares,
                    root: item.signing_root.0,
                    partials: &parsed.partials,
                })
            })
            .collect();
        let mut outcomes = bls::combine_batch(self.threshold, &known, seed()).into_iter();
        let finish = |parsed: &Parsed<'_>| {
            let mut culprits = parsed.malformed.clone();
            let outcome = parsed.keys.and_then(|_| outcomes.next());
            let signature = outcome.and_then(|outcome| {
                culprits.extend(&outcome.culprits);
                outcome.signature.ok().map(|signature| eth::SignatureBytes(signature.to_bytes()))
            });
            Combination { signature, culprits }
        };
        parsed.iter().map(finish).collect()
    }

    fn parse_partials(&self, item: &Combine) -> Parsed<'_> {
        let keys = self.validators.get(&item.key);
        let (mut partials, mut malformed) = (Vec::new(), Vec::new());
        for (share, signature) in &item.partials {
            match PartialSignature::from_bytes(*share, signature.as_bytes()) {
                Ok(partial) => partials.push(partial),
                Err(_) => malformed.push(*share),
            }
        }
        Parsed { keys, partials, malformed }
    }
}

impl ValidatorKeys {
    fn share(&self, share: ShareIndex) -> Option<&SharePublicKey> {
        self.shares.get(usize::from(share.number()) - 1)
    }
}

struct Parsed<'a> {
    keys: Option<&'a ValidatorKeys>,
    partials: Vec<PartialSignature>,
    malformed: Vec<ShareIndex>,
}

/// Fresh randomness for one batch: coefficients that a sender could foresee would let wrong signatures cancel out.
fn seed() -> [u8; 32] {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).expect("the operating system has randomness");
    seed
}
