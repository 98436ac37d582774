//! The Beacon API.

mod announcements;
mod blocks;
mod body;
mod config;
mod duties;
mod events;
mod node;
mod proposals;
mod reply;
mod states;
mod sync;
mod validators;
mod votes;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Uri;
use axum::routing::{get, post};
use tokio::net::TcpListener;

use self::reply::Refusal;
use super::Shared;
use super::constants::BODY_BYTES;

/// The chain, as handlers get it.
pub(super) type Api = axum::extract::State<Arc<Shared>>;

/// Serves until the chain ends.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let ended = shared.ended.clone();
    let router = router(shared);
    let served = axum::serve(listener, router).with_graceful_shutdown(ended.clone().cancelled_owned());
    tokio::select! {
        // Only accepting could fail, and axum goes on after that.
        _ = served => {}
        // Idle connections would hold a graceful end up.
        () = ended.cancelled() => {}
    }
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .merge(node_routes())
        .merge(state_routes())
        .merge(block_routes())
        .merge(duty_routes())
        .merge(announcement_routes())
        .fallback(unknown)
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .with_state(shared)
}

fn node_routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/eth/v1/node/version", get(node::version))
        .route("/eth/v1/node/syncing", get(node::syncing))
        .route("/eth/v1/node/health", get(node::health))
        .route("/eth/v1/node/identity", get(node::identity))
        .route("/eth/v1/node/peers", get(node::peers))
        .route("/eth/v1/node/peer_count", get(node::peer_count))
        .route("/eth/v1/config/spec", get(config::spec))
        .route("/eth/v1/config/fork_schedule", get(config::fork_schedule))
        .route("/eth/v1/config/deposit_contract", get(config::deposit_contract))
        .route("/eth/v1/beacon/genesis", get(config::genesis))
        .route("/eth/v1/events", get(events::events))
}

fn state_routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/eth/v1/beacon/states/{id}/root", get(states::root))
        .route("/eth/v1/beacon/states/{id}/fork", get(states::fork))
        .route("/eth/v1/beacon/states/{id}/finality_checkpoints", get(states::finality_checkpoints))
        .route("/eth/v1/beacon/states/{id}/committees", get(states::committees))
        .route("/eth/v1/beacon/states/{id}/sync_committees", get(states::sync_committees))
        .route(
            "/eth/v1/beacon/states/{id}/validators",
            get(validators::validators).post(validators::validators_by_body),
        )
        .route("/eth/v1/beacon/states/{id}/validators/{validator}", get(validators::validator))
}

fn block_routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/eth/v1/beacon/headers", get(blocks::headers))
        .route("/eth/v1/beacon/headers/{id}", get(blocks::header))
        .route("/eth/v1/beacon/blocks/{id}/root", get(blocks::root))
        .route("/eth/v2/beacon/blocks/{id}", get(blocks::block))
        .route("/eth/v3/validator/blocks/{slot}", get(proposals::produce))
        .route("/eth/v1/beacon/blocks", post(proposals::publish))
        .route("/eth/v2/beacon/blocks", post(proposals::publish))
        .route("/eth/v1/beacon/blinded_blocks", post(proposals::publish_blinded))
        .route("/eth/v2/beacon/blinded_blocks", post(proposals::publish_blinded))
}

fn duty_routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/eth/v1/validator/duties/attester/{epoch}", post(duties::attester))
        .route("/eth/v1/validator/duties/proposer/{epoch}", get(duties::proposer))
        .route("/eth/v2/validator/duties/proposer/{epoch}", get(duties::proposer_v2))
        .route("/eth/v1/validator/duties/sync/{epoch}", post(duties::sync))
        .route("/eth/v1/validator/liveness/{epoch}", post(duties::liveness))
        .route("/eth/v1/validator/attestation_data", get(votes::attestation_data))
        .route("/eth/v2/beacon/pool/attestations", post(votes::publish))
        .route("/eth/v2/validator/aggregate_attestation", get(votes::aggregate))
        .route("/eth/v2/validator/aggregate_and_proofs", post(votes::publish_aggregates))
        .route("/eth/v1/beacon/pool/sync_committees", post(sync::publish))
        .route("/eth/v1/validator/sync_committee_contribution", get(sync::contribution))
        .route("/eth/v1/validator/contribution_and_proofs", post(sync::publish_contributions))
}

fn announcement_routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/eth/v1/validator/prepare_beacon_proposer", post(announcements::prepare))
        .route("/eth/v1/validator/register_validator", post(announcements::register))
        .route("/eth/v1/beacon/pool/voluntary_exits", get(announcements::exits).post(announcements::exit))
        .route("/eth/v1/validator/beacon_committee_subscriptions", post(announcements::subscribe_committees))
        .route("/eth/v1/validator/sync_committee_subscriptions", post(announcements::subscribe_sync))
        .route("/eth/v1/validator/beacon_committee_selections", post(announcements::selections))
        .route("/eth/v1/validator/sync_committee_selections", post(announcements::selections))
}

async fn unknown(uri: Uri) -> Refusal {
    Refusal::not_found(format!("this chain has no endpoint {}", uri.path()))
}
