//! Attestations without their preset.

use eth::{
    Attestation, AttestationData, CommitteeIndex, Container, DecodeError, Preset, SignatureBytes,
    SignedAggregateAndProof, SignedContributionAndProof, SignedVoluntaryExit, SingleAttestation, Slot,
    SyncCommitteeMessage,
};

use crate::vectors::named;

#[test]
fn attestations_agree_with_an_independent_implementation() {
    for preset in Preset::ALL {
        let vector = named(preset, "Attestation");
        let attestation = Attestation::from_ssz(preset, &vector.ssz()).expect("the vector is sound");
        assert_eq!(Attestation::from_json(preset, &vector.json()).as_ref(), Ok(&attestation));
        assert_eq!(Attestation::from_json(preset, &attestation.to_json()).as_ref(), Ok(&attestation));
        assert_eq!(attestation.to_ssz(), vector.ssz());
        assert_eq!(attestation.root(), vector.root());
        assert_eq!(attestation.preset(), preset);
    }
}

/// The form in which nodes of a cluster exchange one validator's vote: a single byte of aggregation bits.
#[test]
fn a_partial_attestation_has_its_committee_and_no_aggregation_bits() {
    for preset in Preset::ALL {
        let data = AttestationData { slot: Slot(5), ..Default::default() };
        let partial =
            Attestation::of_committee(preset, CommitteeIndex(3), &[], data, SignatureBytes([2; 96]))
                .expect("every preset has a committee 3");
        assert_eq!(partial.committees(), [CommitteeIndex(3)]);
        assert!(partial.aggregation_bits().is_empty());
        assert_eq!((partial.data(), partial.signature()), (&data, SignatureBytes([2; 96])));
        let ssz = partial.to_ssz();
        assert_eq!(ssz.last(), Some(&0x01), "the empty bit list");
        let committee_bits = preset.committees_per_slot().div_ceil(8) as usize;
        assert_eq!(ssz.len(), 4 + 128 + 96 + committee_bits + 1);
        let other = partial.with_signature(SignatureBytes([3; 96]));
        assert_eq!(other.signature(), SignatureBytes([3; 96]));
        assert_eq!(other.data(), &data);
        assert_ne!(other.root(), partial.root());
        assert_eq!(other.data().root(), data.root());
    }
}

#[test]
fn bits_are_read_in_order() {
    let bits = [true, false, false, true, true, false, true, false, true];
    let attestation = Attestation::of_committee(
        Preset::Mainnet,
        CommitteeIndex(0),
        &bits,
        Default::default(),
        Default::default(),
    )
    .expect("nine members");
    assert_eq!(attestation.aggregation_bits(), bits);
}

#[test]
fn committees_that_the_preset_does_not_have_are_refused() {
    for (preset, first_missing) in [(Preset::Minimal, 4), (Preset::Mainnet, 64), (Preset::Mainnet, u64::MAX)]
    {
        let refused = Attestation::of_committee(
            preset,
            CommitteeIndex(first_missing),
            &[],
            Default::default(),
            Default::default(),
        );
        assert!(matches!(refused, Err(DecodeError::OutOfRange { .. })), "{preset} {first_missing}");
    }
}

#[test]
fn sizes_in_ssz_are_those_of_the_specification() {
    assert_eq!(SingleAttestation::ssz_size(), Some(240));
    assert_eq!(SyncCommitteeMessage::ssz_size(), Some(144));
    assert_eq!(SignedVoluntaryExit::ssz_size(), Some(112));
    assert_eq!(SignedContributionAndProof::ssz_size(Preset::Mainnet), Some(360));
    assert_eq!(SignedContributionAndProof::ssz_size(Preset::Minimal), Some(345));
    for preset in Preset::ALL {
        assert_eq!(SignedAggregateAndProof::ssz_size(preset), None);
    }
}
