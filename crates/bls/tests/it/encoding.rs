//! What is let in and what is not.

use bls::{
    Defect, Error, PartialSignature, PublicKey, SecretKey, Signature, aggregate, fast_aggregate_verify, split,
};
use sha2::{Digest, Sha256};

use crate::cluster::{ORDER_13, Validator, minus, randomness, root, share, with_torsion};

/// The order of the groups.
const ORDER: &str = "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001";

fn bytes<const N: usize>(hex: &str) -> [u8; N] {
    const_hex::decode_to_array(hex).expect("hex of that length")
}

/// A compressed point with that x-coordinate, which for signatures is the last one encoded.
fn small_x<const N: usize>(x: u8) -> [u8; N] {
    let mut point = [0; N];
    point[0] = 0x80;
    point[N - 1] = x;
    point
}

fn identity<const N: usize>() -> [u8; N] {
    let mut point = [0; N];
    point[0] = 0xc0;
    point
}

#[test]
fn secret_keys_are_between_zero_and_the_order() {
    let order: [u8; 32] = bytes(ORDER);
    let mut below = order;
    below[31] -= 1;
    assert_eq!(SecretKey::from_bytes(&order), Err(Error::SecretKey));
    assert_eq!(SecretKey::from_bytes(&[0; 32]), Err(Error::SecretKey));
    assert_eq!(SecretKey::from_bytes(&[0xff; 32]), Err(Error::SecretKey));
    assert_eq!(*SecretKey::from_bytes(&below).expect("below the order").to_bytes(), below);
    assert_eq!(SecretKey::from_wide_be(&order), Err(Error::SecretKey));
}

#[test]
fn secret_keys_are_not_printed() {
    let secret = Validator::new(1, 1, 1).secret;
    assert_eq!(format!("{secret:?}"), "SecretKey");
}

#[test]
fn interop_keys_are_those_of_the_specifications() {
    // The first of the consensus specifications' interop keys ("mocked start").
    let hash = Sha256::digest([0u8; 32]);
    let secret = SecretKey::from_wide_le(&hash).expect("not zero");
    assert_eq!(
        const_hex::encode(secret.to_bytes().as_slice()),
        "25295f0d1d592a90b333e26e85149708208e9f8e8bc18f6c77bd62f8ad7a6866"
    );
    assert_eq!(
        const_hex::encode(secret.public_key().to_bytes()),
        "a99a76ed7796f7be22d5b7e85deeb7c5677e88e511e0b337618f8c4eb61349b4bf2d153f649f7b53359fe8b94a38e44c"
    );
}

#[test]
fn a_broken_source_of_randomness_is_noticed() {
    let mut zeros = |bytes: &mut [u8]| bytes.fill(0);
    assert_eq!(SecretKey::random(&mut zeros), Err(Error::Randomness));
    let secret = Validator::new(1, 1, 1).secret;
    assert_eq!(split(&secret, 2, 3, &mut zeros), Err(Error::Randomness));
    let mut good = randomness(7);
    assert_ne!(SecretKey::random(&mut good), SecretKey::random(&mut good));
}

#[test]
fn public_keys_outside_the_subgroup_are_refused() {
    // (0, ±2) has order 3.
    let mut order_three: [u8; 48] = small_x(0);
    assert_eq!(PublicKey::from_bytes(&order_three), Err(Error::PublicKey(Defect::Subgroup)));
    order_three[0] |= 0x20;
    assert_eq!(PublicKey::from_bytes(&order_three), Err(Error::PublicKey(Defect::Subgroup)));
    assert_eq!(PublicKey::from_bytes(&small_x(4)), Err(Error::PublicKey(Defect::Subgroup)));
}

#[test]
fn public_keys_must_be_points_in_canonical_form() {
    assert_eq!(PublicKey::from_bytes(&identity()), Err(Error::PublicKey(Defect::Identity)));
    assert_eq!(PublicKey::from_bytes(&small_x(1)), Err(Error::PublicKey(Defect::Curve)));
    assert_eq!(PublicKey::from_bytes(&[0; 48]), Err(Error::PublicKey(Defect::Encoding)));
    assert_eq!(PublicKey::from_bytes(&[0xff; 48]), Err(Error::PublicKey(Defect::Encoding)));
    let mut uncompressed = Validator::new(1, 1, 1).key.to_bytes();
    uncompressed[0] &= 0x7f;
    assert_eq!(PublicKey::from_bytes(&uncompressed), Err(Error::PublicKey(Defect::Encoding)));
    let mut marked_identity = identity();
    marked_identity[0] |= 0x20;
    assert_eq!(PublicKey::from_bytes(&marked_identity), Err(Error::PublicKey(Defect::Encoding)));
}

#[test]
fn signatures_outside_the_subgroup_are_refused() {
    assert_eq!(Signature::from_bytes(&bytes(ORDER_13)), Err(Error::Signature(Defect::Subgroup)));
    let validator = Validator::new(1, 2, 3);
    let shifted = with_torsion(&validator.partial(1, &root(1)));
    assert_eq!(Signature::from_bytes(&shifted.to_bytes()), Err(Error::Signature(Defect::Subgroup)));
    assert_eq!(shifted.to_signature(), Err(Error::Signature(Defect::Subgroup)));
    assert!(!shifted.verify(&root(1), &validator.shares[0]));
    assert!(validator.partial(1, &root(1)).verify(&root(1), &validator.shares[0]));
}

#[test]
fn signatures_must_be_points_in_canonical_form() {
    for (encoded, defect) in [
        (identity(), Defect::Identity),
        ([0; 96], Defect::Encoding),
        ([0xff; 96], Defect::Encoding),
        (small_x(0), Defect::Curve),
    ] {
        assert_eq!(Signature::from_bytes(&encoded), Err(Error::Signature(defect)));
        assert_eq!(PartialSignature::from_bytes(share(1), &encoded), Err(Error::Signature(defect)));
    }
}

#[test]
fn encodings_round_trip() {
    let validator = Validator::new(3, 2, 3);
    let signature = validator.secret.sign(&root(1));
    assert_eq!(Signature::from_bytes(&signature.to_bytes()), Ok(signature));
    assert_eq!(PublicKey::from_bytes(&validator.key.to_bytes()), Ok(validator.key.0));
    let partial = validator.partial(2, &root(1));
    assert_eq!(PartialSignature::from_bytes(share(2), &partial.to_bytes()), Ok(partial));
    assert_eq!(SecretKey::from_bytes(&validator.secret.to_bytes()), Ok(validator.secret));
}

#[test]
fn a_signature_verifies_for_its_key_and_message_only() {
    let (one, other) = (Validator::new(1, 1, 1), Validator::new(2, 1, 1));
    let signature = one.secret.sign(&root(1));
    assert!(signature.verify(&root(1), &one.key.0));
    assert!(!signature.verify(&root(2), &one.key.0));
    assert!(!signature.verify(&root(1), &other.key.0));
}

#[test]
fn sums_that_cancel_out_are_refused() {
    let (one, other) = (Validator::new(1, 1, 1), Validator::new(2, 1, 1));
    let signature = one.secret.sign(&root(1));
    let both = aggregate(&[signature, other.secret.sign(&root(1))]).expect("a sum");
    assert_eq!(minus(&both, &other.secret.sign(&root(1))), signature);

    let mut negated = signature.to_bytes();
    negated[0] ^= 0x20;
    let negated = Signature::from_bytes(&negated).expect("a point");
    assert_eq!(aggregate(&[signature, negated]), Err(Error::Signature(Defect::Identity)));
    assert_eq!(aggregate(&[]), Err(Error::Empty));

    let mut opposite = one.key.to_bytes();
    opposite[0] ^= 0x20;
    let opposite = PublicKey::from_bytes(&opposite).expect("a key");
    assert!(!fast_aggregate_verify(&root(1), &[one.key.0, opposite], &signature));
    assert!(!fast_aggregate_verify(&root(1), &[], &signature));
}
