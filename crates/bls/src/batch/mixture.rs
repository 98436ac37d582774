//! A random combination Σ rᵢ·Sᵢ of signatures that tells in passing whether all of them are in the subgroup.
//!
//! Each rᵢ is cut into digits of three bits, and the sums Wⱼ = Σ dᵢⱼ·Sᵢ for each place j of the digits are what
//! Σ rᵢ·Sᵢ is put together from in any case. They are random combinations, too, independent of each other. What a
//! signature has outside the subgroup has an order of 13 at least, the smallest prime factor of the curve's
//! cofactor; so of the eight values of its digit at most one hides it from Wⱼ, whatever the other signatures are.
//! The last place has one bit only. All the Wⱼ are in the subgroup although a signature is not once in 2⁶⁴ =
//! 8²¹ · 2: as often as a false signature passes the check of the combination.

use blst::{blst_p2, blst_p2_affine};

use super::coefficients::COEFFICIENT_BYTES;
use crate::native::points::{self, Curve, G2};

/// Bits of a digit. With four, which have more values than 13, each would tell no more.
const DIGIT_BITS: usize = 3;
/// The places of a coefficient's digits.
const PLACES: usize = (COEFFICIENT_BYTES * 8).div_ceil(DIGIT_BITS);
/// The digits other than zero.
const DIGITS: usize = (1 << DIGIT_BITS) - 1;

/// The combination, if the signatures are in the subgroup; `scalars` holds one coefficient for each. Signatures are on
/// the curve.
pub(super) fn mix(signatures: &[blst_p2_affine], scalars: &[u8]) -> Option<blst_p2> {
    let coefficients: Vec<u64> = scalars
        .chunks_exact(COEFFICIENT_BYTES)
        .map(|bytes| bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
        .collect();
    let mut mixture = blst_p2::default();
    for place in (0..PLACES).rev() {
        for _ in 0..DIGIT_BITS {
            mixture = G2::double(&mixture);
        }
        let sum = sum_at(place, signatures, &coefficients);
        if !points::is_in_subgroup(&sum) {
            return None;
        }
        mixture = points::sum(&mixture, &sum);
    }
    Some(mixture)
}

/// The sum of the signatures, each times the digit of its coefficient at that place.
fn sum_at(place: usize, signatures: &[blst_p2_affine], coefficients: &[u64]) -> blst_p2 {
    let mut of_digit = [blst_p2::default(); DIGITS];
    for (signature, coefficient) in signatures.iter().zip(coefficients) {
        let digit = (coefficient >> (place * DIGIT_BITS)) as usize & DIGITS;
        if let Some(sum) = digit.checked_sub(1).map(|index| &mut of_digit[index]) {
            *sum = G2::add(sum, signature);
        }
    }
    // From the highest digit down, so that each sum is counted as often as its digit says.
    let (mut running, mut total) = (blst_p2::default(), blst_p2::default());
    for sum in of_digit.iter().rev() {
        running = points::sum(&running, sum);
        total = points::sum(&total, &running);
    }
    total
}

#[cfg(test)]
mod tests {
    use blst::MultiPoint;

    use super::*;
    use crate::batch::Coefficients;
    use crate::native::points::hash_to_g2;

    /// The order of the curve of signatures over that of the subgroup, big-endian.
    const COFACTOR: &str = "5d543a95414e7f1091d50792876a202cd91de4547085abaa68a205b2e5a7ddfa628f1cb4d9e82ef2\
         1537e293a6691ae1616ec6e786f0c70cf1c38e31c7238e5";

    fn signatures(count: u8) -> Vec<blst_p2_affine> {
        (0..count).map(|number| hash_to_g2(&[number], b"TEST")).collect()
    }

    #[test]
    fn it_is_the_combination_that_the_coefficients_say() {
        for count in [1, 2, 7, 60] {
            let signatures = signatures(count);
            let scalars = Coefficients::new([count; 32]).take(signatures.len());
            let mixture = mix(&signatures, &scalars).expect("they are in the subgroup");
            assert_eq!(mixture, signatures.mult(&scalars, COEFFICIENT_BYTES * 8));
        }
    }

    #[test]
    fn a_digit_has_fewer_values_than_the_cofactor_s_smallest_prime() {
        let remainder = |prime: u32| {
            let digits = COFACTOR.chars().map(|digit| digit.to_digit(16).expect("a digit"));
            digits.fold(0, |remainder, digit| (remainder * 16 + digit) % prime)
        };
        assert!((2..13).all(|smaller| remainder(smaller) != 0));
        assert_eq!(remainder(13), 0);
        const { assert!(1 << DIGIT_BITS <= 13) };
    }
}
