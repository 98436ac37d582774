//! The slashing conditions of the consensus specification, written without looking at the ledger.

use slashing::{Item, Signable};

/// Whether a proposer or attester who signed both could be slashed.
pub(crate) fn are_slashable(one: &Item, other: &Item) -> bool {
    if one.key != other.key || one.signing_root == other.signing_root {
        return false;
    }
    match (one.what, other.what) {
        (Signable::Block { slot: a }, Signable::Block { slot: b }) => a == b,
        (
            Signable::Attestation { source: s1, target: t1 },
            Signable::Attestation { source: s2, target: t2 },
        ) => {
            let is_double = t1 == t2;
            let is_surround = (s1 < s2 && t2 < t1) || (s2 < s1 && t1 < t2);
            is_double || is_surround
        }
        _ => false,
    }
}
