//! Aggregates of attestations, and what aggregators make of them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::uri::Uri;
use axum::response::Response;
use eth::{Attestation, Fork, SignedAggregateAndProof, Slot};

use super::batch::{Kind, Ssz};
use super::request::{Query, accepted, fork};
use super::{ApiError, App, Backend, answer};

const AGGREGATES: Kind<SignedAggregateAndProof> = Kind {
    name: "aggregates",
    from_json: SignedAggregateAndProof::from_json,
    ssz: Some(Ssz {
        item_size: SignedAggregateAndProof::ssz_size,
        from_ssz: SignedAggregateAndProof::from_ssz,
    }),
};

/// `GET /eth/v2/validator/aggregate_attestation?slot&attestation_data_root&committee_index`, held until the cluster
/// agreed on the aggregate.
pub(crate) async fn aggregate<B: Backend>(
    State(app): State<Arc<App<B>>>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ApiError> {
    let encoding = accepted(&headers)?;
    let query = Query::of(&uri);
    let slot = query.required("slot")?;
    let (data_root, committee) =
        (query.required("attestation_data_root")?, query.required("committee_index")?);
    let fork = app.fork_of(slot)?;
    let aggregate = app.backend.aggregate(slot, data_root, committee).await?;
    Ok(answer::versioned(encoding, fork, aggregate, Attestation::to_ssz))
}

/// `POST /eth/v2/validator/aggregate_and_proofs`: every item is judged on its own.
pub(crate) async fn submit<B: Backend>(
    State(app): State<Arc<App<B>>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    fork(&headers)?;
    let batch = app.batch(&AGGREGATES, &headers, body).await?;
    Ok(batch.judged(|items| app.backend.submit_aggregates(items)).await)
}

impl<B> App<B> {
    /// The fork of a slot, if it is known and its aggregates are built in.
    fn fork_of(&self, slot: Slot) -> Result<Fork, ApiError> {
        let refuse = |error: &dyn std::fmt::Display| {
            ApiError::new(400, "unsupported_fork", format!("slot {slot}: {error}"))
        };
        let epoch = self.spec.epoch_of(slot);
        self.spec.check_known(epoch).map_err(|newer| refuse(newer))?;
        self.spec.fork_at(epoch).with_aggregates().map_err(|error| refuse(&error))
    }
}
