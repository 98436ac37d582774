//! A node behind the validator API that answers what the test says, and the API in front of it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use beacon::Client;
use beacon::server::{ApiError, Backend, ProposalRequest, Server, ServerConfig, Shares};
use bls::ShareIndex;
use cluster::{GroupKey, ShareKey};
use eth::{
    AggregatorQuery, Attestation, AttestationData, BeaconCommitteeSelection, CommitteeIndex, Fork, Genesis,
    Preset, Proposal, PublicKeyBytes, Root, SignedAggregateAndProof, SignedContributionAndProof,
    SignedProposal, SignedVoluntaryExit, SingleAttestation, Slot, Spec, SubcommitteeIndex,
    SyncCommitteeContribution, SyncCommitteeMessage, SyncCommitteeSelection, ValidatorIndex, Version,
};
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::samples::{COMBINED, aggregate, blinded_proposal, contribution, proposal};

pub(crate) const GROUP: PublicKeyBytes = PublicKeyBytes([0xaa; 48]);
pub(crate) const SHARE: PublicKeyBytes = PublicKeyBytes([0x11; 48]);
pub(crate) const ANOTHERS: PublicKeyBytes = PublicKeyBytes([0x33; 48]);
pub(crate) const STRANGER: PublicKeyBytes = PublicKeyBytes([0xee; 48]);

/// Something for every slot but 404, where nothing is decided, and 999, where it never comes. Odd validators are not
/// ours: what they sign is refused, and they never aggregate. Records what it is given.
#[derive(Clone, Default)]
pub(crate) struct TestBackend {
    pub(crate) given: Arc<Mutex<Given>>,
}

#[derive(Default)]
pub(crate) struct Given {
    pub(crate) attestations: Vec<SingleAttestation>,
    pub(crate) requests: Vec<ProposalRequest>,
    pub(crate) blocks: Vec<SignedProposal>,
    pub(crate) aggregates: Vec<SignedAggregateAndProof>,
    pub(crate) contributions: Vec<SignedContributionAndProof>,
    pub(crate) sync_messages: Vec<SyncCommitteeMessage>,
    pub(crate) exits: Vec<SignedVoluntaryExit>,
    /// The votes that aggregates were asked for.
    pub(crate) votes: Vec<Root>,
    /// How often the backend was asked who aggregates.
    pub(crate) questions: usize,
}

impl Backend for TestBackend {
    async fn attestation_data(
        &self,
        slot: Slot,
        committee: CommitteeIndex,
    ) -> Result<AttestationData, ApiError> {
        match slot.0 {
            404 => undecided(),
            999 => std::future::pending().await,
            _ => Ok(AttestationData { slot, index: committee, ..Default::default() }),
        }
    }

    async fn submit_attestations(&self, items: Vec<SingleAttestation>) -> Vec<Result<(), ApiError>> {
        let verdicts = items.iter().map(|item| ours(item.attester_index)).collect();
        self.given.lock().expect("no panic").attestations.extend(items);
        verdicts
    }

    async fn propose(&self, request: ProposalRequest) -> Result<Proposal, ApiError> {
        self.given.lock().expect("no panic").requests.push(request);
        if request.slot.0.is_multiple_of(2) {
            Ok(blinded_proposal(request.slot))
        } else {
            Ok(proposal(request.slot))
        }
    }

    async fn submit_block(&self, block: SignedProposal) -> Result<(), ApiError> {
        if block.slot() == Slot(404) {
            return Err(ApiError::bad_request("not the block the cluster decided"));
        }
        self.given.lock().expect("no panic").blocks.push(block);
        Ok(())
    }

    async fn aggregate(
        &self,
        slot: Slot,
        data_root: Root,
        committee: CommitteeIndex,
    ) -> Result<Attestation, ApiError> {
        self.given.lock().expect("no panic").votes.push(data_root);
        if slot == Slot(404) { undecided() } else { Ok(aggregate(slot, committee)) }
    }

    async fn submit_aggregates(&self, items: Vec<SignedAggregateAndProof>) -> Vec<Result<(), ApiError>> {
        let aggregator = |item: &SignedAggregateAndProof| item.clone().into_parts().0.aggregator_index();
        let verdicts = items.iter().map(|item| ours(aggregator(item))).collect();
        self.given.lock().expect("no panic").aggregates.extend(items);
        verdicts
    }

    async fn contribution(
        &self,
        slot: Slot,
        subcommittee: SubcommitteeIndex,
        block: Root,
    ) -> Result<SyncCommitteeContribution, ApiError> {
        if slot == Slot(404) { undecided() } else { Ok(contribution(slot, subcommittee, block)) }
    }

    async fn submit_contributions(
        &self,
        items: Vec<SignedContributionAndProof>,
    ) -> Vec<Result<(), ApiError>> {
        let aggregator = |item: &SignedContributionAndProof| item.clone().into_parts().0.aggregator_index();
        let verdicts = items.iter().map(|item| ours(aggregator(item))).collect();
        self.given.lock().expect("no panic").contributions.extend(items);
        verdicts
    }

    async fn submit_sync_messages(&self, items: Vec<SyncCommitteeMessage>) -> Vec<Result<(), ApiError>> {
        let verdicts = items.iter().map(|item| ours(item.validator_index)).collect();
        self.given.lock().expect("no panic").sync_messages.extend(items);
        verdicts
    }

    async fn committee_selections(
        &self,
        items: Vec<BeaconCommitteeSelection>,
    ) -> Result<Vec<BeaconCommitteeSelection>, ApiError> {
        self.given.lock().expect("no panic").questions += 1;
        let combined = |item| BeaconCommitteeSelection { selection_proof: COMBINED, ..item };
        Ok(items.into_iter().filter(|item| ours(item.validator_index).is_ok()).map(combined).collect())
    }

    async fn sync_selections(
        &self,
        items: Vec<SyncCommitteeSelection>,
    ) -> Result<Vec<SyncCommitteeSelection>, ApiError> {
        self.given.lock().expect("no panic").questions += 1;
        if items.iter().any(|item| item.slot == Slot(404)) {
            return undecided();
        }
        let combined = |item| SyncCommitteeSelection { selection_proof: COMBINED, ..item };
        Ok(items.into_iter().filter(|item| ours(item.validator_index).is_ok()).map(combined).collect())
    }

    async fn are_aggregators(&self, items: Vec<AggregatorQuery>) -> Result<Vec<bool>, ApiError> {
        self.given.lock().expect("no panic").questions += 1;
        Ok(items.iter().map(|item| ours(item.validator_index).is_ok()).collect())
    }

    async fn submit_exit(&self, exit: SignedVoluntaryExit) -> Result<(), ApiError> {
        self.given.lock().expect("no panic").exits.push(exit);
        ours(exit.message.validator_index)
    }
}

fn ours(validator: ValidatorIndex) -> Result<(), ApiError> {
    match validator.0 % 2 {
        0 => Ok(()),
        _ => Err(ApiError::bad_request(format!("validator {validator} is odd"))),
    }
}

fn undecided<T>() -> Result<T, ApiError> {
    Err(ApiError::deadline("no decision for slot 404 before its deadline"))
}

/// The validator API on a real socket; stops when dropped.
pub(crate) struct Api<B = TestBackend> {
    pub(crate) address: SocketAddr,
    pub(crate) backend: B,
    pub(crate) registry: Registry,
    pub(crate) http: reqwest::Client,
    serving: JoinHandle<std::io::Result<()>>,
    stop: DropGuard,
}

impl Api {
    pub(crate) async fn start(client: Client) -> Api {
        Api::start_with(client, ServerConfig::default()).await
    }

    pub(crate) async fn start_with(client: Client, config: ServerConfig) -> Api {
        let shares: Shares = [(GroupKey(GROUP), ShareKey(SHARE))].into_iter().collect();
        let shares = shares.with_others([(ShareKey(ANOTHERS), ShareIndex::new(3).expect("not zero"))]);
        Api::start_for(client, config, shares, spec()).await
    }

    /// A node with these shares, on this chain.
    pub(crate) async fn start_for(client: Client, config: ServerConfig, shares: Shares, spec: Spec) -> Api {
        Api::start_before(TestBackend::default(), client, config, shares, spec).await
    }
}

impl<B: Backend> Api<B> {
    /// The validator API before this backend.
    pub(crate) async fn start_before(
        backend: B,
        client: Client,
        config: ServerConfig,
        shares: Shares,
        spec: Spec,
    ) -> Api<B> {
        let mut registry = Registry::default();
        let server = Server::new(config, backend.clone(), client, shares, spec, &mut registry);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let stop = CancellationToken::new();
        let serving = tokio::spawn(server.serve(listener, stop.clone()));
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(20))
            .no_proxy()
            .gzip(false)
            .build()
            .expect("a client");
        Api { address, backend, registry, http, serving, stop: stop.drop_guard() }
    }

    /// Shuts down and waits until it did.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        let ended = tokio::time::timeout(Duration::from_secs(20), self.serving).await;
        ended.expect("it ends").expect("without a panic").expect("in order");
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        self.http.get(self.url(path)).send().await.expect("an answer")
    }

    /// A POST with a content type and the header that names the fork.
    pub(crate) fn post(&self, path: &str, content_type: &str) -> reqwest::RequestBuilder {
        let request = self.http.post(self.url(path)).header("content-type", content_type);
        request.header("eth-consensus-version", "fulu")
    }

    pub(crate) fn metrics(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).expect("metrics are text");
        text
    }
}

/// A chain of Fulu, minimal preset, with slots of twelve seconds.
pub(crate) fn spec() -> Spec {
    let genesis = Genesis {
        genesis_time: 1_700_000_000,
        genesis_validators_root: Root([0x42; 32]),
        genesis_fork_version: Version([0, 0, 0, 1]),
    };
    Spec::local(Preset::Minimal, genesis, 12_000, Fork::Fulu)
}

/// Status and error body of an answer that should be an error of the Beacon API.
pub(crate) async fn refusal(response: reqwest::Response) -> (u16, beacon::api::ErrorBody) {
    let status = response.status().as_u16();
    let text = response.text().await.expect("a body");
    let body: beacon::api::ErrorBody =
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("no error body: {text}"));
    assert_eq!(body.code, status);
    (status, body)
}
