//! Finding out who aggregates: a share's selection proofs go to the node, which completes them.

use std::collections::BTreeMap;
use std::sync::Arc;

use eth::{
    BeaconCommitteeSelection, Container, DomainType, Epoch, PublicKeyBytes, SignatureBytes, Slot,
    SubcommitteeIndex, SyncAggregatorSelectionData, SyncCommitteeSelection, SyncDuty, ValidatorIndex,
    is_sync_committee_aggregator, slot_root,
};

use super::Session;
use super::api::Failure;
use super::duties::Attesters;
use super::signing::off_the_loop;

/// A member of the sync committee that contributes for a subcommittee.
#[derive(Clone, Copy, Debug)]
pub(super) struct Contributor {
    pub(super) pubkey: PublicKeyBytes,
    pub(super) validator: ValidatorIndex,
    /// Its whole proof.
    pub(super) proof: SignatureBytes,
}

/// Selects among all attesters of an epoch, in one request.
pub(super) async fn select_attesters(session: &Arc<Session>, epoch: Epoch) -> Result<(), Failure> {
    let Attesters { dependent_root, duties } = session.client.duties.attesters(epoch).unwrap_or_default();
    let sign = move |session: &Session| {
        let selection = |duty: &eth::AttesterDuty| {
            let proof =
                session.sign(&duty.pubkey, slot_root(duty.slot), DomainType::SelectionProof, epoch)?;
            Ok(BeaconCommitteeSelection {
                validator_index: duty.validator_index,
                slot: duty.slot,
                selection_proof: proof,
            })
        };
        duties.iter().map(selection).collect::<Result<Vec<_>, Failure>>()
    };
    let mut selections = off_the_loop(session, sign).await?;
    if session.client.distributed && !selections.is_empty() {
        selections =
            session.client.api.ask("eth/v1/validator/beacon_committee_selections", &selections).await?;
    }
    session.client.duties.set_selections(epoch, dependent_root, selections);
    Ok(())
}

/// Selects among the members of the sync committee in a slot. What the node has not answered by the end of the slot
/// comes too late; what comes after contributions are due makes them late, and the report tells.
pub(super) async fn select_members(
    session: &Arc<Session>,
    slot: Slot,
    duties: Vec<SyncDuty>,
) -> Result<BTreeMap<SubcommitteeIndex, Vec<Contributor>>, Failure> {
    let keys: BTreeMap<ValidatorIndex, PublicKeyBytes> =
        duties.iter().map(|duty| (duty.validator_index, duty.pubkey)).collect();
    let mut selections =
        off_the_loop(session, move |session| member_selections(session, slot, &duties)).await?;
    if session.client.distributed {
        let path = "eth/v1/validator/sync_committee_selections";
        let end_ns = session.spec.slot_start_ns(Slot(slot.0 + 1));
        selections = tokio::select! {
            answered = session.client.api.ask(path, &selections) => answered?,
            () = session.clock.until(end_ns) => return Err(Failure::Own("no selections in time".to_owned())),
        };
    }
    let mut selected: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for each in selections {
        let Some(pubkey) = keys.get(&each.validator_index).copied() else { continue };
        if is_sync_committee_aggregator(session.spec.preset, &each.selection_proof) {
            let (validator, proof) = (each.validator_index, each.selection_proof);
            selected.entry(each.subcommittee_index).or_default().push(Contributor {
                pubkey,
                validator,
                proof,
            });
        }
    }
    Ok(selected)
}

fn member_selections(
    session: &Session,
    slot: Slot,
    duties: &[SyncDuty],
) -> Result<Vec<SyncCommitteeSelection>, Failure> {
    let epoch = session.spec.epoch_of(slot);
    let selection = |duty: &SyncDuty, subcommittee_index| {
        let object = SyncAggregatorSelectionData { slot, subcommittee_index }.root();
        let purpose = DomainType::SyncCommitteeSelectionProof;
        let selection_proof = session.sign(&duty.pubkey, object, purpose, epoch)?;
        let validator_index = duty.validator_index;
        Ok(SyncCommitteeSelection { validator_index, slot, subcommittee_index, selection_proof })
    };
    let preset = session.spec.preset;
    let places =
        duties.iter().flat_map(|duty| duty.subcommittees(preset).into_iter().map(move |index| (duty, index)));
    places.map(|(duty, index)| selection(duty, index)).collect()
}
