//! Contributions to the sync committee's aggregate without their preset, and who may make them.

use eth::{
    Container, ContributionAndProof, DecodeError, Preset, Root, SignatureBytes, SignedContributionAndProof,
    Slot, SubcommitteeIndex, SyncCommitteeContribution, SyncCommitteePosition, SyncDuty, ValidatorIndex,
};

use crate::vectors::named;

/// The same for each of the three containers.
macro_rules! agrees {
    ($type:ident, $preset:expr) => {
        let vector = named($preset, stringify!($type));
        let value = $type::from_ssz($preset, &vector.ssz()).expect("the vector is sound");
        assert_eq!($type::from_json($preset, &vector.json()).as_ref(), Ok(&value));
        assert_eq!($type::from_json($preset, &value.to_json()).as_ref(), Ok(&value));
        assert_eq!(value.to_ssz(), vector.ssz());
        assert_eq!(value.root(), vector.root());
        assert_eq!(value.preset(), $preset);
    };
}

#[test]
fn contributions_agree_with_an_independent_implementation() {
    for preset in Preset::ALL {
        agrees!(SyncCommitteeContribution, preset);
        agrees!(ContributionAndProof, preset);
        agrees!(SignedContributionAndProof, preset);
    }
}

#[test]
fn a_contribution_shows_what_it_was_made_of_and_survives_signing() {
    for preset in Preset::ALL {
        let contribution = contribution(preset, &[5, 0]).expect("every subcommittee has a place 5");
        assert_eq!((contribution.slot(), contribution.beacon_block_root()), (Slot(9), Root([1; 32])));
        assert_eq!(contribution.subcommittee_index(), SubcommitteeIndex(3));
        assert_eq!(contribution.participants(), [0, 5]);
        assert_eq!(contribution.signature(), SignatureBytes([2; 96]));

        let (proof, signature) = (SignatureBytes([3; 96]), SignatureBytes([4; 96]));
        let message = ContributionAndProof::new(ValidatorIndex(7), contribution.clone(), proof);
        assert_eq!(message.aggregator_index(), ValidatorIndex(7));
        assert_eq!((message.slot(), message.subcommittee_index()), (Slot(9), SubcommitteeIndex(3)));
        assert_eq!(message.contribution(), contribution);
        assert_eq!(message.selection_proof(), proof);

        let signed = message.clone().sign(signature);
        assert_eq!(signed.signature(), signature);
        let published = SignedContributionAndProof::from_ssz(preset, &signed.to_ssz()).expect("our own SSZ");
        assert_eq!(published.into_parts(), (message, signature));
    }
}

#[test]
fn places_that_a_subcommittee_does_not_have_are_refused() {
    for (preset, size) in [(Preset::Mainnet, 128), (Preset::Minimal, 8)] {
        assert_eq!(preset.sync_subcommittee_size(), size as u64);
        contribution(preset, &[size - 1]).expect("the last place");
        let refused = contribution(preset, &[0, size]);
        assert!(matches!(refused, Err(DecodeError::OutOfRange { .. })), "{preset}");
    }
}

#[test]
fn a_contribution_of_the_other_preset_is_none() {
    let ssz = named(Preset::Mainnet, "SyncCommitteeContribution").ssz();
    assert!(matches!(SyncCommitteeContribution::from_ssz(Preset::Minimal, &ssz), Err(DecodeError::Ssz(_))));
}

#[test]
fn a_member_is_in_the_subcommittee_of_each_of_its_positions() {
    let subcommittees = |preset, positions: &[u64]| {
        let validator_sync_committee_indices = positions.iter().copied().map(SyncCommitteePosition).collect();
        let found = SyncDuty { validator_sync_committee_indices, ..Default::default() }.subcommittees(preset);
        found.into_iter().map(|subcommittee| subcommittee.0).collect::<Vec<_>>()
    };
    assert_eq!(subcommittees(Preset::Mainnet, &[511, 0, 127, 128]), [0, 1, 3]);
    assert_eq!(subcommittees(Preset::Minimal, &[31, 8, 15]), [1, 3]);
    assert_eq!(subcommittees(Preset::Minimal, &[32, u64::MAX]), [0; 0], "no such positions");
}

#[test]
fn sync_duties_read_as_beacon_nodes_write_them() {
    let json = format!(
        r#"{{"pubkey":"0x{}","validator_index":"5","validator_sync_committee_indices":["3","300"]}}"#,
        "ab".repeat(48)
    );
    let duty: SyncDuty = serde_json::from_str(&json).expect("the Beacon API's form");
    assert_eq!(duty.validator_index, ValidatorIndex(5));
    assert_eq!(duty.validator_sync_committee_indices, [3, 300].map(SyncCommitteePosition));
    assert_eq!(serde_json::to_string(&duty).expect("duties are writable"), json);
}

#[test]
fn a_sync_committee_message_is_144_bytes() {
    assert_eq!(eth::SyncCommitteeMessage::default().to_ssz().len(), 144);
}

fn contribution(preset: Preset, participants: &[usize]) -> Result<SyncCommitteeContribution, DecodeError> {
    let subcommittee = SubcommitteeIndex(3);
    let signature = SignatureBytes([2; 96]);
    SyncCommitteeContribution::new(preset, Slot(9), Root([1; 32]), subcommittee, participants, signature)
}
