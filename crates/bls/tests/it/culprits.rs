//! Partial signatures that are wrong, and who is named.

use bls::{GroupPublicKey, NotEnough, Outcome, PartialSignature, ShareIndex, combine, combine_batch};
use proptest::prelude::*;

use crate::cluster::{Validator, minus, root, share, subsets, with_torsion, wrong};

const SEED: [u8; 32] = [0x5e; 32];

/// The threshold of the small clusters here, of 4 shares.
const THRESHOLD: u8 = 3;

fn validators(count: u64) -> Vec<Validator> {
    (0..count).map(|number| Validator::new(number, THRESHOLD, 4)).collect()
}

fn combine_all(
    validators: &[Validator],
    partials: &[Vec<PartialSignature>],
    roots: &[[u8; 32]],
) -> Vec<Outcome> {
    let items: Vec<_> =
        (0..validators.len()).map(|at| validators[at].item(roots[at], &partials[at])).collect();
    combine_batch(THRESHOLD, &items, SEED)
}

fn assert_signed(outcome: &Outcome, validator: &Validator, root: &[u8]) {
    let signature = outcome.signature.expect("enough good partials");
    assert_eq!(*signature.signature(), validator.secret.sign(root));
}

/// Replaces the partial of that share.
fn replace(partials: &mut [PartialSignature], by: PartialSignature) {
    *partials.iter_mut().find(|partial| partial.share() == by.share()).expect("the share is there") = by;
}

#[test]
fn one_wrong_partial_beyond_the_threshold_is_named_and_does_no_harm() {
    for (threshold, shares) in [(3u8, 4u8), (5, 7)] {
        let validator = Validator::new(1, threshold, shares);
        for numbers in subsets(usize::from(threshold) + 1, shares) {
            for liar in &numbers {
                let mut partials = validator.partials(&numbers, &root(1));
                replace(&mut partials, wrong(&validator, *liar));
                let outcome = combine(threshold, &validator.key, &validator.shares, &root(1), &partials);
                assert_signed(&outcome, &validator, &root(1));
                // With one share more than needed, the liar's may not have been looked at.
                let expected: &[ShareIndex] = if outcome.checks == 1 { &[] } else { &[share(*liar)] };
                assert_eq!(outcome.culprits, expected, "{numbers:?}, {liar} lies");
            }
        }
    }
}

#[test]
fn a_wrong_partial_among_just_enough_is_named() {
    let validator = Validator::new(1, THRESHOLD, 4);
    for numbers in subsets(3, 4) {
        for liar in &numbers {
            let mut partials = validator.partials(&numbers, &root(1));
            replace(&mut partials, wrong(&validator, *liar));
            let outcome = combine(THRESHOLD, &validator.key, &validator.shares, &root(1), &partials);
            assert_eq!(outcome.signature, Err(NotEnough { usable: 2, needed: 3 }));
            assert_eq!(outcome.culprits, [share(*liar)]);
        }
    }
}

#[test]
fn an_item_without_enough_good_partials_costs_its_neighbours_nothing() {
    let validators = validators(9);
    let roots = [root(1); 9];
    let mut partials: Vec<_> =
        validators.iter().map(|validator| validator.partials(&[1, 2, 3, 4], &root(1))).collect();
    for liar in [1, 4] {
        replace(&mut partials[5], wrong(&validators[5], liar));
    }
    for (at, outcome) in combine_all(&validators, &partials, &roots).iter().enumerate() {
        if at == 5 {
            assert_eq!(outcome.signature, Err(NotEnough { usable: 2, needed: 3 }));
            assert_eq!(outcome.culprits, [share(1), share(4)]);
        } else {
            assert_signed(outcome, &validators[at], &root(1));
            assert!(outcome.culprits.is_empty(), "an honest member was named for {at}");
        }
    }
}

#[test]
fn a_member_lying_for_everyone_is_named_for_everyone_at_the_cost_of_few_checks() {
    let validators = validators(40);
    let roots = [root(1); 40];
    let mut partials: Vec<_> =
        validators.iter().map(|validator| validator.partials(&[4, 2, 1, 3], &root(1))).collect();
    for (validator, partials) in validators.iter().zip(&mut partials) {
        replace(partials, wrong(validator, 2));
    }
    for (outcome, validator) in combine_all(&validators, &partials, &roots).iter().zip(&validators) {
        assert_signed(outcome, validator, &root(1));
        assert_eq!(outcome.culprits, [share(2)]);
        // On trust, one per share, and the result: however many validators there are.
        assert_eq!(outcome.checks, 1 + 4 + 1);
    }
}

#[test]
fn a_member_lying_once_is_named_once() {
    let validators = validators(40);
    let roots: Vec<_> = (0..40).map(|at| root(at % 3)).collect();
    let mut partials: Vec<_> = validators
        .iter()
        .zip(&roots)
        .map(|(validator, root)| validator.partials(&[1, 2, 3, 4], root))
        .collect();
    replace(&mut partials[17], wrong(&validators[17], 3));
    for (at, outcome) in combine_all(&validators, &partials, &roots).iter().enumerate() {
        assert_signed(outcome, &validators[at], &roots[at]);
        let expected: &[ShareIndex] = if at == 17 { &[share(3)] } else { &[] };
        assert_eq!(outcome.culprits, expected, "{at}");
    }
}

#[test]
fn a_partial_outside_the_subgroup_is_found_in_a_batch_that_is_checked_by_sums() {
    let validators = validators(50);
    let roots = [root(1); 50];
    let mut partials: Vec<_> =
        validators.iter().map(|validator| validator.partials(&[1, 2, 3, 4], &root(1))).collect();
    let outside = with_torsion(&validators[17].partial(3, &root(1)));
    replace(&mut partials[17], outside);
    for (at, outcome) in combine_all(&validators, &partials, &roots).iter().enumerate() {
        assert_signed(outcome, &validators[at], &roots[at]);
        let expected: &[ShareIndex] = if at == 17 { &[share(3)] } else { &[] };
        assert_eq!((&outcome.culprits[..], outcome.checks == 1), (expected, at != 17), "{at}");
    }
}

#[test]
fn a_liar_is_found_when_another_member_is_absent() {
    let validators = validators(40);
    let roots = [root(1); 40];
    let mut partials: Vec<_> =
        validators.iter().map(|validator| validator.partials(&[1, 2, 4], &root(1))).collect();
    for at in [3, 30] {
        replace(&mut partials[at], wrong(&validators[at], 4));
    }
    for (at, outcome) in combine_all(&validators, &partials, &roots).iter().enumerate() {
        if [3, 30].contains(&at) {
            assert_eq!(outcome.signature, Err(NotEnough { usable: 2, needed: 3 }));
            assert_eq!(outcome.culprits, [share(4)]);
        } else {
            assert_signed(outcome, &validators[at], &root(1));
            assert!(outcome.culprits.is_empty());
        }
    }
}

#[test]
fn partials_outside_the_subgroup_are_named() {
    let validators = validators(26);
    let roots = [root(1); 26];
    let mut partials: Vec<_> =
        validators.iter().map(|validator| validator.partials(&[1, 2, 3, 4], &root(1))).collect();
    for partials in &mut partials {
        let shifted = with_torsion(&partials[2]);
        replace(partials, shifted);
    }
    for (outcome, validator) in combine_all(&validators, &partials, &roots).iter().zip(&validators) {
        assert_signed(outcome, validator, &root(1));
        assert_eq!(outcome.culprits, [share(3)]);
    }
}

#[test]
fn no_coefficient_hides_a_part_outside_the_subgroup() {
    // For one in 13 pairs of coefficients the parts would vanish from the sum.
    let validators = validators(2);
    let mut partials: Vec<_> =
        validators.iter().map(|validator| validator.partials(&[1, 2, 3, 4], &root(1))).collect();
    for partials in &mut partials {
        let shifted = with_torsion(&partials[2]);
        replace(partials, shifted);
    }
    let items: Vec<_> = (0..2).map(|at| validators[at].item(root(1), &partials[at])).collect();
    for seed in 0..100 {
        for (outcome, validator) in combine_batch(THRESHOLD, &items, [seed; 32]).iter().zip(&validators) {
            assert_signed(outcome, validator, &root(1));
            assert_eq!(outcome.culprits, [share(3)]);
        }
    }
}

#[test]
fn parts_outside_the_subgroup_that_cancel_out_do_no_harm() {
    // Of shares 1, 2 and 3 the weights are 3, −3 and 1.
    let validator = Validator::new(1, THRESHOLD, 4);
    let mut partials = validator.partials(&[1, 2, 3], &root(1));
    for partial in &mut partials[..2] {
        *partial = with_torsion(partial);
    }
    let outcome = combine(THRESHOLD, &validator.key, &validator.shares, &root(1), &partials);
    assert_signed(&outcome, &validator, &root(1));
}

#[test]
fn colluding_errors_that_cancel_out_do_not_incriminate_honest_members() {
    // Members 1 and 2 err by the same amount: with weights 3 and −3 their errors cancel out in the item where
    // nobody else lies, and the signature is right. Where member 3 lies too, exactly the three are named.
    let validators = validators(2);
    let mut partials: Vec<Vec<PartialSignature>> = Vec::new();
    for validator in &validators {
        let error = validator.secret.sign(b"error");
        let mut own = validator.partials(&[1, 2, 3, 4], &root(1));
        for partial in &mut own[..2] {
            let signature = partial.to_signature().expect("a signature");
            *partial =
                PartialSignature::new(partial.share(), bls::aggregate(&[signature, error]).expect("a sum"));
        }
        partials.push(own);
    }
    replace(&mut partials[1], wrong(&validators[1], 3));
    let outcomes = combine_all(&validators, &partials, &[root(1); 2]);
    assert_eq!(outcomes[1].signature, Err(NotEnough { usable: 1, needed: 3 }));
    assert_eq!(outcomes[1].culprits, [share(1), share(2), share(3)]);
    // The failed batch had member 1's and 2's partials for the first validator looked at as well.
    assert_eq!(outcomes[0].signature, Err(NotEnough { usable: 2, needed: 3 }));
    assert_eq!(outcomes[0].culprits, [share(1), share(2)]);

    let alone = combine_all(&validators[..1], &partials[..1], &[root(1)]);
    assert_signed(&alone[0], &validators[0], &root(1));
}

#[test]
fn errors_that_cancel_out_between_validators_are_found() {
    // One member shifts two validators' partials by opposite errors: the plain sum over its partials is
    // right.
    let validators = validators(12);
    let mut partials: Vec<_> =
        validators.iter().map(|validator| validator.partials(&[1, 2, 3, 4], &root(1))).collect();
    let error = validators[0].secret.sign(b"error");
    let (plus, less) = (partials[4][0].to_signature(), partials[5][0].to_signature());
    let plus = bls::aggregate(&[plus.expect("a signature"), error]).expect("a sum");
    let less = minus(&less.expect("a signature"), &error);
    replace(&mut partials[4], PartialSignature::new(share(1), plus));
    replace(&mut partials[5], PartialSignature::new(share(1), less));
    for (at, outcome) in combine_all(&validators, &partials, &[root(1); 12]).iter().enumerate() {
        assert_signed(outcome, &validators[at], &root(1));
        assert_eq!(outcome.culprits.len(), usize::from([4, 5].contains(&at)), "{at}");
    }
}

#[test]
fn a_share_nobody_holds_is_named_and_does_no_harm() {
    let validator = Validator::new(1, THRESHOLD, 4);
    let mut partials = vec![PartialSignature::new(share(5), validator.secret.sign(&root(1)))];
    partials.extend(validator.partials(&[1, 2, 3], &root(1)));
    let outcome = combine(THRESHOLD, &validator.key, &validator.shares, &root(1), &partials);
    assert_signed(&outcome, &validator, &root(1));
    assert_eq!(outcome.culprits, [share(5)]);
}

#[test]
fn of_several_partials_of_one_share_the_right_one_counts() {
    let validator = Validator::new(1, THRESHOLD, 4);
    let mut partials = vec![wrong(&validator, 2)];
    partials.extend(validator.partials(&[1, 2, 3], &root(1)));
    let outcome = combine(THRESHOLD, &validator.key, &validator.shares, &root(1), &partials);
    assert_signed(&outcome, &validator, &root(1));
    assert_eq!(outcome.culprits, [share(2)]);
}

#[test]
fn a_partial_in_another_members_name_is_wrong() {
    let validator = Validator::new(1, THRESHOLD, 4);
    let mut partials = validator.partials(&[1, 2, 3, 4], &root(1));
    let stolen = PartialSignature::from_bytes(share(1), &partials[1].to_bytes()).expect("on the curve");
    replace(&mut partials, stolen);
    let outcome = combine(THRESHOLD, &validator.key, &validator.shares, &root(1), &partials);
    assert_signed(&outcome, &validator, &root(1));
    assert_eq!(outcome.culprits, [share(1)]);
}

#[test]
fn share_keys_of_another_validator_give_no_signature_and_name_nobody() {
    let validator = Validator::new(1, THRESHOLD, 4);
    let neighbour = Validator::new(2, THRESHOLD, 4);
    let foreign = GroupPublicKey(Validator::new(3, THRESHOLD, 4).key.0);
    let partials = validator.partials(&[1, 2, 3, 4], &root(1));
    let good = neighbour.partials(&[1, 2, 3, 4], &root(1));
    let mut misconfigured = validator.item(root(1), &partials);
    misconfigured.key = &foreign;
    let outcomes = combine_batch(THRESHOLD, &[misconfigured, neighbour.item(root(1), &good)], SEED);
    let refusal = outcomes[0].signature.expect_err("the group key is another's");
    assert_eq!(refusal, NotEnough { usable: 4, needed: 3 });
    assert!(refusal.to_string().contains("check the cluster lock"));
    assert!(outcomes[0].culprits.is_empty());
    assert_signed(&outcomes[1], &neighbour, &root(1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Whoever lies about what: an item is signed exactly if enough of its partials are right, no honest
    /// member is ever named, and after a failure every liar is.
    #[test]
    fn signatures_come_from_good_partials_and_blame_falls_on_bad_ones(
        (threshold, shares) in prop::sample::select(vec![(3u8, 4u8), (5, 7), (7, 10)]),
        faults in prop::collection::vec(prop::collection::vec(0u8..12, 10), 1..12),
        kinds in 1u8..4,
        seed: [u8; 32],
    ) {
        let validators: Vec<_> =
            (0..faults.len() as u64).map(|number| Validator::new(number, threshold, shares)).collect();
        let mut partials = Vec::new();
        for (at, validator) in validators.iter().enumerate() {
            let mut own = Vec::new();
            for number in 1..=shares {
                let right = validator.partial(number, &root(at as u8 % kinds));
                match faults[at][usize::from(number) - 1] {
                    0 => {}
                    1 => own.push(wrong(validator, number)),
                    2 => own.push(with_torsion(&right)),
                    _ => own.push(right),
                }
            }
            partials.push(own);
        }
        let items: Vec<_> =
            (0..faults.len()).map(|at| validators[at].item(root(at as u8 % kinds), &partials[at])).collect();
        for (at, outcome) in combine_batch(threshold, &items, seed).iter().enumerate() {
            let faults = &faults[at][..usize::from(shares)];
            let good = faults.iter().filter(|fault| **fault > 2).count();
            // Errors may cancel out; then nothing was wrong enough to look closer.
            if outcome.checks != 1 {
                prop_assert_eq!(outcome.signature.is_ok(), good >= usize::from(threshold));
            }
            prop_assert!(outcome.signature.is_ok() || good < usize::from(threshold));
            if let Ok(signature) = outcome.signature {
                prop_assert_eq!(*signature.signature(), validators[at].secret.sign(&root(at as u8 % kinds)));
            }
            let liars: Vec<_> = (1..=shares)
                .filter(|number| [1, 2].contains(&faults[usize::from(*number) - 1]))
                .map(share)
                .collect();
            prop_assert!(outcome.culprits.iter().all(|culprit| liars.contains(culprit)));
            if outcome.checks > 1 || (outcome.signature.is_err() && outcome.checks > 0) {
                prop_assert_eq!(&outcome.culprits, &liars);
            }
        }
    }
}
