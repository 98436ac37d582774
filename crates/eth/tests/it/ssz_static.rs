//! Every container against the executable specification of the consensus layer: vectors in the layout of its
//! `ssz_static`, which `.ci/ssz-vectors` makes and `PHALANX_SSZ_STATIC` names.

use std::fmt::Debug;
use std::io::Write;
use std::path::{Path, PathBuf};

use eth::containers::{mainnet, minimal, operations};
use eth::{Container, Fork, Preset, Proposal, Root};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The forks there are vectors of.
pub(crate) const FORKS: &[Fork] = &[Fork::Electra, Fork::Fulu, Fork::Gloas];
/// Those whose blocks are built in.
const BLOCKS: &[Fork] = &[Fork::Electra, Fork::Fulu];

/// A container's name in the specifications, the forks that have it, and what must hold of each value.
type Kind = (&'static str, &'static [Fork], fn(&Case));

macro_rules! kinds {
    ($preset:ident) => {
        [
            ("Checkpoint", FORKS, agrees::<eth::Checkpoint> as fn(&Case)),
            ("AttestationData", FORKS, agrees::<eth::AttestationData>),
            ("SingleAttestation", FORKS, agrees::<eth::SingleAttestation>),
            ("BeaconBlockHeader", FORKS, agrees::<eth::BeaconBlockHeader>),
            ("SignedBeaconBlockHeader", FORKS, agrees::<eth::SignedBeaconBlockHeader>),
            ("VoluntaryExit", FORKS, agrees::<eth::VoluntaryExit>),
            ("SignedVoluntaryExit", FORKS, agrees::<eth::SignedVoluntaryExit>),
            ("DepositMessage", FORKS, agrees::<eth::DepositMessage>),
            ("DepositData", FORKS, agrees::<eth::DepositData>),
            ("ValidatorRegistrationV1", FORKS, agrees::<eth::ValidatorRegistration>),
            ("SignedValidatorRegistrationV1", FORKS, agrees::<eth::SignedValidatorRegistration>),
            ("SyncCommitteeMessage", FORKS, agrees::<eth::SyncCommitteeMessage>),
            ("SyncAggregatorSelectionData", FORKS, agrees::<eth::SyncAggregatorSelectionData>),
            ("Eth1Data", FORKS, agrees::<operations::Eth1Data>),
            ("ProposerSlashing", FORKS, agrees::<operations::ProposerSlashing>),
            ("Deposit", FORKS, agrees::<operations::Deposit>),
            ("BLSToExecutionChange", FORKS, agrees::<operations::BlsToExecutionChange>),
            ("SignedBLSToExecutionChange", FORKS, agrees::<operations::SignedBlsToExecutionChange>),
            ("Withdrawal", FORKS, agrees::<operations::Withdrawal>),
            ("DepositRequest", FORKS, agrees::<operations::DepositRequest>),
            ("WithdrawalRequest", FORKS, agrees::<operations::WithdrawalRequest>),
            ("ConsolidationRequest", FORKS, agrees::<operations::ConsolidationRequest>),
            ("ExecutionRequests", BLOCKS, agrees::<operations::ExecutionRequests>),
            ("SyncAggregate", FORKS, agrees::<$preset::sync::SyncAggregate>),
            ("SyncCommitteeContribution", FORKS, agrees::<$preset::sync::SyncCommitteeContribution>),
            ("ContributionAndProof", FORKS, agrees::<$preset::sync::ContributionAndProof>),
            ("SignedContributionAndProof", FORKS, agrees::<$preset::sync::SignedContributionAndProof>),
            ("Attestation", FORKS, agrees_without_preset!(eth::Attestation)),
            ("AggregateAndProof", FORKS, agrees_without_preset!(eth::AggregateAndProof)),
            ("SignedAggregateAndProof", FORKS, agrees_without_preset!(eth::SignedAggregateAndProof)),
            ("IndexedAttestation", BLOCKS, agrees::<$preset::attestation::IndexedAttestation>),
            ("AttesterSlashing", BLOCKS, agrees::<$preset::attestation::AttesterSlashing>),
            ("ExecutionPayload", BLOCKS, agrees::<$preset::payload::ExecutionPayload>),
            ("ExecutionPayloadHeader", BLOCKS, agrees::<$preset::payload::ExecutionPayloadHeader>),
            ("BeaconBlockBody", BLOCKS, agrees::<$preset::electra::BeaconBlockBody>),
            ("BeaconBlock", BLOCKS, agrees::<$preset::electra::BeaconBlock>),
            ("SignedBeaconBlock", BLOCKS, agrees::<$preset::electra::SignedBeaconBlock>),
            ("BlindedBeaconBlock", BLOCKS, |case| {
                agrees::<$preset::electra::BlindedBeaconBlock>(case);
                assert_eq!(case.proposal(true).block_root(), case.root, "{case:?}");
            }),
            ("SignedBlindedBeaconBlock", BLOCKS, agrees::<$preset::electra::SignedBlindedBeaconBlock>),
            ("BlockContents", BLOCKS, |case| {
                match case.fork {
                    Fork::Electra => agrees::<$preset::electra::BlockContents>(case),
                    _ => agrees::<$preset::fulu::BlockContents>(case),
                }
                case.proposal(false);
            }),
            ("SignedBlockContents", BLOCKS, |case| match case.fork {
                Fork::Electra => agrees::<$preset::electra::SignedBlockContents>(case),
                _ => agrees::<$preset::fulu::SignedBlockContents>(case),
            }),
        ]
    };
}

/// The same for a type that hides the preset, whose root depends on the fork.
macro_rules! agrees_without_preset {
    ($type:ty) => {
        |case| {
            let value = <$type>::from_ssz(case.preset, &case.ssz).expect("the vector is sound");
            assert_eq!(<$type>::from_json(case.preset, &case.json).as_ref(), Ok(&value), "{case:?}");
            assert_eq!(<$type>::from_json(case.preset, &value.to_json()).as_ref(), Ok(&value), "{case:?}");
            assert_eq!(value.to_ssz(), case.ssz, "{case:?}");
            assert_eq!(value.root_in(case.fork), Ok(case.root), "{case:?}");
            assert_eq!(value.root() == case.root, case.fork < Fork::Gloas, "{case:?}");
        }
    };
}

#[test]
fn mainnet_containers_agree_with_the_executable_specification() {
    agree(Preset::Mainnet, &kinds!(mainnet));
}

#[test]
fn minimal_containers_agree_with_the_executable_specification() {
    agree(Preset::Minimal, &kinds!(minimal));
}

/// The directory of vectors, if there is one.
pub(crate) fn directory() -> Option<PathBuf> {
    let directory = std::env::var_os("PHALANX_SSZ_STATIC").map(PathBuf::from);
    if directory.is_none() {
        report(
            "skipped: no vectors of the executable specification, set PHALANX_SSZ_STATIC (.ci/ssz-vectors)",
        );
    }
    directory
}

/// Says it past the test harness, which would keep it to itself while nothing fails.
fn report(message: &str) {
    let _ = writeln!(std::io::stderr(), "{message}");
}

fn agree(preset: Preset, kinds: &[Kind]) {
    let Some(directory) = directory() else { return };
    for fork in FORKS {
        let mut counts = Vec::new();
        for (name, _, agrees) in kinds.iter().filter(|(_, forks, _)| forks.contains(fork)) {
            let cases = Case::all(&directory, preset, *fork, name);
            assert!(!cases.is_empty(), "no case of {name} in {fork}, {preset}");
            cases.iter().for_each(agrees);
            counts.push(format!("{name} {}", cases.len()));
        }
        report(&format!("cases of {fork}, {preset}: {}", counts.join(", ")));
    }
}

fn agrees<T: Container + Serialize + DeserializeOwned + PartialEq + Debug>(case: &Case) {
    let value = T::from_ssz(&case.ssz).expect("the vector is sound");
    assert_eq!(value.to_ssz(), case.ssz, "{case:?}");
    assert_eq!(value.root(), case.root, "{case:?}");
    let json: T = serde_json::from_slice(&case.json).expect("the vector is sound");
    assert_eq!(json, value, "{case:?}");
    let written = serde_json::to_vec(&value).expect("containers are writable");
    assert_eq!(serde_json::from_slice::<T>(&written).expect("we write what we read"), value, "{case:?}");
}

/// A value in the three forms that must agree.
struct Case {
    directory: PathBuf,
    preset: Preset,
    fork: Fork,
    ssz: Vec<u8>,
    root: Root,
    json: Vec<u8>,
}

impl Case {
    fn all(directory: &Path, preset: Preset, fork: Fork, name: &str) -> Vec<Case> {
        let suites = directory.join(format!("{preset}/{fork}/ssz_static/{name}"));
        let cases = entries(&suites).into_iter().flat_map(|suite| entries(&suite));
        cases.map(|case| Case::read(case, preset, fork)).collect()
    }

    fn read(directory: PathBuf, preset: Preset, fork: Fork) -> Case {
        let file = |name: &str| {
            let file = directory.join(name);
            std::fs::read(&file).unwrap_or_else(|why| panic!("{}: {why}", file.display()))
        };
        let ssz = snap::raw::Decoder::new().decompress_vec(&file("serialized.ssz_snappy"));
        let roots = String::from_utf8(file("roots.yaml")).expect("roots.yaml is text");
        let root = roots.split('\'').find_map(|text| text.parse().ok()).expect("a root between quotes");
        let json = file("value.yaml");
        Case { ssz: ssz.expect("snappy"), root, json, directory, preset, fork }
    }

    /// The proposal this is, with all that [`agrees`] asks for.
    fn proposal(&self, blinded: bool) -> Proposal {
        let Case { preset, fork, .. } = *self;
        let proposal = Proposal::from_ssz(preset, fork, blinded, &self.ssz).expect("the vector is sound");
        assert_eq!(proposal.to_ssz(), self.ssz, "{self:?}");
        let from_json = Proposal::from_json(preset, fork, blinded, &self.json);
        assert_eq!(from_json.as_ref(), Ok(&proposal), "{self:?}");
        proposal
    }
}

/// Names where it was made; its content would fill screens.
impl Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.directory.fmt(f)
    }
}

/// What is in a directory, in order; nothing if there is none.
fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable directory").path()).collect();
    paths.sort();
    paths
}
