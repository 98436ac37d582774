//! Selections, sync committee messages and exits on the wire.

use duty::{DutyKind, Signed};
use eth::{
    Epoch, Root, SignatureBytes, Slot, SubcommitteeIndex, SyncAggregatorSelectionData, ValidatorIndex,
    VoluntaryExit,
};
use net::wire::{Codec, Reject};

use crate::cluster::keys;
use crate::samples::spec;
use crate::wire_partials::{SIGNATURE, only, set_of, single};

/// What is written for `signed` is exactly `data` in its set, and is read again.
fn written_and_read(kind: DutyKind, signed: Signed, data: &[u8]) -> Signed {
    let codec = Codec::new(keys(4), std::sync::Arc::new(spec()));
    assert_eq!(codec.encode_partials(&single(kind, signed)), set_of(kind.number(), data));
    read(kind, data)
}

fn read(kind: DutyKind, data: &[u8]) -> Signed {
    let partial = only(&set_of(kind.number(), data)).expect("a sound partial signature");
    assert_eq!(partial.signature, SIGNATURE);
    partial.signed
}

fn refused(kind: DutyKind, data: &[u8]) -> Reject {
    only(&set_of(kind.number(), data)).expect_err("no partial signature")
}

/// No part of sound data is sound, nor is sound data with something behind it. As many bytes as the kind's SSZ has are
/// always SSZ, whose signature is nobody's.
fn refused_in_parts(kind: DutyKind, data: &[u8]) {
    let ssz = match kind {
        DutyKind::Exit => 112,
        DutyKind::SyncMessage => 144,
        _ => usize::MAX,
    };
    for length in (0..data.len()).filter(|length| *length != ssz) {
        refused(kind, &data[..length]);
    }
    refused(kind, &[data, b"x"].concat());
    refused(kind, &[data, &[0]].concat());
}

fn committee_selection() -> String {
    format!(r#"{{"validator_index":"77","slot":"33","selection_proof":"{SIGNATURE}"}}"#)
}

#[test]
fn committee_selections_are_json() {
    let kind = DutyKind::PrepareAggregator;
    let sent = Signed::CommitteeSelection { slot: Slot(33), validator: ValidatorIndex(77) };
    let json = committee_selection();
    for received in [
        written_and_read(kind, sent, json.as_bytes()),
        read(kind, format!(" {{\"new\":[],{}\n", &json[1..]).as_bytes()),
    ] {
        assert!(matches!(
            received,
            Signed::CommitteeSelection { slot: Slot(33), validator: ValidatorIndex(77) }
        ));
    }
    refused_in_parts(kind, json.as_bytes());
    assert_eq!(refused(kind, &[0; 112]), Reject::Malformed("committee selection"));
    for wrong in [r#"{"slot":"33"}"#, "{}", "[]", "null"] {
        refused(kind, wrong.as_bytes());
    }
    refused(kind, json.replace("\"33\"", "\"-1\"").as_bytes());
    refused(kind, json.replace("\"33\"", "\"18446744073709551616\"").as_bytes());
    refused(kind, json.replace("0808\"", "08\"").as_bytes());
}

fn sync_selection(subcommittee: u64) -> String {
    format!(
        r#"{{"validator_index":"77","slot":"33","subcommittee_index":"{subcommittee}","selection_proof":"{SIGNATURE}"}}"#
    )
}

#[test]
fn sync_selections_are_json() {
    let kind = DutyKind::PrepareSyncContribution;
    for subcommittee in 0..4 {
        let data = SyncAggregatorSelectionData {
            slot: Slot(33),
            subcommittee_index: SubcommitteeIndex(subcommittee),
        };
        let sent = Signed::SyncSelection { data, validator: ValidatorIndex(77) };
        let received = written_and_read(kind, sent, sync_selection(subcommittee).as_bytes());
        assert!(matches!(
            received,
            Signed::SyncSelection { data: received, validator: ValidatorIndex(77) } if received == data
        ));
    }
    refused_in_parts(kind, sync_selection(0).as_bytes());
    assert_eq!(refused(kind, &[0; 120]), Reject::Malformed("sync selection"));
    refused(kind, committee_selection().as_bytes());
}

#[test]
fn subcommittees_that_cannot_be_are_refused() {
    for beyond in [4, u64::MAX] {
        let refused = refused(DutyKind::PrepareSyncContribution, sync_selection(beyond).as_bytes());
        assert_eq!(refused.to_string(), "the index of a sync subcommittee does not fit the minimal preset");
    }
}

/// SSZ of a sync committee message, which begins with its slot.
fn sync_message(slot: u64) -> Vec<u8> {
    [&slot.to_le_bytes()[..], &[1; 32], &77u64.to_le_bytes(), SIGNATURE.as_bytes()].concat()
}

#[test]
fn sync_messages_are_144_bytes_of_ssz_whatever_they_begin_with() {
    let kind = DutyKind::SyncMessage;
    let beginnings =
        [33, u64::from(b'{'), u64::from(b'['), u64::from(b' '), u64::from_le_bytes(*b" \n{\"slot")];
    for number in beginnings {
        let (slot, block, validator) = (Slot(number), Root([1; 32]), ValidatorIndex(77));
        let sent = Signed::SyncMessage { slot, block, validator };
        let ssz = sync_message(number);
        assert_eq!(ssz.len(), 144);
        let received = written_and_read(kind, sent, &ssz);
        assert!(matches!(
            received,
            Signed::SyncMessage { slot: Slot(slot), block: Root(block), validator: ValidatorIndex(77) }
                if slot == number && block == [1; 32]
        ));
        refused_in_parts(kind, &ssz);
    }
}

#[test]
fn sync_messages_may_be_json() {
    let block = Root([1; 32]);
    let json = format!(
        r#"{{"slot":"33","beacon_block_root":"{block}","validator_index":"77","signature":"{SIGNATURE}"}}"#
    );
    let received = read(DutyKind::SyncMessage, json.as_bytes());
    assert!(matches!(
        received,
        Signed::SyncMessage { slot: Slot(33), validator: ValidatorIndex(77), block: received } if received == block
    ));
    refused_in_parts(DutyKind::SyncMessage, json.as_bytes());
}

fn exit() -> String {
    format!(r#"{{"message":{{"epoch":"4","validator_index":"77"}},"signature":"{SIGNATURE}"}}"#)
}

#[test]
fn exits_are_written_as_json_and_read_as_ssz_too() {
    let kind = DutyKind::Exit;
    let exit_of_77 = VoluntaryExit { epoch: Epoch(4), validator_index: ValidatorIndex(77) };
    let ssz = [&4u64.to_le_bytes()[..], &77u64.to_le_bytes(), SIGNATURE.as_bytes()].concat();
    assert_eq!(ssz.len(), 112);
    for received in [written_and_read(kind, Signed::Exit(exit_of_77), exit().as_bytes()), read(kind, &ssz)] {
        assert!(matches!(received, Signed::Exit(exit) if exit == exit_of_77));
    }
    refused_in_parts(kind, exit().as_bytes());
    refused_in_parts(kind, &ssz);
}

#[test]
fn one_kind_is_not_read_as_another() {
    let selections = [DutyKind::PrepareAggregator, DutyKind::PrepareSyncContribution];
    let others = [DutyKind::Exit, DutyKind::SyncMessage, DutyKind::Randao, DutyKind::SyncContribution];
    for kind in others {
        refused(kind, committee_selection().as_bytes());
        refused(kind, sync_selection(1).as_bytes());
    }
    for kind in selections {
        refused(kind, exit().as_bytes());
        refused(kind, &sync_message(33));
    }
}

#[test]
fn a_signature_of_zeros_is_for_the_verifier_to_refuse() {
    let zeros = SignatureBytes([0; 96]);
    let ssz = [&4u64.to_le_bytes()[..], &77u64.to_le_bytes(), zeros.as_bytes()].concat();
    assert_eq!(only(&set_of(4, &ssz)).expect("decodes").signature, zeros);
}
