//! Proposing.

use std::sync::Arc;

use eth::{DomainType, Epoch, Fork, Proposal, ProposerDuty, SignatureBytes, Slot, epoch_root};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Session;
use super::agreement::Kind;
use super::api::{Failure, Form};
use super::duties::UnknownEpoch;
use super::keeping::fetch_proposers;

/// Proposes if it is one of the client's validators' turn.
pub(super) async fn propose(session: Arc<Session>, slot: Slot) {
    let epoch = session.spec.epoch_of(slot);
    if slot == Slot(0) {
        return;
    }
    let duty = match session.client.duties.proposer(epoch, slot) {
        Ok(duty) => duty,
        Err(UnknownEpoch) => fetch_late(&session, epoch, slot).await,
    };
    let Some(duty) = duty else { return };
    if let Err(why) = propose_now(&session, duty).await {
        tracing::warn!(topic = "vc", %slot, %why, "the block failed");
    }
}

async fn fetch_late(session: &Session, epoch: Epoch, slot: Slot) -> Option<ProposerDuty> {
    if let Err(why) = fetch_proposers(session, epoch).await {
        tracing::debug!(topic = "vc", %why, "no proposer duties");
    }
    session.client.duties.proposer(epoch, slot).ok().flatten()
}

async fn propose_now(session: &Session, duty: ProposerDuty) -> Result<(), Failure> {
    let ProposerDuty { pubkey, slot, .. } = duty;
    let epoch = session.spec.epoch_of(slot);
    let randao = session.sign(&pubkey, epoch_root(epoch), DomainType::Randao, epoch)?;
    let proposal = fetch(session, slot, randao).await?;
    if proposal.slot() != slot || proposal.proposer_index() != duty.validator_index {
        return Err(Failure::Answer(format!("a block of another duty: {proposal:?}")));
    }
    session.client.agreement.note(slot, Kind::Block, proposal.block_root());
    if !session.client.guard.allow_block(pubkey, slot) {
        return Err(Failure::Own("it has signed a block of that slot before".to_owned()));
    }
    let signature = session.sign(&pubkey, proposal.block_root(), DomainType::BeaconProposer, epoch)?;
    let fork = proposal.fork().name();
    let path = match proposal.blinded() {
        true => "eth/v2/beacon/blinded_blocks?broadcast_validation=gossip",
        false => "eth/v2/beacon/blocks?broadcast_validation=gossip",
    };
    session.client.api.tell_ssz(path, Some(fork), proposal.sign(signature).to_ssz()).await
}

async fn fetch(session: &Session, slot: Slot, randao: SignatureBytes) -> Result<Proposal, Failure> {
    let fee_recipient = session.client.fee_recipient;
    let (selection, boost) = if session.client.builder { ("default", 90) } else { ("executiononly", 0) };
    let path = format!(
        "eth/v3/validator/blocks/{slot}?randao_reveal={randao}&fee_recipient={fee_recipient}\
         &builder_selection={selection}&builder_boost_factor={boost}&strict_fee_recipient_check=false\
         &blinded_local=false"
    );
    let (form, body) = session.client.api.get_any(&path).await?;
    read(session, &form, &body)
}

fn read(session: &Session, form: &Form, body: &[u8]) -> Result<Proposal, Failure> {
    let wrong = |why: String| Failure::Answer(why);
    let preset = session.spec.preset;
    if form.is_ssz {
        let fork = form.fork.as_deref().ok_or_else(|| wrong("it does not say of which fork".to_owned()))?;
        let fork: Fork = fork.parse().map_err(|why: eth::UnknownFork| wrong(why.to_string()))?;
        return Proposal::from_ssz(preset, fork, form.is_blinded, body).map_err(|why| wrong(why.to_string()));
    }
    let produced: Produced = serde_json::from_slice(body).map_err(|why| wrong(why.to_string()))?;
    let Produced { version, execution_payload_blinded: blinded, data } = produced;
    Proposal::from_json(preset, version, blinded, data.get().as_bytes()).map_err(|why| wrong(why.to_string()))
}

#[derive(Deserialize)]
struct Produced<'a> {
    version: Fork,
    #[serde(default)]
    execution_payload_blinded: bool,
    #[serde(borrow)]
    data: &'a RawValue,
}
