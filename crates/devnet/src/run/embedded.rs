//! The embedded chain as the run's ledger.

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use eth::Slot;

use super::Options;
use super::files::Files;
use super::ledger::{ProposalRecord, Record};
use crate::Error;
use crate::chain::{Chain, ChainConfig, Scenario, SlotTruth};

/// Seconds nodes get to start before genesis, and half of one more for each.
const HEADSTART_SECONDS: u64 = 8;

/// Starts the chain, genesis far enough ahead for the nodes to be ready.
pub(super) async fn start(options: &Options, files: &Files) -> Result<Chain, Error> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let config = ChainConfig {
        preset: options.preset,
        slot_ms: options.slot_ms,
        genesis_time: now + HEADSTART_SECONDS + u64::from(options.nodes) / 2,
        validators: files.group_keys().iter().map(|key| key.0).collect(),
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        scenario: Scenario::default(),
    };
    Chain::start(config).await
}

/// What the chain's ledger of truth has of a slot.
pub(super) fn record(chain: &Chain, slot: Slot) -> Record {
    let SlotTruth { attesters, proposal, right_head, .. } = chain.slot(slot);
    let votes = attesters.iter().filter_map(|attester| attester.attested);
    Record {
        head_right: Some(votes.filter(|vote| Some(vote.head) == right_head).count()),
        attestations: attesters.iter().map(|attester| Some(attester.attested?.arrived_ns)).collect(),
        included: attesters.iter().filter(|attester| attester.included.is_some()).count(),
        proposal: Some(ProposalRecord {
            arrived_ns: proposal.map(|proposal| proposal.arrived_ns),
            is_canonical: proposal.is_some_and(|proposal| right_head == Some(proposal.root)),
        }),
        is_timed: true,
    }
}
