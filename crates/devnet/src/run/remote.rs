//! A real chain as the run's ledger: what its blocks say.

mod api;
mod block;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cluster::GroupKey;
use duty::DutyKind;
use eth::{
    CommitteeIndex, Epoch, Genesis, ProposerDuty, PublicKeyBytes, Slot, Spec, SyncCommitteePosition,
    SyncDuty, ValidatorIndex,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

use self::api::{Checkpoints, Committee, Header, Known, data, get, join};
use self::block::Block;
use super::files::FEE_RECIPIENT;
use super::record::{BlockRecord, Due, Record, Share};
use crate::Error;
use crate::chain::Standing;

/// Slots an attestation may wait for its block before it counts as missed.
pub(super) const LAG: u64 = 4;
/// What blocks do not tell.
pub(super) const BLIND_SPOT: &str = "who aggregated and contributed, who registered with builders, which blocks were \
                                     builders', and when anything arrived: blocks do not tell";
/// Longest wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Epochs and slots kept.
const KEPT: usize = 256;

/// A beacon node that is watched.
pub(crate) struct Remote {
    url: Url,
    http: reqwest::Client,
    spec: Spec,
    /// The cluster's validators.
    own: BTreeMap<ValidatorIndex, GroupKey>,
    epochs: BTreeMap<Epoch, EpochDuties>,
    blocks: BTreeMap<Slot, Seen>,
    included: BTreeSet<(Slot, ValidatorIndex)>,
    /// Who was asked to exit, and in which slot.
    exits: BTreeSet<(Slot, ValidatorIndex)>,
    exited: BTreeSet<ValidatorIndex>,
    standing: Standing,
}

#[derive(Default)]
struct EpochDuties {
    proposers: Vec<ProposerDuty>,
    committees: BTreeMap<(Slot, CommitteeIndex), Vec<ValidatorIndex>>,
    /// The seats of the cluster's validators in the sync committee.
    sync: Vec<(ValidatorIndex, Vec<SyncCommitteePosition>)>,
}

/// A block there was.
struct Seen {
    proposer: ValidatorIndex,
    record: BlockRecord,
    sync_seats: BTreeSet<SyncCommitteePosition>,
}

impl Remote {
    /// Asks a beacon node for its chain.
    pub(super) async fn connect(url: Url) -> Result<Remote, Error> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build();
        let http = http.map_err(|why| Error::BeaconNode { url: url.clone(), why: why.to_string() })?;
        let genesis: Genesis = get(&http, &url, "eth/v1/beacon/genesis").await?;
        let spec: BTreeMap<String, Value> = get(&http, &url, "eth/v1/config/spec").await?;
        let spec = Spec::from_api(&spec, genesis);
        let spec = spec.map_err(|why| Error::BeaconNode { url: url.clone(), why: why.to_string() })?;
        let standing = Standing { head: Slot(0), justified: Epoch(0), finalized: Epoch(0) };
        Ok(Remote {
            url,
            http,
            spec,
            own: BTreeMap::new(),
            epochs: BTreeMap::new(),
            blocks: BTreeMap::new(),
            included: BTreeSet::new(),
            exits: BTreeSet::new(),
            exited: BTreeSet::new(),
            standing,
        })
    }

    /// Looks the cluster's validators up; all must be there.
    pub(super) async fn with_validators(mut self, keys: &[GroupKey]) -> Result<Remote, Error> {
        let ids: Vec<PublicKeyBytes> = keys.iter().map(|key| key.0).collect();
        let url = self.join("eth/v1/beacon/states/head/validators");
        let request = self.http.post(url).json(&json!({ "ids": ids }));
        let found: Vec<Known> = data(&self.url, request).await?;
        if found.len() < keys.len() {
            let (found, wanted) = (found.len(), keys.len());
            let why = format!(
                "it knows {found} of the {wanted} validators with interop keys; start its chain with them, or ask for \
                 fewer"
            );
            return Err(Error::BeaconNode { url: self.url.clone(), why });
        }
        self.own = found.into_iter().map(|known| (known.index, GroupKey(known.validator.pubkey))).collect();
        Ok(self)
    }

    pub(super) fn url(&self) -> Url {
        self.url.clone()
    }

    pub(super) fn spec(&self) -> &Spec {
        &self.spec
    }

    pub(super) fn standing(&self) -> Standing {
        self.standing
    }

    pub(super) fn key(&self, validator: ValidatorIndex) -> Option<GroupKey> {
        self.own.get(&validator).copied()
    }

    pub(super) fn expect_exit(&mut self, slot: Slot, validator: ValidatorIndex) {
        self.exits.insert((slot, validator));
    }

    /// Fetches what a slot brought. What cannot be fetched is logged and counts as not there.
    pub(super) async fn observe(&mut self, slot: Slot) {
        let epoch = self.spec.epoch_of(slot);
        if !self.epochs.contains_key(&epoch) {
            match self.fetch_duties(epoch).await {
                Ok(duties) => drop(self.epochs.insert(epoch, duties)),
                Err(why) => tracing::warn!(topic = "devnet", %why, "no duties"),
            }
        }
        match self.get::<Block>(&format!("eth/v2/beacon/blocks/{slot}")).await {
            Ok(block) => self.take(&block),
            Err(why) => tracing::debug!(topic = "devnet", %slot, %why, "no block"),
        }
        match self.fetch_standing().await {
            Ok(standing) => self.standing = standing,
            Err(why) => tracing::warn!(topic = "devnet", %why, "no finality"),
        }
        self.forget_old(slot);
    }

    /// What is known of a slot's duties.
    pub(super) fn record(&self, slot: Slot) -> Record {
        let mut due = Vec::new();
        self.add_votes(slot, &mut due);
        let sync_bits = self.add_sync(slot, &mut due);
        let exits = self.exits.range((slot, ValidatorIndex(0))..=(slot, ValidatorIndex(u64::MAX)));
        due.extend(exits.map(|(_, exit)| known(DutyKind::Exit, *exit, self.exited.contains(exit))));
        let block = self.blocks.get(&slot).filter(|block| self.own.contains_key(&block.proposer));
        let block = block.map(|block| block.record);
        Record { due, block, sync_bits, right_heads: None, is_timed: false }
    }

    fn add_votes(&self, slot: Slot, due: &mut Vec<Due>) {
        let Some(duties) = self.epochs.get(&self.spec.epoch_of(slot)) else { return };
        let proposers = duties.proposers.iter().filter(|duty| duty.slot == slot);
        for proposer in proposers.map(|duty| duty.validator_index).filter(|who| self.own.contains_key(who)) {
            let came = self.blocks.get(&slot).is_some_and(|block| block.proposer == proposer);
            due.push(known(DutyKind::Proposer, proposer, came));
        }
        let of_slot = duties.committees.iter().filter(|((at, _), _)| *at == slot);
        let members = of_slot.flat_map(|(_, members)| members).filter(|who| self.own.contains_key(who));
        due.extend(members.map(|who| known(DutyKind::Attester, *who, self.included.contains(&(slot, *who)))));
    }

    /// What the committee signs in a slot goes into the next slot's block or nowhere.
    fn add_sync(&self, slot: Slot, due: &mut Vec<Due>) -> Option<Share> {
        let next = Slot(slot.0 + 1);
        let block = self.blocks.get(&next)?;
        let mut bits = Share::default();
        for (member, seats) in &self.epochs.get(&self.spec.epoch_of(next))?.sync {
            let included = seats.iter().filter(|seat| block.sync_seats.contains(seat)).count();
            due.push(known(DutyKind::SyncMessage, *member, included > 0));
            bits.add(Share { part: included as u64, whole: seats.len() as u64 });
        }
        Some(bits)
    }

    fn take(&mut self, block: &Block) {
        let record = BlockRecord {
            blinded: false,
            blobs: block.blobs(),
            fees_right: block.fee_recipient() == FEE_RECIPIENT,
        };
        let seen = Seen { proposer: block.proposer(), record, sync_seats: block.sync_seats().collect() };
        self.blocks.insert(block.slot(), seen);
        self.exited.extend(block.exits());
        for vote in block.votes() {
            let Some(duties) = self.epochs.get(&self.spec.epoch_of(vote.slot)) else { continue };
            let no_members = Vec::new();
            let committee = |index: &CommitteeIndex| {
                duties.committees.get(&(vote.slot, *index)).unwrap_or(&no_members).iter().copied()
            };
            let members: Vec<ValidatorIndex> = vote.committees.iter().flat_map(committee).collect();
            let voters = members.into_iter().zip(&vote.bits).filter(|(_, voted)| **voted);
            self.included.extend(voters.map(|(voter, _)| (vote.slot, voter)));
        }
    }

    async fn fetch_duties(&self, epoch: Epoch) -> Result<EpochDuties, Error> {
        let proposers = self.get(&format!("eth/v1/validator/duties/proposer/{epoch}")).await?;
        let committees: Vec<Committee> =
            self.get(&format!("eth/v1/beacon/states/head/committees?epoch={epoch}")).await?;
        let committees = committees.into_iter();
        let committees = committees.map(|each| ((each.slot, each.index), each.validators)).collect();
        let own: Vec<ValidatorIndex> = self.own.keys().copied().collect();
        let request = self.http.post(self.join(&format!("eth/v1/validator/duties/sync/{epoch}"))).json(&own);
        let sync: Vec<SyncDuty> = data(&self.url, request).await?;
        let sync = sync.into_iter();
        let sync = sync.map(|duty| (duty.validator_index, duty.validator_sync_committee_indices)).collect();
        Ok(EpochDuties { proposers, committees, sync })
    }

    async fn fetch_standing(&self) -> Result<Standing, Error> {
        let checkpoints: Checkpoints = self.get("eth/v1/beacon/states/head/finality_checkpoints").await?;
        let head: Header = self.get("eth/v1/beacon/headers/head").await?;
        Ok(Standing {
            head: head.header.message.slot,
            justified: checkpoints.current_justified.epoch,
            finalized: checkpoints.finalized.epoch,
        })
    }

    fn forget_old(&mut self, slot: Slot) {
        while self.epochs.len() > KEPT {
            self.epochs.pop_first();
        }
        while self.blocks.len() > KEPT {
            self.blocks.pop_first();
        }
        let oldest = Slot(slot.0.saturating_sub(KEPT as u64));
        self.included = self.included.split_off(&(oldest, ValidatorIndex(0)));
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        get(&self.http, &self.url, path).await
    }

    fn join(&self, path: &str) -> Url {
        join(&self.url, path)
    }
}

/// A duty of which it is known only whether a block has it.
fn known(kind: DutyKind, validator: ValidatorIndex, came: bool) -> Due {
    let arrived_ns = came.then_some(0);
    Due { kind, validator: Some(validator), begin_ns: None, arrived_ns, included: Some(came) }
}

#[cfg(test)]
mod tests;
