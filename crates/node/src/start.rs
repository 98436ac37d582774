//! Putting a node together, in the order in which things can fail.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use beacon::client::{Client, ClientConfig};
use beacon::server::{ServerConfig, Shares, Tls};
use duty::{Engine, Sightings, Time};
use eth::{Spec, Version};
use prometheus_client::registry::Registry;
use signer::Owner;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::backend::{ASKS, EngineBackend};
use crate::body::{Body, Parts};
use crate::chain::{Chain, ChainConfig};
use crate::clock::Clock;
use crate::cluster_files::Membership;
use crate::exits::Exits;
use crate::ledger::Keeper;
use crate::metrics::{Identity, Metrics};
use crate::monitor::{self, Monitor, Waiting};
use crate::record::{self, Recorder};
use crate::sightings::Memory;
use crate::status::{Readiness, Status};
use crate::{Config, Error, config, first_start, graffiti};

/// The pause between two questions to a beacon node that does not answer yet.
const BEACON_PAUSE: Duration = Duration::from_secs(1);

/// How long open connections may hold up the end of the node.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// Runs a node until the shutdown.
pub async fn run(config: Config, shutdown: CancellationToken) -> Result<(), Error> {
    let membership = Membership::load(&config)?;
    let keys = Arc::new(membership.key_table(&config.lock_file)?);
    let graffiti = graffiti::of_validators(config.graffiti.as_deref(), &membership.lock)?;
    first_start::require(&config.ledger_file, &config.signing_history_file)?;
    let (peers, external) = (peers(&config, &membership)?, external(&config)?);
    require_peer_addresses(&config)?;
    let tls = config.validator_api_tls.clone().map(Tls::load).transpose()?;
    let validator_api =
        monitor::listen("the validator API", "--validator-api-address", config.validator_api_address).await?;
    let monitoring = monitor::listen("monitoring", "--monitoring-address", config.monitoring_address).await?;

    let mut registry = registry(&membership, &config);
    let client = Client::new(client_config(&config, &membership), &mut registry)?;
    let waiting = Waiting::serve(&monitoring, waiting_registry(&membership, &config));
    let Some(spec) = chain_spec(&client, &membership, &shutdown).await? else { return Ok(()) };
    waiting.end().await;
    let spec = Arc::new(spec);
    let clock = Clock::new(spec.genesis.genesis_time);
    let keeper = keeper(&config, &membership, &spec)?;

    let (host, events) =
        net::Host::start(network(&config, &membership, peers, external, &spec), &mut registry).await?;
    let metrics = Metrics::register(&mut registry, &identity(&config, &membership), unix_now());
    config.log_counters.register(&mut registry);
    let quorum = qbft::quorum(membership.lock.definition.operators.len());
    let status = Arc::new(Status::new(quorum - 1, clock.now()));
    let chain = Chain::new(ChainConfig {
        client: client.clone(),
        spec: Arc::clone(&spec),
        clock: clock.clone(),
        metrics: metrics.clone(),
        fee_recipients: membership
            .validators()
            .iter()
            .map(|(key, known)| (*key, known.fee_recipient))
            .collect(),
        builder_boost: if config.builder_api { u64::MAX } else { 0 },
        graffiti,
        registrations: registrations(&membership),
    });
    let server_config = server_config(&spec, tls);
    let (asks, asked) = mpsc::channel(ASKS);
    let server = beacon::server::Server::new(
        server_config,
        EngineBackend::new(asks),
        client.clone(),
        shares(&membership),
        (*spec).clone(),
        &mut registry,
    );

    let memory = Memory::beside(&config.ledger_file, membership.lock.lock_hash);
    let engine = Engine::new(engine_config(&config, &membership, &spec), clock.now());
    let engine = engine.remembering(memory.load());
    let (sightings, latest) = watch::channel(Sightings::new());
    let keeping = memory.keep(latest);
    let me = membership.me;
    let recorder = Recorder::start(about(&config, &membership, &spec, clock.now())?);
    let body = Body::new(Parts {
        engine,
        clock: clock.clone(),
        spec: Arc::clone(&spec),
        me,
        key: Arc::new(membership.key),
        host: host.clone(),
        chain: chain.clone(),
        keeper,
        exits: Exits::beside(&config.ledger_file),
        sightings,
        recorder,
        keys,
        metrics: metrics.clone(),
        status: Arc::clone(&status),
    });
    tracing::info!(
        topic = "app",
        peer = host.peer_name(me),
        validators = membership.lock.validators.len(),
        slot_ms = spec.slot_duration_ms,
        "the node is running"
    );
    let heads = tokio::spawn(chain.watch_heads(body.sender()));
    let every = Duration::from_nanos(spec.slot_duration_ns().unsigned_abs()).min(Duration::from_secs(6));
    let watch = tokio::spawn(monitor::watch_beacon(client, Arc::clone(&status), every));
    let registry = Arc::new(Mutex::new(registry));
    let monitor = Monitor { registry, status, clock, spec, metrics };
    let monitor = tokio::spawn(monitor.serve(monitoring, shutdown.clone()));
    let api = tokio::spawn(serve(server, validator_api, shutdown.clone()));

    body.run(asked, events, shutdown).await;
    heads.abort();
    watch.abort();
    host.shutdown().await;
    // Both end with the shutdown; what they could still say is of no use, and nobody may hold them up.
    let _ = tokio::time::timeout(LAST_ANSWERS, async { tokio::join!(monitor, api, keeping) }).await;
    tracing::info!(topic = "app", "the node has stopped");
    Ok(())
}

/// Requests are held as long as the engine may hold them, and a little longer, so that the engine's reason is told.
fn server_config(spec: &Spec, tls: Option<Tls>) -> ServerConfig {
    let slot = Duration::from_nanos(spec.slot_duration_ns().unsigned_abs());
    ServerConfig { tls, request_timeout: 3 * slot, ..ServerConfig::default() }
}

/// This node's shares, and whose the others are, so that keystores of another node can be told.
fn shares(membership: &Membership) -> Shares {
    let own: Shares = membership.shares().into_iter().collect();
    let me = membership.me.0 + 1;
    let all = membership.lock.validators.iter().flat_map(|validator| validator.shares.iter().zip(1..));
    let others = all.filter(|(_, index)| *index != me);
    own.with_others(others.filter_map(|(share, index)| Some((*share, bls::ShareIndex::new(index)?))))
}

async fn serve(
    server: beacon::server::Server<EngineBackend>,
    listener: TcpListener,
    shutdown: CancellationToken,
) {
    if let Err(error) = server.serve(listener, shutdown).await {
        tracing::error!(topic = "vapi", %error, "the validator API stopped");
    }
}

fn registry(membership: &Membership, config: &Config) -> Registry {
    let definition = &membership.lock.definition;
    let hash: String = membership.lock.lock_hash.to_string().chars().skip(2).take(7).collect();
    let name = peer_names(membership).into_iter().nth(membership.me.0.into()).unwrap_or_default();
    let labels = [
        ("cluster_hash", hash),
        ("cluster_name", definition.name.clone()),
        ("cluster_network", network_name(definition.fork_version)),
        ("cluster_peer", name),
        ("nickname", config.nickname.clone()),
    ];
    Registry::with_labels(labels.into_iter().map(|(key, value)| (key.into(), value.into())))
}

/// What the metrics page shows as long as no beacon node answers.
fn waiting_registry(membership: &Membership, config: &Config) -> Registry {
    let mut registry = registry(membership, config);
    let metrics = Metrics::register(&mut registry, &identity(config, membership), unix_now());
    metrics.ready(Readiness::BeaconNodeDown as i64);
    config.log_counters.register(&mut registry);
    registry
}

/// The operators' names, in their order.
fn peer_names(membership: &Membership) -> Vec<String> {
    let keys = membership.lock.operators().unwrap_or_default();
    let ids: Vec<_> = keys.iter().map(|operator| net::peer_id(&operator.public_key)).collect();
    net::peer_names(&ids)
}

/// Whether the addresses for peers are free. They are bound again once the beacon node has told its chain: an
/// operator should not have to wait for that to hear of it.
fn require_peer_addresses(config: &Config) -> Result<(), Error> {
    for address in &config.p2p_tcp_addresses {
        let listen =
            |cause| Error::Listen { what: "peers", flag: "--p2p-tcp-address", address: *address, cause };
        std::net::TcpListener::bind(address).map(drop).map_err(listen)?;
    }
    Ok(())
}

/// Where an operator's record says its node is.
fn enr_address(enr: &cluster::Enr) -> Option<net::Multiaddr> {
    Some(net::tcp_address((enr.ip?, enr.tcp?).into()))
}

fn network_name(fork_version: Version) -> String {
    let known = cluster::Network::from_fork_version(fork_version);
    known.map_or_else(|| fork_version.to_string(), |network| network.name.into_owned())
}

fn client_config(config: &Config, membership: &Membership) -> ClientConfig {
    ClientConfig {
        endpoints: config.beacon_node_endpoints.clone(),
        headers: config.beacon_node_headers.clone(),
        genesis_fork_version: Some(membership.lock.definition.fork_version),
        timeout: config.beacon_node_timeout,
        submit_timeout: config.beacon_node_submit_timeout,
        ..ClientConfig::default()
    }
}

/// The chain's configuration; waits for a beacon node that is not up yet. None at shutdown.
async fn chain_spec(
    client: &Client,
    membership: &Membership,
    shutdown: &CancellationToken,
) -> Result<Option<Spec>, Error> {
    loop {
        let asked = tokio::select! {
            () = shutdown.cancelled() => return Ok(None),
            spec = client.spec() => spec,
        };
        match asked {
            Ok(spec) => return same_network(spec, membership).map(Some),
            Err(error) if error.is_wrong_network() => return Err(error.into()),
            Err(error) => tracing::warn!(topic = "app", %error, "waiting for a beacon node"),
        }
        tokio::select! {
            () = shutdown.cancelled() => return Ok(None),
            () = tokio::time::sleep(BEACON_PAUSE) => {}
        }
    }
}

fn same_network(spec: Spec, membership: &Membership) -> Result<Spec, Error> {
    let ours = membership.lock.definition.fork_version;
    let theirs = spec.genesis.genesis_fork_version;
    if ours == theirs {
        if let Some(newer) = &spec.newer_fork {
            tracing::warn!(topic = "app", "{newer}");
        }
        return Ok(spec);
    }
    Err(Error::WrongNetwork { ours: network_name(ours), theirs: network_name(theirs) })
}

fn keeper(config: &Config, membership: &Membership, spec: &Spec) -> Result<Keeper, Error> {
    let owner = Owner {
        genesis_validators_root: spec.genesis.genesis_validators_root,
        lock_hash: membership.lock.lock_hash,
        validators: membership.lock.validators.iter().map(|validator| validator.group_key).collect(),
    };
    let path = config.ledger_file.clone();
    let ledger = first_start::open_ledger(&path, &config.signing_history_file, &owner)?;
    Ok(Keeper::start(ledger, move || first_start::open(&path, &owner)))
}

fn operators(config: &Config, membership: &Membership) -> Result<Vec<cluster::Operator>, Error> {
    membership.lock.operators().map_err(|error| Error::Invalid {
        what: "cluster lock",
        path: config.lock_file.clone(),
        why: error.to_string(),
    })
}

/// Where the operators' nodes are: as the lock says, and as this node was told.
fn peers(config: &Config, membership: &Membership) -> Result<Vec<net::PeerConfig>, Error> {
    let mut peers: Vec<net::PeerConfig> = operators(config, membership)?
        .into_iter()
        .zip(0..)
        .map(|(operator, index)| net::PeerConfig {
            index: qbft::PeerIndex(index),
            public_key: operator.public_key,
            addresses: enr_address(&operator.enr).into_iter().collect(),
        })
        .collect();
    for known in &config.p2p_peers {
        let setting = |why| Error::Setting { flag: "--p2p-peers", why };
        let address = known.multiaddr().map_err(setting)?;
        let operators = peers.len();
        let missing = || setting(format!("there is no operator {}, only 0 to {}", known.peer, operators - 1));
        peers.get_mut(usize::from(known.peer)).ok_or_else(missing)?.addresses.push(address);
    }
    Ok(peers)
}

/// Where this node is, to its peers.
fn external(config: &Config) -> Result<Vec<net::Multiaddr>, Error> {
    let setting = |why| Error::Setting { flag: "--p2p-external-hostname", why };
    config.p2p_external.iter().map(|address| config::multiaddr(address).map_err(setting)).collect()
}

fn network(
    config: &Config,
    membership: &Membership,
    peers: Vec<net::PeerConfig>,
    external: Vec<net::Multiaddr>,
    spec: &Arc<Spec>,
) -> net::Config {
    net::Config {
        key: membership.key.clone(),
        me: membership.me,
        peers,
        listen: config.p2p_tcp_addresses.iter().copied().map(net::tcp_address).collect(),
        external,
        lock_hash: membership.lock.lock_hash.0,
        spec: Arc::clone(spec),
        limits: net::Limits::default(),
        about: net::About {
            version: config.version.clone(),
            git_hash: String::new(),
            nickname: config.nickname.clone(),
            builder_api: config.builder_api,
        },
    }
}

fn identity(config: &Config, membership: &Membership) -> Identity {
    let definition = &membership.lock.definition;
    let peers = peer_names(membership);
    Identity {
        network: network_name(definition.fork_version),
        operators: definition.operators.len(),
        threshold: definition.threshold as usize,
        validators: membership.lock.validators.len(),
        peer_name: peers.get(usize::from(membership.me.0)).cloned().unwrap_or_default(),
        version: config.version.clone(),
        peers,
    }
}

fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// What the recorder has to know.
fn about(
    config: &Config,
    membership: &Membership,
    spec: &Arc<Spec>,
    began: Time,
) -> Result<record::About, Error> {
    Ok(record::About {
        ledger: config.ledger_file.clone(),
        minutes: config.record_minutes,
        version: config.version.clone(),
        me: membership.me,
        takes_builders: config.builder_api,
        trusts_ledger: config.trusts_ledger,
        began,
        spec: Arc::clone(spec),
        lock: membership.lock.clone(),
        peers: operators(config, membership)?.into_iter().map(|operator| operator.public_key).collect(),
    })
}

/// The registrations with builders that the lock holds; locks of older versions have none.
fn registrations(membership: &Membership) -> Vec<eth::SignedValidatorRegistration> {
    membership.lock.validators.iter().filter_map(|validator| validator.builder_registration).collect()
}

fn engine_config(config: &Config, membership: &Membership, spec: &Spec) -> duty::Config {
    duty::Config {
        spec: spec.clone(),
        me: membership.me,
        peers: membership.lock.definition.operators.len(),
        threshold: membership.lock.definition.threshold as usize,
        validators: membership.validators(),
        takes_builders: config.builder_api,
        nonce: nonce(),
        trusts_ledger: config.trusts_ledger,
    }
}

/// A name for this life of the node.
fn nonce() -> [u8; 16] {
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).expect("the operating system has randomness");
    nonce
}
