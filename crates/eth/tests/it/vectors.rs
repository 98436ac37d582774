//! Every container against values made by an independent implementation (`tests/vectors/README.md`).

use std::fmt::Debug;
use std::path::Path;

use eth::containers::{mainnet, minimal};
use eth::{Container, Fork, Preset, Proposal, Root, SignatureBytes, SignedProposal};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A value in the three forms that must agree.
#[derive(serde::Deserialize)]
pub(crate) struct Vector {
    #[serde(rename = "type")]
    pub(crate) name: String,
    root: Root,
    ssz: String,
    json: Value,
    block_root: Option<Root>,
}

impl Vector {
    pub(crate) fn ssz(&self) -> Vec<u8> {
        const_hex::decode(&self.ssz).expect("vectors hold hex")
    }

    pub(crate) fn root(&self) -> Root {
        self.root
    }

    pub(crate) fn json(&self) -> Vec<u8> {
        self.json.to_string().into_bytes()
    }
}

macro_rules! agree_in {
    ($preset:ident, $vector:expr) => {
        match $vector.name.as_str() {
            "Checkpoint" => agrees::<eth::Checkpoint>($vector),
            "AttestationData" => agrees::<eth::AttestationData>($vector),
            "SingleAttestation" => agrees::<eth::SingleAttestation>($vector),
            "Attestation" => agrees::<$preset::attestation::Attestation>($vector),
            "IndexedAttestation" => agrees::<$preset::attestation::IndexedAttestation>($vector),
            "AggregateAndProof" => agrees::<$preset::attestation::AggregateAndProof>($vector),
            "SignedAggregateAndProof" => agrees::<$preset::attestation::SignedAggregateAndProof>($vector),
            "BeaconBlockHeader" => agrees::<eth::BeaconBlockHeader>($vector),
            "VoluntaryExit" => agrees::<eth::VoluntaryExit>($vector),
            "SignedVoluntaryExit" => agrees::<eth::SignedVoluntaryExit>($vector),
            "DepositMessage" => agrees::<eth::DepositMessage>($vector),
            "DepositData" => agrees::<eth::DepositData>($vector),
            "ValidatorRegistration" => agrees::<eth::ValidatorRegistration>($vector),
            "SignedValidatorRegistration" => agrees::<eth::SignedValidatorRegistration>($vector),
            "SyncCommitteeMessage" => agrees::<eth::SyncCommitteeMessage>($vector),
            "SyncAggregatorSelectionData" => agrees::<eth::SyncAggregatorSelectionData>($vector),
            "SyncCommitteeContribution" => agrees::<$preset::sync::SyncCommitteeContribution>($vector),
            "ContributionAndProof" => agrees::<$preset::sync::ContributionAndProof>($vector),
            "SignedContributionAndProof" => agrees::<$preset::sync::SignedContributionAndProof>($vector),
            "ExecutionPayload" => agrees::<$preset::payload::ExecutionPayload>($vector),
            "ExecutionPayloadHeader" => agrees::<$preset::payload::ExecutionPayloadHeader>($vector),
            "electra.BlockContents" => agrees::<$preset::electra::BlockContents>($vector),
            "electra.SignedBlockContents" => agrees::<$preset::electra::SignedBlockContents>($vector),
            "fulu.BlockContents" => agrees::<$preset::fulu::BlockContents>($vector),
            "fulu.SignedBlockContents" => agrees::<$preset::fulu::SignedBlockContents>($vector),
            "fulu.SignedBeaconBlock" => agrees::<$preset::fulu::SignedBeaconBlock>($vector),
            "BlindedBeaconBlock" => agrees::<$preset::electra::BlindedBeaconBlock>($vector),
            "SignedBlindedBeaconBlock" => agrees::<$preset::electra::SignedBlindedBeaconBlock>($vector),
            other => panic!("no container for vector {other}"),
        }
    };
}

#[test]
fn mainnet_containers_agree_with_an_independent_implementation() {
    let vectors = all(Preset::Mainnet);
    assert_eq!(vectors.len(), 28);
    vectors.iter().for_each(|vector| agree_in!(mainnet, vector));
}

#[test]
fn minimal_containers_agree_with_an_independent_implementation() {
    let vectors = all(Preset::Minimal);
    assert_eq!(vectors.len(), 28);
    vectors.iter().for_each(|vector| agree_in!(minimal, vector));
}

#[test]
fn proposals_agree_with_an_independent_implementation() {
    for preset in Preset::ALL {
        for (fork, blinded, name, _) in FORMS {
            let vector = &named(preset, name);
            let (ssz, json) = (vector.ssz(), vector.json());
            let proposal = Proposal::from_ssz(preset, fork, blinded, &ssz).expect("the vector is sound");
            assert_eq!(Proposal::from_json(preset, fork, blinded, &json).as_ref(), Ok(&proposal));
            assert_eq!(Some(proposal.block_root()), vector.block_root, "{preset} {name}");
            assert_eq!(proposal.to_ssz(), ssz);
            assert_same_json(&proposal.to_json(), &vector.json);
        }
    }
}

#[test]
fn signed_proposals_agree_with_an_independent_implementation() {
    for preset in Preset::ALL {
        for (fork, blinded, _, name) in FORMS {
            let vector = &named(preset, name);
            let (ssz, json) = (vector.ssz(), vector.json());
            let signed = SignedProposal::from_ssz(preset, fork, blinded, &ssz).expect("the vector is sound");
            assert_eq!(SignedProposal::from_json(preset, fork, blinded, &json).as_ref(), Ok(&signed));
            assert_eq!(Some(signed.block_root()), vector.block_root, "{preset} {name}");
            assert_eq!(signed.to_ssz(), ssz);
            assert_same_json(&signed.to_json(), &vector.json);
            let mut with_other = ssz.clone();
            let at = with_other
                .windows(96)
                .position(|bytes| bytes == signed.signature().as_bytes())
                .expect("the signature is part of the bytes");
            with_other[at..at + 96].fill(7);
            assert_eq!(signed.with_signature(SignatureBytes([7; 96])).to_ssz(), with_other);
        }
    }
}

/// Fork, blinded, and the names of the vectors: unsigned, signed.
pub(crate) const FORMS: [(Fork, bool, &str, &str); 4] = [
    (Fork::Electra, false, "electra.BlockContents", "electra.SignedBlockContents"),
    (Fork::Fulu, false, "fulu.BlockContents", "fulu.SignedBlockContents"),
    (Fork::Electra, true, "BlindedBeaconBlock", "SignedBlindedBeaconBlock"),
    (Fork::Fulu, true, "BlindedBeaconBlock", "SignedBlindedBeaconBlock"),
];

pub(crate) fn named(preset: Preset, name: &str) -> Vector {
    all(preset).into_iter().find(|vector| vector.name == name).expect("the vector is in the file")
}

pub(crate) fn all(preset: Preset) -> Vec<Vector> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/vectors/{preset}.json"));
    let text = std::fs::read_to_string(&file).expect("the vectors are part of the repository");
    serde_json::from_str(&text).expect("the vectors are JSON")
}

fn agrees<T: Container + Serialize + DeserializeOwned + PartialEq + Debug>(vector: &Vector) {
    let from_ssz = T::from_ssz(&vector.ssz()).expect("the vector is sound");
    let from_json: T = serde_json::from_slice(&vector.json()).expect("the vector is sound");
    assert_eq!(from_ssz, from_json, "{}", vector.name);
    assert_eq!(from_ssz.root(), vector.root, "{}", vector.name);
    assert_eq!(from_ssz.to_ssz(), vector.ssz(), "{}", vector.name);
    assert_same_json(&serde_json::to_vec(&from_json).expect("containers are writable"), &vector.json);
}

/// Equal but for the case of letters: the vectors' addresses are checksummed.
fn assert_same_json(ours: &[u8], theirs: &Value) {
    let ours: Value = serde_json::from_slice(ours).expect("we write JSON");
    assert_eq!(lower_case(ours), lower_case(theirs.clone()));
}

fn lower_case(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.to_lowercase()),
        Value::Array(items) => items.into_iter().map(lower_case).collect(),
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (key, lower_case(value))).collect(),
        other => other,
    }
}
