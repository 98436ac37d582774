//! Judgements as tables: what is changed about a good value, and what is made of it.

use std::sync::Arc;

use eth::containers::minimal::fulu::BlockContents;
use eth::{Checkpoint, Epoch, Fork, Genesis, Preset, PublicKeyBytes, Root, ValidatorIndex, Version};

use super::*;

const SLOT: Slot = Slot(17);
const FEES: Address = Address([3; 20]);
const REVEAL: SignatureBytes = SignatureBytes([4; 96]);

fn spec() -> Spec {
    let genesis = Genesis {
        genesis_time: 0,
        genesis_validators_root: Root::ZERO,
        genesis_fork_version: Version([0; 4]),
    };
    Spec::local(Preset::Minimal, genesis, 12_000, Fork::Fulu)
}

fn key(number: u8) -> GroupKey {
    GroupKey(PublicKeyBytes([number; 48]))
}

fn data() -> AttestationData {
    let checkpoint = |epoch| Checkpoint { epoch: Epoch(epoch), root: Root([epoch as u8; 32]) };
    AttestationData { slot: SLOT, source: checkpoint(1), target: checkpoint(2), ..AttestationData::default() }
}

fn place(number: u8) -> AttesterDuty {
    AttesterDuty {
        pubkey: key(number).0,
        slot: SLOT,
        validator_index: ValidatorIndex(number.into()),
        ..AttesterDuty::default()
    }
}

fn on_duty() -> BTreeMap<GroupKey, AttesterDuty> {
    (1..=3).map(|number| (key(number), place(number))).collect()
}

fn set() -> BTreeMap<GroupKey, AttesterDatum> {
    (1..=3).map(|number| (key(number), AttesterDatum { data: data(), duty: place(number) })).collect()
}

/// What is made of a set by a node that knows everything.
fn judged(
    set: &BTreeMap<GroupKey, AttesterDatum>,
    own: Option<AttestationData>,
    may_omit: bool,
) -> Judgement {
    let (spec, on_duty) = (spec(), on_duty());
    let view = AttesterView { spec: &spec, slot: SLOT, on_duty: Some(&on_duty), own: own.as_ref(), may_omit };
    attester(set, &view)
}

#[test]
fn attestation_data_is_judged_field_by_field() {
    type Change = fn(&mut BTreeMap<GroupKey, AttesterDatum>);
    let every: [(Change, Judgement); 14] = [
        (|_| {}, Judgement::Accept),
        (|set| each(set, |datum| datum.data.beacon_block_root = Root([8; 32])), Judgement::Accept),
        (BTreeMap::clear, Judgement::Refuse(Reason::WrongKindOfValue)),
        (|set| each(set, |datum| datum.data.slot.0 += 1), Judgement::Refuse(Reason::WrongSlot)),
        (|set| each(set, |datum| datum.duty.slot.0 += 1), Judgement::Refuse(Reason::WrongSlot)),
        (
            |set| first(set, |datum| datum.data.beacon_block_root = Root([8; 32])),
            Judgement::Refuse(Reason::WrongSlot),
        ),
        (|set| each(set, |datum| datum.data.index.0 = 1), Judgement::Refuse(Reason::WrongCommittee)),
        (
            |set| first(set, |datum| datum.duty.committee_index.0 = 1),
            Judgement::Refuse(Reason::WrongCommittee),
        ),
        (|set| each(set, |datum| datum.data.target.epoch.0 = 3), Judgement::Refuse(Reason::WrongEpoch)),
        (|set| each(set, |datum| datum.data.source.epoch.0 = 2), Judgement::Refuse(Reason::WrongEpoch)),
        (
            |set| each(set, |datum| datum.data.source.root = Root::ZERO),
            Judgement::Refuse(Reason::CheckpointsDiffer),
        ),
        (
            |set| each(set, |datum| datum.data.target.root = Root::ZERO),
            Judgement::Refuse(Reason::CheckpointsDiffer),
        ),
        (|set| set.retain(|known, _| *known != key(1)), Judgement::Refuse(Reason::OmitsValidators)),
        (
            |set| set.extend([(key(9), AttesterDatum { data: data(), duty: place(9) })]),
            Judgement::Refuse(Reason::ForeignValidator),
        ),
    ];
    for (row, (change, judgement)) in every.into_iter().enumerate() {
        let mut set = set();
        change(&mut set);
        assert_eq!(judged(&set, Some(data()), false), judgement, "row {row}");
    }
}

/// From Gloas on the index says whether the block's payload was there (EIP-7732).
#[test]
fn the_index_of_attestation_data_has_two_values_from_gloas_on() {
    let spec = Spec::local(Preset::Minimal, spec().genesis, 12_000, Fork::Gloas);
    for (index, expected) in [(0, Ok(())), (1, Ok(())), (2, Err(Reason::WrongCommittee))] {
        let mut set = set();
        each(&mut set, |datum| datum.data.index.0 = index);
        assert_eq!(intrinsic(&set, &set[&key(1)].data, SLOT, &spec), expected, "{index}");
    }
}

fn each(set: &mut BTreeMap<GroupKey, AttesterDatum>, change: impl Fn(&mut AttesterDatum)) {
    set.values_mut().for_each(change);
}

fn first(set: &mut BTreeMap<GroupKey, AttesterDatum>, change: impl Fn(&mut AttesterDatum)) {
    set.values_mut().take(1).for_each(change);
}

#[test]
fn what_is_not_known_is_waited_for() {
    assert_eq!(judged(&set(), None, false), Judgement::Wait(Reason::OwnViewMissing));
    let spec = spec();
    let view = AttesterView { spec: &spec, slot: SLOT, on_duty: None, own: Some(&data()), may_omit: false };
    assert_eq!(attester(&set(), &view), Judgement::Wait(Reason::DutiesUnknown));
    let nobody = BTreeMap::new();
    let view = AttesterView { on_duty: Some(&nobody), ..view };
    assert_eq!(attester(&set(), &view), Judgement::Refuse(Reason::ForeignValidator), "nobody is known");
}

#[test]
fn validators_may_be_left_out_late_but_never_added() {
    let mut set = set();
    set.pop_first();
    assert_eq!(judged(&set, Some(data()), true), Judgement::Accept);
    set.insert(key(9), AttesterDatum { data: data(), duty: place(9) });
    assert_eq!(judged(&set, Some(data()), true), Judgement::Refuse(Reason::ForeignValidator));
}

#[test]
fn the_first_epoch_votes_from_itself() {
    let mut datum = AttesterDatum { data: data(), duty: place(1) };
    (datum.data.slot, datum.duty.slot) = (Slot(3), Slot(3));
    (datum.data.source.epoch, datum.data.target.epoch) = (Epoch(0), Epoch(0));
    let set = BTreeMap::from([(key(1), datum)]);
    let first = &set[&key(1)].data;
    assert_eq!(intrinsic(&set, first, Slot(3), &spec()), Ok(()));
}

fn block(change: impl Fn(&mut BlockContents)) -> Proposal {
    let mut contents = BlockContents::default();
    contents.block.slot = SLOT;
    contents.block.proposer_index = ValidatorIndex(1);
    contents.block.body.randao_reveal = REVEAL;
    contents.block.body.execution_payload.fee_recipient = FEES;
    change(&mut contents);
    Proposal::new(Fork::Fulu, &contents).expect("Fulu has these containers")
}

fn proposer_view(duty: &ProposerSlot) -> ProposerView<'_> {
    ProposerView {
        slot: SLOT,
        proposer: Some(duty),
        randao_reveal: Some(REVEAL),
        parent_known: Some(true),
        fee_recipient: FEES,
        takes_builders: true,
    }
}

const PROPOSER: ProposerSlot =
    ProposerSlot { slot: SLOT, key: GroupKey(PublicKeyBytes([1; 48])), validator: ValidatorIndex(1) };

#[test]
fn a_block_is_judged_field_by_field() {
    type Change = fn(&mut BlockContents);
    let every: [(Change, Judgement); 5] = [
        (|_| {}, Judgement::Accept),
        (|contents| contents.block.slot.0 += 1, Judgement::Refuse(Reason::WrongSlot)),
        (|contents| contents.block.proposer_index.0 += 1, Judgement::Refuse(Reason::WrongProposer)),
        (
            |contents| contents.block.body.randao_reveal = SignatureBytes([5; 96]),
            Judgement::Refuse(Reason::WrongRandao),
        ),
        (
            |contents| contents.block.body.execution_payload.fee_recipient = Address::ZERO,
            Judgement::Refuse(Reason::WrongFeeRecipient),
        ),
    ];
    for (row, (change, judgement)) in every.into_iter().enumerate() {
        assert_eq!(proposer(key(1), &block(change), &proposer_view(&PROPOSER)), judgement, "row {row}");
    }
    let good = block(|_| {});
    assert_eq!(proposer(key(2), &good, &proposer_view(&PROPOSER)), Judgement::Refuse(Reason::WrongProposer));
}

#[test]
fn what_is_not_known_of_a_block_is_waited_for() {
    let good = block(|_| {});
    let judge = |view: ProposerView<'_>| proposer(key(1), &good, &view);
    let view = || proposer_view(&PROPOSER);
    assert_eq!(judge(ProposerView { proposer: None, ..view() }), Judgement::Wait(Reason::DutiesUnknown));
    assert_eq!(
        judge(ProposerView { randao_reveal: None, ..view() }),
        Judgement::Wait(Reason::RandaoIncomplete)
    );
    assert_eq!(judge(ProposerView { parent_known: None, ..view() }), Judgement::Wait(Reason::ParentUnknown));
    assert_eq!(
        judge(ProposerView { parent_known: Some(false), ..view() }),
        Judgement::Refuse(Reason::ParentUnknown)
    );
}

#[test]
fn a_decision_is_held_against_what_no_majority_changes() {
    let duty = Duty::new(SLOT, DutyKind::Attester);
    let ours = BTreeMap::from([(key(1), ValidatorConfig { fee_recipient: FEES })]);
    let decided = |content: &Content, duty| decision(content, duty, &spec(), true, &ours);
    assert_eq!(decided(&Content::Attester(set().into()), duty), Ok(()), "others may be of another view");
    let mut elsewhere = set();
    each(&mut elsewhere, |datum| datum.data.target.root = Root::ZERO);
    assert_eq!(
        decided(&Content::Attester(elsewhere.into()), duty),
        Ok(()),
        "the quorum's word on checkpoints stands"
    );
    let mut absurd = set();
    each(&mut absurd, |datum| datum.data.target.epoch.0 = 1 << 40);
    assert_eq!(decided(&Content::Attester(absurd.into()), duty), Err(Reason::WrongEpoch));
    let mut foreign = set();
    foreign.remove(&key(1));
    assert_eq!(decided(&Content::Attester(foreign.into()), duty), Err(Reason::ForeignValidator));

    let proposing = Duty::new(SLOT, DutyKind::Proposer);
    let of = |proposal| Content::Proposer { key: key(1), proposal: Arc::new(proposal) };
    assert_eq!(decided(&of(block(|_| {})), proposing), Ok(()));
    assert_eq!(decided(&of(block(|_| {})), duty), Err(Reason::WrongKindOfValue));
    assert_eq!(decided(&of(block(|contents| contents.block.slot.0 += 1)), proposing), Err(Reason::WrongSlot));
    let elsewhere = block(|contents| contents.block.body.execution_payload.fee_recipient = Address::ZERO);
    assert_eq!(decided(&of(elsewhere), proposing), Err(Reason::WrongFeeRecipient));
    let foreign = Content::Proposer { key: key(2), proposal: Arc::new(block(|_| {})) };
    assert_eq!(decided(&foreign, proposing), Err(Reason::ForeignValidator));
}
