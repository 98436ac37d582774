//! Blobs of the right size whose commitments and proofs are hashes: no trusted setup, and still a blob that was changed
//! on its way is found out.

use eth::containers::mainnet::fulu::{BlobKzgCommitments, Blobs, CellProofs};
use eth::{KzgCommitment, KzgProof, Slot};
use sha2::{Digest, Sha256};

/// `FIELD_ELEMENTS_PER_BLOB` elements of 32 bytes.
const BLOB_BYTES: usize = 4096 * 32;
/// `CELLS_PER_EXT_BLOB`: a proof is due for each.
const CELLS: usize = 128;

/// A block's blobs with all that belongs to them. The types are those of every preset.
#[derive(Clone, Debug, Default)]
pub(super) struct Bundle {
    pub(super) commitments: BlobKzgCommitments,
    pub(super) proofs: CellProofs,
    pub(super) blobs: Blobs,
}

/// So many blobs for a block of that slot, each like no other and hard to compress.
pub(super) fn bundle(slot: Slot, count: usize) -> Bundle {
    let blobs: Vec<Vec<u8>> = (0..count).map(|number| blob(slot, number)).collect();
    let commitments: Vec<KzgCommitment> = blobs.iter().map(|blob| commitment(blob)).collect();
    let proofs: Vec<KzgProof> = commitments.iter().flat_map(proofs).collect();
    let blobs = blobs.into_iter().map(|blob| blob.try_into().expect("it has a blob's size"));
    Bundle {
        commitments: commitments.try_into().expect("fewer than a block takes"),
        proofs: proofs.try_into().expect("as many as belong to the blobs"),
        blobs: blobs.collect::<Vec<_>>().try_into().expect("fewer than a block takes"),
    }
}

/// Whether blobs, commitments and proofs belong together.
pub(super) fn belong_together(
    commitments: &[KzgCommitment],
    bundle_proofs: &[KzgProof],
    blobs: &Blobs,
) -> bool {
    commitments.len() == blobs.len()
        && commitments.iter().zip(blobs).all(|(committed, blob)| *committed == commitment(blob))
        && commitments.iter().flat_map(proofs).eq(bundle_proofs.iter().copied())
}

/// Field elements below the modulus: the highest byte of each is zero.
fn blob(slot: Slot, number: usize) -> Vec<u8> {
    let mut state = slot.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (number as u64 + 1);
    let mut blob = Vec::with_capacity(BLOB_BYTES);
    while blob.len() < BLOB_BYTES {
        // Xorshift: fast, and good enough for bytes that only have to be different.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        blob.extend_from_slice(&state.to_be_bytes());
    }
    for element in blob.chunks_mut(32) {
        element[0] = 0;
    }
    blob
}

fn commitment(blob: &[u8]) -> KzgCommitment {
    KzgCommitment(stretch(b"commitment", blob, 0))
}

fn proofs(commitment: &KzgCommitment) -> impl Iterator<Item = KzgProof> + use<> {
    let commitment = *commitment;
    (0..CELLS).map(move |cell| KzgProof(stretch(b"proof", &commitment.0, cell as u64)))
}

/// 48 bytes that tell the input from any other.
fn stretch(purpose: &[u8], bytes: &[u8], number: u64) -> [u8; 48] {
    let hash =
        Sha256::new().chain_update(purpose).chain_update(number.to_le_bytes()).chain_update(bytes).finalize();
    let mut stretched = [0; 48];
    stretched[..32].copy_from_slice(&hash);
    stretched
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_on_its_way_does_not_belong_together() {
        let made = bundle(Slot(7), 2);
        assert_eq!((made.blobs.len(), made.proofs.len()), (2, 256));
        assert!(belong_together(&made.commitments, &made.proofs, &made.blobs));
        assert!(belong_together(&[], &[], &Blobs::default()));
        let other = bundle(Slot(8), 2);
        assert!(!belong_together(&made.commitments, &made.proofs, &other.blobs));
        assert!(!belong_together(&made.commitments, &other.proofs, &made.blobs));
        assert!(!belong_together(&made.commitments[..1], &made.proofs[..128], &made.blobs));
        assert!(!belong_together(&made.commitments, &made.proofs[1..], &made.blobs));
    }
}
