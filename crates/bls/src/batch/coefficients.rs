//! Unpredictable factors for linear combinations.

use sha2::{Digest, Sha256};

/// Bytes of one coefficient: a false batch passes with a chance of 2⁻⁶⁴.
pub(crate) const COEFFICIENT_BYTES: usize = 8;

const LABEL: &[u8] = b"phalanx/bls/batch/v1";

/// An endless stream of coefficients: SHA-256 of the seed and a counter, cut into pieces. They depend on
/// nothing that is being verified, so nobody who does not know the seed can prepare for them.
pub(crate) struct Coefficients {
    seed: [u8; 32],
    counter: u64,
}

impl Coefficients {
    pub(crate) fn new(seed: [u8; 32]) -> Coefficients {
        Coefficients { seed, counter: 0 }
    }

    /// The next `count` coefficients, one after another, each a little-endian integer and none zero.
    pub(crate) fn take(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count * COEFFICIENT_BYTES + 32);
        while bytes.len() < count * COEFFICIENT_BYTES {
            bytes.extend_from_slice(&self.block());
        }
        bytes.truncate(count * COEFFICIENT_BYTES);
        for coefficient in bytes.chunks_exact_mut(COEFFICIENT_BYTES) {
            // Zero would leave its signature unchecked.
            if coefficient.iter().all(|byte| *byte == 0) {
                coefficient[0] = 1;
            }
        }
        bytes
    }

    fn block(&mut self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(LABEL);
        hash.update(self.seed);
        hash.update(self.counter.to_le_bytes());
        self.counter += 1;
        hash.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coefficients_never_repeat_within_a_batch_nor_across_seeds() {
        let mut one = Coefficients::new([1; 32]);
        let mut other = Coefficients::new([2; 32]);
        let mut all: Vec<Vec<u8>> = Vec::new();
        for stream in [one.take(313), one.take(5), other.take(313)] {
            all.extend(stream.chunks(COEFFICIENT_BYTES).map(<[u8]>::to_vec));
        }
        assert_eq!(all.len(), 631);
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 631);
    }
}
