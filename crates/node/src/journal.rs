//! What the node says in its log.

mod witness;

use duty::{Duty, DutyReport, Notice};
use qbft::PeerIndex;

/// Logs what the engine noticed.
pub(crate) fn notice(notice: &Notice, peer_name: impl Fn(PeerIndex) -> String) {
    match notice {
        Notice::Started(duty) => tracing::debug!(topic = "sched", %duty, "duty began"),
        Notice::RoundTimeout { duty, round, leader, missing } => {
            let leader = peer_name(*leader);
            tracing::info!(topic = "qbft", %duty, %round, leader, ?missing, "round timed out");
        }
        Notice::Decided { duty, round, leader, duration_ns } => {
            let (leader, duration_ms) =
                (peer_name(*leader), duration_ns.map(|duration| duration / 1_000_000));
            tracing::debug!(topic = "qbft", %duty, %round, leader, duration_ms, "decided");
        }
        Notice::ValueRefused { duty, round, leader, reason } => {
            let leader = peer_name(*leader);
            let (reason, text) = (reason.code(), reason.text());
            tracing::warn!(topic = "qbft", %duty, %round, leader, reason, text, "a leader's value was refused");
        }
        Notice::SigningRefused { duty, key, refusal } => {
            let (key, code) = (key.map(|key| key.to_string()), refusal.code());
            tracing::error!(topic = "ledger", %duty, key, code, %refusal, "the slashing ledger refused");
        }
        Notice::Fault { peer, duty, why } => {
            let peer = peer_name(*peer);
            tracing::warn!(topic = "peer", %duty, peer, %why, "a peer broke the rules; it was ignored");
        }
        Notice::PartialsStored { duty, share, count } => {
            tracing::debug!(topic = "parsigdb", %duty, %share, count, "partial signatures arrived");
        }
        Notice::HeadsDiffered { duty, heads } => {
            tracing::info!(topic = "tracker", %duty, heads, "validator clients signed different head blocks");
        }
        Notice::Aggregated { duty, count } => {
            tracing::debug!(topic = "sigagg", %duty, count, "signatures are complete");
        }
        Notice::Expected { duty, key } => tracing::trace!(topic = "tracker", %duty, %key, "expected"),
        Notice::Over(report) => {
            let absent: Vec<String> = report.absent.iter().map(|peer| peer_name(*peer)).collect();
            over(report, &absent);
        }
        Notice::LedgerTrusted(_)
        | Notice::LedgerBehind { .. }
        | Notice::FalseTestimony(_)
        | Notice::RunsTwice { .. }
        | Notice::PeerRunsTwice { .. }
        | Notice::PeerRunsOnce(_) => witness::notice(notice, peer_name),
    }
}

fn over(report: &DutyReport, absent: &[String]) {
    let DutyReport { duty, key, missed, participants, .. } = report;
    let shares: Vec<u8> = participants.iter().map(|share| share.number()).collect();
    match missed {
        None => done(duty, key, &shares),
        Some(reason) => {
            let (step, reason, text) = (reason.step().name(), reason.code(), reason.text());
            tracing::warn!(topic = "tracker", %duty, %key, step, reason, text, ?absent, "duty missed");
        }
    }
}

fn done(duty: &Duty, key: &cluster::GroupKey, shares: &[u8]) {
    if duty.kind == duty::DutyKind::Proposer {
        tracing::info!(topic = "tracker", %duty, %key, ?shares, "block published");
    } else {
        tracing::debug!(topic = "tracker", %duty, %key, ?shares, "duty done");
    }
}

/// Logs what a peer says about itself.
pub(crate) fn peer_info(peer: &str, info: &net::wire::PeerInfo, clock_offset_ns: i64) {
    let offset_ms = clock_offset_ns / 1_000_000;
    tracing::debug!(topic = "peerinfo", peer, version = info.version, offset_ms, "peer told about itself");
    if offset_ms.abs() > 500 {
        tracing::warn!(
            topic = "peerinfo",
            peer,
            offset_ms,
            "the peer's clock differs; one of the two is wrong"
        );
    }
}
