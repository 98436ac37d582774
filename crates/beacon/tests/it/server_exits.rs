//! Exits signed with a share are taken, one at a time.

use axum::Router;
use eth::{Container, Epoch, SignatureBytes, SignedVoluntaryExit, ValidatorIndex, VoluntaryExit};
use serde_json::json;

use crate::backend::{Api, refusal};
use crate::node::{Node, client};

const EXITS: &str = "/eth/v1/beacon/pool/voluntary_exits";

fn exit(validator: u64) -> SignedVoluntaryExit {
    let message = VoluntaryExit { epoch: Epoch(7), validator_index: ValidatorIndex(validator) };
    SignedVoluntaryExit { message, signature: SignatureBytes([3; 96]) }
}

async fn posted(api: &Api, encoding: &str, body: Vec<u8>) -> reqwest::Response {
    let request = api.http.post(api.url(EXITS)).header("content-type", encoding);
    request.body(body).send().await.expect("an answer")
}

#[tokio::test]
async fn an_exit_arrives_and_never_goes_past_the_cluster() {
    let node = Node::start(Router::new()).await;
    let api = Api::start(client([node.url()])).await;
    let in_json = json!(exit(4)).to_string().into_bytes();
    for (encoding, body) in [("application/json", in_json), ("application/octet-stream", exit(4).to_ssz())] {
        assert_eq!(posted(&api, encoding, body).await.status(), 200);
        assert_eq!(std::mem::take(&mut api.backend.given.lock().expect("no panic").exits), [exit(4)]);
    }
    assert_eq!(node.asked(), [""; 0]);
}

#[tokio::test]
async fn an_exit_that_is_refused_or_unreadable_is_an_error() {
    let node = Node::start(Router::new()).await;
    let api = Api::start(client([node.url()])).await;
    let foreign = json!(exit(5)).to_string().into_bytes();
    let (status, body) = refusal(posted(&api, "application/json", foreign).await).await;
    assert_eq!((status, body.message.as_str()), (400, "validator 5 is odd"));
    let cut = exit(4).to_ssz()[..111].to_vec();
    let list = json!([exit(4)]).to_string().into_bytes();
    for (encoding, body) in [("application/octet-stream", cut), ("application/json", list)] {
        let (status, body) = refusal(posted(&api, encoding, body).await).await;
        assert_eq!(status, 400);
        assert!(body.message.contains("malformed"), "{}", body.message);
    }
    assert_eq!(refusal(posted(&api, "text/plain", Vec::new()).await).await.0, 415);
    assert_eq!(refusal(posted(&api, "application/json", vec![b' '; 5000]).await).await.0, 413);
}

#[tokio::test]
async fn the_pool_of_exits_can_be_read_from_the_beacon_node() {
    let node = Node::start(Router::new().route(EXITS, axum::routing::get(|| async { "[]" }))).await;
    let api = Api::start(client([node.url()])).await;
    assert_eq!(api.get(EXITS).await.text().await.expect("a body"), "[]");
}
