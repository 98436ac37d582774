//! The chain against a beacon node that fails in the ways beacon nodes do.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use beacon::client::ClientConfig;
use duty::{Duty, DutyKind, Fetch, Publication, Seat};
use eth::{Epoch, Fork, Genesis, Preset, PublicKeyBytes, Root, SingleAttestation, Slot, Version};
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::*;
use crate::clock::Clock;
use crate::metrics::Identity;

const KEYS: [GroupKey; 2] = [GroupKey(PublicKeyBytes([1; 48])), GroupKey(PublicKeyBytes([2; 48]))];
const DUTY: Duty = Duty { slot: Slot(5), kind: DutyKind::Attester };

fn genesis() -> Genesis {
    Genesis {
        genesis_time: 0,
        genesis_validators_root: Root([7; 32]),
        genesis_fork_version: Version([0, 0, 0, 1]),
    }
}

/// A chain whose beacon node answers requests to the attestation pool in this order, the last one for ever.
async fn chain(pool: Vec<(u16, Value)>) -> Chain {
    let asked = Arc::new(AtomicUsize::new(0));
    let answer = move |request: Request| {
        let (status, body) = match request.uri().path() {
            "/eth/v1/beacon/genesis" => (200, json!({ "data": genesis() })),
            "/eth/v2/beacon/pool/attestations" => {
                let turn = asked.fetch_add(1, Ordering::SeqCst).min(pool.len() - 1);
                pool[turn].clone()
            }
            _ => (503, json!({ "code": 503, "message": "starting" })),
        };
        async move { (StatusCode::from_u16(status).expect("a status"), axum::Json(body)).into_response() }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(axum::serve(listener, Router::new().fallback(answer)).into_future());
    let endpoints = vec![url.parse().expect("a URL")];
    let client = Client::new(ClientConfig { endpoints, ..ClientConfig::default() }, &mut Registry::default());
    Chain::new(ChainConfig {
        client: client.expect("a client"),
        spec: Arc::new(Spec::local(Preset::Minimal, genesis(), 6_000, Fork::Fulu)),
        clock: Clock::new(0),
        metrics: metrics(),
        fee_recipients: KEYS.into_iter().map(|key| (key, Address::ZERO)).collect(),
        builder_boost: 0,
        graffiti: BTreeMap::new(),
        registrations: Vec::new(),
    })
}

fn metrics() -> Metrics {
    let identity = Identity {
        network: String::new(),
        operators: 4,
        threshold: 3,
        validators: 2,
        peer_name: String::new(),
        version: String::new(),
        peers: Vec::new(),
    };
    Metrics::register(&mut Registry::default(), &identity, 0)
}

async fn publish(pool: Vec<(u16, Value)>, patience: Duration) -> (Vec<GroupKey>, bool) {
    let attestations = vec![SingleAttestation::default(); 2];
    let until = Instant::now() + patience;
    let what = Publication::Attestations(attestations);
    match chain(pool).await.publish(DUTY, KEYS.map(Seat::from).to_vec(), what, until).await {
        Input::Published { duty, seats, accepted } => {
            assert_eq!(duty, DUTY);
            (seats.into_iter().map(|seat| seat.key).collect(), accepted)
        }
        other => panic!("expected a publication, not {other:?}"),
    }
}

fn refused(index: usize) -> (u16, Value) {
    let failures = json!([{ "index": index, "message": "bad signature" }]);
    (400, json!({ "code": 400, "message": "some are refused", "failures": failures }))
}

#[tokio::test]
async fn a_publication_is_repeated_until_the_beacon_node_takes_it() {
    let starting = (503, json!({ "code": 503, "message": "starting" }));
    let published = publish(vec![starting, (200, json!({}))], Duration::from_secs(60)).await;
    assert_eq!(published, (KEYS.to_vec(), true));
}

#[tokio::test]
async fn a_publication_nobody_wants_any_more_is_given_up() {
    let starting = (503, json!({ "code": 503, "message": "starting" }));
    let (_, accepted) = publish(vec![starting], Duration::ZERO).await;
    assert!(!accepted);
}

#[tokio::test]
async fn one_refused_item_does_not_take_the_others_with_it() {
    assert_eq!(publish(vec![refused(0)], Duration::from_secs(60)).await, (vec![KEYS[1]], true));
    assert_eq!(publish(vec![refused(1)], Duration::from_secs(60)).await, (vec![KEYS[0]], true));
}

#[tokio::test]
async fn a_beacon_node_that_does_not_answer_is_told_to_the_engine() {
    let silent = chain(vec![(503, json!({}))]).await;
    assert!(matches!(silent.clone().resolve(Epoch(3)).await, Input::ResolveFailed(Epoch(3))));
    let what = Fetch::Attestation(Vec::new());
    assert!(matches!(silent.clone().fetch(DUTY, what).await, Input::FetchFailed { duty: DUTY }));
    let checked = silent.check_parent(DUTY, Root([4; 32])).await;
    assert!(matches!(checked, Input::ParentChecked { known: false, .. }));
}
