//! Blocks, aggregates and contributions of the minimal preset.

use eth::containers::minimal;
use eth::{
    AggregateAndProof, Attestation, AttestationData, CommitteeIndex, Fork, KzgCommitment, KzgProof, Preset,
    Proposal, Root, SignatureBytes, SignedAggregateAndProof, Slot, SubcommitteeIndex,
    SyncCommitteeContribution, ValidatorIndex,
};

/// What every aggregate and contribution is signed with.
pub(crate) const COMBINED: SignatureBytes = SignatureBytes([0x0c; 96]);

/// A full block of Fulu, minimal preset.
pub(crate) fn proposal(slot: Slot) -> Proposal {
    let mut contents = minimal::fulu::BlockContents::default();
    contents.block.slot = slot;
    contents.block.proposer_index = ValidatorIndex(7);
    Proposal::new(Fork::Fulu, &contents).expect("Fulu has such blocks")
}

/// A full block with this many blobs.
pub(crate) fn proposal_with_blobs(slot: Slot, blobs: u8) -> Proposal {
    let mut contents = minimal::fulu::BlockContents::default();
    contents.block.slot = slot;
    for blob in 0..blobs {
        contents.blobs.push(vec![blob; 131_072].try_into().expect("a blob's size")).expect("room for a blob");
        for _ in 0..128 {
            contents.kzg_proofs.push(KzgProof([blob; 48])).expect("room for its proofs");
        }
        let commitments = &mut contents.block.body.blob_kzg_commitments;
        commitments.push(KzgCommitment([blob; 48])).expect("room for its commitment");
    }
    Proposal::new(Fork::Fulu, &contents).expect("Fulu has such blocks")
}

/// A blinded block of Fulu, minimal preset.
pub(crate) fn blinded_proposal(slot: Slot) -> Proposal {
    let block = minimal::electra::BlindedBeaconBlock { slot, ..Default::default() };
    Proposal::new(Fork::Fulu, &block).expect("Fulu has such blocks")
}

/// An aggregate of two voters.
pub(crate) fn aggregate(slot: Slot, committee: CommitteeIndex) -> Attestation {
    let data = AttestationData { slot, ..Default::default() };
    Attestation::of_committee(Preset::Minimal, committee, &[true, false, true], data, COMBINED)
        .expect("a committee of the preset")
}

/// The same aggregate, signed by each of these aggregators.
pub(crate) fn signed_aggregates(aggregators: &[u64]) -> Vec<SignedAggregateAndProof> {
    let sign = |aggregator: &u64| {
        let aggregate = aggregate(Slot(5), CommitteeIndex(1));
        AggregateAndProof::new(ValidatorIndex(*aggregator), aggregate, SignatureBytes([7; 96]))
            .sign(SignatureBytes([8; 96]))
    };
    aggregators.iter().map(sign).collect()
}

/// A contribution of two members.
pub(crate) fn contribution(
    slot: Slot,
    subcommittee: SubcommitteeIndex,
    block: Root,
) -> SyncCommitteeContribution {
    SyncCommitteeContribution::new(Preset::Minimal, slot, block, subcommittee, &[1, 5], COMBINED)
        .expect("places of the preset")
}
