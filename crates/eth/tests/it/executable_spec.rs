//! What the executable specification of the consensus layer signs, and when: `duties.json` beside the vectors of
//! [`ssz_static`](crate::ssz_static).

use std::collections::BTreeMap;

use eth::{
    AggregateAndProof, AttestationData, BeaconBlockHeader, Container, ContributionAndProof, DepositMessage,
    DomainType, Epoch, Fork, Genesis, Preset, Root, SignatureBytes, Slot, Spec, SubcommitteeIndex,
    SyncAggregatorSelectionData, SyncCommitteeMessage, SyncCommitteePosition, SyncDuty,
    ValidatorRegistration, VoluntaryExit,
};
use serde::Deserialize;
use serde_json::Value;

use crate::ssz_static::{FORKS, directory};

#[test]
fn what_is_signed_has_the_specifications_signing_root() {
    for chain in chains() {
        let mut kinds = BTreeMap::new();
        for Signed { what, ssz, signing_root } in &chain.duties.signed {
            let ssz = const_hex::decode(ssz).expect("vectors hold hex");
            assert_eq!(chain.signing_root(what, &ssz), *signing_root, "{chain} {what}");
            *kinds.entry(what.as_str()).or_insert(0) += 1;
        }
        assert_eq!(kinds.len(), 11, "{chain} {kinds:?}");
        assert!(kinds.values().all(|count| *count == 8), "{chain} {kinds:?}");
    }
}

#[test]
fn duties_are_due_when_the_specification_says() {
    for chain in chains() {
        let slot = chain.spec.first_slot(chain.duties.fork_epoch);
        let due = &chain.duties.due_ms;
        assert_eq!(chain.spec.attestation_due_ns(slot), due.attestation * NS_PER_MS, "{chain}");
        assert_eq!(chain.spec.aggregate_due_ns(slot), due.aggregate * NS_PER_MS, "{chain}");
        assert_eq!(chain.spec.sync_message_due_ns(slot), due.sync_message * NS_PER_MS, "{chain}");
        assert_eq!(chain.spec.contribution_due_ns(slot), due.contribution * NS_PER_MS, "{chain}");
        let local = Spec::local(
            chain.preset,
            chain.spec.genesis,
            chain.preset.default_slot_duration_ms(),
            chain.fork,
        );
        assert_eq!(local.attestation_due_ns(slot), due.attestation * NS_PER_MS, "{chain}, by default");
        assert_eq!(local.contribution_due_ns(slot), due.contribution * NS_PER_MS, "{chain}, by default");
    }
}

#[test]
fn the_same_signatures_select_aggregators() {
    for chain in chains() {
        assert_eq!(chain.duties.aggregators.len(), 240, "{chain}");
        for Aggregator { committee_length, proof, aggregates } in &chain.duties.aggregators {
            let ours = match committee_length {
                0 => eth::is_sync_committee_aggregator(chain.preset, proof),
                length => eth::is_aggregator(*length, proof),
            };
            assert_eq!(ours, *aggregates, "{chain}, a committee of {committee_length}");
        }
        assert!(chain.duties.aggregators.iter().any(|case| !case.aggregates), "{chain}");
    }
}

#[test]
fn members_of_the_sync_committee_are_in_the_same_subcommittees() {
    for chain in chains() {
        assert_eq!(chain.duties.subcommittees.len(), 8, "{chain}");
        for Subcommittees { positions, subcommittees } in &chain.duties.subcommittees {
            let duty =
                SyncDuty { validator_sync_committee_indices: positions.clone(), ..SyncDuty::default() };
            assert_eq!(duty.subcommittees(chain.preset), *subcommittees, "{chain} {positions:?}");
        }
    }
}

/// Validator clients compare these with their own and refuse a chain that differs.
#[test]
fn constants_are_those_of_the_specification() {
    for chain in chains() {
        let ours = chain.spec.to_api();
        let theirs = &chain.duties.constants;
        let shared: Vec<_> = ours.iter().filter(|(key, _)| theirs.contains_key(*key)).collect();
        for (key, value) in &shared {
            let expected = chain.answer[*key].as_str().expect("constants are text");
            assert!(value.eq_ignore_ascii_case(expected), "{chain}: {key} is {value}, not {expected}");
        }
        assert!(shared.len() > 130, "{chain}: {} constants", shared.len());
    }
}

const NS_PER_MS: i64 = 1_000_000;

/// A chain of the specification's configuration that forks in `duties.fork_epoch`.
struct Chain {
    preset: Preset,
    fork: Fork,
    answer: BTreeMap<String, Value>,
    spec: Spec,
    duties: Duties,
}

impl Chain {
    fn new(preset: Preset, fork: Fork, duties: Duties) -> Chain {
        let text = |value: &str| Value::String(value.to_owned());
        let mut answer: BTreeMap<_, _> =
            duties.constants.iter().map(|(key, value)| (key.clone(), text(value))).collect();
        for earlier in Fork::ALL.into_iter().filter(|each| *each <= fork && *each != Fork::Phase0) {
            let epoch = if earlier == fork { duties.fork_epoch } else { Epoch(0) };
            answer.insert(format!("{}_FORK_EPOCH", earlier.name().to_uppercase()), text(&epoch.to_string()));
        }
        let genesis = Genesis {
            genesis_time: 0,
            genesis_validators_root: duties.genesis_validators_root,
            genesis_fork_version: duties.constants["GENESIS_FORK_VERSION"].parse().expect("a version"),
        };
        let spec = Spec::from_api(&answer, genesis).expect("the specification's configuration");
        Chain { preset, fork, answer, spec, duties }
    }

    fn signing_root(&self, what: &str, ssz: &[u8]) -> Root {
        let (purpose, epoch, root) = self.object(what, ssz);
        eth::signing_root(root, self.spec.domain(purpose, epoch))
    }

    /// The domain's purpose and epoch, and the root of the object, as a duty chooses them.
    fn object(&self, what: &str, ssz: &[u8]) -> (DomainType, Epoch, Root) {
        match what {
            "attestation" => {
                let data: AttestationData = read(ssz);
                (DomainType::BeaconAttester, data.target.epoch, data.root())
            }
            "aggregate" => {
                let aggregate = AggregateAndProof::from_ssz(self.preset, ssz).expect("the vector is sound");
                let root = aggregate.root_in(self.fork).expect("the fork is built in");
                (DomainType::AggregateAndProof, self.spec.epoch_of(aggregate.data().slot), root)
            }
            "selection" => {
                let slot: Slot = read(ssz);
                (DomainType::SelectionProof, self.spec.epoch_of(slot), eth::slot_root(slot))
            }
            "block" => {
                let header: BeaconBlockHeader = read(ssz);
                (DomainType::BeaconProposer, self.spec.epoch_of(header.slot), header.root())
            }
            "randao" => {
                let epoch: Epoch = read(ssz);
                (DomainType::Randao, epoch, eth::epoch_root(epoch))
            }
            "sync_message" => {
                let message: SyncCommitteeMessage = read(ssz);
                let epoch = self.spec.epoch_of(message.slot);
                (DomainType::SyncCommittee, epoch, message.beacon_block_root)
            }
            "sync_selection" => {
                let data: SyncAggregatorSelectionData = read(ssz);
                let epoch = self.spec.epoch_of(data.slot);
                (DomainType::SyncCommitteeSelectionProof, epoch, data.root())
            }
            "contribution" => {
                let proof = ContributionAndProof::from_ssz(self.preset, ssz).expect("the vector is sound");
                (DomainType::ContributionAndProof, self.spec.epoch_of(proof.slot()), proof.root())
            }
            "deposit" => (DomainType::Deposit, Epoch(0), read::<DepositMessage>(ssz).root()),
            "exit" => {
                let exit: VoluntaryExit = read(ssz);
                (DomainType::VoluntaryExit, exit.epoch, exit.root())
            }
            "registration" => {
                (DomainType::ApplicationBuilder, Epoch(0), read::<ValidatorRegistration>(ssz).root())
            }
            other => panic!("nobody signs {other}"),
        }
    }
}

impl std::fmt::Display for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.preset, self.fork)
    }
}

/// One for each preset and fork; none without vectors.
fn chains() -> Vec<Chain> {
    let Some(directory) = directory() else { return Vec::new() };
    let of = |preset: Preset, fork: Fork| {
        let file = directory.join(format!("{preset}/{fork}/duties.json"));
        let text = std::fs::read(&file).unwrap_or_else(|why| panic!("{}: {why}", file.display()));
        Chain::new(preset, fork, serde_json::from_slice(&text).expect("duties.json"))
    };
    Preset::ALL.into_iter().flat_map(|preset| FORKS.iter().map(move |fork| of(preset, *fork))).collect()
}

fn read<T: Container>(ssz: &[u8]) -> T {
    T::from_ssz(ssz).expect("the vector is sound")
}

#[derive(Deserialize)]
struct Duties {
    genesis_validators_root: Root,
    fork_epoch: Epoch,
    signed: Vec<Signed>,
    due_ms: DueMs,
    aggregators: Vec<Aggregator>,
    subcommittees: Vec<Subcommittees>,
    constants: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Signed {
    what: String,
    ssz: String,
    signing_root: Root,
}

#[derive(Deserialize)]
struct DueMs {
    attestation: i64,
    aggregate: i64,
    sync_message: i64,
    contribution: i64,
}

#[derive(Deserialize)]
struct Aggregator {
    committee_length: u64,
    proof: SignatureBytes,
    aggregates: bool,
}

#[derive(Deserialize)]
struct Subcommittees {
    positions: Vec<SyncCommitteePosition>,
    subcommittees: Vec<SubcommitteeIndex>,
}
