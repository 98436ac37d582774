//! The arithmetic blst offers only through its C interface: scalars here, points in [`points`].
//!
//! The one place of this crate with `unsafe`. Every function takes and returns plain values, so no caller can
//! hand a bad pointer down; what blst asks of its arguments is said at each block.

pub(crate) mod points;

use blst::{
    blst_fr, blst_fr_add, blst_fr_from_scalar, blst_fr_from_uint64, blst_fr_inverse, blst_fr_mul,
    blst_fr_sub, blst_scalar, blst_scalar_from_be_bytes, blst_scalar_from_fr, blst_scalar_from_le_bytes,
};
use zeroize::Zeroize;

/// An integer modulo the group order r. Operations take the same time for every value; erased when dropped,
/// since it may be a secret.
#[derive(Clone)]
pub(crate) struct Scalar(blst_fr);

impl Scalar {
    pub(crate) fn from_u64(value: u64) -> Scalar {
        let limbs = [value, 0, 0, 0];
        let mut out = blst_fr::default();
        // SAFETY: reads four limbs, which `limbs` has; writes one blst_fr.
        unsafe { blst_fr_from_uint64(&mut out, limbs.as_ptr()) };
        Scalar(out)
    }

    /// The difference of two small numbers, negative ones wrapped modulo r.
    pub(crate) fn difference(left: u8, right: u8) -> Scalar {
        Scalar::from_u64(left.into()).subtract(&Scalar::from_u64(right.into()))
    }

    pub(crate) fn from_blst(scalar: &blst_scalar) -> Scalar {
        let mut out = blst_fr::default();
        // SAFETY: reads one blst_scalar, writes one blst_fr; any 256-bit value is a valid input.
        unsafe { blst_fr_from_scalar(&mut out, scalar) };
        Scalar(out)
    }

    pub(crate) fn to_blst(&self) -> blst_scalar {
        let mut out = blst_scalar::default();
        // SAFETY: reads one blst_fr, writes one blst_scalar.
        unsafe { blst_scalar_from_fr(&mut out, &self.0) };
        out
    }

    pub(crate) fn add(&self, other: &Scalar) -> Scalar {
        let mut out = blst_fr::default();
        // SAFETY: three distinct, initialized blst_fr.
        unsafe { blst_fr_add(&mut out, &self.0, &other.0) };
        Scalar(out)
    }

    pub(crate) fn subtract(&self, other: &Scalar) -> Scalar {
        let mut out = blst_fr::default();
        // SAFETY: three distinct, initialized blst_fr.
        unsafe { blst_fr_sub(&mut out, &self.0, &other.0) };
        Scalar(out)
    }

    pub(crate) fn multiply(&self, other: &Scalar) -> Scalar {
        let mut out = blst_fr::default();
        // SAFETY: three distinct, initialized blst_fr.
        unsafe { blst_fr_mul(&mut out, &self.0, &other.0) };
        Scalar(out)
    }

    /// One over this. Zero, which has no inverse, stays zero.
    pub(crate) fn invert(&self) -> Scalar {
        let mut out = blst_fr::default();
        // SAFETY: two distinct, initialized blst_fr; zero is allowed and gives zero.
        unsafe { blst_fr_inverse(&mut out, &self.0) };
        Scalar(out)
    }
}

impl Drop for Scalar {
    fn drop(&mut self) {
        self.0.l.zeroize();
    }
}

/// A big-endian integer of any length, modulo r.
pub(crate) fn reduce_big_endian(bytes: &[u8]) -> blst_scalar {
    let mut out = blst_scalar::default();
    // SAFETY: reads `len` bytes from the slice's start, writes one blst_scalar. The result only says whether
    // it is zero, which callers check where it matters.
    unsafe { blst_scalar_from_be_bytes(&mut out, bytes.as_ptr(), bytes.len()) };
    out
}

/// A little-endian integer of any length, modulo r.
pub(crate) fn reduce_little_endian(bytes: &[u8]) -> blst_scalar {
    let mut out = blst_scalar::default();
    // SAFETY: as in `reduce_big_endian`.
    unsafe { blst_scalar_from_le_bytes(&mut out, bytes.as_ptr(), bytes.len()) };
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_times_value_is_one() {
        let seven = Scalar::from_u64(7);
        assert_eq!(seven.multiply(&seven.invert()).to_blst(), Scalar::from_u64(1).to_blst());
    }

    #[test]
    fn negative_difference_wraps() {
        let minus_two = Scalar::difference(3, 5);
        assert_eq!(minus_two.add(&Scalar::from_u64(2)).to_blst(), Scalar::from_u64(0).to_blst());
    }

    #[test]
    fn both_byte_orders_agree() {
        let mut bytes: Vec<u8> = (0..48).collect();
        let big = reduce_big_endian(&bytes);
        bytes.reverse();
        assert_eq!(big, reduce_little_endian(&bytes));
    }
}
