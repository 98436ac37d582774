//! Validators of a state, by public key or index.

use eth::PublicKeyBytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Client;
use super::call::{Call, Limits, json_body};
use super::read;
use crate::api::{Validator, ValidatorEntry};
use crate::error::{Error, Problem};

/// Ids in one GET: their keys must fit into a request line of 8 KiB.
const IDS_PER_GET: usize = 64;

/// The list of validators in its envelope, of which nothing is lost.
#[derive(Serialize, Deserialize)]
pub(crate) struct Listed<E> {
    pub(crate) data: Vec<E>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Which validators of which state.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Wanted {
    #[serde(skip)]
    pub(crate) state: String,
    pub(crate) ids: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) statuses: Vec<String>,
}

impl Client {
    /// The validators of the head state with these keys. A key the chain does not know is left out.
    ///
    /// # Errors
    /// When no endpoint answers.
    pub async fn validators_by_pubkey(&self, keys: &[PublicKeyBytes]) -> Result<Vec<Validator>, Error> {
        let ids = keys.iter().map(PublicKeyBytes::to_string).collect();
        let wanted = Wanted { state: "head".to_owned(), ids, statuses: Vec::new() };
        let listed: Listed<ValidatorEntry> = self.validators(&wanted).await?;
        Ok(listed.data.into_iter().map(Validator::from).collect())
    }

    /// By POST; where that is not known, by GETs whose lists are joined.
    pub(crate) async fn validators<E>(&self, wanted: &Wanted) -> Result<Listed<E>, Error>
    where
        E: DeserializeOwned + Send,
    {
        let path = format!("/eth/v1/beacon/states/{}/validators", wanted.state);
        let call =
            Call::ask_json(&self.inner.config, "validators", path, json_body(wanted), Limits::VALIDATORS);
        match self.first(call, read::json).await {
            Err(Error::Failed { failures, .. })
                if failures.iter().any(|failure| is_unknown_route(&failure.problem)) =>
            {
                self.validators_by_get(wanted).await
            }
            result => result,
        }
    }

    async fn validators_by_get<E>(&self, wanted: &Wanted) -> Result<Listed<E>, Error>
    where
        E: DeserializeOwned + Send,
    {
        let mut joined = Listed { data: Vec::new(), rest: Map::new() };
        // No ids at all means every validator: one GET without ids.
        let no_ids = wanted.ids.is_empty().then_some(&[][..]);
        for ids in wanted.ids.chunks(IDS_PER_GET).chain(no_ids) {
            let path =
                format!("/eth/v1/beacon/states/{}/validators?{}", wanted.state, query(ids, &wanted.statuses));
            let mut part: Listed<E> =
                self.first(self.get("validators", path, Limits::VALIDATORS), read::json).await?;
            joined.data.append(&mut part.data);
            joined.rest = part.rest;
        }
        Ok(joined)
    }
}

impl Client {
    /// One validator, as the beacon node words it.
    pub(crate) async fn validator_json(&self, state: &str, id: &str) -> Result<Value, Error> {
        let path = format!("/eth/v1/beacon/states/{state}/validators/{id}");
        self.first(self.get("validator", path, Limits::HEADER), read::json).await
    }
}

fn query(ids: &[String], statuses: &[String]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(ids.iter().map(|id| ("id", id)));
    query.extend_pairs(statuses.iter().map(|status| ("status", status)));
    query.finish()
}

fn is_unknown_route(problem: &Problem) -> bool {
    matches!(problem, Problem::Status { code: 404 | 405, .. })
}
