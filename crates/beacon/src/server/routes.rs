//! The table of contents of the validator API: what is answered here; all else goes through to a beacon node.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post};

use super::observe::{Observed, observe};
use super::{
    App, Backend, aggregates, attestations, blocks, duties, events, exits, liveness, node, proxy, refused,
    selections, subscriptions, sync, validators,
};

/// All routes. A known path with another method goes through, too.
pub(crate) fn router<B: Backend>(app: Arc<App<B>>) -> Router {
    let table = Table { router: Router::new(), app: app.clone() };
    let table = duty_routes(table);
    let table = aggregation_routes(table);
    let table = sync_committee_routes(table);
    let table = validator_routes(table);
    let table = node_routes(table);
    let table = refused_routes(table);
    let through = Observed { name: "proxy", app: app.clone() };
    let through = from_fn_with_state(through, observe::<B>);
    let fallback = proxy::proxy::<B>.layer(through);
    table.router.method_not_allowed_fallback(fallback.clone()).fallback(fallback).with_state(app)
}

fn duty_routes<B: Backend>(table: Table<B>) -> Table<B> {
    table
        .post("attester_duties", "/eth/v1/validator/duties/attester/{epoch}", duties::attester::<B>)
        .get("proposer_duties", "/eth/v1/validator/duties/proposer/{epoch}", duties::proposer::<B>)
        .get("proposer_duties", "/eth/v2/validator/duties/proposer/{epoch}", duties::proposer_v2::<B>)
        .post("sync_committee_duties", "/eth/v1/validator/duties/sync/{epoch}", duties::sync::<B>)
        .get("attestation_data", "/eth/v1/validator/attestation_data", attestations::data::<B>)
        .post("submit_attestations", "/eth/v2/beacon/pool/attestations", attestations::submit::<B>)
        .get("propose_block_v3", "/eth/v3/validator/blocks/{slot}", blocks::produce::<B>)
        .post("submit_proposal_v1", "/eth/v1/beacon/blocks", blocks::submit::<B>)
        .post("submit_proposal_v2", "/eth/v2/beacon/blocks", blocks::submit::<B>)
        .post("submit_blinded_block_v1", "/eth/v1/beacon/blinded_blocks", blocks::submit_blinded::<B>)
        .post("submit_blinded_block_v2", "/eth/v2/beacon/blinded_blocks", blocks::submit_blinded::<B>)
}

fn aggregation_routes<B: Backend>(table: Table<B>) -> Table<B> {
    let selections = "/eth/v1/validator/beacon_committee_selections";
    let subscriptions = "/eth/v1/validator/beacon_committee_subscriptions";
    table
        .post("beacon_committee_selections", selections, selections::beacon_committee::<B>)
        .post("is_aggregator", "/eth/v1/validator/is_aggregator", selections::is_aggregator::<B>)
        .post("beacon_committee_subscriptions", subscriptions, subscriptions::beacon_committee::<B>)
        .get("aggregate_attestation", "/eth/v2/validator/aggregate_attestation", aggregates::aggregate::<B>)
        .post(
            "submit_aggregate_and_proofs",
            "/eth/v2/validator/aggregate_and_proofs",
            aggregates::submit::<B>,
        )
}

fn sync_committee_routes<B: Backend>(table: Table<B>) -> Table<B> {
    let selections = "/eth/v1/validator/sync_committee_selections";
    let subscriptions = "/eth/v1/validator/sync_committee_subscriptions";
    let contribution = "/eth/v1/validator/sync_committee_contribution";
    let submit = "/eth/v1/validator/contribution_and_proofs";
    table
        .post("sync_committee_selections", selections, selections::sync_committee::<B>)
        .post("sync_committee_subscriptions", subscriptions, subscriptions::sync_committee::<B>)
        .post(
            "submit_sync_committee_messages",
            "/eth/v1/beacon/pool/sync_committees",
            sync::submit_messages::<B>,
        )
        .get("sync_committee_contribution", contribution, sync::contribution::<B>)
        .post("submit_contribution_and_proofs", submit, sync::submit_contributions::<B>)
}

fn validator_routes<B: Backend>(table: Table<B>) -> Table<B> {
    let (register, prepare) =
        ("/eth/v1/validator/register_validator", "/eth/v1/validator/prepare_beacon_proposer");
    table
        .get("get_validators", "/eth/v1/beacon/states/{state}/validators", validators::by_query::<B>)
        .post("get_validators", "/eth/v1/beacon/states/{state}/validators", validators::by_body::<B>)
        .get("get_validator", "/eth/v1/beacon/states/{state}/validators/{id}", validators::one::<B>)
        .post("liveness", "/eth/v1/validator/liveness/{epoch}", liveness::liveness::<B>)
        .post("submit_validator_registration", register, refused::taken_and_discarded::<B>)
        .post("submit_proposal_preparations", prepare, refused::taken_and_discarded::<B>)
        .post("submit_voluntary_exit", "/eth/v1/beacon/pool/voluntary_exits", exits::submit::<B>)
}

fn node_routes<B: Backend>(table: Table<B>) -> Table<B> {
    table
        .get("node_version", "/eth/v1/node/version", node::version::<B>)
        .get("node_syncing", "/eth/v1/node/syncing", node::syncing::<B>)
        .get("spec", "/eth/v1/config/spec", node::spec::<B>)
        .get("genesis", "/eth/v1/beacon/genesis", node::genesis::<B>)
        .get("beacon_block_root", "/eth/v1/beacon/blocks/head/root", node::head_root::<B>)
        .get("events", "/eth/v1/events", events::events::<B>)
}

/// Endpoints of older versions: to a validator client of a distributed validator they must not exist, lest it uses
/// them past the cluster.
fn refused_routes<B: Backend>(table: Table<B>) -> Table<B> {
    table
        .post("submit_attestations_v1", "/eth/v1/beacon/pool/attestations", refused::gone)
        .get("propose_block_v2", "/eth/v2/validator/blocks/{slot}", refused::gone)
        .get("propose_blinded_block", "/eth/v1/validator/blinded_blocks/{slot}", refused::gone)
        .get("aggregate_attestation_v1", "/eth/v1/validator/aggregate_attestation", refused::gone)
        .post("submit_aggregate_and_proofs_v1", "/eth/v1/validator/aggregate_and_proofs", refused::gone)
        .get("teku_proposer_config", "/teku_proposer_config", refused::no_proposer_config)
        .get("proposer_config", "/proposer_config", refused::no_proposer_config)
}

struct Table<B> {
    router: Router<Arc<App<B>>>,
    app: Arc<App<B>>,
}

impl<B: Backend> Table<B> {
    fn get<H, T>(self, name: &'static str, path: &str, handler: H) -> Self
    where
        H: Handler<T, Arc<App<B>>>,
        T: 'static,
    {
        self.route(name, path, get(handler))
    }

    fn post<H, T>(self, name: &'static str, path: &str, handler: H) -> Self
    where
        H: Handler<T, Arc<App<B>>>,
        T: 'static,
    {
        self.route(name, path, post(handler))
    }

    fn route(mut self, name: &'static str, path: &str, methods: MethodRouter<Arc<App<B>>>) -> Self {
        let observed = Observed { name, app: self.app.clone() };
        let methods = methods.route_layer(from_fn_with_state(observed, observe::<B>));
        self.router = self.router.route(path, methods);
        self
    }
}
