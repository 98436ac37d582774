//! Consent: what this node may sign of a decision, as the ledger permits it.

use std::collections::{BTreeMap, BTreeSet};

use cluster::GroupKey;
use eth::{AttestationData, Root, Spec};
use qbft::Time;
use slashing::{DutyId, Item, Permit, Request, Signable};

use crate::known_bugs::{KnownBug, is_on};
use crate::partial::SigningRoots;
use crate::{Content, Duty, DutyKind, Reason, Signed};

/// How long to wait before asking a ledger that could not write again.
const RETRY_MS: i64 = 500;

/// The state of consent to one decision.
#[derive(Debug)]
pub(crate) enum Consent {
    /// The ledger has been asked.
    Asked,
    /// The ledger could not write; it is asked again at that time, unless nobody will wait for it any more.
    Unavailable { ask_at: Option<Time> },
    /// This node may sign nothing slashable at the moment; the ledger is asked when it may.
    Withheld(Reason),
    /// The decision is not what its duty is for: more peers lied than the cluster tolerates, or its operators
    /// configured it differently. The ledger is not even asked.
    Refused(Reason),
    /// The ledger has recorded these; what is signed for them may leave the process.
    Granted { roots: BTreeMap<GroupKey, Root>, refused: BTreeSet<GroupKey> },
}

impl Consent {
    /// Takes in the ledger's answer; a client waits for it until `answer_by`.
    pub(crate) fn from_permit(
        permit: Result<Permit, slashing::Refusal>,
        now: Time,
        answer_by: Time,
    ) -> Consent {
        let again = now.plus_ms(RETRY_MS);
        match permit {
            Err(_) => Consent::Unavailable { ask_at: (again < answer_by).then_some(again) },
            Ok(permit) => Consent::Granted {
                roots: permit.granted().iter().map(|item| (item.key, item.signing_root)).collect(),
                refused: permit.refused().iter().map(|(key, _)| *key).collect(),
            },
        }
    }

    /// Takes back what was granted to validators whose ledger turned out to be an old one.
    pub(crate) fn revoke(&mut self, keys: &BTreeSet<GroupKey>) {
        if let Consent::Granted { roots, refused } = self {
            let revoked = roots.extract_if(.., |key, _| keys.contains(key));
            refused.extend(revoked.map(|(key, _)| key));
        }
    }

    /// Whether that may be signed for the validator.
    pub(crate) fn allows(&self, key: &GroupKey, signing_root: Root) -> Result<(), Reason> {
        match self {
            Consent::Asked => Err(Reason::Undecided),
            Consent::Unavailable { .. } => Err(Reason::LedgerUnavailable),
            Consent::Withheld(reason) | Consent::Refused(reason) => Err(*reason),
            Consent::Granted { roots, refused } => match roots.get(key) {
                Some(granted) if *granted == signing_root => Ok(()),
                Some(_) if is_on(KnownBug::ClientsSignWhatTheyWant) => Ok(()),
                Some(_) => Err(Reason::NotTheDecidedValue),
                None if refused.contains(key) => Err(Reason::LedgerRefused),
                None => Err(Reason::NotOurDuty),
            },
        }
    }
}

/// What signing the content would mean to the ledger.
pub(crate) fn request(duty: Duty, content: &Content, spec: &Spec) -> Request {
    let mut roots = SigningRoots::new(spec);
    let items = match content {
        Content::Attester(set) => {
            set.iter().map(|(key, datum)| attestation(*key, &datum.data, &mut roots)).collect()
        }
        Content::Proposer { key, proposal } => {
            let signing_root = roots.of(&Signed::Block(proposal.clone()));
            vec![Item { key: *key, what: Signable::Block { slot: proposal.slot() }, signing_root }]
        }
        // Signing two of them costs nobody anything; the ledger has no word for them.
        Content::Aggregator(_) | Content::SyncContribution(_) => Vec::new(),
    };
    let kind = match duty.kind {
        DutyKind::Proposer => slashing::Kind::Block,
        _ => slashing::Kind::Attestation,
    };
    Request { duty: DutyId { slot: duty.slot, kind }, items }
}

fn attestation(key: GroupKey, data: &AttestationData, roots: &mut SigningRoots<'_>) -> Item {
    let what = Signable::Attestation { source: data.source.epoch, target: data.target.epoch };
    Item { key, what, signing_root: roots.of_attestation(data) }
}
