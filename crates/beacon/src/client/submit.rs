//! Submissions: sent to every endpoint, since each reaches other peers; the first success is success.

use std::sync::{Arc, LazyLock};
use std::time::Instant;

use reqwest::StatusCode;
use tokio::sync::mpsc;

use super::Client;
use super::call::{Answer, Call};
use super::endpoint::Endpoint;
use crate::api::is_already_known;
use crate::error::{EndpointFailure, Error, Problem};

/// The same submission in another encoding, made when some endpoint needs it: a block's JSON takes its time.
pub(crate) type Fallback = LazyLock<Call, Box<dyn FnOnce() -> Call + Send>>;

impl Client {
    /// Submits `call` to all endpoints at once; to one that does not take its encoding, `fallback`.
    /// Returns at the first success, the others go on in the background.
    pub(crate) async fn everywhere(&self, call: Call, fallback: Option<Fallback>) -> Result<(), Error> {
        let request = call.name;
        let started = Instant::now();
        self.inner.metrics.request(request);
        let result = self.first_success(call, fallback).await;
        self.inner.metrics.finished(request, started.elapsed(), result.is_err());
        result.map_err(|failures| Error::Failed { request, failures })
    }

    async fn first_success(
        &self,
        call: Call,
        fallback: Option<Fallback>,
    ) -> Result<(), Vec<EndpointFailure>> {
        let (sender, mut results) = mpsc::channel(self.inner.endpoints.len());
        let (call, fallback) = (Arc::new(call), Arc::new(fallback));
        for endpoint in self.inner.endpoints.iter().cloned() {
            let (client, sender) = (self.clone(), sender.clone());
            let (call, fallback) = (call.clone(), fallback.clone());
            tokio::spawn(async move {
                let result = client.submit_to(&endpoint, &call, fallback.as_ref().as_ref()).await;
                // Nobody listens any more after the first success.
                let _ = sender.send((endpoint, result)).await;
            });
        }
        drop(sender);
        let mut failures = Vec::new();
        while let Some((endpoint, result)) = results.recv().await {
            match result {
                Ok(()) => {
                    self.inner.metrics.answered_by(endpoint.position);
                    return Ok(());
                }
                Err(problem) => failures.push(endpoint.failure(problem)),
            }
        }
        Err(failures)
    }

    async fn submit_to(
        &self,
        endpoint: &Endpoint,
        call: &Call,
        fallback: Option<&Fallback>,
    ) -> Result<(), Problem> {
        let status = |answer: &Answer| Ok(answer.status);
        let mut result = self.attempt(endpoint, call, &status).await;
        if let (Err(Problem::Status { code: 415, .. }), Some(fallback)) = (&result, fallback) {
            result = self.attempt(endpoint, fallback, &status).await;
        }
        match result {
            // It went out to the network, but its own chain would not have it.
            Ok(StatusCode::ACCEPTED) => {
                let name = endpoint.name();
                tracing::warn!(
                    endpoint = name,
                    request = call.name,
                    "Beacon node broadcast it but did not import it"
                );
                Ok(())
            }
            Err(problem) if !is_known_there(&problem) => {
                tracing::warn!(endpoint = endpoint.name(), request = call.name, "Beacon node {problem}");
                Err(problem)
            }
            _ => Ok(()),
        }
    }
}

/// Another node of the cluster, or an earlier try, was there first: success.
fn is_known_there(problem: &Problem) -> bool {
    match problem {
        Problem::Status { message, failures, .. } if failures.is_empty() => is_already_known(message),
        Problem::Status { failures, .. } => failures.iter().all(|failure| is_already_known(&failure.message)),
        _ => false,
    }
}
