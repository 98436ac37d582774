//! A chain and a cluster that do what real ones would, as far as a validator client can tell: every validator has duties
//! in every epoch, everything is decided at once, every signature is taken.

mod chain;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use beacon::server::{ApiError, Backend, ProposalRequest, ServerConfig, Shares};
use cluster::{GroupKey, ShareKey};
use eth::containers::minimal::fulu::BlockContents;
use eth::{
    AggregatorQuery, Attestation, AttestationData, BeaconCommitteeSelection, CommitteeIndex, Fork,
    KzgCommitment, KzgProof, Preset, Proposal, PublicKeyBytes, Root, SignatureBytes, SignedAggregateAndProof,
    SignedContributionAndProof, SignedProposal, SignedVoluntaryExit, SingleAttestation, Slot,
    SubcommitteeIndex, SyncCommitteeContribution, SyncCommitteeMessage, SyncCommitteeSelection,
    ValidatorIndex,
};
use tokio::sync::Barrier;

use crate::backend::{Api, spec};
use crate::node::{Node, client};
use crate::samples::COMBINED;

/// A validator of the script: its index, its share key, its group key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Validator {
    pub(crate) index: ValidatorIndex,
    pub(crate) share: PublicKeyBytes,
    pub(crate) group: PublicKeyBytes,
}

/// Attester duties hold as long as this root does.
pub(crate) const DEPENDENT: Root = Root([0xde; 32]);
/// The head of the chain.
pub(crate) const HEAD: Root = Root([0x4e; 32]);

/// What happens; the beacon node and the cluster behind the validator API both follow it.
#[derive(Clone, Default)]
pub(crate) struct Script {
    pub(crate) validators: Arc<Vec<Validator>>,
    inner: Arc<Mutex<Inner>>,
    gate: Option<Arc<Barrier>>,
}

#[derive(Default)]
struct Inner {
    blobs: usize,
    produced: Option<Proposal>,
    taken: BTreeMap<&'static str, usize>,
}

impl Script {
    /// With validators that the client knows by these keys.
    pub(crate) fn of(validators: impl IntoIterator<Item = (ValidatorIndex, PublicKeyBytes)>) -> Script {
        let with_group = |(index, share): (ValidatorIndex, PublicKeyBytes)| {
            let mut group = share;
            group.0[47] ^= 0xff;
            Validator { index, share, group }
        };
        let validators = Arc::new(validators.into_iter().map(with_group).collect());
        Script { validators, ..Script::default() }
    }

    /// Answers selections only when so many questions are there at once, as if each completed the others.
    pub(crate) fn answering_selections_in(self, questions: usize) -> Script {
        Script { gate: Some(Arc::new(Barrier::new(questions))), ..self }
    }

    /// The beacon node and the validator API.
    pub(crate) async fn start(&self, config: ServerConfig) -> (Node, Api<Script>) {
        let node = Node::start(self.chain()).await;
        let keys = self.validators.iter().map(|one| (GroupKey(one.group), ShareKey(one.share)));
        let shares: Shares = keys.collect();
        let api = Api::start_before(self.clone(), client([node.url()]), config, shares, spec()).await;
        (node, api)
    }

    /// Blocks have so many blobs from now on.
    pub(crate) fn set_blobs(&self, blobs: usize) {
        self.inner.lock().expect("no panic").blobs = blobs;
    }

    /// The block that was produced last.
    pub(crate) fn produced(&self) -> Option<Proposal> {
        self.inner.lock().expect("no panic").produced.clone()
    }

    /// How many items of each kind the cluster was given so far.
    pub(crate) fn taken(&self, kind: &str) -> usize {
        self.inner.lock().expect("no panic").taken.get(kind).copied().unwrap_or(0)
    }

    fn take<T>(&self, kind: &'static str, items: Vec<T>) -> Vec<Result<(), ApiError>> {
        *self.inner.lock().expect("no panic").taken.entry(kind).or_default() += items.len();
        items.iter().map(|_| Ok(())).collect()
    }
}

impl Backend for Script {
    async fn attestation_data(&self, slot: Slot, index: CommitteeIndex) -> Result<AttestationData, ApiError> {
        Ok(AttestationData { slot, index, beacon_block_root: HEAD, ..Default::default() })
    }

    async fn submit_attestations(&self, items: Vec<SingleAttestation>) -> Vec<Result<(), ApiError>> {
        self.take("attestations", items)
    }

    async fn propose(&self, request: ProposalRequest) -> Result<Proposal, ApiError> {
        let mut inner = self.inner.lock().expect("no panic");
        let proposal = block(request.slot, inner.blobs);
        inner.produced = Some(proposal.clone());
        Ok(proposal)
    }

    async fn submit_block(&self, block: SignedProposal) -> Result<(), ApiError> {
        let produced = self.produced().ok_or_else(|| ApiError::bad_request("no block was produced"))?;
        if produced.block_root() != block.block_root() {
            return Err(ApiError::bad_request("not the block that was produced"));
        }
        self.take("blocks", vec![block]).remove(0)
    }

    async fn aggregate(
        &self,
        slot: Slot,
        _data_root: Root,
        committee: CommitteeIndex,
    ) -> Result<Attestation, ApiError> {
        let data = AttestationData { slot, beacon_block_root: HEAD, ..Default::default() };
        Attestation::of_committee(Preset::Minimal, committee, &[true, true, true], data, COMBINED)
            .map_err(|error| ApiError::bad_request(error.to_string()))
    }

    async fn submit_aggregates(&self, items: Vec<SignedAggregateAndProof>) -> Vec<Result<(), ApiError>> {
        self.take("aggregates", items)
    }

    async fn contribution(
        &self,
        slot: Slot,
        subcommittee: SubcommitteeIndex,
        block: Root,
    ) -> Result<SyncCommitteeContribution, ApiError> {
        SyncCommitteeContribution::new(Preset::Minimal, slot, block, subcommittee, &[0, 1], COMBINED)
            .map_err(|error| ApiError::bad_request(error.to_string()))
    }

    async fn submit_contributions(
        &self,
        items: Vec<SignedContributionAndProof>,
    ) -> Vec<Result<(), ApiError>> {
        self.take("contributions", items)
    }

    async fn submit_sync_messages(&self, items: Vec<SyncCommitteeMessage>) -> Vec<Result<(), ApiError>> {
        self.take("sync committee messages", items)
    }

    async fn committee_selections(
        &self,
        items: Vec<BeaconCommitteeSelection>,
    ) -> Result<Vec<BeaconCommitteeSelection>, ApiError> {
        self.take("selections", items.clone());
        let combined = |item| BeaconCommitteeSelection { selection_proof: COMBINED, ..item };
        Ok(items.into_iter().map(combined).collect())
    }

    async fn sync_selections(
        &self,
        items: Vec<SyncCommitteeSelection>,
    ) -> Result<Vec<SyncCommitteeSelection>, ApiError> {
        self.take("sync selections", items.clone());
        if let Some(gate) = &self.gate {
            gate.wait().await;
        }
        let combined = |item| SyncCommitteeSelection { selection_proof: COMBINED, ..item };
        Ok(items.into_iter().map(combined).collect())
    }

    async fn are_aggregators(&self, items: Vec<AggregatorQuery>) -> Result<Vec<bool>, ApiError> {
        Ok(items.iter().map(|_| true).collect())
    }

    async fn submit_exit(&self, exit: SignedVoluntaryExit) -> Result<(), ApiError> {
        self.take("exits", vec![exit]).remove(0)
    }
}

/// A block of Fulu, minimal preset.
fn block(slot: Slot, blobs: usize) -> Proposal {
    let mut contents = BlockContents::default();
    contents.block.slot = slot;
    for _ in 0..blobs {
        contents.blobs.push(vec![1; 131_072].try_into().expect("a blob's size")).expect("room for a blob");
        let commitments = &mut contents.block.body.blob_kzg_commitments;
        commitments.push(KzgCommitment([1; 48])).expect("room for its commitment");
        for _ in 0..128 {
            contents.kzg_proofs.push(KzgProof([1; 48])).expect("room for its proofs");
        }
    }
    Proposal::new(Fork::Fulu, &contents).expect("Fulu has such blocks")
}

/// A signature for whatever.
pub(crate) fn signature(byte: u8) -> SignatureBytes {
    SignatureBytes([byte; 96])
}
