//! A proposal of one blob and a full execution block, decoded, signed and written.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use eth::containers::mainnet::fulu::BlockContents;
use eth::{Container, Fork, KzgProof, Preset, Proposal, SignatureBytes, SignedProposal};

fn proposal(criterion: &mut Criterion) {
    let contents = contents();
    let ssz = contents.to_ssz();
    let signature = SignatureBytes([1; 96]);
    let read = || Proposal::from_ssz(Preset::Mainnet, Fork::Fulu, false, &ssz).expect("sound block contents");
    let json = read().to_json();
    let signed = read().sign(signature).to_ssz();

    let mut group = criterion.benchmark_group("proposal");
    group.throughput(Throughput::Bytes(ssz.len() as u64)).sample_size(20);
    group.bench_function("decode the container only", |b| {
        b.iter(|| BlockContents::from_ssz(black_box(&ssz)));
    });
    group.bench_function("root of the block", |b| b.iter(|| black_box(&contents.block).root()));
    group.bench_function("from SSZ, with the block's root", |b| b.iter(read));
    group.bench_function("from JSON, with the block's root", |b| {
        b.iter(|| Proposal::from_json(Preset::Mainnet, Fork::Fulu, false, black_box(&json)));
    });
    group.bench_function("to JSON", |b| b.iter(|| read().to_json()));
    group.bench_function("signed, to SSZ", |b| {
        let proposal = read();
        b.iter(|| black_box(&proposal).clone().sign(signature).to_ssz());
    });
    group.bench_function("signed, from SSZ", |b| {
        b.iter(|| SignedProposal::from_ssz(Preset::Mainnet, Fork::Fulu, false, black_box(&signed)));
    });
    group.finish();
}

/// About 200 kB: one blob with its proofs, 300 transactions of 200 bytes.
fn contents() -> BlockContents {
    let mut contents = BlockContents::default();
    contents.blobs.push(Default::default()).expect("room for a blob");
    for _ in 0..128 {
        contents.kzg_proofs.push(KzgProof::ZERO).expect("room for a proof");
    }
    for _ in 0..300 {
        let transaction = vec![0x5A; 200].try_into().expect("a short transaction");
        contents.block.body.execution_payload.transactions.push(transaction).expect("room for a transaction");
    }
    contents
}

criterion_group!(benches, proposal);
criterion_main!(benches);
