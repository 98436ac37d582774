//! What a slot of attestations costs one node of four beside consensus: its client's signatures and its peers' bytes
//! in, group signatures out, with the real encoding and the real cryptography. Prints the bytes on the wire, too.
//!
//! Divide by the validators for the cost of one.

use std::collections::{BTreeMap, VecDeque};
use std::hint::black_box;
use std::sync::Arc;

use bls::{GroupPublicKey, SecretKey, SharePublicKey, split};
use cluster::{GroupKey, NodeKey};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use duty::{
    AttesterDatum, Config, ConsensusMessage, Content, Duty, DutyKind, Engine, EpochDuties, Input, Output,
    Partial, PartialSet, Publication, Question, RequestId, Signed, Submission, Time, ValidatorConfig, Value,
};
use eth::{
    AttestationData, AttesterDuty, Checkpoint, CommitteeIndex, Epoch, Fork, Genesis, Preset, PublicKeyBytes,
    Root, SignatureBytes, SingleAttestation, Slot, Spec, ValidatorIndex, Version,
};
use net::wire::{Codec, encode_consensus, sign, value};
use node::worker::{KeyTable, ValidatorKeys};
use qbft::{Draft, Kind, PeerIndex, Round};
use sha2::{Digest, Sha256};
use slashing::{Ledger, MemoryStore};

const NODES: u8 = 4;
const THRESHOLD: u8 = 3;
const SLOT: Slot = Slot(40);
const DUTY: Duty = Duty::new(SLOT, DutyKind::Attester);

/// A cluster's validators, all of which attest in the slot, and what each member signs.
struct Scene {
    spec: Arc<Spec>,
    codec: Codec,
    keys: KeyTable,
    duties: Vec<AttesterDuty>,
    value: Value,
    own: Submission,
    /// What the peers send.
    received: Vec<(PeerIndex, Vec<u8>)>,
}

fn randomness(number: usize) -> impl FnMut(&mut [u8]) {
    let mut counter = 0u64;
    move |bytes| {
        for chunk in bytes.chunks_mut(32) {
            let hash = Sha256::new().chain_update(number.to_le_bytes()).chain_update(counter.to_le_bytes());
            chunk.copy_from_slice(&hash.finalize()[..chunk.len()]);
            counter += 1;
        }
    }
}

fn spec() -> Spec {
    let genesis = Genesis {
        genesis_time: 0,
        genesis_validators_root: Root([7; 32]),
        genesis_fork_version: Version([0; 4]),
    };
    Spec::local(Preset::Mainnet, genesis, 12_000, Fork::Fulu)
}

fn data() -> AttestationData {
    AttestationData {
        slot: SLOT,
        source: Checkpoint { epoch: Epoch(0), root: Root([1; 32]) },
        target: Checkpoint { epoch: Epoch(1), root: Root([2; 32]) },
        beacon_block_root: Root([3; 32]),
        ..AttestationData::default()
    }
}

fn place(number: usize, pubkey: PublicKeyBytes) -> AttesterDuty {
    AttesterDuty {
        pubkey,
        slot: SLOT,
        validator_index: ValidatorIndex(1_000_000 + number as u64),
        committee_index: CommitteeIndex(number as u64 % 64),
        committee_length: 512,
        committees_at_slot: 64,
        validator_committee_index: number as u64,
    }
}

fn node_key(node: u8) -> NodeKey {
    NodeKey::from_bytes(&[node + 1; 32]).expect("a small number")
}

impl Scene {
    fn new(validators: usize) -> Scene {
        let spec = Arc::new(spec());
        let peers = (0..NODES).map(|node| node_key(node).public_key()).collect();
        let codec = Codec::new(peers, Arc::clone(&spec));
        let (mut table, mut duties) = (BTreeMap::new(), Vec::new());
        let mut signed: Vec<BTreeMap<GroupKey, Partial>> = vec![BTreeMap::new(); NODES.into()];
        for number in 0..validators {
            let mut randomness = randomness(number);
            let secret = SecretKey::random(&mut randomness).expect("a good source");
            let shares = split(&secret, THRESHOLD, NODES, &mut randomness).expect("a good threshold");
            let group = GroupPublicKey(secret.public_key());
            let key = GroupKey(PublicKeyBytes(group.0.to_bytes()));
            let duty = place(number, key.0);
            let of_data = Signed::Attestation {
                data: data(),
                validator: Some(duty.validator_index),
                committee: duty.committee_index,
            };
            let root = of_data.signing_root(&spec);
            for ((share, secret), partials) in shares.iter().zip(&mut signed) {
                let signature = SignatureBytes(secret.sign(&root.0).to_bytes());
                partials.insert(key, Partial { share: *share, signed: of_data.clone(), signature });
            }
            let shares = shares.iter().map(|(_, secret)| SharePublicKey(secret.public_key())).collect();
            table.insert(key, ValidatorKeys { group, shares });
            duties.push(duty);
        }
        let datum =
            |duty: &AttesterDuty| (GroupKey(duty.pubkey), AttesterDatum { data: data(), duty: *duty });
        let value = value(&spec, Content::Attester(duties.iter().map(datum).collect()));
        let attest = |duty: &AttesterDuty| SingleAttestation {
            committee_index: duty.committee_index,
            attester_index: duty.validator_index,
            data: data(),
            signature: signed[0][&GroupKey(duty.pubkey)].signature,
        };
        let own = Submission::Attestations(duties.iter().map(attest).collect());
        let encoded =
            signed.into_iter().map(|partials| codec.encode_partials(&PartialSet { duty: DUTY, partials }));
        let received = (0..NODES).map(PeerIndex).zip(encoded).skip(1).collect();
        Scene { spec, codec, keys: KeyTable::new(THRESHOLD, table), duties, value, own, received }
    }

    /// Bytes that one node sends in the slot for one attestation: partial signatures, and consensus if all goes well.
    fn bytes(&self) -> (usize, usize) {
        let peers = usize::from(NODES) - 1;
        let (_, set) = &self.received[0];
        let message = |kind| {
            let draft = draft(kind, &self.value, vec![]);
            let message = sign(&node_key(0), PeerIndex(0), DUTY, draft);
            encode_consensus(&ConsensusMessage { duty: DUTY, message, values: vec![self.value.clone()] })
                .len()
        };
        // One of four nodes leads.
        let consensus =
            message(Kind::PrePrepare) / usize::from(NODES) + message(Kind::Prepare) + message(Kind::Commit);
        (peers * set.len() / self.duties.len(), peers * consensus / self.duties.len())
    }
}

fn draft(kind: Kind, value: &Value, justification: Vec<qbft::Message>) -> Draft {
    Draft {
        kind,
        round: Round::FIRST,
        value: Some(value.hash),
        prepared_round: 0,
        prepared_value: None,
        justification,
    }
}

/// A node on its way through the slot.
struct Node<'a> {
    scene: &'a Scene,
    engine: Engine,
    now: Time,
    published: usize,
}

impl<'a> Node<'a> {
    /// A node that has decided, asked its ledger, and told its client.
    fn new(scene: &'a Scene) -> Node<'a> {
        let keys = || scene.duties.iter().map(|duty| GroupKey(duty.pubkey));
        let fees = ValidatorConfig { fee_recipient: Default::default() };
        let config = Config {
            spec: Spec::clone(&scene.spec),
            me: PeerIndex(0),
            peers: NODES.into(),
            threshold: THRESHOLD.into(),
            validators: keys().map(|key| (key, fees)).collect(),
            takes_builders: false,
            nonce: [0; 16],
            trusts_ledger: true,
        };
        let slot_start = Time(scene.spec.slot_start_ns(SLOT));
        let engine = Engine::new(config, slot_start.plus_ms(-1));
        let mut node = Node { scene, engine, now: slot_start.plus_ms(4_000), published: 0 };
        node.step(Input::Resolved(EpochDuties {
            epoch: Epoch(1),
            attester_dependent_root: Root([4; 32]),
            attesters: scene.duties.clone(),
            proposer_dependent_root: Root([4; 32]),
            proposers: vec![],
            sync_members: vec![],
            validators: scene
                .duties
                .iter()
                .map(|duty| (duty.validator_index, GroupKey(duty.pubkey)))
                .collect(),
        }));
        let commit = |peer| draft(Kind::Commit, &scene.value, vec![]).signed(PeerIndex(peer), Arc::from([]));
        let commits = (1..NODES).map(commit).collect();
        let message = draft(Kind::Decided, &scene.value, commits).signed(PeerIndex(1), Arc::from([]));
        node.step(Input::Consensus(ConsensusMessage {
            duty: DUTY,
            message,
            values: vec![scene.value.clone()],
        }));
        let question = Question::AttestationData { slot: SLOT, committee: CommitteeIndex(0) };
        node.step(Input::Ask { request: RequestId(1), question });
        node
    }

    /// Its client's signatures and its peers' bytes come in.
    fn run(&mut self) {
        self.step(Input::Submit { request: RequestId(2), submission: self.scene.own.clone() });
        for (from, bytes) in &self.scene.received {
            let decoded = self.scene.codec.partial_set(bytes, *from).expect("it was encoded here");
            self.step(Input::Partials { from: *from, set: decoded.set });
        }
        assert_eq!(self.published, self.scene.duties.len(), "all are complete");
    }

    fn step(&mut self, input: Input) {
        let mut queue = VecDeque::from([input]);
        let mut outputs = Vec::new();
        while let Some(input) = queue.pop_front() {
            self.engine.step(self.now, input, &mut outputs);
            black_box(self.engine.deadline(self.now));
            for output in outputs.drain(..) {
                queue.extend(self.carry_out(output));
            }
        }
    }

    fn carry_out(&mut self, output: Output) -> Option<Input> {
        Some(match output {
            Output::Permit { duty, request } => {
                let mut ledger = Ledger::open(MemoryStore::new(Root([7; 32]))).expect("an empty store opens");
                let keys = self.scene.duties.iter().map(|duty| GroupKey(duty.pubkey));
                ledger.register(keys).expect("an empty store takes keys");
                Input::Permitted { duty, permit: ledger.permit(request) }
            }
            Output::Verify { job, items } => Input::Verified { job, good: self.scene.keys.verify(&items) },
            Output::Combine { job, items } => {
                Input::Combined { job, outcomes: self.scene.keys.combine(&items) }
            }
            Output::SendPartials { set, .. } => {
                black_box(self.scene.codec.encode_partials(&set));
                return None;
            }
            Output::Publish { duty, seats, what } => {
                let Publication::Attestations(attestations) = what else { return None };
                self.published += attestations.len();
                Input::Published { duty, seats, accepted: true }
            }
            _ => return None,
        })
    }
}

#[allow(clippy::print_stderr, reason = "the report of a benchmark")]
fn slot(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("slot of attestations");
    group.sample_size(10);
    for validators in [31, 313] {
        let scene = Scene::new(validators);
        let (partials, consensus) = scene.bytes();
        eprintln!(
            "{validators} validators: a node sends {partials} bytes of partial signatures and {consensus} of \
             consensus for each attestation"
        );
        group.throughput(Throughput::Elements(validators as u64));
        group.bench_function(BenchmarkId::from_parameter(validators), |bencher| {
            bencher.iter_batched_ref(|| Node::new(&scene), |node| node.run(), BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(benches, slot);
criterion_main!(benches);
