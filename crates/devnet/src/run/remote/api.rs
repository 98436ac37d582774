//! What is asked of the beacon node.

use eth::{Checkpoint, CommitteeIndex, PublicKeyBytes, SignedBeaconBlockHeader, Slot, ValidatorIndex};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::Error;

pub(super) async fn get<T: DeserializeOwned>(
    http: &reqwest::Client,
    url: &Url,
    path: &str,
) -> Result<T, Error> {
    data(url, http.get(join(url, path)).header("accept", "application/json")).await
}

pub(super) async fn data<T: DeserializeOwned>(
    url: &Url,
    request: reqwest::RequestBuilder,
) -> Result<T, Error> {
    #[derive(Deserialize)]
    struct Data<T> {
        data: T,
    }
    let answer = async { request.send().await?.error_for_status()?.json::<Data<T>>().await }.await;
    answer
        .map(|answer| answer.data)
        .map_err(|why| Error::BeaconNode { url: url.clone(), why: why.to_string() })
}

pub(super) fn join(url: &Url, path: &str) -> Url {
    url.join(path).expect("paths of the Beacon API join")
}

#[derive(Deserialize)]
pub(super) struct Known {
    pub(super) index: ValidatorIndex,
    pub(super) validator: KnownKey,
}

#[derive(Deserialize)]
pub(super) struct KnownKey {
    pub(super) pubkey: PublicKeyBytes,
}

#[derive(Deserialize)]
pub(super) struct Committee {
    pub(super) index: CommitteeIndex,
    pub(super) slot: Slot,
    pub(super) validators: Vec<ValidatorIndex>,
}

#[derive(Deserialize)]
pub(super) struct Checkpoints {
    pub(super) current_justified: Checkpoint,
    pub(super) finalized: Checkpoint,
}

#[derive(Deserialize)]
pub(super) struct Header {
    pub(super) header: SignedBeaconBlockHeader,
}
