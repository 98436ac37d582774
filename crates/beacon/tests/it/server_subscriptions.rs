//! Subscriptions go to every beacon node: each of them may be asked for the aggregate.

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;

use crate::backend::{Api, refusal};
use crate::node::{Node, client, nobody};

const PATHS: [&str; 2] =
    ["/eth/v1/validator/beacon_committee_subscriptions", "/eth/v1/validator/sync_committee_subscriptions"];
const BODY: &str = r#"[{"validator_index":"12","committee_index":"0","is_aggregator":true}]"#;

async fn answering(status: StatusCode) -> Node {
    let answer = move || async move { status };
    let routes = PATHS.into_iter().fold(Router::new(), |routes, path| routes.route(path, post(answer)));
    Node::start(routes).await
}

#[tokio::test]
async fn every_beacon_node_is_told() {
    let nodes = [
        answering(StatusCode::OK).await,
        answering(StatusCode::BAD_GATEWAY).await,
        answering(StatusCode::OK).await,
    ];
    let api = Api::start(client(nodes.iter().map(Node::url))).await;
    for (told, path) in PATHS.into_iter().enumerate() {
        let response = api.post(path, "application/json").body(BODY).send().await.expect("an answer");
        assert_eq!((response.status().as_u16(), response.content_length()), (200, Some(0)));
        // The others are told in the background; that they were is proof enough.
        let all_told = async {
            while nodes.iter().any(|node| node.asked().len() <= told) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), all_told).await.expect("all were told");
        for node in &nodes {
            let asked = &node.requests()[told];
            assert_eq!(
                (asked.line.as_str(), &asked.body[..]),
                (format!("POST {path}").as_str(), BODY.as_bytes())
            );
            assert_eq!(asked.headers["content-type"], "application/json");
        }
    }
}

#[tokio::test]
async fn it_is_an_error_only_if_no_beacon_node_takes_it() {
    let refusing = answering(StatusCode::BAD_REQUEST).await;
    let api = Api::start(client([nobody().await, refusing.url()])).await;
    let response = api.post(PATHS[0], "application/json").body(BODY).send().await.expect("an answer");
    assert_eq!(refusal(response).await.0, 400);
    let response = api.post(PATHS[0], "application/octet-stream").body(BODY).send().await.expect("an answer");
    assert_eq!(refusal(response).await.0, 415);
}
