//! Many signatures in one check.

use bls::{Claim, Signature, verify_batch};
use proptest::prelude::*;

use crate::cluster::{Validator, minus, root, with_torsion};

const SEED: [u8; 32] = [0x5e; 32];

/// Validators with a signature each, the root a function of the position.
fn signed(
    count: u64,
    root_of: impl Fn(usize) -> [u8; 32],
) -> (Vec<Validator>, Vec<[u8; 32]>, Vec<Signature>) {
    let validators: Vec<Validator> = (0..count).map(|number| Validator::new(number, 1, 1)).collect();
    let roots: Vec<[u8; 32]> = (0..validators.len()).map(root_of).collect();
    let signatures =
        validators.iter().zip(&roots).map(|(validator, root)| validator.secret.sign(root)).collect();
    (validators, roots, signatures)
}

fn verify(validators: &[Validator], roots: &[[u8; 32]], signatures: &[Signature]) -> Vec<bool> {
    let encoded: Vec<[u8; 96]> = signatures.iter().map(Signature::to_bytes).collect();
    verify_encoded(validators, roots, &encoded)
}

fn verify_encoded(validators: &[Validator], roots: &[[u8; 32]], signatures: &[[u8; 96]]) -> Vec<bool> {
    let claims: Vec<Claim<'_>> = validators
        .iter()
        .zip(roots)
        .zip(signatures)
        .map(|((validator, root), signature)| Claim { key: &validator.key.0, root: *root, signature })
        .collect();
    verify_batch(&claims, SEED)
}

/// Batches that are checked for the subgroup one by one, and by sums.
const SIZES: [u64; 3] = [3, 39, 60];

#[test]
fn what_is_no_signature_is_false_and_the_others_hold() {
    for size in SIZES {
        let (validators, roots, signatures) = signed(size, |_| root(1));
        let mut encoded: Vec<[u8; 96]> = signatures.iter().map(Signature::to_bytes).collect();
        let mut identity = [0; 96];
        identity[0] = 0xC0;
        (encoded[0], encoded[2]) = ([0xFF; 96], identity);
        let mut expected = vec![true; encoded.len()];
        (expected[0], expected[2]) = (false, false);
        assert_eq!(verify_encoded(&validators, &roots, &encoded), expected);
    }
}

#[test]
fn a_signature_outside_the_subgroup_is_false_and_the_others_hold() {
    for size in SIZES {
        let (validators, roots, signatures) = signed(size, |_| root(1));
        let mut encoded: Vec<[u8; 96]> = signatures.iter().map(Signature::to_bytes).collect();
        encoded[1] = with_torsion(&validators[1].partial(1, &root(1))).to_bytes();
        let mut expected = vec![true; encoded.len()];
        expected[1] = false;
        assert_eq!(verify_encoded(&validators, &roots, &encoded), expected);
    }
}

#[test]
fn parts_outside_the_subgroup_that_cancel_out_are_found() {
    let (validators, roots, signatures) = signed(60, |_| root(1));
    let mut encoded: Vec<[u8; 96]> = signatures.iter().map(Signature::to_bytes).collect();
    let mut expected = vec![true; encoded.len()];
    // Thirteen times the same point of order 13 is nothing.
    for at in 20..33 {
        encoded[at] = with_torsion(&validators[at].partial(1, &root(1))).to_bytes();
        expected[at] = false;
    }
    assert_eq!(verify_encoded(&validators, &roots, &encoded), expected);
}

#[test]
fn an_empty_batch_has_no_verdicts() {
    assert!(verify_batch(&[], SEED).is_empty());
}

#[test]
fn one_claim_is_a_batch() {
    let (validators, roots, signatures) = signed(1, |_| root(1));
    assert_eq!(verify(&validators, &roots, &signatures), [true]);
    assert_eq!(verify(&validators, &[root(2)], &signatures), [false]);
}

#[test]
fn the_same_claim_may_come_many_times() {
    let (validators, roots, signatures) = signed(1, |_| root(1));
    let signature = signatures[0].to_bytes();
    let claim = Claim { key: &validators[0].key.0, root: roots[0], signature: &signature };
    assert_eq!(verify_batch(&[claim; 40], SEED), [true; 40]);
}

#[test]
fn signatures_swapped_between_validators_do_not_hold() {
    // Their plain sum is right, so a batch without coefficients would take them.
    let (validators, roots, mut signatures) = signed(12, |_| root(1));
    signatures.swap(2, 9);
    let mut expected = [true; 12];
    expected[2] = false;
    expected[9] = false;
    assert_eq!(verify(&validators, &roots, &signatures), expected);
}

#[test]
fn errors_that_cancel_out_in_the_sum_do_not_hold() {
    let (validators, roots, mut signatures) = signed(10, |_| root(1));
    let error = validators[0].secret.sign(b"error");
    signatures[3] = bls::aggregate(&[signatures[3], error]).expect("a sum");
    signatures[4] = minus(&signatures[4], &error);
    let verdicts = verify(&validators, &roots, &signatures);
    assert_eq!(verdicts, [true, true, true, false, false, true, true, true, true, true]);
}

#[test]
fn opposite_keys_in_one_batch_are_judged_rightly() {
    let (validators, ..) = signed(1, |_| root(1));
    let key = validators[0].key.0;
    let mut opposite = key.to_bytes();
    opposite[0] ^= 0x20;
    let opposite = bls::PublicKey::from_bytes(&opposite).expect("a key");
    let signature = validators[0].secret.sign(&root(1));
    let signature = signature.to_bytes();
    let claims = [
        Claim { key: &key, root: root(1), signature: &signature },
        Claim { key: &opposite, root: root(1), signature: &signature },
    ];
    assert_eq!(verify_batch(&claims, SEED), [true, false]);
}

#[test]
fn a_large_batch_of_few_roots_with_faults_far_apart_is_sorted_out() {
    let (validators, roots, mut signatures) = signed(100, |position| root(position as u8 % 3));
    for position in [0, 50, 51, 99] {
        signatures[position] = validators[position].secret.sign(b"something else");
    }
    for (position, holds) in verify(&validators, &roots, &signatures).into_iter().enumerate() {
        assert_eq!(holds, ![0, 50, 51, 99].contains(&position), "{position}");
    }
}

#[test]
fn a_batch_with_nothing_right_is_refused_as_a_whole() {
    let (validators, roots, signatures) = signed(33, |_| root(1));
    let other: Vec<[u8; 32]> = roots.iter().map(|_| root(2)).collect();
    assert_eq!(verify(&validators, &other, &signatures), [false; 33]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn verdicts_are_those_of_single_verification(
        faults in prop::collection::vec(prop::bool::weighted(0.15), 1..60),
        kinds in 1usize..5,
        seed: [u8; 32],
    ) {
        let root_of = |position: usize| root((position % kinds) as u8);
        let (validators, roots, mut signatures) = signed(faults.len() as u64, root_of);
        for (position, fault) in faults.iter().enumerate() {
            if *fault {
                signatures[position] = validators[position].secret.sign(&root(200));
            }
        }
        let encoded: Vec<[u8; 96]> = signatures.iter().map(Signature::to_bytes).collect();
        let claims: Vec<Claim<'_>> = (0..faults.len())
            .map(|at| Claim { key: &validators[at].key.0, root: roots[at], signature: &encoded[at] })
            .collect();
        let singly: Vec<bool> =
            (0..faults.len()).map(|at| signatures[at].verify(&roots[at], &validators[at].key.0)).collect();
        prop_assert_eq!(&verify_batch(&claims, seed), &singly);
        prop_assert_eq!(singly, faults.iter().map(|fault| !fault).collect::<Vec<_>>());
    }
}
