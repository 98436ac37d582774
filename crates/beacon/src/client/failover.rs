//! One question, several endpoints: the healthy one first, the next at once on failure, the first good answer wins.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::time::{sleep, timeout};

use super::Client;
use super::call::{Answer, Call, Limits};
use super::endpoint::Endpoint;
use super::health::State;
use super::read;
use crate::api::Syncing;
use crate::error::{Error, Problem};

impl Client {
    /// Asks until one endpoint's answer can be read.
    ///
    /// # Errors
    /// [`Error::Failed`] with what each endpoint did wrong.
    pub(crate) async fn first<T: Send>(
        &self,
        call: Call,
        read: impl Fn(&Answer) -> Result<T, Problem> + Send + Sync,
    ) -> Result<T, Error> {
        let started = Instant::now();
        self.inner.metrics.request(call.name);
        let result = self.race(&call, &read).await;
        self.inner.metrics.finished(call.name, started.elapsed(), result.is_err());
        result
    }

    async fn race<T: Send>(
        &self,
        call: &Call,
        read: &(impl Fn(&Answer) -> Result<T, Problem> + Send + Sync),
    ) -> Result<T, Error> {
        let mut waiting = self.ranked().into_iter().peekable();
        let mut asked: Vec<Arc<Endpoint>> = Vec::new();
        let mut running = FuturesUnordered::new();
        let mut failures = Vec::new();
        loop {
            if let Some(endpoint) = waiting.next() {
                asked.push(endpoint.clone());
                running.push(async move {
                    let result = self.attempt(&endpoint, call, read).await;
                    (endpoint, result)
                });
            } else if running.is_empty() {
                return Err(Error::Failed { request: call.name, failures });
            }
            // Until an endpoint fails or outlives our patience, nobody else is asked.
            let patience = call.patience.filter(|_| waiting.peek().is_some());
            tokio::select! {
                Some((endpoint, result)) = running.next() => match result {
                    Ok(value) => {
                        self.won(&endpoint, &asked, call);
                        return Ok(value);
                    }
                    Err(problem) => {
                        asked.retain(|other| other.position != endpoint.position);
                        failures.push(endpoint.failure(problem));
                    }
                },
                () = outlived(patience) => {}
            }
        }
    }

    /// One endpoint's try, its network checked, within the call's time; remembers what it says of the endpoint.
    pub(crate) async fn attempt<T>(
        &self,
        endpoint: &Endpoint,
        call: &Call,
        read: &(impl Fn(&Answer) -> Result<T, Problem> + Send + Sync),
    ) -> Result<T, Problem> {
        let result = self.exchange(endpoint, call, read).await;
        self.note(endpoint, &result);
        result
    }

    /// The same with nothing remembered.
    pub(crate) async fn exchange<T>(
        &self,
        endpoint: &Endpoint,
        call: &Call,
        read: &(impl Fn(&Answer) -> Result<T, Problem> + Send + Sync),
    ) -> Result<T, Problem> {
        let exchange = async {
            endpoint.verify(&self.inner).await?;
            read(&endpoint.ask(call).await?)
        };
        timeout(call.timeout, exchange).await.unwrap_or(Err(Problem::TimedOut(call.timeout)))
    }

    /// Endpoints asked before the winner that still think are slow: the winner is asked first from now on.
    fn won(&self, winner: &Endpoint, asked: &[Arc<Endpoint>], call: &Call) {
        self.inner.metrics.answered_by(winner.position);
        for slow in asked.iter().take_while(|endpoint| endpoint.position != winner.position) {
            self.set_state(
                slow,
                State::Failing,
                Some(&Problem::TimedOut(call.patience.unwrap_or(call.timeout))),
            );
        }
    }

    /// All endpoints, in the order in which to ask them. Those in bad health come last, but they do come.
    pub(crate) fn ranked(&self) -> Vec<Arc<Endpoint>> {
        self.probe_unwell();
        let mut endpoints = self.inner.endpoints.clone();
        endpoints.sort_by_key(|endpoint| (endpoint.state(), endpoint.position));
        endpoints
    }

    /// Looks again, in the background, at the endpoints that were in bad health for a while.
    fn probe_unwell(&self) {
        for endpoint in &self.inner.endpoints {
            if endpoint.take_look(&self.inner.config) {
                let (client, endpoint) = (self.clone(), endpoint.clone());
                tokio::spawn(async move { client.probe(&endpoint).await });
            }
        }
    }

    async fn probe(&self, endpoint: &Endpoint) {
        let call = Call::get(&self.inner.config, "node_syncing", "/eth/v1/node/syncing", Limits::SMALL);
        if self.attempt(endpoint, &call, &in_sync).await.is_ok() {
            self.set_state(endpoint, State::Well, None);
        }
    }
}

impl Client {
    /// Remembers what an exchange says of the endpoint's health.
    pub(crate) fn note<T>(&self, endpoint: &Endpoint, result: &Result<T, Problem>) {
        let state = match result {
            Ok(_) if endpoint.state() == State::Syncing => return,
            Ok(_) => State::Well,
            Err(Problem::Syncing { .. }) => State::Syncing,
            Err(Problem::ForeignNetwork { .. }) => State::Foreign,
            Err(problem) if problem.is_endpoints_fault() => State::Failing,
            Err(_) => return,
        };
        self.set_state(endpoint, state, result.as_ref().err());
    }

    pub(crate) fn set_state(&self, endpoint: &Endpoint, state: State, why: Option<&Problem>) {
        if !endpoint.set_state(state) {
            return;
        }
        match why {
            None => tracing::info!(endpoint = endpoint.name(), "Beacon node is well again"),
            Some(problem) => tracing::warn!(endpoint = endpoint.name(), "Beacon node {problem}"),
        }
    }
}

async fn outlived(patience: Option<Duration>) {
    match patience {
        Some(patience) => sleep(patience).await,
        None => std::future::pending().await,
    }
}

/// A node that is catching up is a problem, so that the next one is asked.
pub(crate) fn in_sync(answer: &Answer) -> Result<Syncing, Problem> {
    let syncing: Syncing = read::data(answer)?;
    if syncing.is_syncing { Err(Problem::Syncing { distance: syncing.sync_distance.0 }) } else { Ok(syncing) }
}
