//! Aggregates without their preset.

use eth::{
    AggregateAndProof, Attestation, AttestationData, CommitteeIndex, DecodeError, Fork, Preset,
    SignatureBytes, SignedAggregateAndProof, Slot, ValidatorIndex,
};

use crate::vectors::named;

#[test]
fn aggregates_agree_with_an_independent_implementation() {
    for preset in Preset::ALL {
        let vector = named(preset, "AggregateAndProof");
        let aggregate = AggregateAndProof::from_ssz(preset, &vector.ssz()).expect("the vector is sound");
        assert_eq!(AggregateAndProof::from_json(preset, &vector.json()).as_ref(), Ok(&aggregate));
        assert_eq!(AggregateAndProof::from_json(preset, &aggregate.to_json()).as_ref(), Ok(&aggregate));
        assert_eq!(aggregate.to_ssz(), vector.ssz());
        assert_eq!(aggregate.root(), vector.root());
        assert_eq!(aggregate.preset(), preset);

        let vector = named(preset, "SignedAggregateAndProof");
        let signed = SignedAggregateAndProof::from_ssz(preset, &vector.ssz()).expect("the vector is sound");
        assert_eq!(SignedAggregateAndProof::from_json(preset, &vector.json()).as_ref(), Ok(&signed));
        assert_eq!(SignedAggregateAndProof::from_json(preset, &signed.to_json()).as_ref(), Ok(&signed));
        assert_eq!(signed.to_ssz(), vector.ssz());
        assert_eq!(signed.root(), vector.root());
    }
}

#[test]
fn an_aggregate_shows_what_it_was_made_of_and_survives_signing() {
    for preset in Preset::ALL {
        let (proof, signature) = (SignatureBytes([3; 96]), SignatureBytes([4; 96]));
        let aggregate = AggregateAndProof::new(ValidatorIndex(7), attestation(preset), proof);
        assert_eq!(aggregate.aggregator_index(), ValidatorIndex(7));
        assert_eq!(aggregate.aggregate(), attestation(preset));
        assert_eq!(aggregate.data(), attestation(preset).data());
        assert_eq!(aggregate.selection_proof(), proof);

        let signed = aggregate.clone().sign(signature);
        assert_eq!(signed.signature(), signature);
        let published = SignedAggregateAndProof::from_ssz(preset, &signed.to_ssz()).expect("our own SSZ");
        assert_eq!(published.into_parts(), (aggregate, signature));
    }
}

#[test]
fn an_aggregate_of_the_other_preset_is_none() {
    let ssz = named(Preset::Mainnet, "SignedAggregateAndProof").ssz();
    assert!(matches!(SignedAggregateAndProof::from_ssz(Preset::Minimal, &ssz), Err(DecodeError::Ssz(_))));
    let json = named(Preset::Mainnet, "SignedAggregateAndProof").json();
    assert!(matches!(
        SignedAggregateAndProof::from_json(Preset::Minimal, &json),
        Err(DecodeError::Json { .. })
    ));
}

/// What the same bytes are in Gloas is held against the executable specification in [`ssz_static`](crate::ssz_static).
#[test]
fn the_root_of_an_aggregate_depends_on_the_fork_and_unknown_forks_have_none() {
    for preset in Preset::ALL {
        let aggregate = AggregateAndProof::new(ValidatorIndex(7), attestation(preset), Default::default());
        assert_eq!(aggregate.root_in(Fork::Electra), Ok(aggregate.root()));
        assert_eq!(aggregate.root_in(Fork::Fulu), Ok(aggregate.root()));
        let gloas = aggregate.root_in(Fork::Gloas).expect("attestations of Gloas are built in");
        assert_ne!(gloas, aggregate.root());
        assert_eq!(Fork::Gloas.with_aggregates(), Ok(Fork::Gloas));
        for fork in Fork::ALL.into_iter().filter(|fork| *fork < Fork::Electra) {
            let refused = DecodeError::UnsupportedFork { fork };
            assert_eq!(aggregate.root_in(fork), Err(refused.clone()));
            assert_eq!(aggregate.aggregate().root_in(fork), Err(refused.clone()));
            assert_eq!(fork.with_aggregates(), Err(refused));
        }
    }
}

fn attestation(preset: Preset) -> Attestation {
    let data = AttestationData { slot: Slot(5), ..Default::default() };
    Attestation::of_committee(preset, CommitteeIndex(1), &[true, false, true], data, SignatureBytes([2; 96]))
        .expect("every preset has a committee 1")
}
