//! The keeper of the ledger.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cluster::GroupKey;
use eth::{Epoch, PublicKeyBytes, Root, Slot};
use node::ledger::Keeper;
use slashing::{DutyId, Fault, Item, Kind, Ledger, MemoryStore, Refusal, Request, Signable};

const KEY: GroupKey = GroupKey(PublicKeyBytes([1; 48]));

fn vote(target: u64, root: u8) -> Request {
    let what = Signable::Attestation { source: Epoch(0), target: Epoch(target) };
    let items = vec![Item { key: KEY, what, signing_root: Root([root; 32]) }];
    Request { duty: DutyId { slot: Slot(target * 32), kind: Kind::Attestation }, items }
}

/// A store that knows the key.
fn store() -> MemoryStore {
    let mut ledger = Ledger::open(MemoryStore::new(Root([7; 32]))).expect("an empty store");
    ledger.register([KEY]).expect("it takes the key");
    ledger.into_store()
}

#[tokio::test]
async fn permits_are_recorded_and_checks_are_not() {
    let ledger = Ledger::open(store()).expect("it loads");
    let keeper = Keeper::start(ledger, || Ledger::open(store()));
    for root in [1, 2] {
        assert_eq!(keeper.check(vote(5, root)).await, [Ok(())], "asking commits to nothing");
    }
    assert_eq!(keeper.permit(vote(5, 1)).await.expect("the store works").granted().len(), 1);
    keeper.compact().await;
    assert_eq!(keeper.permit(vote(5, 1)).await.expect("the same again").granted().len(), 1);
    let other = keeper.permit(vote(5, 2)).await.expect("an answer");
    assert!(other.granted().is_empty());
    assert_eq!(other.refused()[0].1.code(), "double_vote");
}

#[tokio::test]
async fn after_a_failed_write_nothing_is_granted_until_the_ledger_opens_again() {
    let (mut broken, intact) = (store(), store());
    broken.fail_next(Fault::Write);
    let disk_is_back = Arc::new(AtomicBool::new(false));
    let is_back = Arc::clone(&disk_is_back);
    let reopen = move || match is_back.load(Ordering::SeqCst) {
        true => Ledger::open(intact.clone()).map_err(|error| error.to_string()),
        false => Err("the disk is away".to_owned()),
    };
    let keeper = Keeper::start(Ledger::open(broken).expect("it loads"), reopen);
    assert_eq!(keeper.permit(vote(5, 1)).await.expect_err("the write failed").code(), "store_failed");
    assert_eq!(keeper.permit(vote(6, 1)).await.expect_err("closed"), Refusal::LedgerClosed);
    assert_eq!(keeper.check(vote(6, 1)).await, [Err(Refusal::LedgerClosed)]);
    disk_is_back.store(true, Ordering::SeqCst);
    assert_eq!(keeper.permit(vote(6, 1)).await.expect("open again").granted().len(), 1);
}
