//! What we have no opinion on: handed on to a beacon node, streaming both ways.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, BodyDataStream};
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, TryStreamExt, stream};
use tokio::time::timeout;

use super::request::broke_off;
use super::{ApiError, App, Backend};
use crate::client::ForwardBody;

/// A body up to this size is kept, so that it can be sent to a second beacon node when the first one fails.
const KEPT_MAX: usize = 1 << 20;

/// The fallback of all routes.
pub(crate) async fn proxy<B: Backend>(
    State(app): State<Arc<App<B>>>,
    request: Request,
) -> Result<Response, ApiError> {
    let started = Instant::now();
    let (head, body) = request.into_parts();
    let wait = app.config.body_timeout;
    let late = |_| ApiError::new(408, "slow_body", format!("the body did not arrive within {wait:?}"));
    let body = timeout(wait, begin(body)).await.map_err(late)??;
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let answer = app.client.forward(head.method, path, head.headers, body).await?;
    app.metrics.proxied(head.uri.path(), started.elapsed());
    let mut response = Response::new(Body::from_stream(answer.body));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    Ok(response)
}

/// Reads the body as far as it is kept.
async fn begin(body: Body) -> Result<ForwardBody, ApiError> {
    let mut rest = body.into_data_stream();
    let mut kept = BytesMut::new();
    while kept.len() <= KEPT_MAX {
        match rest.next().await {
            None => return Ok(ForwardBody::Whole(kept.freeze())),
            Some(Ok(chunk)) => kept.extend_from_slice(&chunk),
            Some(Err(error)) => return Err(broke_off(error)),
        }
    }
    Ok(ForwardBody::Stream(resumed(kept.freeze(), rest)))
}

fn resumed(kept: Bytes, rest: BodyDataStream) -> stream::BoxStream<'static, io::Result<Bytes>> {
    stream::once(async { Ok(kept) }).chain(rest.map_err(io::Error::other)).boxed()
}
