//! Bytes from peers: whatever they are, decoding answers, and accepts only what it would write itself.

use eth::containers::{mainnet, minimal};
use eth::{
    Attestation, AttesterDuty, Container, Fork, Preset, Proposal, SignedAggregateAndProof, SignedProposal,
};
use proptest::prelude::*;

use crate::vectors::{FORMS, all, named};

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_proposals_are_refused_or_read_back_the_same(
        preset in prop::sample::select(Preset::ALL.to_vec()),
        form in prop::sample::select(FORMS.to_vec()),
        mutations in mutations(),
    ) {
        let (fork, blinded, unsigned, signed) = form;
        let bytes = mutate(named(preset, unsigned).ssz(), &mutations);
        if let Ok(proposal) = Proposal::from_ssz(preset, fork, blinded, &bytes) {
            prop_assert_eq!(proposal.to_ssz(), &bytes);
            prop_assert_eq!(Proposal::from_json(preset, fork, blinded, &proposal.to_json()), Ok(proposal));
        }
        let bytes = mutate(named(preset, signed).ssz(), &mutations);
        if let Ok(proposal) = SignedProposal::from_ssz(preset, fork, blinded, &bytes) {
            prop_assert_eq!(proposal.to_ssz(), bytes.clone());
            prop_assert_eq!(SignedProposal::from_json(preset, fork, blinded, &proposal.to_json()), Ok(proposal));
        }
    }

    #[test]
    fn mutated_containers_are_refused_or_read_back_the_same(
        preset in prop::sample::select(Preset::ALL.to_vec()),
        which in any::<prop::sample::Index>(),
        mutations in mutations(),
    ) {
        let bytes = mutate(which.get(&all(preset)).ssz(), &mutations);
        reads_back::<eth::SingleAttestation>(&bytes)?;
        reads_back::<eth::SignedVoluntaryExit>(&bytes)?;
        reads_back::<eth::DepositData>(&bytes)?;
        reads_back::<AttesterDuty>(&bytes)?;
        reads_back::<mainnet::attestation::SignedAggregateAndProof>(&bytes)?;
        reads_back::<minimal::attestation::IndexedAttestation>(&bytes)?;
        reads_back::<minimal::payload::ExecutionPayload>(&bytes)?;
        reads_back::<minimal::sync::SignedContributionAndProof>(&bytes)?;
        if let Ok(attestation) = Attestation::from_ssz(preset, &bytes) {
            prop_assert_eq!(attestation.to_ssz(), &bytes[..]);
        }
        if let Ok(signed) = SignedAggregateAndProof::from_ssz(preset, &bytes) {
            prop_assert_eq!(signed.to_ssz(), &bytes[..]);
            for fork in [Fork::Electra, Fork::Fulu, Fork::Gloas] {
                prop_assert!(signed.root_in(fork).is_ok(), "the same bytes in every fork");
            }
        }
    }

    #[test]
    fn mutated_json_never_panics(
        form in prop::sample::select(FORMS.to_vec()),
        mutations in mutations(),
    ) {
        let (fork, blinded, unsigned, _) = form;
        let text = mutate(named(Preset::Minimal, unsigned).json(), &mutations);
        if let Ok(proposal) = Proposal::from_json(Preset::Minimal, fork, blinded, &text) {
            let again = Proposal::from_ssz(Preset::Minimal, fork, blinded, proposal.to_ssz());
            prop_assert_eq!(again, Ok(proposal));
        }
    }

    #[test]
    fn bytes_of_any_kind_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        for (fork, blinded, _, _) in FORMS {
            let _ = Proposal::from_ssz(Preset::Mainnet, fork, blinded, &bytes);
            let _ = SignedProposal::from_ssz(Preset::Mainnet, fork, blinded, &bytes);
            let _ = SignedProposal::from_json(Preset::Mainnet, fork, blinded, &bytes);
        }
        reads_back::<mainnet::attestation::Attestation>(&bytes)?;
        reads_back::<eth::AttestationData>(&bytes)?;
    }
}

#[test]
fn every_shortened_proposal_is_refused() {
    for (fork, blinded, _, signed) in FORMS {
        let bytes = named(Preset::Minimal, signed).ssz();
        for length in 0..bytes.len().min(700) {
            let cut = bytes.get(..length).expect("shorter than the whole");
            assert!(SignedProposal::from_ssz(Preset::Minimal, fork, blinded, cut).is_err(), "{length} bytes");
        }
    }
}

/// What happens to bytes on the way: a byte changes, a word (such as an offset) changes, the end is cut or grows.
#[derive(Clone, Debug)]
enum Mutation {
    Byte(prop::sample::Index, u8),
    Word(prop::sample::Index, u32),
    Cut(prop::sample::Index),
    Grow(Vec<u8>),
}

fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let word = prop_oneof![any::<u32>(), 0_u32..5_000, Just(u32::MAX)];
    let mutation = prop_oneof![
        4 => (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, byte)| Mutation::Byte(at, byte)),
        4 => (any::<prop::sample::Index>(), word).prop_map(|(at, word)| Mutation::Word(at, word)),
        1 => any::<prop::sample::Index>().prop_map(Mutation::Cut),
        1 => prop::collection::vec(any::<u8>(), 1..50).prop_map(Mutation::Grow),
    ];
    prop::collection::vec(mutation, 0..4)
}

fn mutate(mut bytes: Vec<u8>, mutations: &[Mutation]) -> Vec<u8> {
    for mutation in mutations {
        match mutation {
            Mutation::Byte(at, byte) if !bytes.is_empty() => *at.get_mut(&mut bytes) = *byte,
            Mutation::Word(at, word) if bytes.len() >= 4 => {
                let at = at.index(bytes.len() / 4) * 4;
                bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
            }
            Mutation::Cut(at) => bytes.truncate(at.index(bytes.len() + 1)),
            Mutation::Grow(more) => bytes.extend_from_slice(more),
            _ => {}
        }
    }
    bytes
}

fn reads_back<T: Container>(bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(value) = T::from_ssz(bytes) {
        prop_assert_eq!(value.to_ssz(), bytes);
    }
    Ok(())
}
