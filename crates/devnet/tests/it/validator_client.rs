//! The embedded client against the embedded chain, with whole keys: what a cluster has to be as good as. The clock goes
//! on when what it was set for has happened.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use devnet::chain::{Chain, ChainConfig, Clock, Reorg, Scenario, SlotTruth};
use devnet::interop_key;
use devnet::vc::{Agreement, ValidatorClient, ValidatorClientConfig};
use eth::{Address, Epoch, Preset, Slot, ValidatorIndex};
use serde_json::Value;

use crate::driver::SLOT_NS;
use crate::middleware::Middleware;

const VALIDATORS: u64 = 16;
const FEE_RECIPIENT: Address = Address([0xFE; 20]);
const SUBSCRIPTIONS: &str = "/eth/v1/validator/beacon_committee_subscriptions";

struct World {
    chain: Chain,
    clock: Clock,
    middleware: Middleware,
}

impl World {
    /// A chain that includes only what is aggregated, before its genesis.
    async fn start(scenario: Scenario) -> World {
        let clock = Clock::standing(-SLOT_NS);
        let config = ChainConfig::interop(Preset::Minimal, 6000, 1_700_000_000, VALIDATORS);
        let scenario = Scenario { only_aggregates: true, ..scenario };
        let chain = Chain::start_by(clock.clone(), ChainConfig { scenario, ..config }).await;
        let chain = chain.expect("loopback has a free port");
        let middleware = Middleware::start(&chain).await;
        World { chain, clock, middleware }
    }

    fn config(&self, validators: std::ops::Range<u64>) -> ValidatorClientConfig {
        ValidatorClientConfig {
            node: self.middleware.url(),
            shares: validators.map(interop_key).collect(),
            distributed: false,
            builder: false,
            fee_recipient: FEE_RECIPIENT,
            agreement: Arc::new(Agreement::default()),
            clock: Some(self.clock.clone()),
        }
    }

    /// Starts a client and waits until it knows the duties of two epochs.
    async fn client(&self, config: ValidatorClientConfig) -> ValidatorClient {
        let before = self.middleware.asked(SUBSCRIPTIONS).len();
        let client = ValidatorClient::start(config);
        let subscribed = || self.middleware.asked(SUBSCRIPTIONS).len() >= before + 2;
        self.until("the first subscriptions", subscribed).await;
        assert!(client.is_ready());
        client
    }

    /// Lets the slots pass, each when all its duties have come.
    async fn pass(&self, slots: std::ops::RangeInclusive<u64>) {
        for slot in slots {
            self.vote(slot).await;
            self.at(slot, 667);
            self.until("aggregation", || aggregated(&self.truth(slot))).await;
        }
    }

    /// What became of a slot; nobody signs the genesis.
    fn truth(&self, slot: u64) -> SlotTruth {
        let mut truth = self.chain.slot(Slot(slot));
        if slot == 0 {
            truth.sync_members.clear();
            truth.contributions.clear();
        }
        truth
    }

    /// Lets two thirds of a slot pass, until block and votes have come.
    async fn vote(&self, slot: u64) {
        self.at(slot, 0);
        let proposed = || slot == 0 || self.chain.slot(Slot(slot)).proposal.is_some();
        self.until("a block", proposed).await;
        self.at(slot, 334);
        self.until("votes", || voted(&self.truth(slot))).await;
    }

    /// Sets the clock to a place in a slot, thousandths.
    fn at(&self, slot: u64, thousandths: i64) {
        self.clock.set(slot as i64 * SLOT_NS + thousandths * SLOT_NS / 1000);
    }

    async fn until(&self, what: &str, condition: impl Fn() -> bool) {
        let wait = async {
            while !condition() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let happened = tokio::time::timeout(Duration::from_secs(120), wait).await.is_ok();
        let truth = self.chain.truth();
        let rejections: Vec<&str> = truth.rejections().collect();
        assert!(happened, "{what} did not come at {:?}: {rejections:?}", self.clock);
    }

    fn assert_no_complaint(&self) {
        let truth = self.chain.truth();
        assert_eq!(truth.counts().rejected, 0, "{:?}", truth.rejections().collect::<Vec<_>>());
        assert_eq!((truth.counts().signatures_wrong, truth.counts().slashable), (0, 0));
    }
}

fn voted(truth: &SlotTruth) -> bool {
    truth.attesters.iter().all(|attester| attester.attested.is_some())
        && truth.sync_members.iter().all(|member| member.signed.is_some())
}

fn aggregated(truth: &SlotTruth) -> bool {
    truth.aggregates.iter().all(|aggregate| aggregate.aggregated.is_some())
        && truth.contributions.iter().all(|contribution| contribution.contributed.is_some())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_with_whole_keys_does_every_duty_and_finalizes_the_chain() {
    let world = World::start(Scenario::default()).await;
    let config = world.config(0..VALIDATORS);
    let agreement = Arc::clone(&config.agreement);
    let client = world.client(config).await;
    world.pass(0..=32).await;
    client.stop().await;
    world.assert_no_complaint();
    assert_eq!((agreement.disagreements(), agreement.heads_that_differ()), (vec![], vec![]));
    assert_eq!(world.chain.standing().finalized, Epoch(2));
    for slot in (1..=31).map(Slot) {
        let truth = world.chain.slot(slot);
        let proposal = truth.proposal.expect("a block");
        assert_eq!((proposal.proposer, proposal.fee_recipient), (world.chain.proposer(slot), FEE_RECIPIENT));
        assert!(!proposal.blinded);
        assert!(truth.attesters.iter().all(|attester| attester.included.is_some()), "slot {slot}");
        assert_eq!(truth.sync_seats_included, Some(32), "slot {slot}");
        let parts: BTreeSet<_> = truth.contributions.iter().map(|part| part.subcommittee).collect();
        assert_eq!(parts.len(), 4, "every subcommittee in slot {slot}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_clients_with_the_same_keys_send_the_same_and_slash_nobody() {
    let world = World::start(Scenario::default()).await;
    let agreement = Arc::new(Agreement::default());
    let config =
        || ValidatorClientConfig { agreement: Arc::clone(&agreement), ..world.config(0..VALIDATORS) };
    let clients = [world.client(config()).await, world.client(config()).await];
    world.pass(0..=4).await;
    let both = || world.chain.truth().counts().duplicates > 0;
    world.until("what the other sent", both).await;
    for client in clients {
        client.stop().await;
    }
    let counts = world.chain.truth().counts();
    assert_eq!((counts.signatures_wrong, counts.slashable), (0, 0));
}

/// The values of a field of all items of a request's body.
fn values(body: &Value, field: &str) -> Vec<String> {
    let items = body.as_array().expect("a list");
    items.iter().map(|item| item[field].as_str().expect("text").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_distributed_client_has_the_node_complete_its_selections_as_the_recorded_one() {
    let world = World::start(Scenario::default()).await;
    let asked = |path: &str| world.middleware.asked(path);
    let client =
        world.client(ValidatorClientConfig { distributed: true, ..world.config(0..VALIDATORS) }).await;
    world.pass(0..=9).await;
    world.until("subscriptions", || asked(SUBSCRIPTIONS).len() == 6).await;
    client.stop().await;
    world.assert_no_complaint();

    let epochs = asked("/eth/v1/validator/beacon_committee_selections").into_iter().map(|asked| {
        let epoch = |slot: String| slot.parse::<u64>().expect("a number") / 8;
        let epochs: BTreeSet<u64> = values(&asked.body, "slot").into_iter().map(epoch).collect();
        assert_eq!(asked.body.as_array().map(Vec::len), Some(VALIDATORS as usize), "all in one request");
        epochs.into_iter().collect::<Vec<_>>()
    });
    let mut epochs: Vec<_> = epochs.collect();
    epochs.sort();
    assert_eq!(epochs, [[0], [0], [1], [1], [1], [2]], "this and the next, at the start and in each epoch");

    let sync = asked("/eth/v1/validator/sync_committee_selections");
    let slots: Vec<String> = sync.iter().map(|asked| values(&asked.body, "slot")[0].clone()).collect();
    assert_eq!(slots, (1..=9).map(|slot: u64| slot.to_string()).collect::<Vec<_>>());
    let parts: usize = world.chain.slot(Slot(1)).contributions.len();
    assert_eq!(sync[0].body.as_array().map(Vec::len), Some(parts), "every member in all its subcommittees");

    let first = |path| world.middleware.first(path).expect("it was asked");
    let selections = first("/eth/v1/validator/beacon_committee_selections");
    assert!(first("/eth/v1/validator/duties/attester") < selections && selections < first(SUBSCRIPTIONS));
    let subscribed = asked(SUBSCRIPTIONS);
    let mut subscribed = subscribed.iter().flat_map(|asked| asked.body.as_array().expect("a list"));
    assert!(subscribed.all(|each| each["is_aggregator"] == true), "in so small committees");

    let periods = asked("/eth/v1/validator/duties/sync/");
    let periods: Vec<&str> = periods.iter().take(2).map(|asked| asked.path.as_str()).collect();
    assert_eq!(periods, ["/eth/v1/validator/duties/sync/0", "/eth/v1/validator/duties/sync/8"]);
    assert_eq!(asked("/eth/v1/validator/sync_committee_subscriptions")[0].body[0]["until_epoch"], "8");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_distributed_client_at_a_plain_beacon_node_aggregates_nothing_and_does_the_rest() {
    let world = World::start(Scenario::default()).await;
    let config = ValidatorClientConfig { distributed: true, ..world.config(0..VALIDATORS) };
    let client = ValidatorClient::start(ValidatorClientConfig { node: world.chain.url(), ..config });
    world.until("the first duties", || client.is_ready()).await;
    for slot in 0..=3 {
        world.vote(slot).await;
        world.at(slot, 990);
    }
    client.stop().await;
    for slot in (1..=3).map(Slot) {
        let truth = world.chain.slot(slot);
        assert!(truth.aggregates.iter().all(|aggregate| aggregate.aggregated.is_none()), "slot {slot}");
        assert!(truth.contributions.iter().all(|part| part.contributed.is_none()), "slot {slot}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn duties_that_a_reorg_deals_anew_are_asked_for_at_once_and_done() {
    let reorg = Some(Reorg { at: Slot(10), depth: 3 });
    let world = World::start(Scenario { reorg, ..Scenario::default() }).await;
    let client = world.client(world.config(0..VALIDATORS)).await;
    let asked = || world.middleware.asked("/eth/v1/validator/duties/attester/2").len();
    world.pass(0..=9).await;
    let knows_the_next_epoch = || world.middleware.asked(SUBSCRIPTIONS).len() == 6;
    world.until("subscriptions", knows_the_next_epoch).await;
    assert_eq!(asked(), 1, "when the epoch before began");
    world.pass(10..=10).await;
    world.until("the new duties", || asked() == 2).await;
    world.pass(11..=15).await;
    assert_eq!(asked(), 2, "once is enough");
    world.pass(16..=24).await;
    client.stop().await;
    world.assert_no_complaint();
    let right_head = |slot| world.chain.right_head(Slot(slot));
    assert_eq!(right_head(9), right_head(6), "three blocks were left behind");
    let votes = (10..=23).flat_map(|slot| world.truth(slot).attesters);
    assert!(votes.into_iter().all(|vote| vote.included.is_some()), "in the new epoch too");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_builder_validators_are_registered_and_sign_blinded_blocks_with_blobs() {
    let world = World::start(Scenario { builder: true, blobs: 2, ..Scenario::default() }).await;
    let client = world.client(ValidatorClientConfig { builder: true, ..world.config(0..VALIDATORS) }).await;
    world.pass(0..=9).await;
    client.stop().await;
    world.assert_no_complaint();
    let truth = world.chain.truth();
    let registered = truth.registrations(Epoch(1)).map(|(_, registered)| registered.fee_recipient);
    assert_eq!(registered.collect::<Vec<_>>(), [FEE_RECIPIENT; VALIDATORS as usize]);
    for slot in (1..=9).map(Slot) {
        let proposal = truth.proposal(slot).expect("a block");
        assert_eq!((proposal.blinded, proposal.blobs), (true, 2), "slot {slot}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exit_is_signed_when_it_is_asked_for_and_only_of_own_validators() {
    let world = World::start(Scenario::default()).await;
    let client = world.client(world.config(0..8)).await;
    world.at(0, 500);
    client.exit(ValidatorIndex(3), Epoch(0)).await.expect("it is taken");
    assert!(client.exit(ValidatorIndex(8), Epoch(0)).await.is_err(), "another client's");
    client.stop().await;
    world.assert_no_complaint();
    let truth = world.chain.truth();
    assert_eq!(truth.exits().map(|(validator, _)| validator).collect::<Vec<_>>(), [ValidatorIndex(3)]);
}
