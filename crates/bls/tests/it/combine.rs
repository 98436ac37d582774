//! Partial signatures that are right.

use bls::{NotEnough, PartialSignature, combine, combine_batch};
use proptest::prelude::*;

use crate::cluster::{Validator, root, subsets};

const SEED: [u8; 32] = [0x5e; 32];

fn every_subset_makes_the_signature(threshold: u8, shares: u8) {
    let validator = Validator::new(1, threshold, shares);
    let expected = validator.secret.sign(&root(1));
    let all: Vec<u8> = (1..=shares).collect();
    let all = validator.partials(&all, &root(1));
    for size in threshold..=shares {
        for numbers in subsets(size.into(), shares) {
            let partials: Vec<_> = numbers.iter().map(|number| all[usize::from(*number) - 1]).collect();
            let outcome = combine(threshold, &validator.key, &validator.shares, &root(1), &partials);
            assert_eq!(
                outcome.signature.map(|signature| *signature.signature()),
                Ok(expected),
                "{numbers:?}"
            );
            assert!(outcome.culprits.is_empty());
            assert_eq!(outcome.checks, 1);
        }
    }
}

#[test]
fn every_subset_of_four_makes_the_signature() {
    every_subset_makes_the_signature(3, 4);
}

#[test]
fn every_subset_of_seven_makes_the_signature() {
    every_subset_makes_the_signature(5, 7);
}

#[test]
fn a_threshold_of_one_is_the_key_itself() {
    every_subset_makes_the_signature(1, 3);
}

#[test]
fn too_few_partials_are_not_even_looked_at() {
    let validator = Validator::new(1, 3, 4);
    for numbers in subsets(2, 4) {
        let partials = validator.partials(&numbers, &root(1));
        let outcome = combine(3, &validator.key, &validator.shares, &root(1), &partials);
        assert_eq!(outcome.signature, Err(NotEnough { usable: 2, needed: 3 }));
        assert_eq!((outcome.culprits.len(), outcome.checks), (0, 0));
    }
    assert!(combine_batch(3, &[], SEED).is_empty());
}

#[test]
fn a_partial_counts_once_however_often_it_comes() {
    let validator = Validator::new(1, 3, 4);
    let partials = validator.partials(&[2, 2, 4, 2], &root(1));
    let outcome = combine(3, &validator.key, &validator.shares, &root(1), &partials);
    assert_eq!(outcome.signature, Err(NotEnough { usable: 2, needed: 3 }));
    let partials = validator.partials(&[2, 2, 4, 2, 1], &root(1));
    let outcome = combine(3, &validator.key, &validator.shares, &root(1), &partials);
    assert!(outcome.signature.is_ok());
}

#[test]
fn a_batch_may_mix_roots_and_quorums() {
    let validators: Vec<Validator> = (0..20).map(|number| Validator::new(number, 3, 4)).collect();
    let quorums = subsets(3, 4);
    let partials: Vec<Vec<PartialSignature>> = validators
        .iter()
        .enumerate()
        .map(|(at, validator)| validator.partials(&quorums[at % quorums.len()], &root(at as u8 % 3)))
        .collect();
    let items: Vec<_> = (0..20).map(|at| validators[at].item(root(at as u8 % 3), &partials[at])).collect();
    for (at, outcome) in combine_batch(3, &items, SEED).into_iter().enumerate() {
        let expected = validators[at].secret.sign(&root(at as u8 % 3));
        assert_eq!(outcome.signature.expect("enough").to_bytes(), expected.to_bytes());
        assert_eq!(outcome.checks, 1);
    }
}

#[test]
fn an_item_with_too_few_partials_costs_its_neighbours_nothing() {
    let validators: Vec<Validator> = (0..5).map(|number| Validator::new(number, 3, 4)).collect();
    let partials: Vec<_> = validators
        .iter()
        .enumerate()
        .map(|(at, validator)| validator.partials(if at == 2 { &[1, 4] } else { &[1, 3, 4] }, &root(1)))
        .collect();
    let items: Vec<_> = (0..5).map(|at| validators[at].item(root(1), &partials[at])).collect();
    for (at, outcome) in combine_batch(3, &items, SEED).into_iter().enumerate() {
        assert_eq!(outcome.signature.is_ok(), at != 2);
        assert_eq!(outcome.checks, usize::from(at != 2));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_quorum_makes_the_signature_of_the_whole_key(
        seed: u64,
        (threshold, shares) in
            prop::sample::select(vec![(3u8, 4u8), (5, 7), (7, 10), (9, 13), (14, 20), (27, 40)]),
        order in Just((1u8..=40).collect::<Vec<u8>>()).prop_shuffle(),
        spare in 0usize..3,
        message in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let validator = Validator::new(seed, threshold, shares);
        let count = usize::from(threshold) + spare;
        let numbers: Vec<u8> = order.into_iter().filter(|number| *number <= shares).take(count).collect();
        let partials = validator.partials(&numbers, &message);
        let outcome = combine(threshold, &validator.key, &validator.shares, &message, &partials);
        let signature = outcome.signature.expect("enough");
        prop_assert_eq!(*signature.signature(), validator.secret.sign(&message));
        prop_assert!(outcome.culprits.is_empty());
    }
}
