//! What the engines of four nodes cost in a slot: one attester duty, everything but cryptography and transport.
//!
//! `decision` ends when all four have decided; `slot` goes on with the ledger, the validator clients' signatures, their
//! exchange and the publication at all four. Divide by four for one node.

use std::collections::{BTreeMap, VecDeque};
use std::hint::black_box;
use std::sync::Arc;

use bls::ShareIndex;
use cluster::GroupKey;
use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use duty::{
    Answer, AttesterDatum, Combination, Config, ConsensusMessage, Content, Engine, EpochDuties, Head, Input,
    Output, PartialSet, Question, RequestId, Submission, Time, To, ValidatorConfig, Value,
};
use eth::{
    AttestationData, AttesterDuty, Checkpoint, CommitteeIndex, Epoch, Fork, Genesis, Preset, PublicKeyBytes,
    Root, SignatureBytes, SingleAttestation, Slot, Spec, ValidatorIndex, Version,
};
use qbft::{Hash, PeerIndex};
use slashing::{Ledger, MemoryStore};

const NODES: u8 = 4;
const SLOT: Slot = Slot(10);

/// How far a run goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    Decided,
    Published,
}

struct Cluster {
    engines: Vec<Engine>,
    ledgers: Vec<Ledger<MemoryStore>>,
    queue: VecDeque<(usize, Input)>,
    value: Value,
    until: Until,
    requests: u64,
    done: usize,
    now: Time,
}

fn key(number: usize) -> GroupKey {
    let mut bytes = [0; 48];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    GroupKey(PublicKeyBytes(bytes))
}

fn place(number: usize) -> AttesterDuty {
    let validator_index = ValidatorIndex(number as u64);
    AttesterDuty { pubkey: key(number).0, slot: SLOT, validator_index, ..AttesterDuty::default() }
}

fn spec() -> Spec {
    let genesis = Genesis {
        genesis_time: 0,
        genesis_validators_root: Root([7; 32]),
        genesis_fork_version: Version([0, 0, 0, 1]),
    };
    Spec::local(Preset::Minimal, genesis, 12_000, Fork::Fulu)
}

/// What every beacon node says. The engine never reads the bytes; they are as long as on the wire.
fn value(validators: usize) -> Value {
    let data = AttestationData {
        slot: SLOT,
        source: Checkpoint { epoch: Epoch(0), root: Root([1; 32]) },
        target: Checkpoint { epoch: Epoch(1), root: Root([2; 32]) },
        ..AttestationData::default()
    };
    let set = (0..validators).map(|number| (key(number), AttesterDatum { data, duty: place(number) }));
    let bytes = vec![0; validators * 336].into();
    Value { hash: Hash([1; 32]), content: Content::Attester(set.collect()), bytes }
}

impl Cluster {
    fn new(validators: usize, until: Until) -> Cluster {
        let keys: BTreeMap<GroupKey, ValidatorConfig> = (0..validators)
            .map(|number| (key(number), ValidatorConfig { fee_recipient: Default::default() }))
            .collect();
        let spec = spec();
        let now = Time(spec.slot_start_ns(SLOT) - 1);
        let engine = |me| {
            let config = Config {
                spec: spec.clone(),
                me: PeerIndex(me),
                peers: NODES.into(),
                threshold: 3,
                validators: keys.clone(),
                takes_builders: false,
                nonce: [0; 16],
                trusts_ledger: true,
            };
            Engine::new(config, now)
        };
        let ledger = |_| {
            let mut ledger = Ledger::open(MemoryStore::new(Root([7; 32]))).expect("an empty store opens");
            ledger.register(keys.keys().copied()).expect("an empty store takes keys");
            ledger
        };
        let mut cluster = Cluster {
            engines: (0..NODES).map(engine).collect(),
            ledgers: (0..NODES).map(ledger).collect(),
            queue: VecDeque::new(),
            value: value(validators),
            until,
            requests: 0,
            done: 0,
            now,
        };
        let duties = EpochDuties {
            epoch: Epoch(1),
            attester_dependent_root: Root([3; 32]),
            attesters: (0..validators).map(place).collect(),
            proposer_dependent_root: Root([3; 32]),
            proposers: vec![],
            sync_members: vec![],
            validators: BTreeMap::new(),
        };
        for node in 0..NODES.into() {
            cluster.queue.push_back((node, Input::Resolved(duties.clone())));
        }
        cluster.settle();
        cluster.now = Time(spec.slot_start_ns(SLOT) + 1);
        cluster
    }

    /// The head arrives at all nodes, the clients ask, and everything that follows.
    fn run(&mut self) -> usize {
        let head = Head {
            slot: SLOT,
            root: Root([4; 32]),
            previous_dependent_root: Root([3; 32]),
            current_dependent_root: Root([5; 32]),
        };
        for node in 0..NODES.into() {
            self.queue.push_back((node, Input::Head(head)));
            let question = Question::AttestationData { slot: SLOT, committee: CommitteeIndex(0) };
            let request = self.request();
            self.queue.push_back((node, Input::Ask { request, question }));
        }
        self.settle();
        assert_eq!(self.done, usize::from(NODES), "all four came to the end");
        self.done
    }

    fn request(&mut self) -> RequestId {
        self.requests += 1;
        RequestId(self.requests)
    }

    fn settle(&mut self) {
        let mut outputs = Vec::new();
        while let Some((node, input)) = self.queue.pop_front() {
            self.engines[node].step(self.now, input, &mut outputs);
            black_box(self.engines[node].deadline(self.now));
            for output in outputs.drain(..) {
                self.carry_out(node, output);
            }
        }
    }

    fn carry_out(&mut self, node: usize, output: Output) {
        let input = match output {
            Output::Fetch { duty, .. } => Input::Fetched { duty, value: self.value.clone() },
            Output::Send { to: To::All, duty, draft, values } => {
                let message = draft.signed(PeerIndex(node as u8), Arc::from([]));
                let message = ConsensusMessage { duty, message, values };
                for peer in (0..usize::from(NODES)).filter(|peer| *peer != node) {
                    self.queue.push_back((peer, Input::Consensus(message.clone())));
                }
                self.queue.push_front((node, Input::Consensus(message)));
                return;
            }
            Output::SendPartials { to: To::All, set } => return self.exchange(node, &set),
            Output::Consult { duty, value, request } => {
                black_box(self.ledgers[node].check(&request));
                Input::Consulted { duty, value, refused: vec![] }
            }
            Output::Permit { .. } if self.until == Until::Decided => {
                self.done += 1;
                return;
            }
            Output::Permit { duty, request } => {
                Input::Permitted { duty, permit: self.ledgers[node].permit(request) }
            }
            Output::Answer { answer: Answer::AttestationData(data), .. } => {
                let request = self.request();
                Input::Submit { request, submission: self.sign(data) }
            }
            Output::Verify { job, items } => Input::Verified { job, good: vec![true; items.len()] },
            Output::Combine { job, items } => {
                let signature = Some(SignatureBytes([1; 96]));
                let outcome = Combination { signature, culprits: vec![] };
                Input::Combined { job, outcomes: vec![outcome; items.len()] }
            }
            Output::Publish { duty, seats, .. } => {
                self.done += 1;
                Input::Published { duty, seats, accepted: true }
            }
            _ => return,
        };
        self.queue.push_back((node, input));
    }

    fn exchange(&mut self, node: usize, set: &PartialSet) {
        let share = ShareIndex::new(node as u8 + 1);
        assert!(set.partials.values().all(|partial| Some(partial.share) == share));
        for peer in (0..usize::from(NODES)).filter(|peer| *peer != node) {
            self.queue.push_back((peer, Input::Partials { from: PeerIndex(node as u8), set: set.clone() }));
        }
    }

    fn sign(&self, data: AttestationData) -> Submission {
        let Content::Attester(set) = &self.value.content else { unreachable!("it is an attester's") };
        let attest = |datum: &AttesterDatum| SingleAttestation {
            committee_index: datum.duty.committee_index,
            attester_index: datum.duty.validator_index,
            data,
            signature: SignatureBytes([1; 96]),
        };
        Submission::Attestations(set.values().map(attest).collect())
    }
}

fn attester_duty(criterion: &mut Criterion) {
    for (name, until) in [("decision", Until::Decided), ("slot", Until::Published)] {
        let mut group = criterion.benchmark_group(name);
        for validators in [31, 313] {
            group.bench_function(BenchmarkId::from_parameter(validators), |bencher| {
                bencher.iter_batched_ref(
                    || Cluster::new(validators, until),
                    Cluster::run,
                    BatchSize::PerIteration,
                );
            });
        }
        group.finish();
    }
}

criterion_group!(benches, attester_duty);
criterion_main!(benches);
