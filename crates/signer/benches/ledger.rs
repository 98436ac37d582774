//! What consent costs: one durable commit per duty, whatever the number of validators.
//!
//! The directory is on disk (`TMPDIR`, else the system's), for the sync is the point. Run with
//! `cargo bench -p signer`.

#![allow(missing_docs)]

use cluster::GroupKey;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use eth::{Epoch, PublicKeyBytes, Root, Slot};
use signer::{Owner, SqliteStore};
use slashing::{DutyId, Item, Kind, Ledger, Request, Signable};

/// Attesters of a slot with about 32, 1,000 and 10,000 validators.
const ATTESTERS: [u64; 3] = [1, 31, 313];

/// Validators of the ledger.
const VALIDATORS: u64 = 10_000;

fn key(number: u64) -> GroupKey {
    let mut bytes = [0x8f; 48];
    bytes[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    GroupKey(PublicKeyBytes(bytes))
}

/// The slot's share of all validators attests; every epoch it is the same share.
fn duty(slot: u64, attesters: u64) -> Request {
    let epoch = slot / 32 + 1;
    let what = Signable::Attestation { source: Epoch(epoch - 1), target: Epoch(epoch) };
    let first = slot % 32 * attesters;
    let item = |number| Item { key: key(number), what, signing_root: Root([epoch as u8; 32]) };
    let items = (first..first + attesters).map(item).collect();
    Request { duty: DutyId { slot: Slot(slot), kind: Kind::Attestation }, items }
}

fn ledger(directory: &tempfile::TempDir) -> Ledger<SqliteStore> {
    let owner = Owner {
        genesis_validators_root: Root([1; 32]),
        lock_hash: Root([2; 32]),
        validators: (0..=VALIDATORS + 320).map(key).collect(),
    };
    let store = SqliteStore::create(&directory.path().join("ledger.sqlite"), &owner).expect("a new ledger");
    Ledger::open(store).expect("loads")
}

fn permits(criterion: &mut Criterion) {
    for attesters in ATTESTERS {
        let directory = tempfile::tempdir().expect("a directory on disk");
        let mut ledger = ledger(&directory);
        let mut slot = 0;
        let mut next = || {
            slot += 1;
            duty(slot, attesters)
        };
        criterion.bench_function(&format!("permit/{attesters}"), |bencher| {
            bencher.iter_batched(
                &mut next,
                |request| {
                    let permit = ledger.permit(request).expect("the disk works");
                    assert_eq!(permit.granted().len() as u64, attesters);
                },
                BatchSize::PerIteration,
            );
        });
    }
}

fn checks(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().expect("a directory on disk");
    let mut ledger = ledger(&directory);
    for slot in 0..40 * 32 {
        let permit = ledger.permit(duty(slot, 313)).expect("the disk works");
        assert_eq!(permit.refused(), []);
    }
    let request = duty(40 * 32, 313);
    criterion.bench_function("check/313", |bencher| bencher.iter(|| ledger.check(&request)));
    criterion.bench_function("compact/10000", |bencher| bencher.iter(|| ledger.compact().expect("compacts")));
    let path = directory.path().join("ledger.sqlite");
    drop(ledger);
    let mut group = criterion.benchmark_group("open");
    group.sample_size(10);
    group.bench_function("10000 validators, 32 epochs", |bencher| {
        bencher.iter(|| Ledger::open(SqliteStore::open_unowned(&path).expect("opens")).expect("loads"));
    });
}

criterion_group!(benches, permits, checks);
criterion_main!(benches);
