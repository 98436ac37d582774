//! Serving in the sync committee.

use std::sync::Arc;

use eth::{DomainType, Root, Slot, SyncCommitteeMessage, SyncDuty};
use futures::future::join;
use serde::Deserialize;

use super::agreement::Kind;
use super::api::Failure;
use super::signing::off_the_loop;
use super::{Session, contributing, events, selecting};

/// Votes for the head with every validator that sits in the committee, and contributes for those that were selected.
/// What is signed in a slot goes into the next slot's block, so that slot's committee signs it. Nobody signs the genesis.
pub(super) async fn serve(session: Arc<Session>, slot: Slot) {
    if slot == Slot(0) {
        return;
    }
    let period = session.period_of(session.spec.epoch_of(Slot(slot.0 + 1)));
    let duties = session.client.duties.sync(period).unwrap_or_default();
    if duties.is_empty() {
        return;
    }
    let selection = selecting::select_members(&session, slot, duties.clone());
    match join(selection, vote(&session, slot, duties)).await {
        (Ok(selected), Ok(head)) => contributing::contribute(&session, slot, head, selected).await,
        (selected, voted) => {
            for why in selected.err().into_iter().chain(voted.err()) {
                tracing::warn!(topic = "vc", %slot, %why, "sync committee duties failed");
            }
        }
    }
}

/// The head that was voted for.
async fn vote(session: &Arc<Session>, slot: Slot, duties: Vec<SyncDuty>) -> Result<Root, Failure> {
    let head = match events::head_of(session, slot, session.spec.sync_message_due_ns(slot)).await {
        Some(head) => head,
        None => ask_head(session).await?,
    };
    session.client.agreement.note(slot, Kind::Head, head);
    let messages = off_the_loop(session, move |session| sign(session, slot, head, &duties)).await?;
    session.client.api.tell("eth/v1/beacon/pool/sync_committees", None, &messages).await?;
    Ok(head)
}

async fn ask_head(session: &Session) -> Result<Root, Failure> {
    #[derive(Deserialize)]
    struct Block {
        root: Root,
    }
    let block: Block = session.client.api.get("eth/v1/beacon/blocks/head/root").await?;
    Ok(block.root)
}

/// One message for each validator, however often it sits in the committee.
fn sign(
    session: &Session,
    slot: Slot,
    head: Root,
    duties: &[SyncDuty],
) -> Result<Vec<SyncCommitteeMessage>, Failure> {
    let epoch = session.spec.epoch_of(slot);
    let message = |duty: &SyncDuty| {
        Ok(SyncCommitteeMessage {
            slot,
            beacon_block_root: head,
            validator_index: duty.validator_index,
            signature: session.sign(&duty.pubkey, head, DomainType::SyncCommittee, epoch)?,
        })
    };
    duties.iter().map(message).collect()
}
