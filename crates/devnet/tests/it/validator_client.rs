//! The embedded client against the embedded chain, with whole keys: what a cluster has to be as good as.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use devnet::chain::{Chain, ChainConfig, Event};
use devnet::interop_key;
use devnet::vc::{Agreement, ValidatorClient, ValidatorClientConfig};
use eth::{Epoch, Preset, Slot};

const VALIDATORS: u64 = 16;
const SLOT_MS: u64 = 250;

async fn chain() -> Chain {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    Chain::start(ChainConfig::interop(Preset::Minimal, SLOT_MS, now + 2, VALIDATORS))
        .await
        .expect("a free port")
}

fn client(chain: &Chain, validators: std::ops::Range<u64>, agreement: &Arc<Agreement>) -> ValidatorClient {
    ValidatorClient::start(ValidatorClientConfig {
        node: chain.url(),
        shares: validators.map(interop_key).collect(),
        distributed: false,
        builder: false,
        fee_recipient: eth::Address([0xFE; 20]),
        agreement: Arc::clone(agreement),
    })
}

/// Waits for an event, at most half a minute.
async fn wait_for(chain: &Chain, wanted: impl Fn(&Event) -> bool) {
    let mut events = chain.subscribe();
    let search = async { while !wanted(&events.recv().await.expect("the chain goes on")) {} };
    let found = tokio::time::timeout(Duration::from_secs(30), search).await;
    let truth = chain.truth();
    let rejections: Vec<&str> = truth.rejections().collect();
    assert!(found.is_ok(), "it did not happen in time: {:?}, {rejections:?}", chain.standing());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_with_whole_keys_finalizes_the_chain() {
    let chain = chain().await;
    let agreement = Arc::new(Agreement::default());
    let client = client(&chain, 0..VALIDATORS, &agreement);
    wait_for(
        &chain,
        |event| matches!(event, Event::Finalized { checkpoint, .. } if checkpoint.epoch >= Epoch(2)),
    )
    .await;
    assert!(client.is_ready());
    client.stop().await;
    let truth = chain.truth();
    assert_eq!(truth.counts().rejected, 0, "{:?}", truth.rejections().collect::<Vec<_>>());
    assert_eq!(truth.counts().signatures_wrong, 0);
    assert_eq!(agreement.disagreements(), []);
    for slot in (1..=31).map(Slot) {
        assert_eq!(
            truth.proposal(slot).map(|proposed| proposed.proposer),
            Some(chain.proposer(slot)),
            "slot {slot}"
        );
        assert!(
            chain.attesters(slot).into_iter().all(|attester| truth.attestation(slot, attester).is_some())
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_clients_with_the_same_keys_send_the_same_and_slash_nobody() {
    let chain = chain().await;
    let agreement = Arc::new(Agreement::default());
    let clients = [client(&chain, 0..4, &agreement), client(&chain, 0..4, &agreement)];
    wait_for(&chain, |event| matches!(event, Event::Head { slot, .. } if *slot >= Slot(6))).await;
    for client in clients {
        client.stop().await;
    }
    let counts = chain.truth().counts();
    assert!(counts.duplicates > 0, "both attested");
    assert_eq!(counts.signatures_wrong, 0);
    assert_eq!(counts.slashable, 0, "{:?}", chain.truth().rejections().collect::<Vec<_>>());
}
