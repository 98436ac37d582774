//! Verifying many signatures at once.

mod coefficients;
mod mixture;
mod verifier;

pub(crate) use coefficients::Coefficients;
pub(crate) use verifier::{Entry, Verifier, is_sound};

use blst::min_pk;

use crate::PublicKey;
use crate::signature::is_identity;

/// A signature and what it is claimed to be.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Whose signature.
    pub key: &'a PublicKey,
    /// Of which signing root.
    pub root: [u8; 32],
    /// The signature in its 96-byte compressed form.
    pub signature: &'a [u8; 96],
}

/// Whether each claim holds; one that is false, or whose signature is no point of the subgroup, costs extra work but
/// never touches its neighbours.
///
/// Claims with the same root share two pairings among all of them, each further root adds one. `seed` is 32
/// bytes from a source of cryptographic randomness, new for every call: who could foresee it could make two
/// false signatures cancel out.
pub fn verify_batch(claims: &[Claim<'_>], seed: [u8; 32]) -> Vec<bool> {
    let mut verifier = Verifier::new(Some(Coefficients::new(seed)));
    let entries: Vec<Option<Entry>> = claims
        .iter()
        .map(|claim| {
            let signature = min_pk::Signature::uncompress(claim.signature).ok()?;
            let message = verifier.message(&claim.root);
            (!is_identity(&signature)).then_some(Entry { key: claim.key.0, message, signature })
        })
        .collect();
    let points: Vec<Entry> = entries.iter().flatten().copied().collect();
    let mut verdicts = verifier.judge_unchecked(&points).into_iter();
    entries.iter().map(|entry| entry.is_some() && verdicts.next() == Some(true)).collect()
}
