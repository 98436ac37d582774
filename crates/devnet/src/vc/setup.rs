//! Getting to know the chain and one's validators.

use std::collections::BTreeMap;
use std::time::Duration;

use eth::{Genesis, PublicKeyBytes, Spec, ValidatorIndex};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::api::{Api, Failure};
use super::duties::Duties;
use super::events::Head;
use super::guard::Guard;
use super::{Client, PAUSE, Session, ValidatorClientConfig, keeping};
use crate::chain::Clock;

/// Until the length of a slot is known.
const FIRST_TIMEOUT: Duration = Duration::from_secs(5);

/// Asks for the chain's configuration until there is one.
pub(super) async fn start(config: ValidatorClientConfig) -> Session {
    let api = Api::new(config.node, FIRST_TIMEOUT);
    let spec = insist("genesis and spec", || spec(&api)).await;
    let pubkey = |share: &bls::SecretKey| PublicKeyBytes(share.public_key().to_bytes());
    let client = Client {
        api: api.with_timeout(Duration::from_millis(spec.slot_duration_ms)),
        keys: config.shares.into_iter().map(|share| (pubkey(&share), share)).collect(),
        distributed: config.distributed,
        builder: config.builder,
        fee_recipient: config.fee_recipient,
        agreement: config.agreement,
        guard: Guard::default(),
        duties: Duties::default(),
        heads: watch::Sender::new(Head::default()),
    };
    let clock = config.clock.unwrap_or(Clock::Wall { genesis_time: spec.genesis.genesis_time });
    Session { client, clock, spec }
}

/// Finds the validators and their first duties.
pub(super) async fn learn(session: &Session) {
    insist("validators", || find_validators(session)).await;
    let now = session.epoch_now();
    insist("duties", || async {
        keeping::fetch_proposers(session, now).await?;
        keeping::fetch_duties(session, now, false).await
    })
    .await;
}

/// Asks for the indices of the shares' validators.
async fn find_validators(session: &Session) -> Result<(), Failure> {
    let ids: Vec<&PublicKeyBytes> = session.client.keys.keys().collect();
    let path = "eth/v1/beacon/states/head/validators";
    let found: Vec<Known> = session.client.api.ask(path, &json!({ "ids": ids })).await?;
    let own = found.into_iter().filter(|known| session.client.keys.contains_key(&known.validator.pubkey));
    let own: BTreeMap<ValidatorIndex, PublicKeyBytes> =
        own.map(|known| (known.index, known.validator.pubkey)).collect();
    if own.is_empty() {
        return Err(Failure::Answer("none of the keys is known".to_owned()));
    }
    session.client.duties.set_validators(own);
    Ok(())
}

async fn spec(api: &Api) -> Result<Spec, Failure> {
    let genesis: Genesis = api.get("eth/v1/beacon/genesis").await?;
    let spec: BTreeMap<String, Value> = api.get("eth/v1/config/spec").await?;
    Spec::from_api(&spec, genesis).map_err(|why| Failure::Answer(why.to_string()))
}

/// Tries until it works.
async fn insist<T, F: Future<Output = Result<T, Failure>>>(what: &str, mut attempt: impl FnMut() -> F) -> T {
    loop {
        match attempt().await {
            Ok(value) => return value,
            Err(why) => tracing::debug!(topic = "vc", what, %why, "asking again"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[derive(Deserialize)]
struct Known {
    index: ValidatorIndex,
    validator: KnownKey,
}

#[derive(Deserialize)]
struct KnownKey {
    pubkey: PublicKeyBytes,
}
