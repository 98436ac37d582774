//! The check e(g, Σ rᵢ·Sᵢ) = Π e(Σ rᵢ·Kᵢ, H(m)) over signatures Sᵢ with keys Kᵢ, one factor per message m.
//!
//! With random 64-bit rᵢ it holds for a batch with a false signature in it once in 2⁶⁴. The rᵢ say nothing
//! about parts of a signature outside the subgroup, whose order has small factors: so every signature must
//! be checked to be in it, one by one or by the sums that the combination is put together from (`mixture.rs`).

use std::collections::BTreeMap;

use blst::{MultiPoint, blst_fp12, blst_p1_affine, blst_p2, blst_p2_affine, min_pk, p1_affines};

use super::Coefficients;
use super::coefficients::COEFFICIENT_BYTES;
use super::mixture::mix;
use crate::native::points;
use crate::signature::{DOMAIN_SEPARATION_TAG, is_identity};

/// Failed batches up to this size are verified one by one: halving further would save nothing.
const SINGLY: usize = 8;

/// Signatures from which on it costs less to check sums of them for the subgroup than each.
const MANY: usize = 40;

/// One signature to verify. The key is in its subgroup and not the identity, and so is the signature where nothing else
/// is said.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) key: min_pk::PublicKey,
    /// The message's number, from [`Verifier::message`].
    pub(crate) message: usize,
    pub(crate) signature: min_pk::Signature,
}

/// What came out for one entry.
#[derive(Clone, Copy, Default)]
pub(crate) struct Verdict {
    pub(crate) holds: bool,
    /// The checks its signature went through, alone or with others.
    pub(crate) checks: usize,
}

/// Verifies signatures over messages that it hashes once each.
pub(crate) struct Verifier<'a> {
    /// Without coefficients nothing is verified jointly.
    coefficients: Option<Coefficients>,
    numbers: BTreeMap<&'a [u8], usize>,
    hashes: Vec<blst_p2_affine>,
}

impl<'a> Verifier<'a> {
    pub(crate) fn new(coefficients: Option<Coefficients>) -> Verifier<'a> {
        Verifier { coefficients, numbers: BTreeMap::new(), hashes: Vec::new() }
    }

    /// The number under which this verifier knows the message.
    pub(crate) fn message(&mut self, message: &'a [u8]) -> usize {
        *self.numbers.entry(message).or_insert_with(|| {
            self.hashes.push(points::hash_to_g2(message, DOMAIN_SEPARATION_TAG));
            self.hashes.len() - 1
        })
    }

    /// Whether all entries hold, in one check.
    pub(crate) fn all_hold(&mut self, entries: &[Entry]) -> bool {
        match (entries, &mut self.coefficients) {
            ([], _) => true,
            ([entry], _) => self.holds(entry),
            (_, None) => entries.iter().all(|entry| self.holds(entry)),
            (_, Some(coefficients)) => {
                let scalars = coefficients.take(entries.len());
                self.combination_holds(entries, &scalars)
            }
        }
    }

    /// The same for signatures of which nothing is known but that they are on the curve. None if one is the identity or
    /// outside the subgroup.
    pub(crate) fn all_hold_unchecked(&mut self, entries: &[Entry]) -> Option<bool> {
        match &mut self.coefficients {
            Some(coefficients) if entries.len() >= MANY => {
                if entries.iter().any(|entry| is_identity(&entry.signature)) {
                    return None;
                }
                let scalars = coefficients.take(entries.len());
                let mixture = mix(&signatures(entries), &scalars)?;
                Some(self.combination_is(&mixture, entries, &scalars))
            }
            _ => entries.iter().all(|entry| is_sound(&entry.signature)).then(|| self.all_hold(entries)),
        }
    }

    /// Which entries hold, of which nothing is known but that their signatures are on the curve.
    pub(crate) fn judge_unchecked(&mut self, entries: &[Entry]) -> Vec<bool> {
        let all_hold = self.all_hold_unchecked(entries);
        if all_hold == Some(true) {
            return vec![true; entries.len()];
        }
        // Where all are in the subgroup that is known already, but it costs little beside the search.
        let sound: Vec<bool> = entries.iter().map(|entry| is_sound(&entry.signature)).collect();
        let checked: Vec<Entry> =
            entries.iter().zip(&sound).filter(|(_, sound)| **sound).map(|(entry, _)| *entry).collect();
        let mut verdicts = self.judge(&checked).into_iter();
        sound.into_iter().map(|sound| sound && verdicts.next().is_some_and(|verdict| verdict.holds)).collect()
    }

    /// Which entries hold. Costs one check if all do.
    pub(crate) fn judge(&mut self, entries: &[Entry]) -> Vec<Verdict> {
        let mut verdicts = vec![Verdict::default(); entries.len()];
        if self.coefficients.is_some() && entries.len() > 1 {
            self.judge_jointly(entries, &mut verdicts);
        } else {
            self.judge_singly(entries, &mut verdicts);
        }
        verdicts
    }

    fn judge_jointly(&mut self, entries: &[Entry], verdicts: &mut [Verdict]) {
        verdicts.iter_mut().for_each(|verdict| verdict.checks += 1);
        if self.all_hold(entries) {
            verdicts.iter_mut().for_each(|verdict| verdict.holds = true);
        } else {
            self.find_false(entries, verdicts);
        }
    }

    /// Halves entries that do not hold together until they are few, then looks at each: nobody is named on an
    /// inference.
    fn find_false(&mut self, entries: &[Entry], verdicts: &mut [Verdict]) {
        if entries.len() <= SINGLY {
            return self.judge_singly(entries, verdicts);
        }
        let middle = entries.len() / 2;
        let (left, right) = verdicts.split_at_mut(middle);
        self.judge_jointly(&entries[..middle], left);
        if left.iter().all(|verdict| verdict.holds) {
            // So what is false is on the right, and checking that half as a whole can be left out.
            self.find_false(&entries[middle..], right);
        } else {
            self.judge_jointly(&entries[middle..], right);
        }
    }

    fn judge_singly(&self, entries: &[Entry], verdicts: &mut [Verdict]) {
        for (entry, verdict) in entries.iter().zip(verdicts) {
            verdict.checks += 1;
            verdict.holds = self.holds(entry);
        }
    }

    fn holds(&self, entry: &Entry) -> bool {
        balanced(&[self.hashes[entry.message]], &[entry.key.into()], &entry.signature.into())
    }

    /// `scalars` holds one coefficient per entry.
    fn combination_holds(&self, entries: &[Entry], scalars: &[u8]) -> bool {
        let mixture = signatures(entries).mult(scalars, COEFFICIENT_BYTES * 8);
        self.combination_is(&mixture, entries, scalars)
    }

    /// Whether the entries' keys and messages ask for that combination of their signatures.
    fn combination_is(&self, mixture: &blst_p2, entries: &[Entry], scalars: &[u8]) -> bool {
        let signature: blst_p2_affine = min_pk::AggregateSignature::from(*mixture).to_signature().into();
        let mut by_message: BTreeMap<usize, (Vec<blst_p1_affine>, Vec<u8>)> = BTreeMap::new();
        for (entry, scalar) in entries.iter().zip(scalars.chunks_exact(COEFFICIENT_BYTES)) {
            let (keys, factors) = by_message.entry(entry.message).or_default();
            keys.push(entry.key.into());
            factors.extend_from_slice(scalar);
        }
        let keys: Vec<_> =
            by_message.values().map(|(keys, factors)| keys.mult(factors, COEFFICIENT_BYTES * 8)).collect();
        let keys = p1_affines::from(&keys);
        let hashes: Vec<blst_p2_affine> = by_message.keys().map(|message| self.hashes[*message]).collect();
        balanced(&hashes, keys.as_slice(), &signature)
    }
}

fn signatures(entries: &[Entry]) -> Vec<blst_p2_affine> {
    entries.iter().map(|entry| entry.signature.into()).collect()
}

/// Whether the signature, which is on the curve, is in the subgroup and not the identity.
pub(crate) fn is_sound(signature: &min_pk::Signature) -> bool {
    signature.validate(true).is_ok()
}

/// Whether e(g, signature) = Π e(keyᵢ, hashᵢ). Never for the identity, in which pairings would say nothing:
/// sums of keys reach it by chance only, and then the entries are verified one by one.
fn balanced(hashes: &[blst_p2_affine], keys: &[blst_p1_affine], signature: &blst_p2_affine) -> bool {
    if *signature == blst_p2_affine::default() || keys.contains(&blst_p1_affine::default()) {
        return false;
    }
    let left = blst_fp12::miller_loop(signature, &points::generator());
    let right = blst_fp12::miller_loop_n(hashes, keys);
    blst_fp12::finalverify(&left, &right)
}
