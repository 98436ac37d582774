//! The embedded chain as the run's ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use cluster::GroupKey;
use duty::DutyKind;
use eth::{Slot, Spec, SubcommitteeIndex, ValidatorIndex};
use url::Url;

use super::files::{FEE_RECIPIENT, Files};
use super::ledger::Judged;
use super::record::{BlockRecord, Due, Record, Share};
use super::{Options, selected};
use crate::Error;
use crate::chain::{Chain, ChainConfig, Proposed, Reorg, Scenario, SlotTruth, Standing};

/// Slots after which it is known what became of a slot: an aggregate may miss one block, not two.
pub(super) const LAG: u64 = 2;
/// Seconds nodes get to start before genesis, and half of one more for each.
const HEADSTART_SECONDS: u64 = 8;

/// The chain, and what is expected beyond what it knows itself.
pub(super) struct Embedded {
    chain: Chain,
    spec: Spec,
    keys: Vec<GroupKey>,
    /// Whether registrations with builders are expected.
    builder: bool,
    /// A slot whose block is left behind, as the scenario wants it.
    left_behind: Option<Slot>,
    exits: BTreeMap<Slot, Vec<ValidatorIndex>>,
    contributors: BTreeMap<Slot, BTreeMap<SubcommitteeIndex, BTreeSet<ValidatorIndex>>>,
}

impl Embedded {
    /// Starts the chain, genesis far enough ahead for the nodes to be ready. It includes only what is aggregated.
    pub(super) async fn start(options: &Options, files: &Files) -> Result<Embedded, Error> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let keys = files.group_keys().to_vec();
        let config = ChainConfig {
            preset: options.preset,
            slot_ms: options.slot_ms,
            genesis_time: now + HEADSTART_SECONDS + u64::from(options.nodes) / 2,
            validators: keys.iter().map(|key| key.0).collect(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            scenario: Scenario {
                only_aggregates: true,
                builder: options.builder,
                blobs: options.blobs,
                reorg: options.reorg.map(|at| Reorg { at, depth: 1 }),
                ..Scenario::default()
            },
        };
        let spec = config.spec();
        let chain = Chain::start(config).await?;
        let left_behind = options.reorg.map(|at| Slot(at.0 - 1));
        let (exits, contributors) = (BTreeMap::new(), BTreeMap::new());
        Ok(Embedded { chain, spec, keys, builder: options.builder, left_behind, exits, contributors })
    }

    pub(super) fn url(&self) -> Url {
        self.chain.url()
    }

    pub(super) fn spec(&self) -> Spec {
        self.spec.clone()
    }

    pub(super) fn key(&self, validator: ValidatorIndex) -> Option<GroupKey> {
        self.keys.get(usize::try_from(validator.0).ok()?).copied()
    }

    pub(super) fn standing(&self) -> Standing {
        self.chain.standing()
    }

    pub(super) fn judged(&self) -> Judged {
        let truth = self.chain.truth();
        let rejections = truth.rejections().map(str::to_owned).collect();
        Judged { counts: truth.counts(), rejections }
    }

    pub(super) async fn stop(self) {
        self.chain.stop().await;
    }

    pub(super) fn expect_exit(&mut self, slot: Slot, validator: ValidatorIndex) {
        self.exits.entry(slot).or_default().push(validator);
    }

    /// Finds out who contributes in the slot. Takes a while where the committee is large, off the event loop.
    pub(super) async fn observe(&mut self, slot: Slot) {
        let (spec, seats) = (self.spec.clone(), self.chain.sync_committee(slot));
        let work = move || selected::contributors(&spec, slot, &seats);
        let contributors = tokio::task::spawn_blocking(work).await.expect("signing does not panic");
        self.contributors.insert(slot, contributors);
        while self.contributors.len() as u64 > LAG + 1 {
            self.contributors.pop_first();
        }
    }

    /// What the chain's ledger of truth has of a slot. That a block was left behind is neither its proposer's fault, nor
    /// that of those who signed it.
    pub(super) fn record(&self, slot: Slot) -> Record {
        let truth = self.chain.slot(slot);
        let mut due = Vec::new();
        self.add_votes(slot, &truth, &mut due);
        self.add_sync(slot, &truth, &mut due);
        self.add_registrations(slot, &mut due);
        self.add_exits(slot, &mut due);
        let votes = truth.attesters.iter().filter_map(|attester| attester.attested);
        let right = votes.clone().filter(|vote| Some(vote.head) == truth.right_head).count() as u64;
        Record {
            due,
            block: truth.proposal.map(|proposal| block(&proposal)),
            sync_bits: self.sync_bits(slot, &truth),
            right_heads: self.is_kept(slot).then(|| Share { part: right, whole: votes.count() as u64 }),
            is_timed: true,
        }
    }

    /// The block, the attestations and their aggregates.
    fn add_votes(&self, slot: Slot, truth: &SlotTruth, due: &mut Vec<Due>) {
        due.push(Due {
            kind: DutyKind::Proposer,
            validator: Some(self.chain.proposer(slot)),
            begin_ns: Some(0),
            arrived_ns: truth.proposal.map(|proposal| proposal.arrived_ns),
            included: self
                .is_kept(slot)
                .then(|| truth.proposal.is_some_and(|proposal| truth.right_head == Some(proposal.root))),
        });
        let begin_ns = Some(head_or(truth, self.spec.attestation_due_ns(slot)));
        due.extend(truth.attesters.iter().map(|attester| Due {
            kind: DutyKind::Attester,
            validator: Some(attester.validator),
            begin_ns,
            arrived_ns: attester.attested.map(|attested| attested.arrived_ns),
            included: Some(attester.included.is_some()),
        }));
        due.extend(truth.aggregates.iter().map(|aggregate| Due {
            kind: DutyKind::Aggregator,
            validator: aggregate.aggregator,
            begin_ns: Some(self.spec.aggregate_due_ns(slot)),
            arrived_ns: aggregate.aggregated.map(|aggregated| aggregated.arrived_ns),
            included: None,
        }));
    }

    /// Whether the block of the slot is to stay.
    fn is_kept(&self, slot: Slot) -> bool {
        self.left_behind != Some(slot)
    }

    /// The sync committee's messages and contributions.
    fn add_sync(&self, slot: Slot, truth: &SlotTruth, due: &mut Vec<Due>) {
        let begin_ns = Some(head_or(truth, self.spec.sync_message_due_ns(slot)));
        due.extend(truth.sync_members.iter().map(|member| Due {
            kind: DutyKind::SyncMessage,
            validator: Some(member.validator),
            begin_ns,
            arrived_ns: member.signed.map(|signed| signed.arrived_ns),
            included: None,
        }));
        let done = truth.contributions.iter().filter_map(|contribution| {
            let place = (contribution.subcommittee, contribution.aggregator?);
            Some((place, contribution.contributed?.arrived_ns))
        });
        let done: BTreeMap<(SubcommitteeIndex, ValidatorIndex), i64> = done.collect();
        for (subcommittee, members) in self.contributors.get(&slot).into_iter().flatten() {
            due.extend(members.iter().map(|member| Due {
                kind: DutyKind::SyncContribution,
                validator: Some(*member),
                begin_ns: Some(self.spec.contribution_due_ns(slot)),
                arrived_ns: done.get(&(*subcommittee, *member)).copied(),
                included: None,
            }));
        }
    }

    /// Every epoch's, in its first slot.
    fn add_registrations(&self, slot: Slot, due: &mut Vec<Due>) {
        let epoch = self.spec.epoch_of(slot);
        if !self.builder || self.spec.first_slot(epoch) != slot {
            return;
        }
        let truth = self.chain.truth();
        let came: BTreeMap<ValidatorIndex, i64> = truth
            .registrations(epoch)
            .map(|(validator, registered)| (validator, registered.arrived_ns))
            .collect();
        let validators = (0..self.keys.len() as u64).map(ValidatorIndex);
        due.extend(validators.filter(|validator| self.chain.is_active(*validator, epoch)).map(|validator| {
            Due {
                kind: DutyKind::BuilderRegistration,
                validator: Some(validator),
                begin_ns: None,
                arrived_ns: came.get(&validator).copied(),
                included: None,
            }
        }));
    }

    fn add_exits(&self, slot: Slot, due: &mut Vec<Due>) {
        let Some(asked) = self.exits.get(&slot) else { return };
        let truth = self.chain.truth();
        for validator in asked {
            let exited = truth.exits().find(|(leaving, _)| leaving == validator).map(|(_, exited)| *exited);
            due.push(Due {
                kind: DutyKind::Exit,
                validator: Some(*validator),
                begin_ns: None,
                arrived_ns: exited.map(|_| 0),
                included: Some(exited.is_some_and(|exited| exited.included.is_some())),
            });
        }
    }

    /// Seats of a subcommittee in which nobody was selected are nobody's fault.
    fn sync_bits(&self, slot: Slot, truth: &SlotTruth) -> Option<Share> {
        let size = self.spec.preset.sync_subcommittee_size();
        let contributors = self.contributors.get(&slot).filter(|_| self.is_kept(slot))?;
        let gathered = contributors.values().filter(|members| !members.is_empty()).count() as u64;
        Some(Share { part: truth.sync_seats_included? as u64, whole: gathered * size })
    }
}

fn block(proposal: &Proposed) -> BlockRecord {
    let Proposed { blinded, blobs, fee_recipient, .. } = *proposal;
    BlockRecord { blinded, blobs, fees_right: fee_recipient == FEE_RECIPIENT }
}

/// Votes may begin when the block is there, and begin when they are due.
fn head_or(truth: &SlotTruth, due_ns: i64) -> i64 {
    truth.proposal.map_or(due_ns, |proposal| proposal.arrived_ns.min(due_ns))
}
