//! A small cluster of hosts in one process.

use std::sync::Arc;
use std::time::Duration;

use ::cluster::NodeKey;
use net::{About, Config, Event, Host, Limits, Multiaddr, PeerConfig};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use qbft::PeerIndex;
use tokio::sync::mpsc;

use crate::samples::spec;

/// No test waits longer; what takes so long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// One running host with what it tells.
pub(crate) struct Node {
    pub(crate) host: Host,
    pub(crate) events: mpsc::Receiver<Event>,
    pub(crate) registry: Registry,
}

pub(crate) fn key(index: u8) -> NodeKey {
    NodeKey::from_bytes(&[index + 1; 32]).expect("a small number is a key")
}

pub(crate) fn keys(count: u8) -> Vec<::cluster::NodePublicKey> {
    (0..count).map(|index| key(index).public_key()).collect()
}

/// The configuration of peer `me` of `count`, without anybody's address.
pub(crate) fn config(me: u8, count: u8) -> Config {
    let peer = |index| PeerConfig {
        index: PeerIndex(index),
        public_key: key(index).public_key(),
        addresses: Vec::new(),
    };
    Config {
        key: key(me),
        me: PeerIndex(me),
        peers: (0..count).map(peer).collect(),
        listen: vec!["/ip4/127.0.0.1/tcp/0".parse().expect("a multiaddr")],
        external: Vec::new(),
        lock_hash: [7; 32],
        spec: Arc::new(spec()),
        limits: Limits::default(),
        about: About { version: "0.1.0".to_owned(), nickname: format!("node {me}"), ..About::default() },
    }
}

pub(crate) fn knowing(mut config: Config, peer: u8, addresses: &[Multiaddr]) -> Config {
    config.peers[usize::from(peer)].addresses = addresses.to_vec();
    config
}

pub(crate) async fn start(config: Config) -> Node {
    let mut registry = Registry::default();
    let (host, events) = Host::start(config, &mut registry).await.expect("the host starts");
    Node { host, events, registry }
}

/// `count` hosts, each connected to all others.
pub(crate) async fn connected(count: u8) -> Vec<Node> {
    connected_with(count, Limits::default()).await
}

pub(crate) async fn connected_with(count: u8, limits: Limits) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    for me in 0..count {
        let mut config = Config { limits, ..config(me, count) };
        for (peer, node) in (0..).zip(&nodes) {
            config = knowing(config, peer, node.host.listening());
        }
        nodes.push(start(config).await);
    }
    for node in &mut nodes {
        for _ in 1..count {
            node.wait_for(|event| matches!(event, Event::Connected(_)).then_some(())).await;
        }
    }
    nodes
}

/// Waits until the condition is true.
pub(crate) async fn wait_until(mut condition: impl FnMut() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("the condition comes true in time");
}

impl Node {
    /// The first event that `wanted` takes; others are dropped.
    pub(crate) async fn wait_for<T>(&mut self, mut wanted: impl FnMut(Event) -> Option<T>) -> T {
        let search = async {
            loop {
                let event = self.events.recv().await.expect("the host runs");
                if let Some(found) = wanted(event) {
                    return found;
                }
            }
        };
        tokio::time::timeout(PATIENCE, search).await.expect("the event comes in time")
    }

    pub(crate) async fn wait_for_connected(&mut self, peer: u8) {
        self.wait_for(|event| matches!(event, Event::Connected(other) if other.0 == peer).then_some(()))
            .await;
    }

    pub(crate) async fn wait_for_disconnected(&mut self, peer: u8) {
        self.wait_for(|event| matches!(event, Event::Disconnected(other) if other.0 == peer).then_some(()))
            .await;
    }

    /// The text of the next fault of `peer`.
    pub(crate) async fn wait_for_fault(&mut self, peer: u8) -> String {
        let fault = |event| match event {
            Event::Fault { peer: other, why } if other.0 == peer => Some(why.to_string()),
            _ => None,
        };
        self.wait_for(fault).await
    }

    /// The value of a metric: the sum over its series whose labels contain `label`.
    pub(crate) fn metric(&self, name: &str, label: &str) -> f64 {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("a string takes all");
        let series = text.lines().filter(|line| line.starts_with(name) && line.contains(label));
        series.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }
}
