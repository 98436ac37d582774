//! Aggregates and contributions as tables: what is changed about a good value, and what is made of it.

use eth::{
    Checkpoint, CommitteeIndex, Epoch, Preset, PublicKeyBytes, SignatureBytes, SubcommitteeIndex,
    ValidatorIndex,
};

use super::*;

const SLOT: Slot = Slot(17);
const BLOCK: Root = Root([1; 32]);
const LENGTH: usize = 16;

fn key(number: u8) -> GroupKey {
    GroupKey(PublicKeyBytes([number; 48]))
}

fn data() -> AttestationData {
    let checkpoint = |epoch| Checkpoint { epoch: Epoch(epoch), root: Root([epoch as u8; 32]) };
    AttestationData { slot: SLOT, source: checkpoint(1), target: checkpoint(2), ..AttestationData::default() }
}

fn aggregate(committee: u64, length: usize, votes: usize, data: AttestationData) -> Attestation {
    let bits: Vec<bool> = (0..length).map(|place| place < votes).collect();
    let signature = SignatureBytes([7; 96]);
    Attestation::of_committee(Preset::Minimal, CommitteeIndex(committee), &bits, data, signature)
        .expect("the committee exists")
}

/// Validators 1 and 2 sit in committee 0, 3 in committee 1.
fn committee(number: u8) -> u64 {
    u64::from(number / 3)
}

fn on_duty() -> BTreeMap<GroupKey, AttesterDuty> {
    let place = |number: u8| AttesterDuty {
        pubkey: key(number).0,
        slot: SLOT,
        validator_index: ValidatorIndex(number.into()),
        committee_index: CommitteeIndex(committee(number)),
        committee_length: LENGTH as u64,
        ..AttesterDuty::default()
    };
    (1..=4).map(|number| (key(number), place(number))).collect()
}

type Aggregates = BTreeMap<GroupKey, Attestation>;

/// Of those on duty, the fourth does not aggregate.
fn aggregates() -> Aggregates {
    (1..=3).map(|number| (key(number), aggregate(committee(number), LENGTH, 10, data()))).collect()
}

fn selected() -> BTreeMap<Seat, bool> {
    (1..=4).map(|number| (key(number).into(), number != 4)).collect()
}

/// What a node that knows everything makes of aggregates.
fn judged(set: &Aggregates, own: Option<&Aggregates>, is_late: bool) -> Judgement {
    let (decided, on_duty, selected) = (data(), on_duty(), selected());
    let view = AggregatorView {
        slot: SLOT,
        decided: Some(&decided),
        on_duty: Some(&on_duty),
        selected: &selected,
        own,
        is_late,
    };
    aggregator(set, &view)
}

#[test]
fn aggregates_are_judged_field_by_field() {
    type Change = fn(&mut Aggregates);
    let every: [(Change, Judgement); 13] = [
        (|_| {}, Judgement::Accept),
        (|set| give(set, &[1, 2], 0, LENGTH, 12, data()), Judgement::Accept),
        (|set| give(set, &[1, 2], 0, LENGTH, 5, data()), Judgement::Accept),
        (|set| give(set, &[1, 2], 0, LENGTH, 4, data()), Judgement::Refuse(Reason::ThinAggregate)),
        (BTreeMap::clear, Judgement::Refuse(Reason::WrongKindOfValue)),
        (|set| give(set, &[1, 2, 3], 0, LENGTH, 10, later()), Judgement::Refuse(Reason::WrongSlot)),
        (|set| give(set, &[1, 2], 0, LENGTH, 0, data()), Judgement::Refuse(Reason::AggregatesDiffer)),
        (|set| give(set, &[1], 0, LENGTH, 11, data()), Judgement::Refuse(Reason::AggregatesDiffer)),
        (|set| give(set, &[3], 2, LENGTH, 10, data()), Judgement::Refuse(Reason::WrongCommittee)),
        (|set| give(set, &[3], 1, LENGTH + 1, 10, data()), Judgement::Refuse(Reason::WrongCommittee)),
        (|set| give(set, &[9], 1, LENGTH, 10, data()), Judgement::Refuse(Reason::ForeignValidator)),
        (|set| give(set, &[4], 1, LENGTH, 10, data()), Judgement::Refuse(Reason::NotAnAggregator)),
        (|set| drop(set.remove(&key(3))), Judgement::Refuse(Reason::OmitsValidators)),
    ];
    for (row, (change, judgement)) in every.into_iter().enumerate() {
        let mut set = aggregates();
        change(&mut set);
        assert_eq!(judged(&set, Some(&aggregates()), false), judgement, "row {row}");
    }
}

/// Gives these validators such an aggregate.
fn give(
    set: &mut Aggregates,
    validators: &[u8],
    committee: u64,
    length: usize,
    votes: usize,
    data: AttestationData,
) {
    for number in validators {
        set.insert(key(*number), aggregate(committee, length, votes, data));
    }
}

fn later() -> AttestationData {
    AttestationData { slot: Slot(18), ..data() }
}

#[test]
fn an_aggregate_of_other_votes_than_the_decided_is_refused() {
    let other = AttestationData { beacon_block_root: Root([8; 32]), ..data() };
    let of_other = |committee| aggregate(committee, LENGTH, 10, other);
    let set = (1..=3).map(|number| (key(number), of_other(committee(number)))).collect();
    for is_late in [false, true] {
        assert_eq!(judged(&set, Some(&aggregates()), is_late), Judgement::Refuse(Reason::NotTheDecidedValue));
    }
    let indexed = AttestationData { index: CommitteeIndex(1), ..data() };
    let set = BTreeMap::from([(key(1), aggregate(0, LENGTH, 10, indexed))]);
    assert_eq!(intrinsic_aggregates(&set, SLOT), Err(Reason::WrongCommittee), "Electra signs no index");
}

#[test]
fn what_is_not_known_of_aggregates_is_waited_for() {
    assert_eq!(judged(&aggregates(), None, false), Judgement::Wait(Reason::OwnViewMissing));
    let (decided, on_duty, selected) = (data(), on_duty(), selected());
    let view = |decided, on_duty| AggregatorView {
        slot: SLOT,
        decided,
        on_duty,
        selected: &selected,
        own: None,
        is_late: true,
    };
    let judge = |view: AggregatorView<'_>| aggregator(&aggregates(), &view);
    assert_eq!(judge(view(None, Some(&on_duty))), Judgement::Wait(Reason::AttestationUndecided));
    assert_eq!(judge(view(Some(&decided), None)), Judgement::Wait(Reason::DutiesUnknown));
    assert_eq!(judge(view(Some(&decided), Some(&on_duty))), Judgement::Accept, "late, less must do");
}

#[test]
fn whose_proof_is_not_here_may_aggregate_and_may_be_left_out() {
    let (decided, on_duty) = (data(), on_duty());
    let own = aggregates();
    for set in [aggregates(), BTreeMap::from([(key(1), aggregate(0, LENGTH, 10, data()))])] {
        let view = AggregatorView {
            slot: SLOT,
            decided: Some(&decided),
            on_duty: Some(&on_duty),
            selected: &BTreeMap::from([(key(1).into(), true)]),
            own: Some(&own),
            is_late: false,
        };
        assert_eq!(aggregator(&set, &view), Judgement::Accept);
    }
}

#[test]
fn late_aggregates_may_be_thin_or_few_but_never_of_strangers() {
    let mut set = aggregates();
    set.remove(&key(3));
    give(&mut set, &[1, 2], 0, LENGTH, 1, data());
    assert_eq!(judged(&set, Some(&aggregates()), true), Judgement::Accept);
    give(&mut set, &[4], 1, LENGTH, 10, data());
    assert_eq!(judged(&set, Some(&aggregates()), true), Judgement::Refuse(Reason::NotAnAggregator));
    set.remove(&key(4));
    give(&mut set, &[9], 1, LENGTH, 10, data());
    assert_eq!(judged(&set, Some(&aggregates()), true), Judgement::Refuse(Reason::ForeignValidator));
}

type Contributions = BTreeMap<GroupKey, Vec<SyncCommitteeContribution>>;

fn contribution(
    slot: Slot,
    block: Root,
    subcommittee: u64,
    participants: usize,
) -> SyncCommitteeContribution {
    let places: Vec<usize> = (0..participants).collect();
    let (subcommittee, signature) = (SubcommitteeIndex(subcommittee), SignatureBytes([8; 96]));
    SyncCommitteeContribution::new(Preset::Minimal, slot, block, subcommittee, &places, signature)
        .expect("the places exist")
}

/// Validator 1 sits in subcommittees 0 and 1, validator 2 in 1, validator 3 in 2 and not aggregating.
fn seats() -> [(u8, u64, bool); 4] {
    [(1, 0, true), (1, 1, true), (2, 1, true), (3, 2, false)]
}

fn members() -> BTreeMap<GroupKey, SyncMember> {
    let mut members: BTreeMap<GroupKey, SyncMember> = BTreeMap::new();
    for (number, subcommittee, _) in seats() {
        let validator = ValidatorIndex(number.into());
        let member = members.entry(key(number)).or_insert_with(|| SyncMember {
            key: key(number),
            validator,
            subcommittees: Default::default(),
        });
        member.subcommittees.insert(SubcommitteeIndex(subcommittee));
    }
    members
}

fn good_contributions() -> Contributions {
    let mut set = Contributions::new();
    for (number, subcommittee, _) in seats().into_iter().filter(|(_, _, selected)| *selected) {
        set.entry(key(number)).or_default().push(contribution(SLOT, BLOCK, subcommittee, 6));
    }
    set
}

/// What a node makes of contributions that knows everything but, perhaps, its own beacon node's.
fn judged_contributions(
    set: &Contributions,
    blocks: &BTreeMap<GroupKey, Root>,
    own: Option<&Contributions>,
    is_late: bool,
) -> Judgement {
    let seat = |(number, subcommittee, selected): (u8, u64, bool)| {
        (Seat { key: key(number), subcommittee: SubcommitteeIndex(subcommittee) }, selected)
    };
    let selected = seats().into_iter().map(seat).collect();
    let members = members();
    let view =
        ContributionView { slot: SLOT, members: Some(&members), selected: &selected, blocks, own, is_late };
    contributions(set, &view)
}

fn blocks() -> BTreeMap<GroupKey, Root> {
    (1..=3).map(|number| (key(number), BLOCK)).collect()
}

#[test]
fn contributions_are_judged_field_by_field() {
    type Change = fn(&mut Contributions);
    let every: [(Change, Judgement); 16] = [
        (|_| {}, Judgement::Accept),
        (|set| put(set, 1, &[contribution(SLOT, BLOCK, 0, 3)]), Judgement::Accept),
        (|set| put(set, 1, &[contribution(SLOT, BLOCK, 0, 2)]), Judgement::Refuse(Reason::ThinAggregate)),
        (BTreeMap::clear, Judgement::Refuse(Reason::WrongKindOfValue)),
        (|set| put(set, 2, &[]), Judgement::Refuse(Reason::WrongKindOfValue)),
        (|set| put(set, 2, &[contribution(Slot(18), BLOCK, 1, 6)]), Judgement::Refuse(Reason::WrongSlot)),
        (
            |set| put(set, 2, &[contribution(SLOT, Root([2; 32]), 1, 6)]),
            Judgement::Refuse(Reason::OtherBlock),
        ),
        (
            |set| put(set, 1, &[contribution(SLOT, BLOCK, 1, 6), contribution(SLOT, BLOCK, 0, 6)]),
            Judgement::Refuse(Reason::WrongCommittee),
        ),
        (
            |set| put(set, 1, &[contribution(SLOT, BLOCK, 0, 6), contribution(SLOT, BLOCK, 0, 6)]),
            Judgement::Refuse(Reason::WrongCommittee),
        ),
        (|set| put(set, 2, &[contribution(SLOT, BLOCK, 3, 6)]), Judgement::Refuse(Reason::WrongCommittee)),
        (|set| put(set, 2, &[contribution(SLOT, BLOCK, 1, 5)]), Judgement::Refuse(Reason::AggregatesDiffer)),
        (|set| put(set, 1, &[contribution(SLOT, BLOCK, 0, 0)]), Judgement::Refuse(Reason::AggregatesDiffer)),
        (|set| put(set, 9, &[contribution(SLOT, BLOCK, 3, 6)]), Judgement::Refuse(Reason::ForeignValidator)),
        (|set| put(set, 3, &[contribution(SLOT, BLOCK, 2, 6)]), Judgement::Refuse(Reason::NotAnAggregator)),
        (|set| drop(set.remove(&key(1))), Judgement::Refuse(Reason::OmitsValidators)),
        (|set| put(set, 1, &[contribution(SLOT, BLOCK, 1, 6)]), Judgement::Accept),
    ];
    for (row, (change, judgement)) in every.into_iter().enumerate() {
        let mut set = good_contributions();
        change(&mut set);
        let judged = judged_contributions(&set, &blocks(), Some(&good_contributions()), false);
        assert_eq!(judged, judgement, "row {row}");
    }
}

fn put(set: &mut Contributions, number: u8, contributions: &[SyncCommitteeContribution]) {
    set.insert(key(number), contributions.to_vec());
}

#[test]
fn what_is_not_known_of_contributions_is_waited_for() {
    let (set, mut known) = (good_contributions(), blocks());
    let missing = |reason| Judgement::Wait(reason);
    assert_eq!(judged_contributions(&set, &known, None, false), missing(Reason::OwnViewMissing));
    assert_eq!(judged_contributions(&set, &known, None, true), Judgement::Accept, "late, less must do");
    known.remove(&key(2));
    assert_eq!(judged_contributions(&set, &known, Some(&set), false), missing(Reason::SyncMessageIncomplete));
    assert_eq!(judged_contributions(&set, &known, Some(&set), true), Judgement::Accept);
    let mut without = set.clone();
    without.remove(&key(2));
    assert_eq!(
        judged_contributions(&without, &known, Some(&set), false),
        Judgement::Accept,
        "without a message there is nothing to contribute to"
    );
    let view = ContributionView {
        slot: SLOT,
        members: None,
        selected: &BTreeMap::new(),
        blocks: &known,
        own: None,
        is_late: true,
    };
    assert_eq!(contributions(&set, &view), missing(Reason::DutiesUnknown));
}

#[test]
fn late_contributions_may_be_thin_or_few_but_never_for_another_block() {
    let own = good_contributions();
    let mut set = good_contributions();
    set.remove(&key(2));
    put(&mut set, 1, &[contribution(SLOT, BLOCK, 0, 1)]);
    assert_eq!(judged_contributions(&set, &blocks(), Some(&own), true), Judgement::Accept);
    put(&mut set, 1, &[contribution(SLOT, Root([2; 32]), 0, 6)]);
    assert_eq!(
        judged_contributions(&set, &blocks(), Some(&own), true),
        Judgement::Refuse(Reason::OtherBlock)
    );
}
