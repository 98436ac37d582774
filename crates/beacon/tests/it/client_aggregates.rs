//! Aggregates that beacon nodes gathered, checked against the question; and the submission of signed ones.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use beacon::{Client, Error};
use eth::{
    Attestation, AttestationData, CommitteeIndex, Container, Fork, Preset, Root, SignatureBytes, Slot,
};
use serde_json::{Value, json};

use crate::node::{Node, client};
use crate::samples::{aggregate, signed_aggregates};

const GET: &str = "/eth/v2/validator/aggregate_attestation";
const SUBMIT: &str = "/eth/v2/validator/aggregate_and_proofs";

async fn answering(version: &str, data: &Attestation) -> Node {
    let answer = json!({ "version": version, "data": data });
    Node::start(Router::new().route(GET, get(|| async { axum::Json(answer) }))).await
}

async fn ask(client: &Client) -> Result<Attestation, Error> {
    client.aggregate(Preset::Minimal, Slot(5), vote().root(), CommitteeIndex(3)).await
}

fn vote() -> AttestationData {
    *aggregate(Slot(5), CommitteeIndex(3)).data()
}

#[tokio::test]
async fn the_aggregate_that_was_asked_for_is_read() {
    let expected = aggregate(Slot(5), CommitteeIndex(3));
    for version in ["electra", "fulu"] {
        let node = answering(version, &expected).await;
        assert_eq!(ask(&client([node.url()])).await.expect("an answer"), expected);
        let root: Root = vote().root();
        assert_eq!(
            node.asked(),
            [format!("GET {GET}?attestation_data_root={root}&slot=5&committee_index=3")]
        );
    }
}

#[tokio::test]
async fn another_aggregate_is_no_answer_and_the_next_node_is_asked() {
    let of = |bits: &[bool], data| {
        Attestation::of_committee(Preset::Minimal, CommitteeIndex(3), bits, data, SignatureBytes([1; 96]))
            .expect("a committee of the preset")
    };
    let expected = aggregate(Slot(5), CommitteeIndex(3));
    for (other, word) in [
        (aggregate(Slot(6), CommitteeIndex(3)), "slot 6"),
        (aggregate(Slot(5), CommitteeIndex(2)), "committee 3"),
        (of(&[true], AttestationData { beacon_block_root: Root([9; 32]), ..vote() }), "another vote"),
        (of(&[false, false], vote()), "nobody"),
    ] {
        let (wrong, right) = (answering("fulu", &other).await, answering("fulu", &expected).await);
        assert_eq!(ask(&client([wrong.url(), right.url()])).await.expect("the second one's"), expected);
        let text = ask(&client([wrong.url()])).await.expect_err("nobody else to ask").to_string();
        assert!(text.contains(word), "{text}");
    }
}

#[tokio::test]
async fn an_aggregate_of_a_fork_that_is_not_built_in_is_refused_by_name() {
    for (version, word) in [("heze", "unknown fork"), ("deneb", "deneb")] {
        let node = answering(version, &aggregate(Slot(5), CommitteeIndex(3))).await;
        let text = ask(&client([node.url()])).await.expect_err("not guessed").to_string();
        assert!(text.contains(word), "{text}");
    }
}

#[tokio::test]
async fn an_answer_larger_than_any_aggregate_is_not_read() {
    let long = || async { " ".repeat((64 << 10) + 1) };
    let node = Node::start(Router::new().route(GET, get(long))).await;
    let text = ask(&client([node.url()])).await.expect_err("too large").to_string();
    assert!(text.contains("more than 65536 bytes"), "{text}");
}

#[tokio::test]
async fn a_node_that_knows_no_such_vote_is_no_reason_to_ask_it_last() {
    let missing = || async { (StatusCode::NOT_FOUND, r#"{"code":404,"message":"no aggregate"}"#) };
    let (first, second) = (
        Node::start(Router::new().route(GET, get(missing))).await,
        answering("fulu", &aggregate(Slot(5), CommitteeIndex(3))).await,
    );
    let client = client([first.url(), second.url()]);
    for _ in 0..3 {
        ask(&client).await.expect("the second one's");
    }
    assert_eq!(first.asked().len(), 3, "it is not called ill for that");
}

#[tokio::test]
async fn signed_aggregates_are_submitted_with_their_fork() {
    let node = Node::start(Router::new().route(SUBMIT, post(|| async {}))).await;
    let client = client([node.url()]);
    client.submit_aggregates(Fork::Fulu, &signed_aggregates(&[1, 2])).await.expect("taken");
    client.submit_aggregates(Fork::Fulu, &[]).await.expect("nothing to do");
    let asked = node.requests();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].headers["eth-consensus-version"], "fulu");
    let body: Value = serde_json::from_slice(&asked[0].body).expect("JSON");
    assert_eq!(body, json!(signed_aggregates(&[1, 2])));
}

#[tokio::test]
async fn aggregates_known_already_are_taken_and_bad_ones_named() {
    let refusing = |failures: Value| {
        let body = json!({ "code": 400, "message": "some failed", "failures": failures }).to_string();
        Router::new().route(SUBMIT, post(|| async { (StatusCode::BAD_REQUEST, body) }))
    };
    let known = json!([{ "index": 0, "message": "AttestationSupersetKnown(0x11)" },
                       { "index": 1, "message": "ATTESTATION_ERROR_AGGREGATOR_ALREADY_KNOWN" }]);
    let node = Node::start(refusing(known)).await;
    client([node.url()])
        .submit_aggregates(Fork::Fulu, &signed_aggregates(&[1, 2]))
        .await
        .expect("a peer was faster");
    let bad = json!([{ "index": 0, "message": "AggregatorAlreadyKnown(1)" },
                     { "index": "1", "message": "InvalidSignature" }]);
    let node = Node::start(refusing(bad)).await;
    let result = client([node.url()]).submit_aggregates(Fork::Fulu, &signed_aggregates(&[1, 2])).await;
    let Err(Error::Rejected { failures, .. }) = result else { panic!("{result:?}") };
    assert_eq!((failures.len(), failures[0].index), (1, 1));
}
