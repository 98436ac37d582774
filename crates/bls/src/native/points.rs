//! Points of the two groups: what adding many of them with small factors needs, and hashing to a point.

use blst::{
    MultiPoint, blst_fp_cneg, blst_fp2_cneg, blst_hash_to_g2, blst_p1, blst_p1_add_or_double_affine,
    blst_p1_affine, blst_p1_affine_generator, blst_p1_double, blst_p1_is_inf, blst_p1_mult, blst_p2,
    blst_p2_add_or_double, blst_p2_add_or_double_affine, blst_p2_affine, blst_p2_double, blst_p2_in_g2,
    blst_p2_is_inf, blst_p2_mult, blst_p2_to_affine,
};

use super::Scalar;

/// Bits of a scalar modulo r.
pub(crate) const SCALAR_BITS: usize = 255;

/// A group of the curve. The default projective point is the identity.
pub(crate) trait Curve {
    /// A point as it is stored and sent.
    type Affine: Copy;
    /// A point under computation.
    type Projective: Copy + Default;

    fn double(point: &Self::Projective) -> Self::Projective;
    /// Complete: equal points and the identity are added rightly too.
    fn add(left: &Self::Projective, right: &Self::Affine) -> Self::Projective;
    fn negate(point: &Self::Affine) -> Self::Affine;
    /// Right for points of the subgroup; for others it gives some point of the curve.
    fn multiply(point: &Self::Projective, factor: &Scalar) -> Self::Projective;
    /// The sum of the points, each times its little-endian scalar of 32 bytes. At least one point.
    fn multiply_each(points: &[Self::Affine], scalars: &[u8]) -> Self::Projective;
    fn is_identity(point: &Self::Projective) -> bool;
}

/// The group of public keys.
pub(crate) enum G1 {}

/// The group of signatures.
pub(crate) enum G2 {}

impl Curve for G1 {
    type Affine = blst_p1_affine;
    type Projective = blst_p1;

    fn double(point: &blst_p1) -> blst_p1 {
        let mut out = blst_p1::default();
        // SAFETY: reads one point, writes another.
        unsafe { blst_p1_double(&mut out, point) };
        out
    }

    fn add(left: &blst_p1, right: &blst_p1_affine) -> blst_p1 {
        let mut out = blst_p1::default();
        // SAFETY: reads two points, writes a third.
        unsafe { blst_p1_add_or_double_affine(&mut out, left, right) };
        out
    }

    fn negate(point: &blst_p1_affine) -> blst_p1_affine {
        let mut out = *point;
        // SAFETY: reads and writes one field element each, of different points.
        unsafe { blst_fp_cneg(&mut out.y, &point.y, true) };
        out
    }

    fn multiply(point: &blst_p1, factor: &Scalar) -> blst_p1 {
        let factor = factor.to_blst();
        let mut out = blst_p1::default();
        // SAFETY: reads one point and 32 bytes of scalar, of which 255 bits count; writes one point.
        unsafe { blst_p1_mult(&mut out, point, factor.b.as_ptr(), SCALAR_BITS) };
        out
    }

    fn multiply_each(points: &[blst_p1_affine], scalars: &[u8]) -> blst_p1 {
        points.mult(scalars, SCALAR_BITS)
    }

    fn is_identity(point: &blst_p1) -> bool {
        // SAFETY: reads one point.
        unsafe { blst_p1_is_inf(point) }
    }
}

impl Curve for G2 {
    type Affine = blst_p2_affine;
    type Projective = blst_p2;

    fn double(point: &blst_p2) -> blst_p2 {
        let mut out = blst_p2::default();
        // SAFETY: reads one point, writes another.
        unsafe { blst_p2_double(&mut out, point) };
        out
    }

    fn add(left: &blst_p2, right: &blst_p2_affine) -> blst_p2 {
        let mut out = blst_p2::default();
        // SAFETY: reads two points, writes a third.
        unsafe { blst_p2_add_or_double_affine(&mut out, left, right) };
        out
    }

    fn negate(point: &blst_p2_affine) -> blst_p2_affine {
        let mut out = *point;
        // SAFETY: reads and writes one field element each, of different points.
        unsafe { blst_fp2_cneg(&mut out.y, &point.y, true) };
        out
    }

    fn multiply(point: &blst_p2, factor: &Scalar) -> blst_p2 {
        let factor = factor.to_blst();
        let mut out = blst_p2::default();
        // SAFETY: reads one point and 32 bytes of scalar, of which 255 bits count; writes one point.
        unsafe { blst_p2_mult(&mut out, point, factor.b.as_ptr(), SCALAR_BITS) };
        out
    }

    fn multiply_each(points: &[blst_p2_affine], scalars: &[u8]) -> blst_p2 {
        points.mult(scalars, SCALAR_BITS)
    }

    fn is_identity(point: &blst_p2) -> bool {
        // SAFETY: reads one point.
        unsafe { blst_p2_is_inf(point) }
    }
}

/// The sum of two points of the curve of signatures; complete.
pub(crate) fn sum(left: &blst_p2, right: &blst_p2) -> blst_p2 {
    let mut out = blst_p2::default();
    // SAFETY: reads two points, writes a third.
    unsafe { blst_p2_add_or_double(&mut out, left, right) };
    out
}

/// Whether a point of the curve of signatures is in the subgroup; the identity is.
pub(crate) fn is_in_subgroup(point: &blst_p2) -> bool {
    // SAFETY: reads one point.
    unsafe { blst_p2_in_g2(point) }
}

/// The point every public key is a multiple of.
pub(crate) fn generator() -> blst_p1_affine {
    // SAFETY: blst returns the address of a constant that lives as long as the program.
    unsafe { *blst_p1_affine_generator() }
}

/// The message as a point of G2 (RFC 9380, `hash_to_curve`) under that domain separation tag.
pub(crate) fn hash_to_g2(message: &[u8], tag: &[u8]) -> blst_p2_affine {
    let mut point = blst_p2::default();
    let mut out = blst_p2_affine::default();
    // SAFETY: reads `len` bytes of each slice; no augmentation, so a null pointer of length 0; writes one
    // point.
    unsafe {
        blst_hash_to_g2(
            &mut point,
            message.as_ptr(),
            message.len(),
            tag.as_ptr(),
            tag.len(),
            std::ptr::null(),
            0,
        );
        blst_p2_to_affine(&mut out, &point);
    }
    out
}
