//! A signed voluntary exit: written as JSON, read as 112 bytes of SSZ too.

use duty::Signed;
use eth::{Container, SignatureBytes, SignedVoluntaryExit, VoluntaryExit};

use crate::wire::json;
use crate::wire::reject::Reject;

pub(super) fn encode(exit: VoluntaryExit, signature: SignatureBytes) -> Vec<u8> {
    json::write(&SignedVoluntaryExit { message: exit, signature })
}

pub(super) fn decode(bytes: &[u8]) -> Result<(Signed, SignatureBytes), Reject> {
    let signed = json::unless(SignedVoluntaryExit::from_ssz(bytes), bytes, json::read)?;
    let SignedVoluntaryExit { message, signature } = signed;
    Ok((Signed::Exit(message), signature))
}
