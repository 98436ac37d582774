//! Sync committee: messages and contributions are judged one by one, contributions held until decided.

use axum::Router;
use eth::{
    Container, ContributionAndProof, Preset, Root, SignatureBytes, SignedContributionAndProof, Slot,
    SubcommitteeIndex, SyncCommitteeContribution, SyncCommitteeMessage, ValidatorIndex,
};
use serde_json::{Value, json};

use crate::backend::{Api, refusal};
use crate::node::{Node, client};
use crate::samples::contribution;

const MESSAGES: &str = "/eth/v1/beacon/pool/sync_committees";
const CONTRIBUTIONS: &str = "/eth/v1/validator/contribution_and_proofs";
const BLOCK: Root = Root([0xb1; 32]);

async fn api() -> (Node, Api) {
    let node = Node::start(Router::new()).await;
    let api = Api::start(client([node.url()])).await;
    (node, api)
}

fn messages(validators: &[u64]) -> Vec<SyncCommitteeMessage> {
    let message = |validator: &u64| SyncCommitteeMessage {
        slot: Slot(5),
        beacon_block_root: BLOCK,
        validator_index: ValidatorIndex(*validator),
        signature: SignatureBytes([3; 96]),
    };
    validators.iter().map(message).collect()
}

fn signed(aggregators: &[u64]) -> Vec<SignedContributionAndProof> {
    let sign = |aggregator: &u64| {
        let contribution = contribution(Slot(5), SubcommitteeIndex(2), BLOCK);
        ContributionAndProof::new(ValidatorIndex(*aggregator), contribution, SignatureBytes([7; 96]))
            .sign(SignatureBytes([8; 96]))
    };
    aggregators.iter().map(sign).collect()
}

/// A POST that does not name the fork: the Beacon API does not ask for it here.
async fn submitted(api: &Api, path: &str, encoding: &str, body: Vec<u8>) -> reqwest::Response {
    let request = api.http.post(api.url(path)).header("content-type", encoding);
    request.body(body).send().await.expect("an answer")
}

#[tokio::test]
async fn messages_are_judged_one_by_one_in_either_encoding() {
    let (_node, api) = api().await;
    let items = messages(&[0, 1, 2]);
    let in_ssz = items.iter().flat_map(Container::to_ssz).collect();
    for (encoding, body) in
        [("application/octet-stream", in_ssz), ("application/json", json!(items).to_string().into())]
    {
        let (status, body) = refusal(submitted(&api, MESSAGES, encoding, body).await).await;
        assert_eq!(status, 400);
        let failures: Vec<_> = body.failures.iter().map(|item| (item.index, item.message.as_str())).collect();
        assert_eq!(failures, [(1, "validator 1 is odd")]);
        assert_eq!(std::mem::take(&mut api.backend.given.lock().expect("no panic").sync_messages), items);
    }
    let in_json = json!(messages(&[0, 2])).to_string().into();
    let response = submitted(&api, MESSAGES, "application/json", in_json).await;
    assert_eq!((response.status().as_u16(), response.content_length()), (200, Some(0)));
}

#[tokio::test]
async fn an_unreadable_message_costs_the_others_nothing() {
    let (_node, api) = api().await;
    let mut items: Vec<Value> = messages(&[0, 2]).iter().map(|item| json!(item)).collect();
    items.insert(0, json!("nonsense"));
    let response = submitted(&api, MESSAGES, "application/json", json!(items).to_string().into()).await;
    let (status, body) = refusal(response).await;
    assert_eq!((status, body.failures.len(), body.failures[0].index), (400, 1, 0));
    assert_eq!(api.backend.given.lock().expect("no panic").sync_messages, messages(&[0, 2]));
    let cut = messages(&[0])[0].to_ssz()[..143].to_vec();
    let (status, body) = refusal(submitted(&api, MESSAGES, "application/octet-stream", cut).await).await;
    assert_eq!(status, 400);
    assert!(body.message.contains("malformed SSZ") && body.failures.is_empty(), "{}", body.message);
}

#[tokio::test]
async fn a_contribution_comes_in_the_preferred_encoding() {
    let (_node, api) = api().await;
    let expected = contribution(Slot(5), SubcommitteeIndex(3), BLOCK);
    let query = format!("slot=5&subcommittee_index=3&beacon_block_root={BLOCK}");
    let url = api.url(&format!("/eth/v1/validator/sync_committee_contribution?{query}"));
    let accept = "application/octet-stream;q=1,application/json;q=0.9";
    let response = api.http.get(&url).header("accept", accept).send().await.expect("an answer");
    assert_eq!(response.headers()["content-type"], "application/octet-stream");
    let body = response.bytes().await.expect("a body");
    assert_eq!(SyncCommitteeContribution::from_ssz(Preset::Minimal, &body).as_ref(), Ok(&expected));
    let response = api.http.get(&url).header("accept", "application/json").send().await.expect("an answer");
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.json::<Value>().await.expect("JSON"), json!({ "data": expected }));
}

#[tokio::test]
async fn a_contribution_that_is_not_decided_ends_in_an_error() {
    let (_node, api) = api().await;
    let path = "/eth/v1/validator/sync_committee_contribution";
    let undecided = format!("{path}?slot=404&subcommittee_index=3&beacon_block_root={BLOCK}");
    assert_eq!(refusal(api.get(&undecided).await).await.0, 504);
    for (query, word) in [
        ("slot=5&subcommittee_index=3", "beacon_block_root"),
        ("slot=5&beacon_block_root=0x11", "subcommittee_index"),
        ("subcommittee_index=3", "slot"),
    ] {
        let (status, body) = refusal(api.get(&format!("{path}?{query}")).await).await;
        assert_eq!(status, 400);
        assert!(body.message.contains(word), "{}", body.message);
    }
}

#[tokio::test]
async fn contributions_are_judged_one_by_one_in_either_encoding() {
    let (_node, api) = api().await;
    let items = signed(&[0, 1, 2]);
    let in_ssz = items.iter().flat_map(SignedContributionAndProof::to_ssz).collect();
    for (encoding, body) in
        [("application/octet-stream", in_ssz), ("application/json", json!(items).to_string().into())]
    {
        let (status, body) = refusal(submitted(&api, CONTRIBUTIONS, encoding, body).await).await;
        assert_eq!(status, 400);
        assert!(body.message.contains("1 of 3 contributions"), "{}", body.message);
        assert_eq!((body.failures.len(), body.failures[0].index), (1, 1));
        assert_eq!(std::mem::take(&mut api.backend.given.lock().expect("no panic").contributions), items);
    }
}

#[tokio::test]
async fn encodings_and_forks_that_are_not_spoken_are_refused() {
    let (_node, api) = api().await;
    for path in [MESSAGES, CONTRIBUTIONS] {
        let (status, body) = refusal(submitted(&api, path, "text/plain", b"[]".to_vec()).await).await;
        assert_eq!(status, 415);
        assert!(body.message.contains("application/json or application/octet-stream"), "{}", body.message);
        for fork in ["deneb", "heze"] {
            let request = api.http.post(api.url(path)).header("eth-consensus-version", fork).body("[]");
            let (status, body) = refusal(request.send().await.expect("an answer")).await;
            assert_eq!(status, 400);
            assert!(body.message.contains(fork), "{}", body.message);
        }
    }
}
