//! Lagrange interpolation: the value of a polynomial at one place from its values at others.
//!
//! The value at x is Σ λᵢ·yᵢ with λᵢ = Π_{j≠i} (x − xⱼ)/(xᵢ − xⱼ). Shares are numbered 1, 2, 3 …, so the λᵢ
//! are fractions of small integers. Brought to their common denominator they cost a few point additions
//! instead of one multiplication by 255 bits each, and a single one by 1/denominator is left, or none when
//! that is 1.

use crate::ShareIndex;
use crate::native::Scalar;
use crate::native::points::{Curve, SCALAR_BITS};

/// The point additions one multiplication by 1/denominator is worth, measured.
const DIVISION_COST: u32 = 200;

/// Subsets looked at before the best so far is taken. All there are up to 13 shares, where one without a
/// division does not come first.
const MAX_SUBSETS: usize = 256;

/// How to interpolate from one set of shares to one place.
pub(crate) enum Lagrange {
    /// λᵢ = weightᵢ / denominator.
    Small { weights: Vec<i64>, denominator: i64 },
    /// λᵢ modulo r, for sets whose integers grow too large.
    Wide { weights: Vec<Scalar> },
}

impl Lagrange {
    /// From values at `places`, all different, to the value at `target`.
    pub(crate) fn new(target: u8, places: &[u8]) -> Lagrange {
        match small_weights(target, places) {
            Some((weights, denominator)) => Lagrange::Small { weights, denominator },
            None => Lagrange::Wide { weights: wide_weights(target, places) },
        }
    }

    /// The value at the target, `points` being the values at the places.
    pub(crate) fn interpolate<C: Curve>(&self, points: &[C::Affine]) -> C::Projective {
        match self {
            Lagrange::Small { weights, denominator: 1 } => sum::<C>(weights, points),
            Lagrange::Small { weights, denominator } => C::multiply(
                &sum::<C>(weights, points),
                &Scalar::from_u64(denominator.unsigned_abs()).invert(),
            ),
            Lagrange::Wide { weights } => wide_sum::<C>(weights, points),
        }
    }

    /// Whether `claimed` is the value at the target. Never divides, so it is cheaper than to interpolate.
    pub(crate) fn passes_through<C: Curve>(&self, points: &[C::Affine], claimed: &C::Affine) -> bool {
        let mut points = points.to_vec();
        points.push(*claimed);
        let difference = match self {
            Lagrange::Small { weights, denominator } => {
                let mut weights = weights.clone();
                weights.push(-denominator);
                sum::<C>(&weights, &points)
            }
            Lagrange::Wide { weights } => {
                let mut weights = weights.clone();
                weights.push(Scalar::difference(0, 1));
                wide_sum::<C>(&weights, &points)
            }
        };
        C::is_identity(&difference)
    }

    /// What interpolating costs, in point additions.
    fn cost(&self) -> u32 {
        match self {
            Lagrange::Small { weights, denominator } => {
                let digits: Vec<Digits> = weights.iter().map(|weight| Digits::of(*weight)).collect();
                let doublings = digits.iter().map(Digits::length).max().unwrap_or(0);
                let additions: u32 = digits.iter().map(Digits::count).sum();
                doublings + additions + if *denominator == 1 { 0 } else { DIVISION_COST }
            }
            Lagrange::Wide { weights } => (weights.len() as u32 + 1) * DIVISION_COST,
        }
    }
}

/// The shares to combine, and how: the value at 0 from theirs.
pub(crate) struct Quorum {
    pub(crate) shares: Vec<ShareIndex>,
    pub(crate) lagrange: Lagrange,
}

impl Quorum {
    /// The cheapest `threshold` of the shares at hand, which are all different; none if there are fewer.
    ///
    /// Stops at the first set without a division: others could save a few additions more, less than looking.
    pub(crate) fn cheapest(threshold: usize, available: &[ShareIndex]) -> Option<Quorum> {
        let mut best: Option<(u32, Quorum)> = None;
        for shares in Subsets::new(threshold, available).take(MAX_SUBSETS) {
            let lagrange = Lagrange::new(0, &numbers(&shares));
            let cost = lagrange.cost();
            if best.as_ref().is_none_or(|(lowest, _)| cost < *lowest) {
                best = Some((cost, Quorum { shares, lagrange }));
            }
            if cost < DIVISION_COST {
                break;
            }
        }
        best.map(|(_, quorum)| quorum)
    }
}

/// The shares' places on the polynomial.
pub(crate) fn numbers(shares: &[ShareIndex]) -> Vec<u8> {
    shares.iter().map(|share| share.number()).collect()
}

/// The λᵢ modulo r.
pub(crate) fn wide_weights(target: u8, places: &[u8]) -> Vec<Scalar> {
    places
        .iter()
        .map(|place| {
            let mut above = Scalar::from_u64(1);
            let mut below = Scalar::from_u64(1);
            for other in places.iter().filter(|other| *other != place) {
                above = above.multiply(&Scalar::difference(target, *other));
                below = below.multiply(&Scalar::difference(*place, *other));
            }
            above.multiply(&below.invert())
        })
        .collect()
}

/// The λᵢ over their least common denominator, unless one of the integers leaves its range.
fn small_weights(target: u8, places: &[u8]) -> Option<(Vec<i64>, i64)> {
    let mut fractions = Vec::with_capacity(places.len());
    let mut denominator: i64 = 1;
    for place in places {
        let (above, below) = fraction(target, *place, places)?;
        denominator = denominator.checked_mul(below / greatest_common_divisor(denominator, below))?;
        fractions.push((above, below));
    }
    let weights = fractions
        .into_iter()
        .map(|(above, below)| above.checked_mul(denominator / below))
        .collect::<Option<Vec<i64>>>()?;
    let in_range = |integer: &i64| integer.unsigned_abs() < Digits::LIMIT;
    (weights.iter().all(in_range) && in_range(&denominator)).then_some((weights, denominator))
}

/// One λᵢ in lowest terms, the denominator positive.
fn fraction(target: u8, place: u8, places: &[u8]) -> Option<(i64, i64)> {
    let mut above: i64 = 1;
    let mut below: i64 = 1;
    for other in places.iter().filter(|other| **other != place) {
        above = above.checked_mul(i64::from(target) - i64::from(*other))?;
        below = below.checked_mul(i64::from(place) - i64::from(*other))?;
    }
    let divisor = greatest_common_divisor(above, below) * below.signum();
    Some((above / divisor, below / divisor))
}

fn greatest_common_divisor(left: i64, right: i64) -> i64 {
    let (mut left, mut right) = (left.abs(), right.abs());
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}

/// Σ weightᵢ·pointᵢ, from the highest bit down, the doublings shared by all.
fn sum<C: Curve>(weights: &[i64], points: &[C::Affine]) -> C::Projective {
    let terms: Vec<(Digits, C::Affine, C::Affine)> = weights
        .iter()
        .zip(points)
        .map(|(weight, point)| (Digits::of(*weight), *point, C::negate(point)))
        .collect();
    let length = terms.iter().map(|(digits, ..)| digits.length()).max().unwrap_or(0);
    let mut total = C::Projective::default();
    for bit in (0..length).rev() {
        if bit + 1 < length {
            total = C::double(&total);
        }
        for (digits, point, negated) in &terms {
            if digits.plus >> bit & 1 == 1 {
                total = C::add(&total, point);
            } else if digits.minus >> bit & 1 == 1 {
                total = C::add(&total, negated);
            }
        }
    }
    total
}

fn wide_sum<C: Curve>(weights: &[Scalar], points: &[C::Affine]) -> C::Projective {
    debug_assert_eq!(weights.len(), points.len());
    let mut scalars = Vec::with_capacity(weights.len() * SCALAR_BITS.div_ceil(8));
    for weight in weights {
        scalars.extend_from_slice(&weight.to_blst().b);
    }
    C::multiply_each(points, &scalars)
}

/// An integer as signed binary digits: the bits of `plus` minus the bits of `minus`.
struct Digits {
    plus: u64,
    minus: u64,
}

impl Digits {
    /// Sizes below this can be tripled without leaving 64 bits.
    const LIMIT: u64 = 1 << 62;

    /// Binary, or the non-adjacent form (no two neighbouring digits set) where that sets fewer.
    fn of(value: i64) -> Digits {
        let size = value.unsigned_abs();
        let carries = size ^ (3 * size);
        let mut digits = Digits { plus: ((3 * size) & carries) >> 1, minus: (size & carries) >> 1 };
        if digits.count() >= size.count_ones() {
            digits = Digits { plus: size, minus: 0 };
        }
        if value < 0 { Digits { plus: digits.minus, minus: digits.plus } } else { digits }
    }

    fn count(&self) -> u32 {
        (self.plus | self.minus).count_ones()
    }

    fn length(&self) -> u32 {
        u64::BITS - (self.plus | self.minus).leading_zeros()
    }
}

/// All choices of `size` out of `all`, those of the first members first.
struct Subsets<'a> {
    all: &'a [ShareIndex],
    /// Positions of the next choice, rising; none when there is none left.
    next: Option<Vec<usize>>,
}

impl<'a> Subsets<'a> {
    fn new(size: usize, all: &'a [ShareIndex]) -> Subsets<'a> {
        Subsets { all, next: (size <= all.len()).then(|| (0..size).collect()) }
    }
}

impl Iterator for Subsets<'_> {
    type Item = Vec<ShareIndex>;

    fn next(&mut self) -> Option<Vec<ShareIndex>> {
        let mut positions = self.next.take()?;
        let choice = positions.iter().map(|position| self.all[*position]).collect();
        let room = self.all.len() - positions.len();
        // The last position that can still move up; all behind it follow right after it.
        if let Some(moving) = (0..positions.len()).rev().find(|slot| positions[*slot] < slot + room) {
            let start = positions[moving] + 1;
            for (step, position) in positions[moving..].iter_mut().enumerate() {
                *position = start + step;
            }
            self.next = Some(positions);
        }
        Some(choice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(numbers: &[u8]) -> Vec<ShareIndex> {
        numbers.iter().map(|number| ShareIndex::new(*number).expect("not zero")).collect()
    }

    #[test]
    fn weights_of_the_textbook() {
        assert_eq!(small_weights(0, &[1, 2, 3]), Some((vec![3, -3, 1], 1)));
        assert_eq!(small_weights(0, &[1, 2, 4]), Some((vec![8, -6, 1], 3)));
        assert_eq!(small_weights(0, &[2, 3, 4]), Some((vec![6, -8, 3], 1)));
        assert_eq!(small_weights(4, &[1, 2, 3]), Some((vec![1, -3, 3], 1)));
    }

    #[test]
    fn small_and_wide_weights_are_the_same_fractions() {
        for places in [vec![1, 2, 4], vec![2, 5, 6, 7, 9], vec![1, 3, 4, 6, 8, 9, 10, 12, 13]] {
            for target in [0, 11] {
                let (weights, denominator) = small_weights(target, &places).expect("small enough");
                for (weight, wide) in weights.iter().zip(wide_weights(target, &places)) {
                    let scaled = wide.multiply(&Scalar::from_u64(denominator.unsigned_abs()));
                    let size = Scalar::from_u64(weight.unsigned_abs());
                    let zero = Scalar::from_u64(0);
                    let expected = if *weight < 0 { zero.subtract(&size) } else { size };
                    assert_eq!(scaled.to_blst(), expected.to_blst());
                }
            }
        }
    }

    #[test]
    fn large_sets_go_wide() {
        let places: Vec<u8> = (100..=200).collect();
        assert!(matches!(Lagrange::new(0, &places), Lagrange::Wide { .. }));
    }

    #[test]
    fn a_set_without_division_is_preferred() {
        let quorum = Quorum::cheapest(3, &shares(&[1, 2, 3, 4])).expect("enough shares");
        assert_eq!(numbers(&quorum.shares), [1, 2, 3]);
        // Of ten shares without 6 and 10, the first seven would need a division, and so would most others.
        let quorum = Quorum::cheapest(7, &shares(&[1, 2, 3, 4, 5, 7, 8, 9])).expect("enough shares");
        assert_eq!(numbers(&quorum.shares), [1, 2, 4, 5, 7, 8, 9]);
        assert!(Lagrange::new(0, &[1, 2, 3, 4, 5, 7, 8]).cost() >= DIVISION_COST);
    }

    #[test]
    fn sets_without_division_are_as_many_as_known() {
        // faults-and-limits 6.2: 3 of 4, 7 of 21, 24 of 120, 27 of 715.
        for (threshold, count, integral) in [(3, 4u8, 3), (5, 7, 7), (7, 10, 24), (9, 13, 27)] {
            let all = shares(&(1..=count).collect::<Vec<u8>>());
            let found = Subsets::new(threshold, &all)
                .filter(|subset| {
                    matches!(Lagrange::new(0, &numbers(subset)), Lagrange::Small { denominator: 1, .. })
                })
                .count();
            assert_eq!(found, integral, "{threshold} of {count}");
        }
    }

    #[test]
    fn every_subset_comes_once() {
        let all = shares(&[1, 2, 3, 4, 5]);
        let mut subsets: Vec<Vec<ShareIndex>> = Subsets::new(3, &all).collect();
        assert_eq!(subsets.len(), 10);
        subsets.sort();
        subsets.dedup();
        assert_eq!(subsets.len(), 10);
        assert_eq!(Subsets::new(6, &all).count(), 0);
        assert_eq!(Subsets::new(5, &all).count(), 1);
    }

    #[test]
    fn digits_stand_for_their_integer() {
        for value in (-1000..1000).chain([i64::from(i32::MAX), (1 << 62) - 1, 1 - (1 << 62)]) {
            let digits = Digits::of(value);
            assert_eq!(digits.plus as i64 - digits.minus as i64, value);
            assert!(digits.count() <= value.unsigned_abs().count_ones());
        }
    }
}
