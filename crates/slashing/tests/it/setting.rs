//! Short ways to say what the tests are about.

use cluster::GroupKey;
use eth::{Epoch, PublicKeyBytes, Root, Slot};
use slashing::{DutyId, Item, Kind, Ledger, MemoryStore, Permit, Refusal, Request, Signable, Store};

pub(crate) const NETWORK: Root = Root([7; 32]);

pub(crate) fn key(number: u8) -> GroupKey {
    GroupKey(PublicKeyBytes([number; 48]))
}

pub(crate) fn root(number: u8) -> Root {
    Root([number; 32])
}

pub(crate) fn ledger_of(keys: impl IntoIterator<Item = GroupKey>) -> Ledger<MemoryStore> {
    let mut ledger = Ledger::open(MemoryStore::new(NETWORK)).expect("a fresh memory store loads");
    ledger.register(keys).expect("a memory store commits");
    ledger
}

pub(crate) fn vote(key: GroupKey, source: u64, target: u64, signing_root: Root) -> Item {
    Item { key, what: Signable::Attestation { source: Epoch(source), target: Epoch(target) }, signing_root }
}

pub(crate) fn block(key: GroupKey, slot: u64, signing_root: Root) -> Item {
    Item { key, what: Signable::Block { slot: Slot(slot) }, signing_root }
}

/// A request that fits its items: one slot, one kind.
pub(crate) fn request(items: Vec<Item>) -> Request {
    let duty = match items.first().map(|item| item.what) {
        Some(Signable::Block { slot }) => DutyId { slot, kind: Kind::Block },
        Some(Signable::Attestation { target, .. }) => {
            DutyId { slot: Slot(target.0.wrapping_mul(32)), kind: Kind::Attestation }
        }
        None => DutyId { slot: Slot(0), kind: Kind::Attestation },
    };
    Request { duty, items }
}

pub(crate) fn permit<S: Store>(ledger: &mut Ledger<S>, items: Vec<Item>) -> Permit {
    ledger.permit(request(items)).expect("the store works")
}

/// The verdict on one item, which is recorded when granted.
pub(crate) fn sign<S: Store>(ledger: &mut Ledger<S>, item: Item) -> Result<(), Refusal> {
    let permit = permit(ledger, vec![item]);
    match permit.refused() {
        [] => {
            assert_eq!(permit.granted(), [item]);
            Ok(())
        }
        [(key, refusal)] => {
            assert_eq!((*key, permit.granted()), (item.key, [].as_slice()));
            Err(refusal.clone())
        }
        more => panic!("one item, several verdicts: {more:?}"),
    }
}

/// The code of the refusal, or `granted`.
pub(crate) fn verdict<S: Store>(ledger: &mut Ledger<S>, item: Item) -> &'static str {
    sign(ledger, item).map_or_else(|refusal| refusal.code(), |()| "granted")
}
