//! The embedded client against the embedded chain, with whole keys: what a cluster has to be as good as.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use devnet::chain::{Chain, ChainConfig, Event, Scenario};
use devnet::interop_key;
use devnet::vc::{Agreement, ValidatorClient, ValidatorClientConfig};
use eth::{Address, Epoch, Preset, Slot, ValidatorIndex};
use serde_json::Value;
use url::Url;

use crate::middleware::Middleware;

const VALIDATORS: u64 = 16;
const SLOT_MS: u64 = 500;
const FEE_RECIPIENT: Address = Address([0xFE; 20]);

/// A chain that includes only what is aggregated.
async fn chain(scenario: Scenario) -> Chain {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let config = ChainConfig::interop(Preset::Minimal, SLOT_MS, now + 2, VALIDATORS);
    let scenario = Scenario { only_aggregates: true, ..scenario };
    Chain::start(ChainConfig { scenario, ..config }).await.expect("a free port")
}

fn config(node: Url, validators: std::ops::Range<u64>) -> ValidatorClientConfig {
    ValidatorClientConfig {
        node,
        shares: validators.map(interop_key).collect(),
        distributed: false,
        builder: false,
        fee_recipient: FEE_RECIPIENT,
        agreement: Arc::new(Agreement::default()),
    }
}

/// Waits for an event, at most a minute.
async fn wait_for(chain: &Chain, wanted: impl Fn(&Event) -> bool) {
    let mut events = chain.subscribe();
    let search = async { while !wanted(&events.recv().await.expect("the chain goes on")) {} };
    let found = tokio::time::timeout(Duration::from_secs(60), search).await;
    let truth = chain.truth();
    let rejections: Vec<&str> = truth.rejections().collect();
    assert!(found.is_ok(), "it did not happen in time: {:?}, {rejections:?}", chain.standing());
}

async fn wait_for_head(chain: &Chain, wanted: u64) {
    wait_for(chain, |event| matches!(event, Event::Head { slot, .. } if slot.0 >= wanted)).await;
}

/// Every duty of a slot has come, each as a beacon node wants it.
fn assert_all_done(chain: &Chain, slot: Slot) {
    let truth = chain.slot(slot);
    let proposal = truth.proposal.expect("a block");
    assert_eq!((proposal.proposer, proposal.fee_recipient), (chain.proposer(slot), FEE_RECIPIENT));
    assert!(!truth.attesters.is_empty() && !truth.sync_members.is_empty(), "slot {slot}");
    assert!(truth.attesters.iter().all(|attester| attester.attested.is_some()), "slot {slot}");
    assert!(truth.aggregates.iter().all(|aggregate| aggregate.aggregated.is_some()), "slot {slot}");
    assert!(truth.sync_members.iter().all(|member| member.signed.is_some()), "slot {slot}");
    let parts = truth.contributions.iter().map(|contribution| contribution.subcommittee);
    assert_eq!(parts.collect::<std::collections::BTreeSet<_>>().len(), 4, "slot {slot}");
    assert!(truth.contributions.iter().all(|part| part.contributed.is_some()), "slot {slot}");
}

fn assert_no_complaint(chain: &Chain) {
    let truth = chain.truth();
    assert_eq!(truth.counts().rejected, 0, "{:?}", truth.rejections().collect::<Vec<_>>());
    assert_eq!(truth.counts().signatures_wrong, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_with_whole_keys_does_every_duty_and_finalizes_the_chain() {
    let chain = chain(Scenario::default()).await;
    let config = config(chain.url(), 0..VALIDATORS);
    let agreement = Arc::clone(&config.agreement);
    let client = ValidatorClient::start(config);
    let finalized =
        |event: &Event| matches!(event, Event::Finalized { checkpoint, .. } if checkpoint.epoch >= Epoch(2));
    wait_for(&chain, finalized).await;
    assert!(client.is_ready());
    client.stop().await;
    assert_no_complaint(&chain);
    assert_eq!(agreement.disagreements(), []);
    for slot in (1..=31).map(Slot) {
        assert_all_done(&chain, slot);
    }
    assert!((1..=31).any(|slot| chain.slot(Slot(slot)).sync_seats_included == Some(32)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_clients_with_the_same_keys_send_the_same_and_slash_nobody() {
    let chain = chain(Scenario::default()).await;
    let clients = [0, 1].map(|_| ValidatorClient::start(config(chain.url(), 0..4)));
    wait_for_head(&chain, 6).await;
    for client in clients {
        client.stop().await;
    }
    let counts = chain.truth().counts();
    assert!(counts.duplicates > 0, "both attested");
    assert_eq!(counts.signatures_wrong, 0);
    assert_eq!(counts.slashable, 0, "{:?}", chain.truth().rejections().collect::<Vec<_>>());
}

/// The values of a field of all items of a request's body.
fn values(body: &Value, field: &str) -> Vec<String> {
    let items = body.as_array().expect("a list");
    items.iter().map(|item| item[field].as_str().expect("text").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_distributed_client_has_the_node_complete_its_selections_as_the_recorded_one() {
    let chain = chain(Scenario::default()).await;
    let middleware = Middleware::start(&chain).await;
    let config = ValidatorClientConfig { distributed: true, ..config(middleware.url(), 0..VALIDATORS) };
    let client = ValidatorClient::start(config);
    wait_for_head(&chain, 11).await;
    client.stop().await;
    assert_no_complaint(&chain);
    for slot in (1..=9).map(Slot) {
        assert_all_done(&chain, slot);
    }
    let epochs = middleware.asked("/eth/v1/validator/beacon_committee_selections");
    let epochs = epochs.iter().map(|asked| {
        let slots =
            values(&asked.body, "slot").into_iter().map(|slot| slot.parse::<u64>().expect("a number") / 8);
        let epochs: std::collections::BTreeSet<u64> = slots.collect();
        assert_eq!((epochs.len(), values(&asked.body, "validator_index").len() as u64), (1, VALIDATORS));
        *epochs.first().expect("one")
    });
    let mut epochs: Vec<u64> = epochs.collect();
    epochs.sort_unstable();
    assert_eq!(epochs, [0, 0, 1, 1, 1, 2], "at the start and in each epoch the current and the next");
    let sync = middleware.asked("/eth/v1/validator/sync_committee_selections");
    let slots: Vec<String> = sync.iter().map(|asked| values(&asked.body, "slot")[0].clone()).collect();
    assert!(slots.starts_with(&(0..=9).map(|slot| slot.to_string()).collect::<Vec<_>>()), "{slots:?}");
    let members = chain.slot(Slot(1)).sync_members.len();
    assert!(
        values(&sync[1].body, "subcommittee_index").len() >= members,
        "every subcommittee of every member"
    );
    let first = |path| middleware.first(path).expect("it was asked");
    let selections = first("/eth/v1/validator/beacon_committee_selections");
    assert!(first("/eth/v1/validator/duties/attester") < selections);
    assert!(selections < first("/eth/v1/validator/beacon_committee_subscriptions"));
    let subscriptions = middleware.asked("/eth/v1/validator/beacon_committee_subscriptions");
    let all_aggregate =
        |asked: &Value| asked.as_array().expect("a list").iter().all(|each| each["is_aggregator"] == true);
    assert!(subscriptions.iter().all(|asked| all_aggregate(&asked.body)), "in so small committees");
    let until =
        middleware.asked("/eth/v1/validator/sync_committee_subscriptions")[0].body[0]["until_epoch"].clone();
    assert_eq!(until, "8");
    let periods = middleware.asked("/eth/v1/validator/duties/sync/");
    let periods: Vec<&str> = periods.iter().map(|asked| asked.path.as_str()).take(2).collect();
    assert_eq!(periods, ["/eth/v1/validator/duties/sync/0", "/eth/v1/validator/duties/sync/8"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_distributed_client_at_a_plain_beacon_node_aggregates_nothing_and_does_the_rest() {
    let chain = chain(Scenario::default()).await;
    let client = ValidatorClient::start(ValidatorClientConfig {
        distributed: true,
        ..config(chain.url(), 0..VALIDATORS)
    });
    wait_for_head(&chain, 5).await;
    client.stop().await;
    for slot in (1..=3).map(Slot) {
        let truth = chain.slot(slot);
        assert!(
            truth.proposal.is_some() && truth.attesters.iter().all(|attester| attester.attested.is_some())
        );
        assert!(truth.sync_members.iter().all(|member| member.signed.is_some()), "slot {slot}");
        assert!(truth.aggregates.iter().all(|aggregate| aggregate.aggregated.is_none()), "slot {slot}");
        assert!(truth.contributions.iter().all(|part| part.contributed.is_none()), "slot {slot}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_builder_validators_are_registered_and_sign_blinded_blocks_with_blobs() {
    let chain = chain(Scenario { builder: true, blobs: 2, ..Scenario::default() }).await;
    let client =
        ValidatorClient::start(ValidatorClientConfig { builder: true, ..config(chain.url(), 0..VALIDATORS) });
    wait_for_head(&chain, 10).await;
    client.stop().await;
    assert_no_complaint(&chain);
    let registered = chain
        .truth()
        .registrations(Epoch(1))
        .map(|(_, registered)| registered.fee_recipient)
        .collect::<Vec<_>>();
    assert_eq!(registered, [FEE_RECIPIENT; VALIDATORS as usize]);
    for slot in (1..=9).map(Slot) {
        assert_all_done(&chain, slot);
        let proposal = chain.slot(slot).proposal.expect("a block");
        assert_eq!((proposal.blinded, proposal.blobs), (true, 2), "slot {slot}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exit_is_signed_when_it_is_asked_for_and_only_of_own_validators() {
    let chain = chain(Scenario::default()).await;
    let client = ValidatorClient::start(config(chain.url(), 0..8));
    assert!(client.exit(ValidatorIndex(3), Epoch(0)).await.is_err(), "it does not know its validators yet");
    wait_for_head(&chain, 2).await;
    client.exit(ValidatorIndex(3), Epoch(0)).await.expect("it is taken");
    assert!(client.exit(ValidatorIndex(8), Epoch(0)).await.is_err(), "another client's");
    client.stop().await;
    assert_no_complaint(&chain);
    let truth = chain.truth();
    assert_eq!(truth.exits().map(|(validator, _)| validator).collect::<Vec<_>>(), [ValidatorIndex(3)]);
}
