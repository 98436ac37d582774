//! What validator clients ask and hand in.

use std::cell::LazyCell;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Uri};
use beacon::fuzzing::{self, Canned};
use beacon::server::{ApiError, Backend, ProposalRequest, Server, ServerConfig, Shares};
use bytes::Bytes;
use cluster::ShareKey;
use eth::{
    AggregatorQuery, Attestation, AttestationData, BeaconCommitteeSelection, CommitteeIndex, Proposal,
    PublicKeyBytes, Root, SignedAggregateAndProof, SignedContributionAndProof, SignedProposal,
    SignedVoluntaryExit, SingleAttestation, Slot, SubcommitteeIndex, SyncCommitteeContribution,
    SyncCommitteeMessage, SyncCommitteeSelection, ValidatorIndex,
};
use prometheus_client::registry::Registry;
use tower::ServiceExt;

use crate::chain::{Choices, group_key, spec};
use crate::client::{block_on, client};
use crate::samples::{SIGNATURE, aggregate, contribution, proposal, vote};

/// Everything that takes a body.
const POSTS: &[&str] = &[
    "/eth/v1/validator/duties/attester/1",
    "/eth/v1/validator/duties/sync/1",
    "/eth/v2/beacon/pool/attestations",
    "/eth/v1/beacon/blocks",
    "/eth/v2/beacon/blocks",
    "/eth/v1/beacon/blinded_blocks",
    "/eth/v2/beacon/blinded_blocks",
    "/eth/v1/validator/beacon_committee_selections",
    "/eth/v1/validator/is_aggregator",
    "/eth/v1/validator/beacon_committee_subscriptions",
    "/eth/v2/validator/aggregate_and_proofs",
    "/eth/v1/validator/sync_committee_selections",
    "/eth/v1/validator/sync_committee_subscriptions",
    "/eth/v1/beacon/pool/sync_committees",
    "/eth/v1/validator/contribution_and_proofs",
    "/eth/v1/beacon/states/head/validators",
    "/eth/v1/validator/liveness/1",
    "/eth/v1/validator/register_validator",
    "/eth/v1/validator/prepare_beacon_proposer",
    "/eth/v1/beacon/pool/voluntary_exits",
];

/// Everything that takes a query; what follows is the fuzzer's.
const GETS: &[&str] = &[
    "/eth/v1/validator/attestation_data?",
    "/eth/v3/validator/blocks/",
    "/eth/v2/validator/aggregate_attestation?",
    "/eth/v1/validator/sync_committee_contribution?",
    "/eth/v1/validator/duties/proposer/",
    "/eth/v2/validator/duties/proposer/",
    "/eth/v1/beacon/states/head/validators?",
    "/eth/v1/beacon/states/",
];

thread_local! {
    static ROUTER: LazyCell<Router> = LazyCell::new(|| {
        let shares: Shares = [(group_key(1), ShareKey(PublicKeyBytes([0x51; 48])))].into_iter().collect();
        let config = ServerConfig::default();
        let body = Bytes::from_static(br#"{"data":[]}"#);
        fuzzing::answer_everything_with(Canned { headers: Vec::new(), body, is_known: true });
        Server::new(config, Echo, client(), shares, spec(), &mut Registry::default()).router()
    });
}

/// Which request, how its body is declared, and the body or the query.
pub(crate) fn request(bytes: &[u8]) {
    let mut choices = Choices(bytes);
    let route = usize::from(choices.byte()) % (POSTS.len() + GETS.len());
    let media = choices.of(&["application/json", "application/octet-stream", "text/plain", ""]);
    let fork = choices.of(&["fulu", "electra", "gloas", "altair", "", "\u{ff}"]);
    let request = match POSTS.get(route) {
        Some(path) => post(path, media, fork, choices.0),
        None => get(GETS[route - POSTS.len()], media, choices.0),
    };
    let Some(request) = request else { return };
    let router = ROUTER.with(|router| (**router).clone());
    block_on(async move {
        let answer = router.oneshot(request).await.expect("a router never fails");
        let status = answer.status();
        let body = to_bytes(answer.into_body(), 64 << 20).await.expect("our own answer is whole");
        assert_ne!(status.as_u16(), 500, "{}", String::from_utf8_lossy(&body));
        if status.is_client_error() {
            serde_json::from_slice::<beacon::api::ErrorBody>(&body).expect("an error says what is wrong");
        }
    });
}

fn post(path: &str, media: &str, fork: &str, body: &[u8]) -> Option<Request<Body>> {
    let mut request = Request::post(path);
    if !media.is_empty() {
        request = request.header("content-type", media);
    }
    if !fork.is_empty() {
        request = request.header("eth-consensus-version", fork);
    }
    request.body(Body::from(body.to_vec())).ok()
}

fn get(path: &str, media: &str, query: &[u8]) -> Option<Request<Body>> {
    let rest = std::str::from_utf8(query).ok().filter(|rest| rest.len() < 4_096)?;
    let uri: Uri = format!("{path}{rest}").parse().ok()?;
    // What is no route of ours goes to a beacon node, and there is none here.
    let is_ours = !rest.contains(['/', '#', '%']) || path.ends_with('?');
    let request = Request::get(uri).header("accept", media);
    is_ours.then(|| request.body(Body::empty()).ok()).flatten()
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    let mut add = |path: &str, ssz: bool, body: Vec<u8>| {
        let all = POSTS.iter().chain(GETS);
        let route = all.into_iter().position(|other| *other == path).expect("it is a route");
        seeds.push([vec![route as u8, u8::from(ssz), 0], body].concat());
    };
    let json = |value: &serde_json::Value| value.to_string().into_bytes();
    for path in [
        "/eth/v1/validator/duties/attester/1",
        "/eth/v1/validator/duties/sync/1",
        "/eth/v1/validator/liveness/1",
    ] {
        add(path, false, br#"["1","2"]"#.to_vec());
    }
    let attestation = SingleAttestation {
        committee_index: CommitteeIndex(2),
        attester_index: ValidatorIndex(1),
        data: vote(9),
        signature: SIGNATURE,
    };
    add("/eth/v2/beacon/pool/attestations", false, json(&serde_json::json!([attestation])));
    for (blinded, paths) in [
        (false, ["/eth/v1/beacon/blocks", "/eth/v2/beacon/blocks"]),
        (true, ["/eth/v1/beacon/blinded_blocks", "/eth/v2/beacon/blinded_blocks"]),
    ] {
        for path in paths {
            let block = proposal(9, blinded).sign(SIGNATURE);
            add(path, true, block.to_ssz());
            add(path, false, block.to_json());
        }
    }
    let selection = serde_json::json!([{"validator_index": "1", "slot": "9", "selection_proof": SIGNATURE}]);
    add("/eth/v1/validator/beacon_committee_selections", false, json(&selection));
    let sync = serde_json::json!([{"validator_index": "1", "slot": "9", "subcommittee_index": "1", "selection_proof": SIGNATURE}]);
    add("/eth/v1/validator/sync_committee_selections", false, json(&sync));
    let query = serde_json::json!([{"validator_index": "1", "committee_index": "2", "slot": "9", "committee_length": "9", "selection_proof": SIGNATURE, "slot_signature": SIGNATURE}]);
    add("/eth/v1/validator/is_aggregator", false, json(&query));
    let subscription = serde_json::json!([{"validator_index": "1", "committee_index": "2", "committees_at_slot": "4", "slot": "9", "is_aggregator": true}]);
    add("/eth/v1/validator/beacon_committee_subscriptions", false, json(&subscription));
    let subscription =
        serde_json::json!([{"validator_index": "1", "sync_committee_indices": ["1"], "until_epoch": "9"}]);
    add("/eth/v1/validator/sync_committee_subscriptions", false, json(&subscription));
    let aggregate = eth::AggregateAndProof::new(ValidatorIndex(1), aggregate(9), SIGNATURE).sign(SIGNATURE);
    add("/eth/v2/validator/aggregate_and_proofs", false, json(&serde_json::json!([aggregate])));
    let message = serde_json::json!([{"slot": "9", "beacon_block_root": Root([1; 32]), "validator_index": "1", "signature": SIGNATURE}]);
    add("/eth/v1/beacon/pool/sync_committees", false, json(&message));
    let contribution =
        eth::ContributionAndProof::new(ValidatorIndex(1), contribution(9), SIGNATURE).sign(SIGNATURE);
    add("/eth/v1/validator/contribution_and_proofs", false, json(&serde_json::json!([contribution])));
    add(
        "/eth/v1/beacon/states/head/validators",
        false,
        br#"{"ids":["1"],"statuses":["active_ongoing"]}"#.to_vec(),
    );
    let exit = serde_json::json!({"message": {"epoch": "3", "validator_index": "1"}, "signature": SIGNATURE});
    add("/eth/v1/beacon/pool/voluntary_exits", false, json(&exit));
    add("/eth/v1/validator/attestation_data?", false, b"slot=9&committee_index=0".to_vec());
    add(
        "/eth/v3/validator/blocks/",
        false,
        format!("9?randao_reveal={SIGNATURE}&builder_boost_factor=100").into_bytes(),
    );
    let root = Root([1; 32]);
    let aggregate = format!("attestation_data_root={root}&slot=9&committee_index=2");
    add("/eth/v2/validator/aggregate_attestation?", false, aggregate.into_bytes());
    let contribution = format!("slot=9&subcommittee_index=1&beacon_block_root={root}");
    add("/eth/v1/validator/sync_committee_contribution?", false, contribution.into_bytes());
    add("/eth/v1/beacon/states/head/validators?", false, b"id=1&status=active_ongoing".to_vec());
    seeds
}

/// A node that agrees to everything at once; what it takes is written and read again.
#[derive(Clone)]
struct Echo;

impl Backend for Echo {
    async fn attestation_data(
        &self,
        slot: Slot,
        committee: CommitteeIndex,
    ) -> Result<AttestationData, ApiError> {
        Ok(AttestationData { slot, index: committee, ..AttestationData::default() })
    }

    async fn submit_attestations(&self, items: Vec<SingleAttestation>) -> Vec<Result<(), ApiError>> {
        all(&items)
    }

    async fn propose(&self, request: ProposalRequest) -> Result<Proposal, ApiError> {
        Ok(proposal(request.slot.0, request.slot.0.is_multiple_of(2)))
    }

    async fn submit_block(&self, block: SignedProposal) -> Result<(), ApiError> {
        let (fork, blinded) = (block.fork(), block.blinded());
        let again = SignedProposal::from_ssz(eth::Preset::Minimal, fork, blinded, &block.to_ssz());
        assert_eq!(again.expect("what was read is written and read again").to_ssz(), block.to_ssz());
        let again = SignedProposal::from_json(eth::Preset::Minimal, fork, blinded, &block.to_json());
        assert_eq!(again.expect("what was read is written and read again").to_ssz(), block.to_ssz());
        Ok(())
    }

    async fn aggregate(&self, slot: Slot, _: Root, _: CommitteeIndex) -> Result<Attestation, ApiError> {
        Ok(aggregate(slot.0))
    }

    async fn submit_aggregates(&self, items: Vec<SignedAggregateAndProof>) -> Vec<Result<(), ApiError>> {
        all(&items)
    }

    async fn contribution(
        &self,
        slot: Slot,
        _: SubcommitteeIndex,
        _: Root,
    ) -> Result<SyncCommitteeContribution, ApiError> {
        Ok(contribution(slot.0))
    }

    async fn submit_contributions(
        &self,
        items: Vec<SignedContributionAndProof>,
    ) -> Vec<Result<(), ApiError>> {
        all(&items)
    }

    async fn submit_sync_messages(&self, items: Vec<SyncCommitteeMessage>) -> Vec<Result<(), ApiError>> {
        all(&items)
    }

    async fn committee_selections(
        &self,
        items: Vec<BeaconCommitteeSelection>,
    ) -> Result<Vec<BeaconCommitteeSelection>, ApiError> {
        Ok(items)
    }

    async fn sync_selections(
        &self,
        items: Vec<SyncCommitteeSelection>,
    ) -> Result<Vec<SyncCommitteeSelection>, ApiError> {
        Ok(items)
    }

    async fn are_aggregators(&self, items: Vec<AggregatorQuery>) -> Result<Vec<bool>, ApiError> {
        Ok(items.iter().map(|item| item.validator_index.0 % 2 == 0).collect())
    }

    async fn submit_exit(&self, _: SignedVoluntaryExit) -> Result<(), ApiError> {
        Ok(())
    }
}

fn all<T>(items: &[T]) -> Vec<Result<(), ApiError>> {
    items.iter().map(|_| Ok(())).collect()
}
