//! Disks: what a ledger is kept on, and what becomes of it.

use cluster::GroupKey;
use eth::{Root, Spec};
use slashing::{DutyId, Fault, Item, Ledger, MemoryStore, Request, Signable};

use super::World;
use super::fake::keys;

/// The state of a node's disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disk {
    /// It can be read and written.
    Good,
    /// It can be read but not written.
    Full,
    /// It writes, but cannot say whether that survives.
    Unsynced,
    /// It cannot even be read, or what is read is damaged and known to be.
    Gone,
}

/// A ledger without records.
pub(super) fn empty(spec: &Spec, validators: u8) -> Ledger<MemoryStore> {
    let store = MemoryStore::new(spec.genesis.genesis_validators_root);
    let mut ledger = Ledger::open(store).expect("an empty disk can be read");
    ledger.register(keys(validators)).expect("an empty disk can be written");
    ledger
}

/// Whether the ledger keeps that record whatever happens to the power.
pub(super) fn is_durable(ledger: Option<&Ledger<MemoryStore>>, key: &GroupKey, root: Root) -> bool {
    ledger.is_some_and(|ledger| ledger.store().is_durable(key, root))
}

impl World {
    /// What was written but not synced survives or not, as chance has it.
    pub(super) fn power_goes(&mut self, node: usize) {
        let survives = self.random.one_in(2);
        let Some(ledger) = self.nodes[node].ledger.take() else { return };
        let store = ledger.into_store().crash(survives);
        self.reopen(node, store);
    }

    fn reopen(&mut self, node: usize, store: MemoryStore) {
        let ledger = Ledger::open(store).expect("what was synced can be read");
        self.checks.reopened(node, |key, (what, _)| {
            let slot = match what {
                Signable::Block { slot } => slot,
                Signable::Attestation { target, .. } => self.spec.first_slot(target),
            };
            let other = Item { key: *key, what, signing_root: Root([0xee; 32]) };
            let request = Request { duty: DutyId { slot, kind: what.kind() }, items: vec![other] };
            ledger.check(&request).iter().all(Result::is_err)
        });
        self.nodes[node].ledger = Some(ledger);
    }

    /// The ledger, opened again if it closed itself; none while the disk is gone.
    pub(super) fn open_ledger(&mut self, node: usize) -> Option<&mut Ledger<MemoryStore>> {
        let disk = self.nodes[node].disk;
        let is_closed = self.nodes[node].ledger.as_ref().is_some_and(Ledger::is_closed);
        let fault = match disk {
            Disk::Gone => return None,
            Disk::Good => None,
            Disk::Full => Some(Fault::Write),
            Disk::Unsynced => Some(Fault::Sync),
        };
        if is_closed || fault.is_some() {
            let mut store = self.nodes[node].ledger.take()?.into_store();
            if let Some(fault) = fault {
                store.fail_next(fault);
            }
            self.reopen(node, store);
        }
        self.nodes[node].ledger.as_mut()
    }

    /// What the node's ledger remembers, and can be told.
    pub fn ledger(&mut self, node: usize) -> &mut Ledger<MemoryStore> {
        self.nodes[node].ledger.as_mut().expect("a node has a ledger")
    }
}
