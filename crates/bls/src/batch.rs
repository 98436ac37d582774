//! Verifying many signatures at once.

mod coefficients;
mod verifier;

pub(crate) use coefficients::Coefficients;
pub(crate) use verifier::{Entry, Verifier};

use crate::{PublicKey, Signature};

/// A signature and what it is claimed to be.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Whose signature.
    pub key: &'a PublicKey,
    /// Of which signing root.
    pub root: [u8; 32],
    /// The signature.
    pub signature: &'a Signature,
}

/// Whether each claim holds; a false one costs extra work but never touches its neighbours.
///
/// Claims with the same root share two pairings among all of them, each further root adds one. `seed` is 32
/// bytes from a source of cryptographic randomness, new for every call: who could foresee it could make two
/// false signatures cancel out.
pub fn verify_batch(claims: &[Claim<'_>], seed: [u8; 32]) -> Vec<bool> {
    let mut verifier = Verifier::new(Some(Coefficients::new(seed)));
    let entries: Vec<Entry> = claims
        .iter()
        .map(|claim| {
            let message = verifier.message(&claim.root);
            Entry { key: claim.key.0, message, signature: claim.signature.0 }
        })
        .collect();
    verifier.judge(&entries).into_iter().map(|verdict| verdict.holds).collect()
}
