//! A disk that fails grants nothing and undoes nothing.

use slashing::{Error, Fault, Ledger, Refusal};

use crate::setting::*;

#[test]
fn a_failed_commit_grants_nothing_and_closes_the_ledger() {
    for fault in [Fault::Write, Fault::Sync] {
        let mut ledger = ledger_with_fault(fault);
        let refused = ledger.permit(request(vec![vote(key(1), 1, 2, root(1))])).expect_err("the disk failed");
        assert_eq!(refused.code(), "store_failed");
        assert!(ledger.is_closed());
        let again = ledger.permit(request(vec![vote(key(1), 1, 2, root(1))]));
        assert_eq!(again.expect_err("never without a new look at the disk"), Refusal::LedgerClosed);
        assert_eq!(
            ledger.check(&request(vec![vote(key(1), 7, 8, root(1))])),
            vec![Err(Refusal::LedgerClosed)]
        );
    }
}

#[test]
fn a_ledger_opened_again_after_a_failed_write_goes_on() {
    let mut ledger = ledger_with_fault(Fault::Write);
    ledger.permit(request(vec![vote(key(1), 1, 2, root(1))])).expect_err("the disk failed");
    let mut reopened = Ledger::open(ledger.into_store().crash(false)).expect("loads");
    assert_eq!(verdict(&mut reopened, vote(key(1), 1, 2, root(2))), "granted", "nothing had been granted");
}

#[test]
fn a_record_that_survived_an_unsynced_write_only_restricts() {
    let mut ledger = ledger_with_fault(Fault::Sync);
    ledger.permit(request(vec![vote(key(1), 1, 2, root(1))])).expect_err("the sync failed");
    let mut reopened = Ledger::open(ledger.into_store().crash(true)).expect("loads");
    assert_eq!(verdict(&mut reopened, vote(key(1), 1, 2, root(2))), "double_vote");
    assert_eq!(verdict(&mut reopened, vote(key(1), 1, 2, root(1))), "granted");
}

#[test]
fn a_failed_registration_import_or_compaction_closes_the_ledger() {
    let mut ledger = ledger_with_fault(Fault::Write);
    let error = ledger.register([key(2)]).expect_err("the disk failed");
    assert!(matches!(error, Error::Refused(Refusal::StoreFailed { .. })), "{error}");
    assert!(ledger.is_closed());

    let mut ledger = ledger_with_fault(Fault::Write);
    ledger.compact().expect_err("the disk failed");
    assert!(ledger.is_closed());
}

#[test]
fn compaction_forgets_nothing_that_protects() {
    let mut ledger = ledger_of([key(1)]);
    for target in 1..=100 {
        assert_eq!(verdict(&mut ledger, vote(key(1), target - 1, target, root(1))), "granted");
        assert_eq!(verdict(&mut ledger, block(key(1), target, root(1))), "granted");
    }
    let (before, floor) = (ledger.export(), ledger.floor(&key(1)));
    ledger.compact().expect("the store works");
    let reopened = Ledger::open(ledger.into_store()).expect("loads");
    assert_eq!(reopened.export(), before);
    assert_eq!(reopened.floor(&key(1)), floor);
}

#[test]
fn what_was_signed_first_can_be_repeated_after_compaction() {
    let mut ledger = ledger_of([key(1)]);
    assert_eq!(verdict(&mut ledger, vote(key(1), 4, 5, root(1))), "granted");
    assert_eq!(verdict(&mut ledger, block(key(1), 160, root(2))), "granted");
    ledger.compact().expect("the store works");
    let mut reopened = Ledger::open(ledger.into_store()).expect("loads");
    assert_eq!(verdict(&mut reopened, vote(key(1), 4, 5, root(1))), "granted");
    assert_eq!(verdict(&mut reopened, block(key(1), 160, root(2))), "granted");
}

fn ledger_with_fault(fault: Fault) -> Ledger<slashing::MemoryStore> {
    let mut store = ledger_of([key(1)]).into_store();
    store.fail_next(fault);
    Ledger::open(store).expect("loads")
}
