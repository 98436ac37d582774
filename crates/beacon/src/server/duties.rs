//! Duties: the beacon node's, with the group keys replaced by our share keys. Validators outside the cluster stay.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use eth::{Epoch, ValidatorIndex};
use serde_json::Value;

use super::request::{json, media_type, parse, whole};
use super::{ApiError, App, Backend};
use crate::api::{LIST_BODY_MAX, MediaType};
use crate::client::json_body;

type Answer = Result<Json<Value>, ApiError>;

/// `POST /eth/v1/validator/duties/attester/{epoch}`
pub(crate) async fn attester<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(epoch): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    app.duties_of(&headers, body, "attester_duties", "v1/validator/duties/attester", &epoch).await
}

/// `POST /eth/v1/validator/duties/sync/{epoch}`
pub(crate) async fn sync<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(epoch): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    app.duties_of(&headers, body, "sync_committee_duties", "v1/validator/duties/sync", &epoch).await
}

/// `GET /eth/v1/validator/duties/proposer/{epoch}`
pub(crate) async fn proposer<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(epoch): Path<String>,
) -> Answer {
    app.duties("proposer_duties", "v1/validator/duties/proposer", &epoch, None).await
}

/// `GET /eth/v2/validator/duties/proposer/{epoch}`: another dependent root.
pub(crate) async fn proposer_v2<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(epoch): Path<String>,
) -> Answer {
    app.duties("proposer_duties", "v2/validator/duties/proposer", &epoch, None).await
}

impl<B: Backend> App<B> {
    async fn duties_of(
        &self,
        headers: &HeaderMap,
        body: Body,
        name: &'static str,
        path: &str,
        epoch: &str,
    ) -> Answer {
        media_type(headers, &[MediaType::Json])?;
        let body = whole(body, LIST_BODY_MAX, self.config.body_timeout).await?;
        let indices: Vec<ValidatorIndex> = json(&body)?;
        self.duties(name, path, epoch, Some(json_body(&indices))).await
    }

    async fn duties(
        &self,
        name: &'static str,
        path: &str,
        epoch: &str,
        body: Option<bytes::Bytes>,
    ) -> Answer {
        let epoch: Epoch = parse(epoch, "epoch")?;
        let mut answer = self.client.duties_json(name, format!("/eth/{path}/{epoch}"), body).await?;
        if let Some(duties) = answer.get_mut("data").and_then(Value::as_array_mut) {
            self.shares.answer(duties, "/pubkey", &BTreeSet::new());
        }
        Ok(Json(answer))
    }
}
