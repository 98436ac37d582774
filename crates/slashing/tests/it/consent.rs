//! Which requests are granted, and why the others are not.

use slashing::{DutyId, Kind, Ledger, RETAINED_VOTES, Refusal, Request, VoteMark, Watermark};

use crate::setting::*;

#[test]
fn a_double_vote_is_refused() {
    let mut ledger = ledger_of([key(1)]);
    assert_eq!(verdict(&mut ledger, vote(key(1), 1, 2, root(1))), "granted");
    assert_eq!(verdict(&mut ledger, vote(key(1), 1, 2, root(2))), "double_vote");
    assert_eq!(verdict(&mut ledger, vote(key(1), 0, 2, root(3))), "double_vote");
}

#[test]
fn surrounding_and_surrounded_votes_are_refused() {
    let mut ledger = ledger_of([key(1)]);
    assert_eq!(verdict(&mut ledger, vote(key(1), 2, 3, root(1))), "granted");
    assert_eq!(verdict(&mut ledger, vote(key(1), 5, 9, root(2))), "granted");
    assert_eq!(verdict(&mut ledger, vote(key(1), 4, 10, root(3))), "surrounding");
    assert_eq!(verdict(&mut ledger, vote(key(1), 6, 8, root(4))), "surrounded");
}

#[test]
fn a_vote_after_a_majority_fork_must_not_surround_what_was_signed_on_it() {
    let mut ledger = ledger_of([key(1)]);
    assert_eq!(verdict(&mut ledger, vote(key(1), 0, 1, root(1))), "granted");
    assert_eq!(verdict(&mut ledger, vote(key(1), 1, 2, root(2))), "granted");
    assert_eq!(verdict(&mut ledger, vote(key(1), 0, 3, root(3))), "surrounding");
    assert_eq!(verdict(&mut ledger, vote(key(1), 1, 3, root(4))), "granted");
}

#[test]
fn a_second_block_for_a_slot_is_refused() {
    let mut ledger = ledger_of([key(1)]);
    assert_eq!(verdict(&mut ledger, block(key(1), 10, root(1))), "granted");
    assert_eq!(verdict(&mut ledger, block(key(1), 10, root(2))), "conflicting_block");
    assert_eq!(verdict(&mut ledger, block(key(1), 11, root(1))), "granted");
}

#[test]
fn the_same_signing_root_is_granted_again_without_another_write() {
    let mut ledger = ledger_of([key(1)]);
    let (vote, block) = (vote(key(1), 1, 2, root(1)), block(key(1), 64, root(2)));
    for _ in 0..3 {
        assert_eq!(verdict(&mut ledger, vote), "granted");
        assert_eq!(verdict(&mut ledger, block), "granted");
    }
    assert_eq!(ledger.into_store().commits(), 3, "one registration, one vote, one block");
}

#[test]
fn what_lies_below_the_first_record_is_refused() {
    let mut ledger = ledger_of([key(1)]);
    assert_eq!(verdict(&mut ledger, vote(key(1), 5, 6, root(1))), "granted");
    assert_eq!(verdict(&mut ledger, vote(key(1), 4, 5, root(2))), "source_below_watermark");
    assert_eq!(verdict(&mut ledger, vote(key(1), 5, 5, root(2))), "target_below_watermark");
    assert_eq!(verdict(&mut ledger, block(key(1), 9, root(1))), "granted");
    assert_eq!(verdict(&mut ledger, block(key(1), 8, root(1))), "slot_below_watermark");
}

#[test]
fn senseless_requests_are_refused_and_leave_no_trace() {
    let mut ledger = ledger_of([key(1)]);
    assert_eq!(verdict(&mut ledger, vote(key(1), 3, 2, root(1))), "source_after_target");
    assert_eq!(verdict(&mut ledger, vote(key(1), 3, u64::MAX, root(1))), "number_out_of_range");
    assert_eq!(verdict(&mut ledger, block(key(1), 1 << 63, root(1))), "number_out_of_range");
    assert_eq!(verdict(&mut ledger, vote(key(2), 1, 2, root(1))), "unknown_validator");
    assert_eq!(ledger.watermark(&key(1)), Some(Watermark::default()));
    assert_eq!(ledger.watermark(&key(2)), None);
}

#[test]
fn an_item_of_another_duty_is_refused() {
    let mut ledger = ledger_of([key(1)]);
    let duty = DutyId { slot: eth::Slot(64), kind: Kind::Block };
    let items = vec![vote(key(1), 1, 2, root(1)), block(key(1), 65, root(1)), block(key(1), 64, root(1))];
    let permit = ledger.permit(Request { duty, items }).expect("the store works");
    assert_eq!(permit.granted(), [block(key(1), 64, root(1))]);
    assert_eq!(permit.refused(), vec![(key(1), Refusal::DutyMismatch); 2]);
}

#[test]
fn one_request_is_one_commit_and_one_bad_item_drops_no_other() {
    let mut ledger = ledger_of((0..100).map(key));
    assert_eq!(verdict(&mut ledger, vote(key(50), 0, 9, root(9))), "granted");
    let items: Vec<_> = (0..100).map(|number| vote(key(number), 1, 2, root(1))).collect();
    let permit = permit(&mut ledger, items);
    assert_eq!(permit.granted().len(), 99);
    assert_eq!(permit.refused().len(), 1);
    assert_eq!(permit.refused()[0].1.code(), "surrounded");
    assert_eq!(ledger.into_store().commits(), 3, "registration, first vote, all hundred");
}

#[test]
fn items_of_one_request_are_judged_against_each_other() {
    let mut ledger = ledger_of([key(1)]);
    let (first, again, other) =
        (vote(key(1), 1, 2, root(1)), vote(key(1), 1, 2, root(1)), vote(key(1), 1, 2, root(2)));
    let permit = permit(&mut ledger, vec![first, again, other]);
    assert_eq!(permit.granted(), [first, again]);
    assert_eq!(permit.refused()[0].1.code(), "double_vote");
}

#[test]
fn check_gives_the_verdict_of_permit_and_records_nothing() {
    let mut ledger = ledger_of([key(1), key(2)]);
    assert_eq!(verdict(&mut ledger, vote(key(1), 1, 2, root(1))), "granted");
    let asked = request(vec![vote(key(1), 1, 2, root(2)), vote(key(2), 1, 2, root(2))]);
    for _ in 0..2 {
        let verdicts = ledger.check(&asked);
        assert_eq!(verdicts[0].as_ref().map_err(Refusal::code), Err("double_vote"));
        assert_eq!(verdicts[1], Ok(()));
    }
    assert_eq!(ledger.watermark(&key(2)), Some(Watermark::default()));
}

#[test]
fn pruned_votes_stay_protected_by_the_floor() {
    let mut ledger = ledger_of([key(1)]);
    let last = RETAINED_VOTES as u64 + 10;
    for target in 1..=last {
        assert_eq!(verdict(&mut ledger, vote(key(1), target - 1, target, root(1))), "granted");
    }
    let floor = ledger.floor(&key(1)).and_then(|floor| floor.vote).expect("votes were pruned");
    assert_eq!((floor.source.0, floor.target.0), (9, 10));
    for target in 1..=10 {
        let again = verdict(&mut ledger, vote(key(1), target - 1, target, root(2)));
        assert!(["source_below_watermark", "target_below_watermark"].contains(&again), "{again}");
    }
    assert_eq!(verdict(&mut ledger, vote(key(1), 10, 11, root(1))), "granted", "still held exactly");
}

#[test]
fn a_raised_floor_refuses_what_a_lost_disk_may_have_signed() {
    let mut ledger = ledger_of([key(1)]);
    let vote_mark = VoteMark { source: eth::Epoch(10), target: eth::Epoch(11) };
    let mark = Watermark { vote: Some(vote_mark), block: Some(eth::Slot(400)) };
    ledger.raise(&[(key(1), mark)]).expect("the store works");
    assert_eq!(verdict(&mut ledger, vote(key(1), 10, 11, root(1))), "target_below_watermark");
    assert_eq!(verdict(&mut ledger, vote(key(1), 9, 12, root(1))), "source_below_watermark");
    assert_eq!(verdict(&mut ledger, block(key(1), 400, root(1))), "slot_below_watermark");
    assert_eq!(verdict(&mut ledger, vote(key(1), 10, 12, root(1))), "granted");
    ledger.raise(&[(key(1), Watermark::default())]).expect("the store works");
    let mut reopened = Ledger::open(ledger.into_store()).expect("loads");
    assert_eq!(verdict(&mut reopened, vote(key(1), 10, 11, root(1))), "target_below_watermark");
    let unknown = reopened.raise(&[(key(2), mark)]);
    assert!(matches!(unknown, Err(slashing::Error::Refused(Refusal::UnknownValidator))), "{unknown:?}");
}

#[test]
fn only_a_ledger_that_is_behind_is_moved_forward() {
    let mark = |source, target, slot| Watermark {
        vote: Some(VoteMark { source: eth::Epoch(source), target: eth::Epoch(target) }),
        block: Some(eth::Slot(slot)),
    };
    let mut ledger = ledger_of([key(1), key(2)]);
    assert_eq!(verdict(&mut ledger, vote(key(1), 4, 5, root(1))), "granted");
    assert_eq!(verdict(&mut ledger, block(key(1), 170, root(1))), "granted");
    let known = [(key(1), mark(4, 5, 170)), (key(2), Watermark::default()), (key(3), mark(9, 9, 9))];
    assert_eq!(ledger.fast_forward(&known).expect("the store works"), []);
    assert_eq!(ledger.floor(&key(1)), Some(mark(4, 5, 170)), "as the records alone have it");
    assert_eq!(ledger.fast_forward(&[]).expect("the store works"), []);

    let behind = ledger.fast_forward(&[(key(1), mark(3, 6, 160)), known[1]]).expect("the store works");
    let expected = slashing::Behind { key: key(1), ledger: mark(4, 5, 170), seen: mark(3, 6, 160) };
    assert_eq!(behind, [expected]);
    let mut reopened = Ledger::open(ledger.into_store()).expect("loads");
    assert_eq!(reopened.floor(&key(1)), Some(mark(4, 6, 170)));
    assert_eq!(verdict(&mut reopened, vote(key(1), 5, 6, root(2))), "target_below_watermark");
    assert_eq!(verdict(&mut reopened, vote(key(1), 5, 7, root(2))), "granted");
}

#[test]
fn a_floor_is_never_left_under_what_was_signed() {
    let mut ledger = ledger_of([key(1)]);
    assert_eq!(verdict(&mut ledger, vote(key(1), 4, 5, root(1))), "granted");
    assert_eq!(verdict(&mut ledger, vote(key(1), 10, 12, root(1))), "granted");
    ledger.raise(&[(key(1), Watermark::default())]).expect("the store works");
    assert_eq!(ledger.floor(&key(1)), ledger.watermark(&key(1)));
    assert_eq!(verdict(&mut ledger, vote(key(1), 9, 13, root(2))), "surrounding");
    assert_eq!(verdict(&mut ledger, vote(key(1), 8, 9, root(2))), "source_below_watermark");
    assert_eq!(verdict(&mut ledger, vote(key(1), 10, 12, root(1))), "granted", "repeats are no harm");
}

#[test]
fn every_refusal_has_its_own_code() {
    let mut codes = Refusal::CODES.to_vec();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Refusal::CODES.len());
}
