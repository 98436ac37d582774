//! A RANDAO reveal: always JSON.

use duty::Signed;
use eth::{Epoch, SignatureBytes};
use serde::{Deserialize, Serialize};

use crate::wire::json;
use crate::wire::reject::Reject;

#[derive(Serialize, Deserialize)]
struct Json {
    epoch: Epoch,
    signature: SignatureBytes,
}

pub(super) fn encode(epoch: Epoch, signature: SignatureBytes) -> Vec<u8> {
    json::write(&Json { epoch, signature })
}

pub(super) fn decode(bytes: &[u8]) -> Result<(Signed, SignatureBytes), Reject> {
    let json = json::text(bytes).ok_or(Reject::Malformed("randao reveal"))?;
    let Json { epoch, signature } = json::read(json)?;
    Ok((Signed::Randao { epoch }, signature))
}
