//! How large a proposal four nodes at home can agree on: real hosts, real consensus, uplinks of 25 Mbit/s each, 50 ms
//! there and back. Each node has a block of its own, and the leader of round 1 has its when the slot begins.
//!
//! Not by criterion: a run takes seconds, and what matters is which round decides.

#![allow(missing_docs, clippy::print_stdout, clippy::print_stderr)]

#[allow(dead_code)]
#[path = "../../tests/it/cluster.rs"]
mod cluster;
mod line;
#[allow(dead_code)]
#[path = "../../tests/it/samples.rs"]
mod samples;
mod voter;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use duty::{Content, Value};
use eth::containers::minimal::fulu::BlockContents;
use eth::{Fork, Graffiti, Proposal, Slot};
use net::{Multiaddr, wire};
use tokio::time::Instant;

use self::cluster::{Node, config, knowing, start};
use self::line::Uplink;
use self::voter::{Course, Voter};

const NODES: u8 = 4;
const BITS_PER_SECOND: f64 = 25e6;
/// A proposal's messages are of use for a third and a twelfth of a slot of 12 s (charon-wire 3.3).
const LIFETIME: Duration = Duration::from_secs(5);
/// A slot in which peer 0 leads round 1.
const SLOT: u64 = 2;
const KIB: usize = 1 << 10;
const BLOB: usize = 128 * KIB;

fn main() {
    // Tests of all targets run benches too; this one is for `cargo bench`.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().expect("the machine has threads");
    println!("| value | proposal at the last peer | last decision | in round |\n|---|---|---|---|");
    for kib in [60, 256, 512, 1024, 1536, 2048, 2662, 6144] {
        let courses = runtime.block_on(agree_on(kib * KIB));
        println!("| {kib} KiB | {} |", row(&courses));
    }
}

fn row(courses: &[Course]) -> String {
    let proposal = courses[1..].iter().map(|course| course.proposal).collect::<Option<Vec<_>>>();
    let decision = courses.iter().map(|course| course.decision).collect::<Option<Vec<_>>>();
    let last =
        |times: Vec<Duration>| format!("{:.2} s", times.into_iter().max().unwrap_or_default().as_secs_f64());
    let (proposal, never) = (proposal.map_or("after 5 s".to_owned(), last), "none in 5 s | –".to_owned());
    let decision = decision.and_then(|all| all.into_iter().max());
    let decision = decision.map_or(never, |(time, round)| format!("{} | {round}", last(vec![time])));
    format!("{proposal} | {decision}")
}

/// One slot of a fresh cluster.
async fn agree_on(bytes: usize) -> Vec<Course> {
    let mut nodes = cluster_of_homes().await;
    let values: Vec<_> = (0..NODES).map(|me| value(me, bytes)).collect();
    let begun = Instant::now();
    let voters = (0..).zip(&mut nodes).zip(values);
    let voters = voters.map(|((me, node), own)| Voter::new(node, me, own, begun, LIFETIME).vote());
    let courses = futures::future::join_all(voters).await;
    for node in nodes {
        node.host.shutdown().await;
    }
    courses
}

/// Four hosts, each connected to all others by lines between their uplinks.
async fn cluster_of_homes() -> Vec<Node> {
    let uplinks: Vec<_> = (0..NODES).map(|_| Uplink::new(BITS_PER_SECOND)).collect();
    let mut nodes: Vec<Node> = Vec::new();
    for me in 0..NODES {
        let mut config = config(me, NODES);
        for (peer, node) in (0..me).zip(&nodes) {
            let (ours, theirs) = (uplinks[usize::from(me)].clone(), uplinks[usize::from(peer)].clone());
            let line = line::lay(socket_address(&node.host.listening()[0]), ours, theirs);
            let line = line.await.expect("loopback has room for a line");
            let line = format!("/ip4/127.0.0.1/tcp/{}", line.port()).parse().expect("an address");
            config = knowing(config, peer, &[line]);
        }
        nodes.push(start(config).await);
    }
    for node in &mut nodes {
        for _ in 1..NODES {
            node.wait_for(|event| matches!(event, net::Event::Connected(_)).then_some(())).await;
        }
    }
    nodes
}

fn socket_address(address: &Multiaddr) -> SocketAddr {
    let text = address.to_string();
    let port = text.split('/').nth(4).and_then(|port| port.parse().ok()).expect("an address with a TCP port");
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// The block that `node` would propose: full blobs, and one transaction for the rest.
fn value(node: u8, bytes: usize) -> Value {
    let mut contents = BlockContents::default();
    contents.block.slot = Slot(SLOT);
    contents.block.body.graffiti = Graffiti([node; 32]);
    for _ in 0..bytes / BLOB {
        contents.blobs.push(Default::default()).expect("room for a blob");
    }
    let rest = vec![node; bytes % BLOB].try_into().expect("no transaction is longer than a blob");
    contents.block.body.execution_payload.transactions.push(rest).expect("room for a transaction");
    let proposal = Proposal::new(Fork::Fulu, &contents).expect("a block of Fulu");
    wire::value(
        &samples::spec(),
        Content::Proposer { key: samples::group_key(1), proposal: Arc::new(proposal) },
    )
}
