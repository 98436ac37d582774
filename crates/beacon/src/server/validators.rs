//! Validators of a state: asked by share key, answered with share key; the beacon node sees group keys.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::uri::Uri;
use serde::Deserialize;
use serde_json::Value;

use super::request::{Query, json, media_type, plain_id, whole};
use super::{ApiError, App, Backend};
use crate::api::{LIST_BODY_MAX, MediaType};
use crate::client::{Limits, Listed, Wanted};
use crate::error::{Error, Problem};

/// Where an entry has its key.
const PUBKEY: &str = "/validator/pubkey";

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    ids: Option<Vec<String>>,
    #[serde(default)]
    statuses: Option<Vec<String>>,
}

/// `GET /eth/v1/beacon/states/{state}/validators?id=…`
pub(crate) async fn by_query<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(state): Path<String>,
    uri: Uri,
) -> Result<Json<Listed<Value>>, ApiError> {
    let query = Query::of(&uri);
    app.validators(&state, &query.list("id"), query.list("status")).await
}

/// `POST /eth/v1/beacon/states/{state}/validators`
pub(crate) async fn by_body<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(state): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Listed<Value>>, ApiError> {
    media_type(&headers, &[MediaType::Json])?;
    let body = whole(body, LIST_BODY_MAX, app.config.body_timeout).await?;
    let Asked { ids, statuses } = json(&body)?;
    app.validators(&state, &ids.unwrap_or_default(), statuses.unwrap_or_default()).await
}

/// `GET /eth/v1/beacon/states/{state}/validators/{id}`
pub(crate) async fn one<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path((state, id)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let ids = std::slice::from_ref(&id);
    app.shares.check_ours(ids)?;
    let literally = app.shares.literal_groups(ids);
    let asked = app.shares.asked(plain_id(&id, "validator id")?);
    let mut answer = app.client.validator_json(plain_id(&state, "state id")?, &asked).await?;
    if let Some(entry) = answer.get_mut("data") {
        app.shares.answer(std::slice::from_mut(entry), PUBKEY, &literally);
    }
    Ok(Json(answer))
}

impl<B: Backend> App<B> {
    async fn validators(
        &self,
        state: &str,
        ids: &[String],
        statuses: Vec<String>,
    ) -> Result<Json<Listed<Value>>, ApiError> {
        let state = plain_id(state, "state id")?.to_owned();
        self.shares.check_ours(ids)?;
        let literally = self.shares.literal_groups(ids);
        let wanted = Wanted { state, ids: ids.iter().map(|id| self.shares.asked(id)).collect(), statuses };
        let mut listed = self.client.validators(&wanted).await.map_err(explain_size)?;
        self.shares.answer(&mut listed.data, PUBKEY, &literally);
        Ok(Json(listed))
    }
}

/// The registry of a public network is larger than an answer may be.
fn explain_size(error: Error) -> ApiError {
    let too_large = |problem: &Problem| matches!(problem, Problem::TooLarge { limit: Limits::VALIDATORS });
    match &error {
        Error::Failed { failures, .. } if failures.iter().any(|failure| too_large(&failure.problem)) => {
            ApiError::bad_request("the answer would be too large: ask for validators by id, fewer at a time")
        }
        _ => error.into(),
    }
}
