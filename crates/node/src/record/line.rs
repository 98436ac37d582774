//! One input as JSON. Peers' messages and values are the wire's bytes, blocks and aggregates are SSZ, in hexadecimal.

use std::collections::BTreeMap;

use bls::ShareIndex;
use cluster::GroupKey;
use duty::{
    Combination, Duty, DutyKind, EpochDuties, Head, HelloId, Input, JobId, ProposerSlot, Question, RequestId,
    Seat, Submission, SyncMember,
};
use eth::{
    AggregatorQuery, AttesterDuty, BeaconCommitteeSelection, CommitteeIndex, DecodeError, Epoch, Fork,
    Preset, PublicKeyBytes, Root, SignatureBytes, SignedAggregateAndProof, SignedContributionAndProof,
    SignedProposal, SignedVoluntaryExit, SingleAttestation, Slot, SubcommitteeIndex, SyncCommitteeMessage,
    SyncCommitteeSelection, ValidatorIndex,
};
use net::wire::{Codec, decode_hello, decode_testimony, encode_hello, encode_testimony};
use qbft::{Hash, PeerIndex};
use serde::{Deserialize, Serialize};
use slashing::{Behind, Refusal, VoteMark, Watermark};

/// A byte string.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Bytes(#[serde(with = "const_hex")] pub(crate) Vec<u8>);

/// A duty: its slot, and the number of its kind.
pub(super) type DutyName = (Slot, u8);

pub(super) fn duty_name(duty: Duty) -> DutyName {
    (duty.slot, duty.kind.number())
}

fn duty((slot, number): DutyName) -> Result<Duty, String> {
    let kind =
        DutyKind::from_number(number.into()).ok_or_else(|| format!("there is no kind of duty {number}"))?;
    Ok(Duty::new(slot, kind))
}

/// One input.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Line {
    Tick,
    Resolved(Box<Duties>),
    ResolveFailed(Epoch),
    Head { slot: Slot, root: Root, previous: Root, current: Root },
    Fetched { duty: DutyName, value: Bytes },
    FetchFailed(DutyName),
    ParentChecked { duty: DutyName, parent: Root, known: bool },
    Published { duty: DutyName, seats: Vec<(PublicKeyBytes, SubcommitteeIndex)>, accepted: bool },
    Consensus(Bytes),
    Partials { from: u8, set: Bytes },
    Connected(u8),
    Disconnected(u8),
    PeerTold { peer: u8, plural: bool },
    Ask { request: u64, question: Box<Asked> },
    Submit { request: u64, submission: Box<HandedIn> },
    Consulted { duty: DutyName, value: Root, refused: Vec<(PublicKeyBytes, String)> },
    Permitted { duty: DutyName, permit: Result<Granted, String> },
    Verified { job: u64, good: Vec<bool> },
    Combined { job: u64, outcomes: Vec<(Option<SignatureBytes>, Vec<u8>)> },
    Hello { from: u8, id: u64, hello: Bytes },
    Witnessed { from: u8, testimony: Bytes },
    WitnessUnsupported(u8),
    FastForwarded(Result<Vec<(PublicKeyBytes, Mark, Mark)>, String>),
}

/// A watermark: source and target epochs of a vote, slot of a block.
type Mark = (Option<(Epoch, Epoch)>, Option<Slot>);

/// What the ledger granted; the rest of the request it refused.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Granted(pub(crate) Vec<PublicKeyBytes>);

/// The duties of an epoch.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Duties {
    epoch: Epoch,
    attester_root: Root,
    attesters: Vec<AttesterDuty>,
    proposer_root: Root,
    proposers: Vec<(Slot, PublicKeyBytes, ValidatorIndex)>,
    sync_members: Vec<(PublicKeyBytes, ValidatorIndex, Vec<SubcommitteeIndex>)>,
    validators: Vec<(ValidatorIndex, PublicKeyBytes)>,
}

/// A question.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Asked {
    AttestationData(Slot, CommitteeIndex),
    Block(Slot, SignatureBytes),
    Aggregate(Slot, Root, CommitteeIndex),
    Contribution(Slot, SubcommitteeIndex, Root),
    CommitteeSelections(Vec<BeaconCommitteeSelection>),
    SyncSelections(Vec<SyncCommitteeSelection>),
    Aggregators(Vec<AggregatorQuery>),
}

/// A submission.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HandedIn {
    Attestations(Vec<SingleAttestation>),
    Block { fork: u64, blinded: bool, ssz: Bytes },
    Aggregates(Vec<Bytes>),
    SyncMessages(Vec<SyncCommitteeMessage>),
    Contributions(Vec<Bytes>),
    Exit(SignedVoluntaryExit),
}

impl Line {
    /// The line of a small input. The large ones are encoded by the writer.
    pub(super) fn of(input: &Input) -> Line {
        match input {
            Input::Resolved(duties) => Line::Resolved(Box::new(duties.into())),
            Input::ResolveFailed(epoch) => Line::ResolveFailed(*epoch),
            Input::Head(head) => Line::Head {
                slot: head.slot,
                root: head.root,
                previous: head.previous_dependent_root,
                current: head.current_dependent_root,
            },
            Input::FetchFailed { duty } => Line::FetchFailed(duty_name(*duty)),
            Input::ParentChecked { duty, parent, known } => {
                Line::ParentChecked { duty: duty_name(*duty), parent: *parent, known: *known }
            }
            Input::Published { duty, seats, accepted } => Line::Published {
                duty: duty_name(*duty),
                seats: seats.iter().map(|seat| (seat.key.0, seat.subcommittee)).collect(),
                accepted: *accepted,
            },
            Input::Connected(peer) => Line::Connected(peer.0),
            Input::Disconnected(peer) => Line::Disconnected(peer.0),
            Input::PeerTold { peer, reads_plural_contributions } => {
                Line::PeerTold { peer: peer.0, plural: *reads_plural_contributions }
            }
            Input::Consulted { duty, value, refused } => Line::Consulted {
                duty: duty_name(*duty),
                value: Root(value.0),
                refused: refused.iter().map(|(key, refusal)| (key.0, refusal.code().to_owned())).collect(),
            },
            Input::Permitted { duty, permit } => Line::Permitted {
                duty: duty_name(*duty),
                permit: match permit {
                    Ok(permit) => Ok(Granted(permit.granted().iter().map(|item| item.key.0).collect())),
                    Err(refusal) => Err(refusal.code().to_owned()),
                },
            },
            Input::Verified { job, good } => Line::Verified { job: job.0, good: good.clone() },
            Input::Combined { job, outcomes } => {
                let outcome = |outcome: &Combination| {
                    (outcome.signature, outcome.culprits.iter().map(|share| share.number()).collect())
                };
                Line::Combined { job: job.0, outcomes: outcomes.iter().map(outcome).collect() }
            }
            Input::Hello { from, id, hello } => {
                Line::Hello { from: from.0, id: id.0, hello: Bytes(encode_hello(hello)) }
            }
            Input::Witnessed { from, testimony } => {
                Line::Witnessed { from: from.0, testimony: Bytes(encode_testimony(testimony)) }
            }
            Input::WitnessUnsupported(peer) => Line::WitnessUnsupported(peer.0),
            Input::FastForwarded(behind) => Line::FastForwarded(match behind {
                Ok(behind) => {
                    Ok(behind.iter().map(|one| (one.key.0, mark(one.ledger), mark(one.seen))).collect())
                }
                Err(refusal) => Err(refusal.code().to_owned()),
            }),
            Input::Tick
            | Input::Consensus(_)
            | Input::Partials { .. }
            | Input::Fetched { .. }
            | Input::Ask { .. }
            | Input::Submit { .. } => Line::Tick,
        }
    }

    /// The input again; a permit is none, since only a ledger makes one.
    pub(super) fn input(self, preset: Preset, codec: &Codec) -> Result<Recorded, String> {
        let input = match self {
            Line::Tick => Input::Tick,
            Line::Resolved(duties) => Input::Resolved((*duties).into()),
            Line::ResolveFailed(epoch) => Input::ResolveFailed(epoch),
            Line::Head { slot, root, previous, current } => Input::Head(Head {
                slot,
                root,
                previous_dependent_root: previous,
                current_dependent_root: current,
            }),
            Line::Fetched { duty: name, value } => {
                let duty = duty(name)?;
                Input::Fetched { duty, value: codec.value(duty.kind, &value.0).map_err(text)? }
            }
            Line::FetchFailed(name) => Input::FetchFailed { duty: duty(name)? },
            Line::ParentChecked { duty: name, parent, known } => {
                Input::ParentChecked { duty: duty(name)?, parent, known }
            }
            Line::Published { duty: name, seats, accepted } => {
                let seat = |(key, subcommittee)| Seat { key: GroupKey(key), subcommittee };
                Input::Published { duty: duty(name)?, seats: seats.into_iter().map(seat).collect(), accepted }
            }
            Line::Consensus(bytes) => Input::Consensus(codec.consensus_message(&bytes.0).map_err(text)?),
            Line::Partials { from, set } => {
                let from = PeerIndex(from);
                Input::Partials { from, set: codec.partial_set(&set.0, from).map_err(text)?.set }
            }
            Line::Connected(peer) => Input::Connected(PeerIndex(peer)),
            Line::Disconnected(peer) => Input::Disconnected(PeerIndex(peer)),
            Line::PeerTold { peer, plural } => {
                Input::PeerTold { peer: PeerIndex(peer), reads_plural_contributions: plural }
            }
            Line::Ask { request, question } => {
                Input::Ask { request: RequestId(request), question: (*question).into() }
            }
            Line::Submit { request, submission } => {
                let submission = submission.submission(preset).map_err(text)?;
                Input::Submit { request: RequestId(request), submission }
            }
            Line::Consulted { duty: name, value, refused } => {
                let refused = refused.into_iter().map(|(key, code)| (GroupKey(key), refusal(&code)));
                Input::Consulted { duty: duty(name)?, value: Hash(value.0), refused: refused.collect() }
            }
            Line::Permitted { duty: name, permit } => {
                let duty = duty(name)?;
                return Ok(match permit {
                    Ok(granted) => Recorded::Permit(duty, granted.0.into_iter().map(GroupKey).collect()),
                    Err(code) => Recorded::Input(Input::Permitted { duty, permit: Err(refusal(&code)) }),
                });
            }
            Line::Verified { job, good } => Input::Verified { job: JobId(job), good },
            Line::Combined { job, outcomes } => {
                let outcomes: Result<Vec<Combination>, String> =
                    outcomes.into_iter().map(combination).collect();
                Input::Combined { job: JobId(job), outcomes: outcomes? }
            }
            Line::Hello { from, id, hello } => {
                let hello = decode_hello(&hello.0).map_err(text)?;
                Input::Hello { from: PeerIndex(from), id: HelloId(id), hello }
            }
            Line::Witnessed { from, testimony } => {
                let testimony = decode_testimony(&testimony.0).map_err(text)?;
                Input::Witnessed { from: PeerIndex(from), testimony }
            }
            Line::WitnessUnsupported(peer) => Input::WitnessUnsupported(PeerIndex(peer)),
            Line::FastForwarded(behind) => Input::FastForwarded(match behind {
                Ok(behind) => Ok(behind.into_iter().map(one_behind).collect()),
                Err(code) => Err(refusal(&code)),
            }),
        };
        Ok(Recorded::Input(input))
    }
}

/// What a line was.
pub(super) enum Recorded {
    Input(Input),
    /// The ledger granted the duty to these validators.
    Permit(Duty, Vec<GroupKey>),
}

/// Of refusals only the code is recorded; to the engine those of the store differ from all others.
fn refusal(code: &str) -> Refusal {
    match code {
        "store_failed" | "ledger_closed" => Refusal::LedgerClosed,
        _ => Refusal::DutyMismatch,
    }
}

fn mark(mark: Watermark) -> Mark {
    (mark.vote.map(|vote| (vote.source, vote.target)), mark.block)
}

fn one_behind((key, ledger, seen): (PublicKeyBytes, Mark, Mark)) -> Behind {
    let watermark = |(vote, block): Mark| Watermark {
        vote: vote.map(|(source, target)| VoteMark { source, target }),
        block,
    };
    Behind { key: GroupKey(key), ledger: watermark(ledger), seen: watermark(seen) }
}

fn combination((signature, culprits): (Option<SignatureBytes>, Vec<u8>)) -> Result<Combination, String> {
    let share = |number| ShareIndex::new(number).ok_or_else(|| "there is no share 0".to_owned());
    Ok(Combination { signature, culprits: culprits.into_iter().map(share).collect::<Result<_, _>>()? })
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl Duties {
    pub(super) fn epoch(&self) -> Epoch {
        self.epoch
    }
}

impl From<&EpochDuties> for Duties {
    fn from(duties: &EpochDuties) -> Duties {
        Duties {
            epoch: duties.epoch,
            attester_root: duties.attester_dependent_root,
            attesters: duties.attesters.clone(),
            proposer_root: duties.proposer_dependent_root,
            proposers: duties.proposers.iter().map(|duty| (duty.slot, duty.key.0, duty.validator)).collect(),
            sync_members: duties
                .sync_members
                .iter()
                .map(|member| {
                    (member.key.0, member.validator, member.subcommittees.iter().copied().collect())
                })
                .collect(),
            validators: duties.validators.iter().map(|(index, key)| (*index, key.0)).collect(),
        }
    }
}

impl From<Duties> for EpochDuties {
    fn from(duties: Duties) -> EpochDuties {
        let proposer = |(slot, key, validator)| ProposerSlot { slot, key: GroupKey(key), validator };
        let member = |(key, validator, subcommittees): (_, _, Vec<_>)| SyncMember {
            key: GroupKey(key),
            validator,
            subcommittees: subcommittees.into_iter().collect(),
        };
        let validators: BTreeMap<_, _> =
            duties.validators.into_iter().map(|(index, key)| (index, GroupKey(key))).collect();
        EpochDuties {
            epoch: duties.epoch,
            attester_dependent_root: duties.attester_root,
            attesters: duties.attesters,
            proposer_dependent_root: duties.proposer_root,
            proposers: duties.proposers.into_iter().map(proposer).collect(),
            sync_members: duties.sync_members.into_iter().map(member).collect(),
            validators,
        }
    }
}

impl From<Question> for Asked {
    fn from(question: Question) -> Asked {
        match question {
            Question::AttestationData { slot, committee } => Asked::AttestationData(slot, committee),
            Question::Block { slot, randao_reveal } => Asked::Block(slot, randao_reveal),
            Question::Aggregate { slot, data_root, committee } => {
                Asked::Aggregate(slot, data_root, committee)
            }
            Question::Contribution { slot, subcommittee, block } => {
                Asked::Contribution(slot, subcommittee, block)
            }
            Question::CommitteeSelections(items) => Asked::CommitteeSelections(items),
            Question::SyncSelections(items) => Asked::SyncSelections(items),
            Question::Aggregators(items) => Asked::Aggregators(items),
        }
    }
}

impl From<Asked> for Question {
    fn from(asked: Asked) -> Question {
        match asked {
            Asked::AttestationData(slot, committee) => Question::AttestationData { slot, committee },
            Asked::Block(slot, randao_reveal) => Question::Block { slot, randao_reveal },
            Asked::Aggregate(slot, data_root, committee) => {
                Question::Aggregate { slot, data_root, committee }
            }
            Asked::Contribution(slot, subcommittee, block) => {
                Question::Contribution { slot, subcommittee, block }
            }
            Asked::CommitteeSelections(items) => Question::CommitteeSelections(items),
            Asked::SyncSelections(items) => Question::SyncSelections(items),
            Asked::Aggregators(items) => Question::Aggregators(items),
        }
    }
}

impl From<Submission> for HandedIn {
    fn from(submission: Submission) -> HandedIn {
        match submission {
            Submission::Attestations(items) => HandedIn::Attestations(items),
            Submission::Block(block) => HandedIn::Block {
                fork: block.fork().number(),
                blinded: block.blinded(),
                ssz: Bytes(block.to_ssz()),
            },
            Submission::Aggregates(items) => {
                HandedIn::Aggregates(items.iter().map(|item| Bytes(item.to_ssz())).collect())
            }
            Submission::SyncMessages(items) => HandedIn::SyncMessages(items),
            Submission::Contributions(items) => {
                HandedIn::Contributions(items.iter().map(|item| Bytes(item.to_ssz())).collect())
            }
            Submission::Exit(exit) => HandedIn::Exit(exit),
        }
    }
}

impl HandedIn {
    fn submission(self, preset: Preset) -> Result<Submission, DecodeError> {
        Ok(match self {
            HandedIn::Attestations(items) => Submission::Attestations(items),
            HandedIn::Block { fork, blinded, ssz } => {
                let fork = Fork::from_number(fork).unwrap_or(Fork::Phase0);
                let block = SignedProposal::from_ssz(preset, fork, blinded, &ssz.0)?;
                Submission::Block(Box::new(block))
            }
            HandedIn::Aggregates(items) => {
                let item = |item: Bytes| SignedAggregateAndProof::from_ssz(preset, &item.0);
                Submission::Aggregates(items.into_iter().map(item).collect::<Result<_, _>>()?)
            }
            HandedIn::SyncMessages(items) => Submission::SyncMessages(items),
            HandedIn::Contributions(items) => {
                let item = |item: Bytes| SignedContributionAndProof::from_ssz(preset, &item.0);
                Submission::Contributions(items.into_iter().map(item).collect::<Result<_, _>>()?)
            }
            HandedIn::Exit(exit) => Submission::Exit(exit),
        })
    }
}
