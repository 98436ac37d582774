//! Who aggregates: a validator signs slot and subcommittee, and the hash of the signature decides.

use libssz_derive::{HashTreeRoot, SszDecode, SszEncode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::container::hash_tree_root;
use crate::primitives::quoted_u64;
use crate::{
    CommitteeIndex, Preset, Root, SYNC_SUBCOMMITTEES, SignatureBytes, Slot, SubcommitteeIndex, ValidatorIndex,
};

/// `TARGET_AGGREGATORS_PER_COMMITTEE`, and the same for sync subcommittees, in every preset.
const TARGET_AGGREGATORS: u64 = 16;

/// A selection proof for attestations, as it travels between validator client and middleware, and between the nodes of
/// a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize)]
pub struct BeaconCommitteeSelection {
    /// The validator.
    pub validator_index: ValidatorIndex,
    /// The slot, which is what is signed ([`slot_root`]), domain [`SelectionProof`](crate::DomainType::SelectionProof).
    pub slot: Slot,
    /// The signature.
    pub selection_proof: SignatureBytes,
}

/// A selection proof for sync committee contributions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize)]
pub struct SyncCommitteeSelection {
    /// The validator.
    pub validator_index: ValidatorIndex,
    /// The slot.
    pub slot: Slot,
    /// The subcommittee. It and the slot are what is signed
    /// ([`SyncAggregatorSelectionData`](crate::SyncAggregatorSelectionData)).
    pub subcommittee_index: SubcommitteeIndex,
    /// The signature.
    pub selection_proof: SignatureBytes,
}

/// The question whether a validator aggregates, as the first proposal for distributed validators had it: the one who
/// is asked combines the signatures and answers yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AggregatorQuery {
    /// The validator.
    pub validator_index: ValidatorIndex,
    /// Its committee.
    pub committee_index: CommitteeIndex,
    /// Committees in the slot.
    #[serde(with = "quoted_u64")]
    pub committees_at_slot: u64,
    /// The slot, which is what is signed ([`slot_root`]), domain [`SelectionProof`](crate::DomainType::SelectionProof).
    pub slot: Slot,
    /// The signature.
    pub slot_signature: SignatureBytes,
}

/// Root of a slot, the object that a selection proof for attestations is over.
pub fn slot_root(slot: Slot) -> Root {
    hash_tree_root(&slot)
}

/// `is_aggregator` of the consensus specification. The proof is the validator's, not a share's.
pub fn is_aggregator(committee_length: u64, selection_proof: &SignatureBytes) -> bool {
    is_selected(committee_length / TARGET_AGGREGATORS, selection_proof)
}

/// `is_sync_committee_aggregator` of the consensus specification. The proof is the validator's, not a share's.
pub fn is_sync_committee_aggregator(preset: Preset, selection_proof: &SignatureBytes) -> bool {
    is_selected(preset.sync_committee_size() / SYNC_SUBCOMMITTEES / TARGET_AGGREGATORS, selection_proof)
}

fn is_selected(one_in: u64, selection_proof: &SignatureBytes) -> bool {
    let hash: [u8; 32] = Sha256::digest(selection_proof.as_bytes()).into();
    let (number, _) = hash.split_first_chunk::<8>().expect("a hash has 32 bytes");
    u64::from_le_bytes(*number) % one_in.max(1) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_so_many_is_selected() {
        let proof = |number: u64| {
            let mut bytes = [0; 96];
            bytes[..8].copy_from_slice(&number.to_le_bytes());
            SignatureBytes(bytes)
        };
        let selected = |length| (0..4_000).filter(|number| is_aggregator(length, &proof(*number))).count();
        assert_eq!(selected(0), 4_000);
        assert_eq!(selected(31), 4_000, "small committees have aggregators only");
        assert!((400..600).contains(&selected(128)), "one in eight of them");
        let sync = |preset| {
            (0..4_000).filter(|number| is_sync_committee_aggregator(preset, &proof(*number))).count()
        };
        assert_eq!(sync(Preset::Minimal), 4_000);
        assert!((400..600).contains(&sync(Preset::Mainnet)), "one in eight of them");
    }

    #[test]
    fn the_question_has_the_proposals_field_names() {
        let json = format!(
            r#"{{"validator_index":"1","committee_index":"2","committees_at_slot":"3","slot":"4","slot_signature":"{}"}}"#,
            SignatureBytes([5; 96])
        );
        let query: AggregatorQuery = serde_json::from_str(&json).expect("the proposal's form");
        let expected = AggregatorQuery {
            validator_index: ValidatorIndex(1),
            committee_index: CommitteeIndex(2),
            committees_at_slot: 3,
            slot: Slot(4),
            slot_signature: SignatureBytes([5; 96]),
        };
        assert_eq!(query, expected);
        assert_eq!(serde_json::to_string(&query).expect("numbers and text"), json);
    }

    #[test]
    fn a_slot_is_its_own_root() {
        let mut root = [0; 32];
        root[..2].copy_from_slice(&[0x39, 0x30]);
        assert_eq!(slot_root(Slot(12_345)), Root(root));
    }
}
