//! Selection proofs as they travel between validator client and middleware.

use std::fmt::Debug;

use eth::{
    BeaconCommitteeSelection, Container, SignatureBytes, Slot, SubcommitteeIndex, SyncCommitteeSelection,
    ValidatorIndex,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

#[test]
fn a_committee_selection_has_the_beacon_apis_form() {
    let selection = BeaconCommitteeSelection {
        validator_index: ValidatorIndex(1),
        slot: Slot(2),
        selection_proof: SignatureBytes([0xab; 96]),
    };
    let proof = "ab".repeat(96);
    has_the_form(
        &selection,
        &format!(r#"{{"validator_index":"1","slot":"2","selection_proof":"0x{proof}"}}"#),
        &format!("01000000000000000200000000000000{proof}"),
    );
}

#[test]
fn a_sync_committee_selection_has_the_beacon_apis_form() {
    let selection = SyncCommitteeSelection {
        validator_index: ValidatorIndex(1),
        slot: Slot(2),
        subcommittee_index: SubcommitteeIndex(3),
        selection_proof: SignatureBytes([0xab; 96]),
    };
    let proof = "ab".repeat(96);
    has_the_form(
        &selection,
        &format!(
            r#"{{"validator_index":"1","slot":"2","subcommittee_index":"3","selection_proof":"0x{proof}"}}"#
        ),
        &format!("010000000000000002000000000000000300000000000000{proof}"),
    );
}

#[test]
fn a_selection_without_its_proof_is_refused() {
    serde_json::from_str::<BeaconCommitteeSelection>(r#"{"validator_index":"1","slot":"2"}"#)
        .expect_err("nothing to combine");
    BeaconCommitteeSelection::from_ssz(&[0; 111]).expect_err("a byte is missing");
    SyncCommitteeSelection::from_ssz(&[0; 112]).expect_err("the other kind");
}

fn has_the_form<T>(selection: &T, json: &str, ssz: &str)
where
    T: Container + Serialize + DeserializeOwned + PartialEq + Debug,
{
    assert_eq!(serde_json::to_string(selection).expect("selections are writable"), json);
    assert_eq!(&serde_json::from_str::<T>(json).expect("the Beacon API's form"), selection);
    let ssz = const_hex::decode(ssz).expect("hex");
    assert_eq!(selection.to_ssz(), ssz);
    assert_eq!(T::from_ssz(&ssz).as_ref(), Ok(selection));
}
