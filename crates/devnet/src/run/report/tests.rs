//! What a report says, and when it is clean.

use eth::{Epoch, ValidatorIndex};

use super::super::record::{BlockRecord, Due, Record};
use super::*;
use crate::chain::{ChainConfig, Counts};

fn due(kind: DutyKind, included: Option<bool>) -> Due {
    let (validator, arrived_ns) = (Some(ValidatorIndex(1)), Some(50_000_000));
    Due { kind, validator, begin_ns: Some(0), arrived_ns, included }
}

fn record() -> Record {
    Record {
        due: vec![
            due(DutyKind::Proposer, Some(true)),
            due(DutyKind::Attester, Some(true)),
            due(DutyKind::Aggregator, None),
            due(DutyKind::SyncMessage, None),
            Due { begin_ns: None, ..due(DutyKind::Exit, Some(true)) },
        ],
        block: Some(BlockRecord { blinded: false, blobs: 2, fees_right: true }),
        sync_bits: Some(Share { part: 32, whole: 32 }),
        right_heads: Some(Share { part: 1, whole: 1 }),
        is_timed: true,
    }
}

fn report(record: &Record) -> Report {
    let spec = ChainConfig::interop(eth::Preset::Minimal, 2000, 0, 4).spec();
    let mut tally = Tally::default();
    tally.add(Slot(3), record, &spec);
    Report {
        interrupted: false,
        nodes: 4,
        validators: 4,
        builder: false,
        slot_ms: 2000,
        first: Slot(3),
        tally,
        missed: Vec::new(),
        blind_spot: None,
        standing: Standing { head: Slot(3), justified: Epoch(0), finalized: Epoch(0) },
        disagreements: Vec::new(),
        heads_that_differ: Vec::new(),
        mishaps: Vec::new(),
        stalls: Vec::new(),
        directory: None,
        judged: Some(Judged { counts: Counts::default(), rejections: Vec::new() }),
        decisions: Decisions::default(),
    }
}

#[test]
fn each_kind_of_duty_has_its_row() {
    let report = report(&record());
    assert_eq!(
        report.to_string(),
        "4 nodes, 4 validators, slots 3 to 3 of 2000 ms\n\
         \n\
         duty           expected     done   missed     late   included   end to end p50      p99\n\
         proposals             1        1        0        0          1            50 ms    50 ms\n\
         attestations          1        1        0        0          1            50 ms    50 ms\n\
         aggregates            1        1        0        0          -            50 ms    50 ms\n\
         sync messages         1        1        0        0          -            50 ms    50 ms\n\
         exits                 1        1        0        0          1                -        -\n\
         \n\
         chain              head 3, justified epoch 0, finalized epoch 0\n\
         blocks             1 full, 0 blinded; 2 blobs; 1 of 1 pay the cluster's fee recipient\n\
         heads              1 of 1 attestations for the right one\n\
         sync aggregates    32 of 32 signatures in blocks; clients' heads differed in 0 slots\n\
         signatures         0 checked, 0 wrong; 0 duplicates\n\
         refused            0 messages\n\
         slashable          0\n\
         clean: nothing missed, nothing wrong"
    );
    assert!(report.is_clean());
}

#[test]
fn whatever_is_missing_makes_a_run_unclean() {
    let spoiled = |spoil: &dyn Fn(&mut Record)| {
        let mut record = record();
        spoil(&mut record);
        report(&record)
    };
    for kind in 0..record().due.len() {
        assert!(!spoiled(&|record| record.due[kind].arrived_ns = None).is_clean());
    }
    assert!(!spoiled(&|record| record.due[1].included = Some(false)).is_clean(), "not included");
    assert!(!spoiled(&|record| record.sync_bits = Some(Share { part: 31, whole: 32 })).is_clean());
    let block = |blinded, fees_right| {
        spoiled(&|record| record.block = Some(BlockRecord { blinded, blobs: 0, fees_right }))
    };
    assert!(!block(false, false).is_clean(), "the fees go elsewhere");
    assert!(!block(true, true).is_clean(), "a builder that nobody asked for");
    assert!(Report { builder: true, ..block(true, true) }.is_clean());
    assert!(!Report { builder: true, ..block(false, true) }.is_clean(), "the builder was never used");
    let missed = Report {
        missed: vec!["slot 3: attester of validator 1: undecided (node 0)".to_owned()],
        ..spoiled(&|record| record.due[1].arrived_ns = None)
    };
    assert!(missed.to_string().contains("\n! slot 3: attester of validator 1: undecided (node 0)\n"));
    assert!(missed.to_string().ends_with("NOT CLEAN"));
}
