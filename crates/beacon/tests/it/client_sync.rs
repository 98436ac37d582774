//! The sync committee at beacon nodes: duties, contributions checked against the question, submissions.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use beacon::{Client, Error};
use eth::{
    ContributionAndProof, Epoch, Preset, PublicKeyBytes, Root, SignatureBytes, Slot, SubcommitteeIndex,
    SyncCommitteeContribution, SyncCommitteeMessage, SyncCommitteePosition, ValidatorIndex,
};
use serde_json::{Value, json};

use crate::node::{Node, client};
use crate::samples::contribution;

const GET: &str = "/eth/v1/validator/sync_committee_contribution";
const MESSAGES: &str = "/eth/v1/beacon/pool/sync_committees";
const CONTRIBUTIONS: &str = "/eth/v1/validator/contribution_and_proofs";
const BLOCK: Root = Root([0xb1; 32]);

async fn answering(data: &SyncCommitteeContribution) -> Node {
    let answer = json!({ "data": data });
    Node::start(Router::new().route(GET, get(|| async { axum::Json(answer) }))).await
}

async fn ask(client: &Client) -> Result<SyncCommitteeContribution, Error> {
    client.contribution(Preset::Minimal, Slot(5), SubcommitteeIndex(3), BLOCK).await
}

#[tokio::test]
async fn places_in_the_sync_committee_are_read() {
    let key = PublicKeyBytes([5; 48]);
    let answer = json!({ "execution_optimistic": false, "data": [{
        "pubkey": key, "validator_index": "3", "validator_sync_committee_indices": ["4", "17"] }] });
    let route = Router::new().route("/eth/v1/validator/duties/sync/7", post(|| async { axum::Json(answer) }));
    let node = Node::start(route).await;
    let indices = [ValidatorIndex(3), ValidatorIndex(9)];
    let duties = client([node.url()]).sync_duties(Epoch(7), &indices).await.expect("an answer");
    assert_eq!((duties.len(), duties[0].pubkey, duties[0].validator_index), (1, key, ValidatorIndex(3)));
    let places = [SyncCommitteePosition(4), SyncCommitteePosition(17)];
    assert_eq!(duties[0].validator_sync_committee_indices, places);
    assert_eq!(node.requests()[0].body, r#"["3","9"]"#);
}

#[tokio::test]
async fn the_contribution_that_was_asked_for_is_read() {
    let expected = contribution(Slot(5), SubcommitteeIndex(3), BLOCK);
    let node = answering(&expected).await;
    assert_eq!(ask(&client([node.url()])).await.expect("an answer"), expected);
    assert_eq!(node.asked(), [format!("GET {GET}?slot=5&subcommittee_index=3&beacon_block_root={BLOCK}")]);
}

#[tokio::test]
async fn another_contribution_is_no_answer_and_the_next_node_is_asked() {
    let expected = contribution(Slot(5), SubcommitteeIndex(3), BLOCK);
    let nobody = SyncCommitteeContribution::new(
        Preset::Minimal,
        Slot(5),
        BLOCK,
        SubcommitteeIndex(3),
        &[],
        SignatureBytes::INFINITY,
    );
    for (other, word) in [
        (contribution(Slot(6), SubcommitteeIndex(3), BLOCK), "in 6"),
        (contribution(Slot(5), SubcommitteeIndex(2), BLOCK), "answered 2"),
        (contribution(Slot(5), SubcommitteeIndex(3), Root([0xb2; 32])), "0xb2b2"),
        (nobody.expect("of the preset"), "nobody"),
    ] {
        let (wrong, right) = (answering(&other).await, answering(&expected).await);
        assert_eq!(ask(&client([wrong.url(), right.url()])).await.expect("the second one's"), expected);
        let text = ask(&client([wrong.url()])).await.expect_err("nobody else to ask").to_string();
        assert!(text.contains(word), "{text}");
    }
}

fn refusing(path: &str, failures: Value) -> Router {
    let body = json!({ "code": 400, "message": "some failed", "failures": failures }).to_string();
    Router::new().route(path, post(|| async { (StatusCode::BAD_REQUEST, body) }))
}

#[tokio::test]
async fn messages_and_contributions_are_submitted_as_lists() {
    let messages = [SyncCommitteeMessage { slot: Slot(5), ..Default::default() }; 2];
    let signed = ContributionAndProof::new(
        ValidatorIndex(1),
        contribution(Slot(5), SubcommitteeIndex(3), BLOCK),
        SignatureBytes([7; 96]),
    )
    .sign(SignatureBytes([8; 96]));
    let routes = Router::new().route(MESSAGES, post(|| async {})).route(CONTRIBUTIONS, post(|| async {}));
    let node = Node::start(routes).await;
    let client = client([node.url()]);
    client.submit_sync_messages(&messages).await.expect("taken");
    client.submit_contributions(std::slice::from_ref(&signed)).await.expect("taken");
    client.submit_sync_messages(&[]).await.expect("nothing to do");
    client.submit_contributions(&[]).await.expect("nothing to do");
    let bodies: Vec<Value> =
        node.requests().iter().map(|asked| serde_json::from_slice(&asked.body).expect("JSON")).collect();
    assert_eq!(bodies, [json!(messages), json!([signed])]);
}

#[tokio::test]
async fn votes_known_already_are_taken_and_bad_ones_named() {
    let messages = [SyncCommitteeMessage::default(); 3];
    let known = json!([{ "index": 0, "message": "PriorSyncCommitteeMessageKnown { validator_index: 3 }" },
                       { "index": 2, "message": "SYNC_COMMITTEE_MESSAGE_KNOWN" }]);
    let node = Node::start(refusing(MESSAGES, known)).await;
    client([node.url()]).submit_sync_messages(&messages).await.expect("a peer was faster");
    let bad = json!([{ "index": 1, "message": "not in the sync committee" }]);
    let node = Node::start(refusing(MESSAGES, bad)).await;
    let result = client([node.url()]).submit_sync_messages(&messages).await;
    let Err(Error::Rejected { failures, .. }) = result else { panic!("{result:?}") };
    assert_eq!((failures.len(), failures[0].index), (1, 1));
}
