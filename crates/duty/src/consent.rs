//! Consent: what this node may sign of a decision, as the ledger permits it.

use std::collections::{BTreeMap, BTreeSet};

use cluster::GroupKey;
use eth::{Root, Spec};
use qbft::Time;
use slashing::{DutyId, Item, Permit, Request, Signable};

use crate::{Content, Duty, DutyKind, Reason, Signed};

/// How long to wait before asking a ledger that could not write again.
const RETRY_MS: i64 = 500;

/// The state of consent to one decision.
#[derive(Debug)]
pub(crate) enum Consent {
    /// The ledger has been asked.
    Asked,
    /// The ledger could not write; it is asked again at that time.
    Unavailable { ask_at: Time },
    /// The ledger has recorded these; what is signed for them may leave the process.
    Granted { roots: BTreeMap<GroupKey, Root>, refused: BTreeSet<GroupKey> },
}

impl Consent {
    /// Takes in the ledger's answer.
    pub(crate) fn from_permit(permit: Result<Permit, slashing::Refusal>, now: Time) -> Consent {
        match permit {
            Err(_) => Consent::Unavailable { ask_at: now.plus_ms(RETRY_MS) },
            Ok(permit) => Consent::Granted {
                roots: permit.granted().iter().map(|item| (item.key, item.signing_root)).collect(),
                refused: permit.refused().iter().map(|(key, _)| *key).collect(),
            },
        }
    }

    /// Whether that may be signed for the validator.
    pub(crate) fn allows(&self, key: &GroupKey, signing_root: Root) -> Result<(), Reason> {
        match self {
            Consent::Asked => Err(Reason::Undecided),
            Consent::Unavailable { .. } => Err(Reason::LedgerUnavailable),
            Consent::Granted { roots, refused } => match roots.get(key) {
                Some(granted) if *granted == signing_root => Ok(()),
                Some(_) => Err(Reason::NotTheDecidedValue),
                None if refused.contains(key) => Err(Reason::LedgerRefused),
                None => Err(Reason::NotOurDuty),
            },
        }
    }
}

/// What signing the content would mean to the ledger.
pub(crate) fn request(duty: Duty, content: &Content, spec: &Spec) -> Request {
    let items = match content {
        Content::Attester(set) => set.iter().map(|(key, datum)| attestation(*key, datum, spec)).collect(),
        Content::Proposer { key, proposal } => {
            let signing_root = Signed::Block(proposal.clone()).signing_root(spec);
            vec![Item { key: *key, what: Signable::Block { slot: proposal.slot() }, signing_root }]
        }
    };
    let kind = match duty.kind {
        DutyKind::Proposer => slashing::Kind::Block,
        _ => slashing::Kind::Attestation,
    };
    Request { duty: DutyId { slot: duty.slot, kind }, items }
}

fn attestation(key: GroupKey, datum: &crate::AttesterDatum, spec: &Spec) -> Item {
    let data = datum.data;
    let signed =
        Signed::Attestation { data, validator: None, committee: datum.duty.committee_index };
    let what = Signable::Attestation { source: data.source.epoch, target: data.target.epoch };
    Item { key, what, signing_root: signed.signing_root(spec) }
}
