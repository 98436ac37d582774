//! Whether validators are alive elsewhere: what a validator client asks before it signs, so as not to be a second one.
//!
//! The cluster's own validators are always alive elsewhere: at the other nodes. A validator client that restarted would
//! take its own cluster for a double and stay silent, or give up. So of them it is told that they are not; that nothing
//! is signed twice is the ledger's care. Of all others it is told the beacon node's word.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use eth::{Epoch, ValidatorIndex};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::request::{json, media_type, parse, whole};
use super::{ApiError, App, Backend};
use crate::api::{Data, LIST_BODY_MAX, MediaType};
use crate::client::json_body;

/// Pause between two questions for validators that the chain did not know yet.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(12);

/// The indices of the cluster's validators, as far as the chain knows them. They never change.
#[derive(Default)]
pub(crate) struct Members(Mutex<Known>);

#[derive(Default)]
struct Known {
    indices: BTreeSet<ValidatorIndex>,
    asked: Option<Instant>,
}

/// An entry of the answer.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Liveness {
    index: ValidatorIndex,
    is_live: bool,
}

/// `POST /eth/v1/validator/liveness/{epoch}`
pub(crate) async fn liveness<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(epoch): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Data<Vec<Liveness>>>, ApiError> {
    media_type(&headers, &[MediaType::Json])?;
    let epoch: Epoch = parse(&epoch, "epoch")?;
    let body = whole(body, LIST_BODY_MAX, app.config.body_timeout).await?;
    let asked: Vec<ValidatorIndex> = json(&body)?;
    let members = app.members().await?;
    let (own, others): (Vec<_>, Vec<_>) = asked.iter().partition(|index| members.contains(index));
    let mut is_live = app.liveness_of(epoch, &others).await?;
    is_live.extend(own.into_iter().map(|index| (index, false)));
    let entry = |index| is_live.get(&index).map(|is_live| Liveness { index, is_live: *is_live });
    Ok(Json(Data { data: asked.into_iter().filter_map(entry).collect() }))
}

impl<B: Backend> App<B> {
    /// The beacon node's word.
    async fn liveness_of(
        &self,
        epoch: Epoch,
        indices: &[ValidatorIndex],
    ) -> Result<BTreeMap<ValidatorIndex, bool>, ApiError> {
        if indices.is_empty() {
            return Ok(BTreeMap::new());
        }
        let path = format!("/eth/v1/validator/liveness/{epoch}");
        let answer = self.client.duties_json("liveness", path, Some(json_body(&indices))).await?;
        let Data { data } = serde_json::from_value::<Data<Vec<Liveness>>>(answer).map_err(|error| {
            ApiError::new(502, "beacon_node", format!("the beacon node's liveness cannot be read: {error}"))
        })?;
        Ok(data.into_iter().map(|entry| (entry.index, entry.is_live)).collect())
    }

    /// The indices of the cluster's validators. A beacon node is asked until it knows all of them; what it once said
    /// holds also when it no longer answers.
    async fn members(&self) -> Result<BTreeSet<ValidatorIndex>, ApiError> {
        let mut known = self.members.0.lock().await;
        let recent = known.asked.is_some_and(|at| at.elapsed() < ASK_AGAIN_AFTER);
        if known.indices.len() < self.shares.len() && !recent {
            let keys: Vec<_> = self.shares.groups().map(|group| group.0).collect();
            match self.client.validators_by_pubkey(&keys).await {
                Ok(found) => {
                    known.indices.extend(found.into_iter().map(|validator| validator.index));
                    known.asked = Some(Instant::now());
                }
                Err(error) if known.indices.is_empty() => return Err(error.into()),
                Err(error) => tracing::warn!("Some validators' indices stay unknown: {error}"),
            }
        }
        Ok(known.indices.clone())
    }
}
