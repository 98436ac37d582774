//! The ledger: judge, record durably, then permit.

mod export;
mod import;

use std::collections::BTreeMap;

use cluster::GroupKey;
use eth::Root;

use crate::history::{History, Standing};
use crate::known_bugs::{KnownBug, is_on};
use crate::{
    Batch, Behind, DutyId, Error, Item, Permit, Record, Refusal, Request, Signable, Store, Watermark,
};

pub use import::{Conflict, Imported, Strategy};

/// A node's memory of everything it permitted, over a store that keeps it.
///
/// After a failed write the ledger is closed for good: whether the records reached the disk is then unknown, and so
/// is whether a later sync would still cover them (a kernel may drop dirty pages after a failed one). Carrying on
/// with unchanged memory could therefore permit on top of a record that a power loss still undoes. Opening the store
/// again re-reads and re-syncs it, which settles both; the body does so with a backoff.
#[derive(Debug)]
pub struct Ledger<S> {
    store: S,
    genesis_validators_root: Root,
    histories: BTreeMap<GroupKey, History>,
    is_closed: bool,
}

impl<S: Store> Ledger<S> {
    /// Reads everything the store keeps. Fails when the store cannot be read: the environment's fault.
    pub fn open(mut store: S) -> Result<Ledger<S>, Error> {
        let contents = store.load()?;
        let mut histories = BTreeMap::<GroupKey, History>::new();
        for (key, floor) in contents.validators {
            histories.entry(key).or_default().raise(floor);
        }
        for (key, record) in contents.records {
            histories.entry(key).or_default().record(record);
        }
        let genesis_validators_root = contents.genesis_validators_root;
        Ok(Ledger { store, genesis_validators_root, histories, is_closed: false })
    }

    /// Makes validators known. Known ones keep their history: a key is never forgotten and never starts again.
    pub fn register(&mut self, keys: impl IntoIterator<Item = GroupKey>) -> Result<(), Error> {
        if is_on(KnownBug::RegisteredAgainStartsAnew) {
            self.histories.clear();
        }
        let is_new = |key: &GroupKey| !self.histories.contains_key(key);
        let validators: Vec<_> = keys.into_iter().filter(is_new).collect();
        self.write(&Batch { validators: validators.clone(), ..Batch::default() })?;
        for key in validators {
            self.histories.entry(key).or_default();
        }
        Ok(())
    }

    /// Judges every item, records the permitted ones in one durable commit, then grants them.
    ///
    /// Items are judged one after the other, each against those before it. An item whose very signing root is
    /// recorded already is granted again, without a write when nothing else is new. On an error nothing is granted.
    pub fn permit(&mut self, request: Request) -> Result<Permit, Refusal> {
        self.require_open()?;
        // Closed until the commit is known to have succeeded: the histories below run ahead of the disk.
        self.is_closed = true;
        let duty = request.duty;
        let (mut granted, mut refused, mut batch) = (vec![], vec![], Batch::default());
        for item in request.items {
            match self.judge(duty, &item) {
                Err(refusal) => refused.push((item.key, refusal)),
                Ok(standing) => {
                    if standing == Standing::New {
                        batch.records.push((item.key, self.record(&item)));
                    }
                    granted.push(item);
                }
            }
        }
        self.is_closed = false;
        self.write(&batch)?;
        Ok(Permit::new(duty, granted, refused))
    }

    /// The verdicts that [`permit`](Ledger::permit) would give now on each item alone; records nothing.
    pub fn check(&self, request: &Request) -> Vec<Result<(), Refusal>> {
        let verdict = |item| self.require_open().and_then(|()| self.judge(request.duty, item)).map(|_| ());
        request.items.iter().map(verdict).collect()
    }

    /// The highest source, target and slot on record for a validator; `None` when it is not known here.
    pub fn watermark(&self, key: &GroupKey) -> Option<Watermark> {
        self.histories.get(key).map(History::watermark)
    }

    /// The bound below which everything is refused for a validator; `None` when it is not known here.
    pub fn floor(&self, key: &GroupKey) -> Option<Watermark> {
        self.histories.get(key).map(History::floor)
    }

    /// Every validator of the ledger, rising.
    pub fn validators(&self) -> impl Iterator<Item = &GroupKey> {
        self.histories.keys()
    }

    /// The network the ledger belongs to.
    pub fn genesis_validators_root(&self) -> Root {
        self.genesis_validators_root
    }

    /// Whether a failed write closed the ledger: it permits nothing until it is opened again.
    pub fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Raises floors, for signatures that may exist without a record here (lost disk, peers that saw more).
    /// A floor is never lowered and never left under the validator's own records.
    pub fn raise(&mut self, floors: &[(GroupKey, Watermark)]) -> Result<(), Error> {
        let raised = floors.iter().map(|(key, floor)| {
            let history = self.histories.get(key).ok_or(Refusal::UnknownValidator)?;
            Ok((*key, history.watermark().raised_to(*floor)))
        });
        let raised = raised.collect::<Result<Vec<_>, Refusal>>()?;
        self.write(&Batch { floors: raised.clone(), ..Batch::default() })?;
        for (key, floor) in raised {
            self.histories.entry(key).or_default().raise(floor);
        }
        Ok(())
    }

    /// Raises the floors of validators of which somebody has seen more than is on record here, in one durable commit;
    /// returns those. Validators that are not known here are nobody's business. Writes nothing when nothing is behind.
    pub fn fast_forward(&mut self, seen: &[(GroupKey, Watermark)]) -> Result<Vec<Behind>, Error> {
        self.require_open()?;
        let behind = |(key, seen): &(GroupKey, Watermark)| {
            let ledger = self.histories.get(key)?.watermark();
            (ledger.raised_to(*seen) != ledger).then_some(Behind { key: *key, ledger, seen: *seen })
        };
        let behind: Vec<Behind> = seen.iter().filter_map(behind).collect();
        self.raise(&behind.iter().map(|one| (one.key, one.seen)).collect::<Vec<_>>())?;
        Ok(behind)
    }

    /// Upkeep of the store off the signing path, about once an epoch: drops what lies below the floors.
    pub fn compact(&mut self) -> Result<(), Error> {
        self.require_open()?;
        let floors: Vec<_> = self.histories.iter().map(|(key, history)| (*key, history.floor())).collect();
        self.is_closed = true;
        self.store.compact(&floors)?;
        self.is_closed = false;
        Ok(())
    }

    /// The store, to look at.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Gives the store back, to close it or to open it again.
    pub fn into_store(self) -> S {
        self.store
    }

    fn judge(&self, duty: DutyId, item: &Item) -> Result<Standing, Refusal> {
        belongs(duty, item.what)?;
        let history = self.histories.get(&item.key).ok_or(Refusal::UnknownValidator)?;
        history.judge(item.what, item.signing_root)
    }

    fn record(&mut self, item: &Item) -> Record {
        let record = Record { what: item.what, signing_root: Some(item.signing_root) };
        self.histories.entry(item.key).or_default().record(record);
        record
    }

    /// Commits a batch. The ledger is closed meanwhile and stays so on failure, and should the store panic.
    fn write(&mut self, batch: &Batch) -> Result<(), Refusal> {
        self.require_open()?;
        if batch.is_empty() || is_on(KnownBug::RecordsStayInMemory) {
            return Ok(());
        }
        self.is_closed = true;
        self.store.commit(batch).map_err(|error| Refusal::StoreFailed { cause: error.to_string() })?;
        self.is_closed = false;
        Ok(())
    }

    fn require_open(&self) -> Result<(), Refusal> {
        if self.is_closed { Err(Refusal::LedgerClosed) } else { Ok(()) }
    }
}

fn belongs(duty: DutyId, what: Signable) -> Result<(), Refusal> {
    let is_of_slot = match what {
        Signable::Attestation { .. } => true,
        Signable::Block { slot } => slot == duty.slot,
    };
    if what.kind() == duty.kind && is_of_slot { Ok(()) } else { Err(Refusal::DutyMismatch) }
}
