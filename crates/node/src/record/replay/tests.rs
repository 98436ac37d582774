//! A recording made by the recorder itself, replayed.

use duty::{Question, RequestId};
use eth::{CommitteeIndex, Fork, Genesis, Preset, Slot, Version};

use super::*;
use crate::record::{About, Kept, Recorder};

fn spec() -> Arc<Spec> {
    let genesis = Genesis {
        genesis_time: 0,
        genesis_validators_root: Root([7; 32]),
        genesis_fork_version: Version([0x10, 0, 0x09, 0x10]),
    };
    Arc::new(Spec::local(Preset::Minimal, genesis, 12_000, Fork::Fulu))
}

fn lock() -> Lock {
    let hoodi = cluster::Network::from_name("hoodi").expect("hoodi is known");
    let fees = eth::Address([1; 20]);
    let options = cluster::create::Options::new(hoodi, 4, fees, fees);
    let mut next = 1_u8;
    let mut randomness = |bytes: &mut [u8]| {
        bytes.fill(next);
        next += 1;
    };
    cluster::create(&options, cluster::Secrets::New(1), &mut randomness).expect("a cluster").lock
}

/// Records these inputs of an engine's life that begins at 0, and returns the file.
async fn record(place: &Path, inputs: &[(i64, Input)]) -> PathBuf {
    let lock = lock();
    let peers =
        lock.operators().expect("operators").into_iter().map(|operator| operator.public_key).collect();
    let about = About {
        ledger: place.join("ledger"),
        minutes: 10,
        version: "1".to_owned(),
        me: PeerIndex(1),
        takes_builders: false,
        trusts_ledger: true,
        began: Time(0),
        spec: spec(),
        lock,
        peers,
    };
    let recorder = Recorder::start(about).expect("it records");
    for (at, input) in inputs {
        recorder.record(Time(*at), 0, Kept::of(input));
    }
    let directory = place.join(crate::record::DIRECTORY);
    let is_written = || {
        let file = recordings(&directory).ok()?.pop()?;
        let lines = std::fs::read_to_string(&file).ok()?.lines().count();
        (lines == inputs.len() + 1).then_some(file)
    };
    loop {
        if let Some(file) = is_written() {
            return file;
        }
        tokio::task::yield_now().await;
    }
}

fn inputs() -> Vec<(i64, Input)> {
    let ask = Input::Ask {
        request: RequestId(3),
        question: Question::AttestationData { slot: Slot(1), committee: CommitteeIndex(0) },
    };
    vec![
        (0, Input::Tick),
        (1_000, Input::Connected(PeerIndex(2))),
        (12_000_000_000, ask),
        (13_000_000_000, Input::FetchFailed { duty: Duty::new(Slot(1), duty::DutyKind::Attester) }),
        // The question's time has come.
        (36_000_000_000, Input::Tick),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_recorded_happens_again() {
    let place = tempfile::tempdir().expect("a directory");
    let file = record(place.path(), &inputs()).await;
    let mut shown = Vec::new();
    let mut answers = 0;
    replay(&file, |step| {
        shown.push((step.at.0, step.input.clone()));
        answers += step.outputs.iter().filter(|output| matches!(output, Output::Answer { .. })).count();
        assert_eq!(step.lost, 0);
    })
    .expect("a good recording");
    assert_eq!(shown.len(), 5);
    assert_eq!(shown[1], (1_000, "peer 2 is connected".to_owned()));
    assert!(shown[2].1.starts_with("the validator client asks (3): AttestationData"), "{shown:?}");
    assert_eq!(answers, 1, "the question ends in time, as it did");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_last_line_cut_off_is_no_error_and_a_damaged_one_is_named() {
    let place = tempfile::tempdir().expect("a directory");
    let file = record(place.path(), &inputs()).await;
    let whole = std::fs::read_to_string(&file).expect("readable");
    std::fs::write(&file, &whole[..whole.len() - 10]).expect("written");
    let mut steps = 0;
    replay(&file, |_| steps += 1).expect("the node was stopped");
    assert_eq!(steps, 4);
    std::fs::write(&file, whole.replacen("{\"at\":1000", "{\"at\":x", 1)).expect("written");
    let error = replay(&file, |_| {}).expect_err("damaged");
    assert!(error.to_string().contains("line 3"), "{error}");
    std::fs::write(&file, whole.replacen("\"format\":1", "\"format\":2", 1)).expect("written");
    let error = replay(&file, |_| {}).expect_err("another format");
    assert!(error.to_string().contains("format 2, this version reads 1"), "{error}");
    std::fs::write(&file, "{}\n").expect("written");
    assert!(replay(&file, |_| {}).expect_err("something else").to_string().contains("no recording"));
}

#[test]
fn a_permit_grants_and_refuses_as_it_did() {
    let item = |number: u8| slashing::Item {
        key: GroupKey(eth::PublicKeyBytes([number; 48])),
        what: slashing::Signable::Attestation { source: eth::Epoch(1), target: eth::Epoch(2) },
        signing_root: Root([number; 32]),
    };
    let duty = slashing::DutyId { slot: Slot(64), kind: slashing::Kind::Attestation };
    let request = Request { duty, items: vec![item(1), item(2), item(3)] };
    let permit = permit(Some(request), &[item(1).key, item(3).key], &spec()).expect("a permit");
    let granted: Vec<_> = permit.granted().iter().map(|item| item.key).collect();
    assert_eq!(granted, [item(1).key, item(3).key]);
    assert_eq!(permit.refused().len(), 1);
}
