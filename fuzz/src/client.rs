//! What beacon nodes answer.

use std::cell::LazyCell;

use beacon::api::{BLOCK_VALUE, CONSENSUS_VERSION, PAYLOAD_BLINDED, PAYLOAD_VALUE};
use beacon::fuzzing::{self, Canned};
use beacon::{Client, ClientConfig};
use bytes::Bytes;
use eth::{
    CommitteeIndex, Epoch, Preset, PublicKeyBytes, Root, SignatureBytes, Slot, SubcommitteeIndex,
    ValidatorIndex,
};
use prometheus_client::registry::Registry;
use tokio::runtime::{Builder, Runtime};

use crate::chain::Choices;
use crate::samples::{aggregate, contribution, proposal};

const SLOT: Slot = Slot(9);
const SSZ: &str = "application/octet-stream";
const JSON: &str = "application/json";

thread_local! {
    static RUNTIME: LazyCell<Runtime> = LazyCell::new(|| {
        Builder::new_current_thread().enable_all().build().expect("a runtime needs nothing")
    });
}

thread_local! {
    static CLIENT: LazyCell<Client> = LazyCell::new(client);
}

/// Runs something on this thread's runtime.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.with(|runtime| runtime.block_on(future))
}

/// A client of one endpoint that is never connected to.
pub(crate) fn client() -> Client {
    let endpoints = vec!["http://127.0.0.1:1".parse().expect("a URL")];
    Client::new(ClientConfig { endpoints, ..ClientConfig::default() }, &mut Registry::default())
        .expect("the configuration is good")
}

/// Which question, in which words the answer is given, and the answer.
pub(crate) fn answer(bytes: &[u8]) {
    let mut choices = Choices(bytes);
    let question = choices.byte() % QUESTIONS;
    let headers = vec![
        ("content-type", choices.of(&[JSON, SSZ, "text/html", "application/json; charset=utf-8"]).to_owned()),
        (CONSENSUS_VERSION, choices.of(&["fulu", "electra", "gloas", "phase0", "x"]).to_owned()),
        (PAYLOAD_BLINDED, choices.of(&["false", "true", "TRUE", "1"]).to_owned()),
        (
            PAYLOAD_VALUE,
            choices.of(&["12345678901234567890", "-1", "340282366920938463463374607431768211456"]).to_owned(),
        ),
        (BLOCK_VALUE, "1".to_owned()),
    ];
    let body = Bytes::copy_from_slice(choices.0);
    fuzzing::answer_everything_with(Canned { headers, body, is_known: question != 0 });
    block_on(ask(question));
}

const QUESTIONS: u8 = 17;

async fn ask(question: u8) {
    // One that learned the genesis from these bytes is of no further use.
    let client = if question == 0 { client() } else { CLIENT.with(|client| (**client).clone()) };
    let (preset, root, one) = (Preset::Minimal, Root([1; 32]), ValidatorIndex(1));
    match question {
        0 => drop(client.genesis().await),
        1 => drop(client.spec().await),
        2 => drop(client.syncing().await),
        3 => drop(client.version().await),
        4 => drop(client.peer_count().await),
        5 => drop(client.block_header(root).await),
        6 => drop(client.head().await),
        7 => drop(client.head_root().await),
        8 => drop(client.attester_duties(Epoch(1), &[one]).await),
        9 => drop(client.proposer_duties(Epoch(1)).await),
        10 => drop(client.sync_duties(Epoch(1), &[one]).await),
        11 => drop(client.attestation_data(SLOT, CommitteeIndex(0)).await),
        12 => drop(client.aggregate(preset, SLOT, root, CommitteeIndex(2)).await),
        13 => drop(client.contribution(preset, SLOT, SubcommitteeIndex(1), root).await),
        14 => drop(client.validators_by_pubkey(&[PublicKeyBytes([1; 48])]).await),
        15 => drop(client.submit_attestations(eth::Fork::Fulu, &[]).await),
        _ => {
            let produced = client.produce_block(preset, SLOT, SignatureBytes([1; 96]), None, 100).await;
            let Ok(produced) = produced else { return };
            let proposal = produced.proposal;
            let again =
                eth::Proposal::from_json(preset, proposal.fork(), proposal.blinded(), &proposal.to_json());
            let again = again.expect("what was read is written and read again");
            assert_eq!(again.to_ssz(), proposal.to_ssz());
            assert_eq!(again.block_root(), proposal.block_root());
        }
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let head = |question: u8, ssz: u8, blinded: u8| vec![question, ssz, 0, blinded, 0];
    let json = |question: u8, text: &str| [head(question, 0, 0), text.as_bytes().to_vec()].concat();
    let root = Root([1; 32]);
    let mut seeds = vec![
        json(
            0,
            r#"{"data":{"genesis_time":"1700000000","genesis_validators_root":"0x0707070707070707070707070707070707070707070707070707070707070707","genesis_fork_version":"0x00000001"}}"#,
        ),
        json(
            1,
            r#"{"data":{"PRESET_BASE":"minimal","SECONDS_PER_SLOT":"12","SLOTS_PER_EPOCH":"8","GENESIS_FORK_VERSION":"0x00000001","ALTAIR_FORK_EPOCH":"0","FULU_FORK_EPOCH":"0","FULU_FORK_VERSION":"0x07000001","BLOB_SCHEDULE":[{"EPOCH":"0","MAX_BLOBS_PER_BLOCK":"9"}]}}"#,
        ),
        json(
            2,
            r#"{"data":{"head_slot":"9","sync_distance":"0","is_syncing":false,"is_optimistic":false,"el_offline":false}}"#,
        ),
        json(3, r#"{"data":{"version":"Lighthouse/v8.0.0"}}"#),
        json(4, r#"{"data":{"connected":"50","connecting":"0","disconnected":"3","disconnecting":"0"}}"#),
        json(7, &format!(r#"{{"data":{{"root":"{root}"}}}}"#)),
        json(9, &format!(r#"{{"dependent_root":"{root}","execution_optimistic":false,"data":[]}}"#)),
        json(10, r#"{"execution_optimistic":false,"data":[]}"#),
        json(14, r#"{"data":[]}"#),
    ];
    let header = format!(
        r#"{{"data":{{"root":"{root}","canonical":true,"header":{{"message":{{"slot":"9","proposer_index":"1","parent_root":"{root}","state_root":"{root}","body_root":"{root}"}},"signature":"{}"}}}}}}"#,
        SignatureBytes([1; 96])
    );
    seeds.extend([json(5, &header), json(6, &header)]);
    let duty = serde_json::to_string(&crate::samples::attester_duty(9, 1)).expect("our own types are JSON");
    seeds.push(json(
        8,
        &format!(r#"{{"dependent_root":"{root}","execution_optimistic":false,"data":[{duty}]}}"#),
    ));
    let vote = serde_json::to_string(&crate::samples::vote(9)).expect("our own types are JSON");
    seeds.push(json(11, &format!(r#"{{"data":{vote}}}"#)));
    let aggregate = serde_json::to_string(&aggregate(9)).expect("our own types are JSON");
    seeds.push(json(12, &format!(r#"{{"version":"fulu","data":{aggregate}}}"#)));
    let contribution = serde_json::to_string(&contribution(9)).expect("our own types are JSON");
    seeds.push(json(13, &format!(r#"{{"data":{contribution}}}"#)));
    for (number, blinded) in [(0, false), (1, true)] {
        let block = proposal(9, blinded);
        seeds.push([head(16, 1, number), block.to_ssz().to_vec()].concat());
        let data = String::from_utf8(block.to_json()).expect("JSON is text");
        seeds.push(json(
            16,
            &format!(
                r#"{{"version":"fulu","execution_payload_blinded":{blinded},"execution_payload_value":"12","consensus_block_value":"1","data":{data}}}"#
            ),
        ));
    }
    seeds
}

/// Where the stream is cut, and the stream.
pub(crate) fn events(bytes: &[u8]) {
    let mut choices = Choices(bytes);
    let cut = usize::from(choices.byte());
    fuzzing::events(choices.0, cut);
}

pub(crate) fn event_seeds() -> Vec<Vec<u8>> {
    let head = b"\x10event: head\ndata: {\"slot\":\"10\",\"block\":\"0x9a\",\"epoch_transition\":false}\n\n";
    vec![head.to_vec(), b"\x05:hello\r\nevent:block\r\ndata: 1\r\ndata:2\r\n\r\nid: 7\nretry: 3\n\n".to_vec()]
}
