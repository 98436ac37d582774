//! Blocks: production and submission.

use eth::{Fork, Graffiti, Preset, Proposal, SignatureBytes, SignedProposal, Slot};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Client;
use super::call::{Answer, Call, Limits, SSZ_OR_JSON};
use super::read::{self, malformed};
use super::submit::Fallback;
use crate::api::{BLOCK_VALUE, CONSENSUS_VERSION, MediaType, PAYLOAD_BLINDED, PAYLOAD_VALUE};
use crate::error::{Error, Problem};

/// An unsigned block with what it is worth.
#[derive(Clone, Debug)]
pub struct ProducedBlock {
    /// The block.
    pub proposal: Proposal,
    /// What its execution payload pays, in Wei, if the beacon node said so.
    pub payload_value_wei: Option<u128>,
    /// What the chain pays its proposer, in Wei, if the beacon node said so.
    pub block_value_wei: Option<u128>,
}

impl Client {
    /// Has the first endpoint that can do it produce a block for `slot`. `randao_reveal` must be the validator's own,
    /// not a share's. `builder_boost` is the percentage applied to builders' bids: 0 never takes one, `u64::MAX` always.
    ///
    /// # Errors
    /// When no endpoint produces a block of this slot.
    pub async fn produce_block(
        &self,
        preset: Preset,
        slot: Slot,
        randao_reveal: SignatureBytes,
        graffiti: Option<Graffiti>,
        builder_boost: u64,
    ) -> Result<ProducedBlock, Error> {
        let graffiti = graffiti.map(|graffiti| format!("&graffiti={graffiti}")).unwrap_or_default();
        let path = format!(
            "/eth/v3/validator/blocks/{slot}?randao_reveal={randao_reveal}{graffiti}&builder_boost_factor={builder_boost}"
        );
        let config = &self.inner.config;
        let call = Call {
            accept: SSZ_OR_JSON,
            timeout: config.block_timeout,
            // Two nodes building at once is a waste, unless the first one seems dead.
            patience: Some(config.timeout),
            ..self.get("proposal", path, Limits::BLOCK)
        };
        self.first(call, |answer| {
            let produced = match read::media_type(answer) {
                Some(MediaType::Ssz) => from_ssz(preset, answer),
                _ => from_json(preset, answer),
            }?;
            match produced.proposal.slot() {
                found if found == slot => Ok(produced),
                found => {
                    Err(Problem::Malformed(format!("asked for a block of slot {slot}, got one of {found}")))
                }
            }
        })
        .await
    }

    /// Submits a signed block to all endpoints, in SSZ; in JSON to one that does not take SSZ.
    ///
    /// Who has the block already has it from another node of the cluster: that is success, in whatever words it is
    /// refused. (Lodestar complains of data columns it has twice.)
    ///
    /// # Errors
    /// When no endpoint takes it, and none has it.
    pub async fn submit_block(&self, block: &SignedProposal) -> Result<(), Error> {
        let Err(refused) = self.send_block(block).await else { return Ok(()) };
        match self.block_header(block.block_root()).await {
            Ok(Some(_)) => Ok(()),
            Ok(None) | Err(_) => Err(refused),
        }
    }

    async fn send_block(&self, block: &SignedProposal) -> Result<(), Error> {
        let (name, path) = match block.blinded() {
            true => ("submit_blinded_proposal", "/eth/v2/beacon/blinded_blocks"),
            false => ("submit_proposal", "/eth/v2/beacon/blocks"),
        };
        let config = &self.inner.config;
        let ssz = block.to_ssz().into();
        let call = Call::submit(config, name, path, MediaType::Ssz, ssz).with_fork(block.fork());
        let (block, ssz_call) = (block.clone(), call.clone());
        let in_json = move || Call { body: Some((MediaType::Json, block.to_json().into())), ..ssz_call };
        self.everywhere(call, Some(Fallback::new(Box::new(in_json)))).await
    }
}

fn from_ssz(preset: Preset, answer: &Answer) -> Result<ProducedBlock, Problem> {
    let required = |name| {
        read::header(answer, name)
            .ok_or_else(|| Problem::Malformed(format!("an SSZ block without header {name}")))
    };
    let fork = fork(required(CONSENSUS_VERSION)?)?;
    let blinded: bool = required(PAYLOAD_BLINDED)?.to_ascii_lowercase().parse().map_err(malformed)?;
    Ok(ProducedBlock {
        proposal: Proposal::from_ssz(preset, fork, blinded, &answer.body).map_err(malformed)?,
        payload_value_wei: read::header(answer, PAYLOAD_VALUE).and_then(|value| value.parse().ok()),
        block_value_wei: read::header(answer, BLOCK_VALUE).and_then(|value| value.parse().ok()),
    })
}

fn from_json(preset: Preset, answer: &Answer) -> Result<ProducedBlock, Problem> {
    #[derive(Deserialize)]
    struct Entry<'a> {
        version: String,
        execution_payload_blinded: bool,
        execution_payload_value: Option<String>,
        consensus_block_value: Option<String>,
        #[serde(borrow)]
        data: &'a RawValue,
    }
    let entry: Entry<'_> = serde_json::from_slice(&answer.body).map_err(malformed)?;
    let (fork, data) = (fork(&entry.version)?, entry.data.get().as_bytes());
    let proposal = Proposal::from_json(preset, fork, entry.execution_payload_blinded, data);
    Ok(ProducedBlock {
        proposal: proposal.map_err(malformed)?,
        payload_value_wei: entry.execution_payload_value.and_then(|value| value.parse().ok()),
        block_value_wei: entry.consensus_block_value.and_then(|value| value.parse().ok()),
    })
}

/// A fork whose blocks are built in.
fn fork(name: &str) -> Result<Fork, Problem> {
    read::fork(name)?.supported().map_err(read::unsupported)
}
