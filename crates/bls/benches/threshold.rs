//! What combining and verifying cost, next to doing it one by one.

use std::hint::black_box;
use std::time::Duration;

use bls::{
    Claim, GroupPublicKey, Item, PartialSignature, PublicKey, SecretKey, ShareIndex, SharePublicKey,
    Signature, combine, combine_batch, split, verify_batch,
};
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sha2::{Digest, Sha256};

type Group<'a> = BenchmarkGroup<'a, criterion::measurement::WallTime>;

const SEED: [u8; 32] = [0x5e; 32];
const ROOT: [u8; 32] = [0x0a; 32];

/// A validator and what its members send: 96 bytes each.
struct Validator {
    secret: SecretKey,
    key: GroupPublicKey,
    shares: Vec<SharePublicKey>,
    wire: Vec<(ShareIndex, [u8; 96])>,
}

impl Validator {
    fn new(number: u64, threshold: u8, count: u8) -> Validator {
        let mut randomness = randomness(number);
        let secret = SecretKey::random(&mut randomness).expect("a good source");
        let secrets = split(&secret, threshold, count, &mut randomness).expect("a good threshold");
        Validator {
            key: GroupPublicKey(secret.public_key()),
            shares: secrets.iter().map(|(_, secret)| SharePublicKey(secret.public_key())).collect(),
            wire: secrets.iter().map(|(share, secret)| (*share, secret.sign(&ROOT).to_bytes())).collect(),
            secret,
        }
    }

    fn receive(&self, numbers: &[u8]) -> Vec<PartialSignature> {
        numbers
            .iter()
            .map(|number| {
                let (share, bytes) = &self.wire[usize::from(*number) - 1];
                PartialSignature::from_bytes(*share, bytes).expect("a point")
            })
            .collect()
    }

    fn combine(&self, threshold: u8, partials: &[PartialSignature]) -> bls::Outcome {
        combine(threshold, &self.key, &self.shares, &ROOT, partials)
    }
}

fn randomness(number: u64) -> impl FnMut(&mut [u8]) {
    let mut counter = 0u64;
    move |bytes| {
        for chunk in bytes.chunks_mut(32) {
            let hash = Sha256::new().chain_update(number.to_le_bytes()).chain_update(counter.to_le_bytes());
            chunk.copy_from_slice(&hash.finalize()[..chunk.len()]);
            counter += 1;
        }
    }
}

fn brief(group: &mut Group<'_>) {
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
}

/// One validator's signature from parsed partials, verified; `verify` alone for comparison.
fn combining(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("combine");
    brief(&mut group);
    let validator = Validator::new(0, 3, 4);
    let signature = validator.secret.sign(&ROOT);
    group.bench_function("verify", |bencher| {
        bencher.iter(|| assert!(black_box(&signature).verify(&ROOT, &validator.key.0)));
    });
    for (name, threshold, count, numbers) in [
        ("3-of-4", 3, 4, vec![1, 2, 3]),
        ("3-of-4 dividing", 3, 4, vec![1, 2, 4]),
        ("5-of-7", 5, 7, vec![1, 2, 3, 4, 5]),
        ("5-of-7 dividing", 5, 7, vec![1, 2, 3, 6, 7]),
        ("9-of-13", 9, 13, (1..=9).collect()),
        ("9-of-13 dividing", 9, 13, vec![1, 3, 4, 6, 8, 9, 10, 12, 13]),
    ] {
        let validator = Validator::new(0, threshold, count);
        let partials = validator.receive(&numbers);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let outcome = validator.combine(threshold, black_box(&partials));
                assert!(outcome.signature.is_ok());
            });
        });
    }
}

/// Signatures of one root; those in a batch from their bytes.
fn verifying(criterion: &mut Criterion) {
    let signed: Vec<(PublicKey, Signature)> = (0..1000)
        .map(|number| SecretKey::random(&mut randomness(number)).expect("a good source"))
        .map(|secret| (secret.public_key(), secret.sign(&ROOT)))
        .collect();
    let encoded: Vec<[u8; 96]> = signed.iter().map(|(_, signature)| signature.to_bytes()).collect();
    let claims: Vec<Claim<'_>> = signed
        .iter()
        .zip(&encoded)
        .map(|((key, _), signature)| Claim { key, root: ROOT, signature })
        .collect();
    let mut group = criterion.benchmark_group("verify same root");
    brief(&mut group);
    for count in [32, 313, 1000] {
        let claims = &claims[..count];
        group.throughput(Throughput::Elements(count as u64));
        group.bench_with_input(BenchmarkId::new("batch", count), claims, |bencher, claims| {
            bencher.iter(|| assert!(verify_batch(black_box(claims), SEED).iter().all(|holds| *holds)));
        });
        let signed = &signed[..count];
        group.bench_with_input(BenchmarkId::new("one by one", count), signed, |bencher, signed| {
            bencher.iter(|| {
                let holds = |(key, signature): &(PublicKey, Signature)| signature.verify(&ROOT, key);
                assert!(black_box(signed).iter().all(holds));
            });
        });
    }
}

/// From the bytes on the wire to verified signatures, n = 4 and t = 3.
fn combining_batches(criterion: &mut Criterion) {
    let mut validators: Vec<Validator> = (0..313).map(|number| Validator::new(number, 3, 4)).collect();
    let mut group = criterion.benchmark_group("combine batch 3-of-4");
    brief(&mut group);
    for count in [31, 313] {
        group.throughput(Throughput::Elements(count as u64));
        for (name, numbers) in [
            ("3 received", &[1, 2, 3][..]),
            ("3 received, dividing", &[1, 2, 4]),
            ("4 received", &[1, 2, 3, 4]),
        ] {
            let id = BenchmarkId::new(name, count);
            bench_batch(&mut group, id, &validators[..count], numbers, 1);
        }
        let id = BenchmarkId::new("one by one, 4 received", count);
        group.bench_with_input(id, &validators[..count], |bencher, validators| {
            bencher.iter(|| validators.iter().for_each(combine_one_by_one));
        });
    }
    // One member lies about every validator.
    for validator in &mut validators {
        validator.wire[1].1 = validator.secret.sign(b"something else").to_bytes();
    }
    for count in [31, 313] {
        let id = BenchmarkId::new("4 received, one liar", count);
        group.throughput(Throughput::Elements(count as u64));
        bench_batch(&mut group, id, &validators[..count], &[1, 2, 3, 4], 6);
    }
}

fn bench_batch(
    group: &mut Group<'_>,
    id: BenchmarkId,
    validators: &[Validator],
    numbers: &[u8],
    checks: usize,
) {
    group.bench_with_input(id, validators, |bencher, validators| {
        bencher.iter(|| {
            let partials: Vec<Vec<PartialSignature>> =
                validators.iter().map(|validator| validator.receive(numbers)).collect();
            let items: Vec<Item<'_>> = validators
                .iter()
                .zip(&partials)
                .map(|(validator, partials)| Item {
                    key: &validator.key,
                    shares: &validator.shares,
                    root: ROOT,
                    partials,
                })
                .collect();
            let outcomes = combine_batch(3, &items, SEED);
            assert!(outcomes.iter().all(|outcome| outcome.signature.is_ok() && outcome.checks == checks));
        });
    });
}

/// Every partial is verified, then the result.
fn combine_one_by_one(validator: &Validator) {
    let partials = validator.receive(&[1, 2, 3, 4]);
    for (partial, key) in partials.iter().zip(&validator.shares) {
        assert!(partial.verify(&ROOT, key));
    }
    assert!(validator.combine(3, &partials).signature.is_ok());
}

criterion_group!(benches, combining, verifying, combining_batches);
criterion_main!(benches);
