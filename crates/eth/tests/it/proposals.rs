//! Proposals as other rooms use them.

use eth::containers::{mainnet, minimal};
use eth::{Address, DecodeError, Fork, Graffiti, Preset, Proposal, SignatureBytes, SignedProposal, Slot};
use eth::{Container, ValidatorIndex};
use serde_json::{Value, json};

use crate::vectors::{FORMS, named};

#[test]
fn a_blinded_block_has_the_root_of_the_full_one() {
    let contents =
        mainnet::fulu::BlockContents::from_ssz(&named(Preset::Mainnet, "fulu.BlockContents").ssz())
            .expect("the vector is sound");
    let full = Proposal::new(Fork::Fulu, &contents).expect("Fulu is built in");
    let blinded = Proposal::new(Fork::Fulu, &contents.block.blind()).expect("Fulu is built in");
    assert!(blinded.blinded() && !full.blinded());
    assert_eq!(blinded.block_root(), full.block_root());
    assert_eq!(blinded.block_root(), contents.block.root());
    assert_eq!(blinded.header(), full.header());
}

#[test]
fn a_proposal_shows_the_fields_of_its_block() {
    let mut contents = minimal::fulu::BlockContents::default();
    contents.block.slot = Slot(7);
    contents.block.proposer_index = ValidatorIndex(3);
    contents.block.parent_root.0[0] = 4;
    contents.block.body.randao_reveal.0[0] = 5;
    contents.block.body.graffiti = Graffiti([6; 32]);
    contents.block.body.execution_payload.fee_recipient = Address([9; 20]);
    let proposal = Proposal::new(Fork::Fulu, &contents).expect("Fulu is built in");
    assert_eq!(proposal.preset(), Preset::Minimal);
    assert_eq!(proposal.fork(), Fork::Fulu);
    assert_eq!(proposal.slot(), Slot(7));
    assert_eq!(proposal.proposer_index(), ValidatorIndex(3));
    assert_eq!(proposal.parent_root(), contents.block.parent_root);
    assert_eq!(proposal.randao_reveal(), contents.block.body.randao_reveal);
    assert_eq!(proposal.graffiti(), Graffiti([6; 32]));
    assert_eq!(proposal.fee_recipient(), Address([9; 20]));
    assert_eq!(proposal.block_root(), contents.block.root());
    assert_eq!(proposal.to_ssz(), contents.to_ssz());
}

#[test]
fn blobs_survive_signing_and_json() {
    let mut contents = minimal::fulu::BlockContents::default();
    contents.blobs.push(vec![0x5A; 131_072].try_into().expect("a blob's length")).expect("room for a blob");
    for _ in 0..128 {
        contents.kzg_proofs.push(eth::KzgProof([0xC0; 48])).expect("room for a proof");
    }
    let proposal = Proposal::new(Fork::Fulu, &contents).expect("Fulu is built in");
    let signed = proposal.clone().sign(SignatureBytes([1; 96]));

    let published =
        minimal::fulu::SignedBlockContents::from_ssz(&signed.to_ssz()).expect("sound block contents");
    assert_eq!(published.signed_block.message, contents.block);
    assert_eq!(published.signed_block.signature, SignatureBytes([1; 96]));
    assert_eq!((published.kzg_proofs, published.blobs), (contents.kzg_proofs, contents.blobs));

    let again = SignedProposal::from_json(Preset::Minimal, Fork::Fulu, false, &signed.to_json());
    assert_eq!(again.as_ref(), Ok(&signed));
    assert_eq!(again.expect("just compared").proposal(), &proposal);
}

#[test]
fn a_known_proposal_is_recognised_when_signed_and_no_other_is() {
    for (fork, blinded, unsigned, signed) in FORMS {
        let known =
            Proposal::from_ssz(Preset::Mainnet, fork, blinded, &named(Preset::Mainnet, unsigned).ssz())
                .expect("the vector is sound");
        let ours = known.clone().sign(SignatureBytes([8; 96]));
        assert_eq!(known.recognise_signed(&ours.to_ssz()), Some(ours));
        assert_eq!(known.recognise_signed(&named(Preset::Mainnet, signed).ssz()), None, "another block");
        assert_eq!(known.recognise_signed(known.to_ssz()), None, "not signed");
    }
}

#[test]
fn forks_that_are_not_built_in_are_refused_by_name() {
    let older = [Fork::Phase0, Fork::Altair, Fork::Bellatrix, Fork::Capella, Fork::Deneb];
    for fork in older.into_iter().chain([Fork::Gloas]) {
        for blinded in [false, true] {
            let refused = DecodeError::UnsupportedFork { fork };
            assert!(refused.to_string().contains(fork.name()));
            assert_eq!(fork.supported(), Err(refused.clone()));
            assert_eq!(Proposal::from_ssz(Preset::Mainnet, fork, blinded, &[]), Err(refused.clone()));
            assert_eq!(Proposal::from_json(Preset::Mainnet, fork, blinded, b"{}"), Err(refused.clone()));
            assert_eq!(SignedProposal::from_ssz(Preset::Mainnet, fork, blinded, &[]), Err(refused.clone()));
            assert_eq!(SignedProposal::from_json(Preset::Mainnet, fork, blinded, b"{}"), Err(refused));
        }
    }
    assert_eq!([Fork::Electra, Fork::Fulu].map(Fork::supported), [Ok(Fork::Electra), Ok(Fork::Fulu)]);
    let electra_contents = mainnet::electra::BlockContents::default();
    assert!(Proposal::new(Fork::Fulu, &electra_contents).is_err());
}

#[test]
fn a_block_of_the_other_preset_is_no_block() {
    for (fork, blinded, unsigned, _) in FORMS {
        let ssz = named(Preset::Mainnet, unsigned).ssz();
        assert!(Proposal::from_ssz(Preset::Minimal, fork, blinded, &ssz).is_err(), "{unsigned}");
    }
}

#[test]
fn json_of_other_clients_is_read_as_it_comes() {
    let contents = minimal::fulu::BlockContents::default();
    let mut json: Value = serde_json::to_value(&contents).expect("containers are writable");
    json["block"]["body"]["execution_payload"]["fee_recipient"] =
        json!("0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359");
    json["block"]["body"]["execution_payload"]["base_fee_per_gas"] =
        json!("340282366920938463463374607431768211456");
    json["block"]["a_field_of_tomorrow"] = json!([1, 2, 3]);
    let text = json.to_string();
    let proposal =
        Proposal::from_json(Preset::Minimal, Fork::Fulu, false, text.as_bytes()).expect("lenient reading");
    assert_eq!(proposal.fee_recipient().to_string(), "0xfb6916095ca1df60bb79ce92ce3ea74c37c5d359");
    let payload = minimal::fulu::BlockContents::from_ssz(proposal.to_ssz())
        .expect("sound block contents")
        .block
        .body
        .execution_payload;
    assert_eq!(payload.base_fee_per_gas.to_string(), "340282366920938463463374607431768211456");
}

#[test]
fn json_beyond_the_limits_is_refused() {
    let contents =
        serde_json::to_value(minimal::fulu::BlockContents::default()).expect("containers are writable");
    let too_long = "0x".to_owned() + &"00".repeat(33);
    let one_withdrawal = json!({"index": "0", "validator_index": "0", "amount": "0",
        "address": "0x0000000000000000000000000000000000000000"});
    let wrong = [
        ("/block/body/execution_payload/extra_data", json!(too_long)),
        ("/block/body/execution_payload/withdrawals", json!(vec![one_withdrawal; 5])),
        ("/block/body/sync_aggregate/sync_committee_bits", json!("0x0000000000")),
        ("/block/body/graffiti", json!("0x00")),
        ("/block/slot", json!("-1")),
        ("/block/slot", json!(null)),
    ];
    for (path, value) in wrong {
        let mut json = contents.clone();
        *json.pointer_mut(path).expect("the field exists") = value;
        let refused = Proposal::from_json(Preset::Minimal, Fork::Fulu, false, json.to_string().as_bytes());
        assert!(matches!(refused, Err(DecodeError::Json { .. })), "{path}");
    }
}
