//! Gathering what a part of the sync committee signed.

use std::collections::BTreeMap;
use std::sync::Arc;

use eth::{
    ContributionAndProof, DomainType, Root, SignedContributionAndProof, Slot, SubcommitteeIndex,
    SyncCommitteeContribution,
};
use futures::future::join_all;

use super::Session;
use super::agreement::Kind;
use super::api::Failure;
use super::selecting::Contributor;
use super::signing::off_the_loop;

/// Contributes for every subcommittee in which a validator was selected, when contributions are due.
pub(super) async fn contribute(
    session: &Arc<Session>,
    slot: Slot,
    head: Root,
    selected: BTreeMap<SubcommitteeIndex, Vec<Contributor>>,
) {
    session.clock.until(session.spec.slot_start_ns(slot) + session.spec.contribution_due_ns(slot)).await;
    join_all(selected.into_iter().map(|(subcommittee, contributors)| async move {
        if let Err(why) = contribute_for(session, slot, head, subcommittee, contributors).await {
            tracing::warn!(topic = "vc", %slot, %subcommittee, %why, "the contribution failed");
        }
    }))
    .await;
}

async fn contribute_for(
    session: &Arc<Session>,
    slot: Slot,
    head: Root,
    subcommittee: SubcommitteeIndex,
    contributors: Vec<Contributor>,
) -> Result<(), Failure> {
    let contribution = fetch(session, slot, head, subcommittee).await?;
    session.client.agreement.note(slot, Kind::Contribution(subcommittee), contribution.root());
    let signed = off_the_loop(session, move |session| sign(session, &contribution, &contributors)).await?;
    session.client.api.tell("eth/v1/validator/contribution_and_proofs", None, &signed).await
}

async fn fetch(
    session: &Session,
    slot: Slot,
    head: Root,
    subcommittee: SubcommitteeIndex,
) -> Result<SyncCommitteeContribution, Failure> {
    let preset = session.spec.preset;
    let path = format!(
        "eth/v1/validator/sync_committee_contribution?slot={slot}&subcommittee_index={subcommittee}\
         &beacon_block_root={head}"
    );
    let from_ssz = |ssz: &[u8]| SyncCommitteeContribution::from_ssz(preset, ssz);
    let from_json = |json: &[u8]| SyncCommitteeContribution::from_json(preset, json);
    let contribution = session.client.api.get_container(&path, from_ssz, from_json).await?;
    let asked = (slot, subcommittee, head);
    let found = (contribution.slot(), contribution.subcommittee_index(), contribution.beacon_block_root());
    if found != asked {
        return Err(Failure::Answer("the contribution is of another slot, subcommittee or head".to_owned()));
    }
    Ok(contribution)
}

fn sign(
    session: &Session,
    contribution: &SyncCommitteeContribution,
    contributors: &[Contributor],
) -> Result<Vec<SignedContributionAndProof>, Failure> {
    let epoch = session.spec.epoch_of(contribution.slot());
    let sign = |by: &Contributor| {
        let message = ContributionAndProof::new(by.validator, contribution.clone(), by.proof);
        let signature = session.sign(&by.pubkey, message.root(), DomainType::ContributionAndProof, epoch)?;
        Ok(message.sign(signature))
    };
    contributors.iter().map(sign).collect()
}
