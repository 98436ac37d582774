//! Threshold BLS12-381: shares, Lagrange interpolation, combination and batch verification.

mod index;

pub use index::ShareIndex;
