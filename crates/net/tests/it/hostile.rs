//! What bad peers and bad networks can do to a host: nothing but be told about.

use std::time::Duration;

use futures::AsyncWriteExt;
use net::{Class, Config, Event, Limits, To};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::cluster::{Node, config, connected, key, knowing, start};
use crate::raw_peer::{RawPeer, frame};
use crate::samples::{partials, prepare};

/// Messages that stall are given up soon.
fn hasty() -> Limits {
    Limits { receive_deadline: Duration::from_millis(300), ..Limits::default() }
}

/// Dead connections are noticed soon.
fn watchful() -> Limits {
    Limits {
        ping_interval: Duration::from_millis(50),
        ping_timeout: Duration::from_millis(500),
        ..Limits::default()
    }
}

/// A host, and peer 1 of its cluster as raw as it comes.
async fn host_and_raw_peer(limits: Limits) -> (Node, RawPeer) {
    let mut node = start(Config { limits, ..config(0, 2) }).await;
    let peer = RawPeer::connect(&key(1), &node.host.listening()[0]).await;
    node.wait_for_connected(1).await;
    (node, peer)
}

fn consensus_bytes(slot: u64) -> Vec<u8> {
    frame(&net::wire::encode_consensus(&prepare(1, slot)))
}

async fn expect_consensus(node: &mut Node, slot: u64) {
    let received = node.wait_for(|event| match event {
        Event::Consensus { message, .. } => Some(message.duty.slot.0),
        _ => None,
    });
    assert_eq!(received.await, slot);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_is_refused_and_counted() {
    let node = start(config(0, 2)).await;
    let mut stranger = RawPeer::connect(&key(77), &node.host.listening()[0]).await;
    stranger.wait_until_closed().await;
    assert_eq!(node.metric("p2p_refused_strangers_total", ""), 1.0);
    assert!(node.host.connected().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_oversized_frame_is_refused_unread() {
    let (mut node, peer) = host_and_raw_peer(Limits::default()).await;
    // 32 MiB and one byte, of which nothing follows.
    peer.send(Class::Consensus.id(), &[0x81, 0x80, 0x80, 0x10]).await;
    let fault = node.wait_for_fault(1).await;
    assert_eq!(fault, "consensus: a frame of 33554433 bytes exceeds the limit of 33554432");
    peer.send(Class::Consensus.id(), &consensus_bytes(5)).await;
    expect_consensus(&mut node, 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_is_told_and_the_connection_lives_on() {
    let (mut node, peer) = host_and_raw_peer(Limits::default()).await;
    peer.send(Class::Consensus.id(), &frame(&[0xff; 40])).await;
    assert!(node.wait_for_fault(1).await.starts_with("consensus: not the expected protobuf"));
    peer.send(Class::Partials.id(), &frame(b"garbage")).await;
    assert!(node.wait_for_fault(1).await.starts_with("parsigex: not the expected protobuf"));
    peer.send(Class::Partials.id(), &[9, 1, 2]).await;
    assert_eq!(node.wait_for_fault(1).await, "parsigex: the stream ended before the frame did");
    peer.send(Class::Consensus.id(), &consensus_bytes(6)).await;
    expect_consensus(&mut node, 6).await;
    assert_eq!(node.metric("p2p_peer_faults_total", "consensus"), 1.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_stops_halfway_is_given_up() {
    let (mut node, peer) = host_and_raw_peer(hasty()).await;
    let mut stream = peer.open(Class::Consensus.id()).await;
    stream.write_all(&[100, 1, 2, 3]).await.expect("the connection is open");
    stream.flush().await.expect("the connection is open");
    let fault = node.wait_for_fault(1).await;
    assert_eq!(fault, "consensus: the message did not arrive within the receive deadline");
    assert_eq!(node.metric("p2p_peer_streams", "inbound"), 0.0);
}

/// A peer with all its places taken by idle streams harms neither the others nor, in the end, itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_streams_take_only_the_peers_own_places() {
    let limits = Limits { streams_per_peer: 4, ..hasty() };
    let mut node = start(Config { limits, ..config(0, 3) }).await;
    let idle = RawPeer::connect(&key(1), &node.host.listening()[0]).await;
    let mut streams = Vec::new();
    for _ in 0..20 {
        streams.push(idle.open(Class::Consensus.id()).await);
    }
    let busy = RawPeer::connect(&key(2), &node.host.listening()[0]).await;
    busy.send(Class::Consensus.id(), &frame(&net::wire::encode_consensus(&prepare(2, 9)))).await;
    expect_consensus(&mut node, 9).await;
    // Once the idle streams' deadlines have passed, the peer itself gets through again.
    let message = consensus_bytes(10);
    let mut own = std::pin::pin!(expect_consensus(&mut node, 10));
    loop {
        tokio::select! {
            () = &mut own => break,
            () = idle.send(Class::Consensus.id(), &message) => {}
        }
    }
    drop(streams);
}

/// A flood of one peer, which nobody takes out, does not delay another's message.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_fills_only_its_own_lane() {
    let limits = Limits { inbox_messages: 4, ..Limits::default() };
    let mut node = start(Config { limits, ..config(0, 3) }).await;
    let flooder = RawPeer::connect(&key(1), &node.host.listening()[0]).await;
    let quiet = RawPeer::connect(&key(2), &node.host.listening()[0]).await;
    for slot in 0..100 {
        let mut stream = flooder.open(Class::Consensus.id()).await;
        stream.write_all(&consensus_bytes(1000 + slot)).await.expect("the connection is open");
        stream.close().await.expect("the connection is open");
    }
    // This returns when the host has taken the message over, although no event has been taken out yet.
    quiet.send(Class::Consensus.id(), &frame(&net::wire::encode_consensus(&prepare(2, 1)))).await;
    let mut before = 0;
    let own = node.wait_for(|event| match event {
        Event::Consensus { from, .. } if from.0 == 1 => {
            before += 1;
            None
        }
        Event::Consensus { from, .. } => Some(from.0),
        _ => None,
    });
    assert_eq!(own.await, 2);
    assert!(before < 60, "{before} messages of the flood came first");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_peers_share_is_refused_entry_by_entry() {
    let (mut node, peer) = host_and_raw_peer(Limits::default()).await;
    let codec = net::wire::Codec::new(crate::cluster::keys(2), std::sync::Arc::new(crate::samples::spec()));
    let mut set = partials(1, 100);
    let foreign = partials(0, 100).partials.remove(&crate::samples::group_key(2)).expect("in the sample");
    set.partials.insert(crate::samples::group_key(2), foreign);
    peer.send(Class::Partials.id(), &frame(&codec.encode_partials(&set))).await;
    assert!(node.wait_for_fault(1).await.ends_with("share 1 is not the sender's"));
    let kept = node.wait_for(|event| match event {
        Event::Partials { set, .. } => Some(set.partials.into_keys().collect::<Vec<_>>()),
        _ => None,
    });
    assert_eq!(kept.await, [1, 3].map(crate::samples::group_key));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_oldest_of_too_many_connections_gives_way() {
    let limits = Limits { connections_per_peer: 2, ..Limits::default() };
    let (node, mut oldest) = host_and_raw_peer(limits).await;
    let _second = RawPeer::connect(&key(1), &node.host.listening()[0]).await;
    let newest = RawPeer::connect(&key(1), &node.host.listening()[0]).await;
    oldest.wait_until_closed().await;
    newest.send(Class::Consensus.id(), &consensus_bytes(3)).await;
    assert_eq!(node.host.connected().len(), 1);
}

/// A machine that lost power comes back while its old connection still looks alive.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_connection_beside_an_old_one_is_told_as_a_return() {
    let limits = Limits { same_session: Duration::ZERO, ..Limits::default() };
    let (mut node, _before) = host_and_raw_peer(limits).await;
    let _after = RawPeer::connect(&key(1), &node.host.listening()[0]).await;
    node.wait_for_disconnected(1).await;
    node.wait_for_connected(1).await;
    assert_eq!(node.metric("p2p_peer_connection_types", "direct"), 2.0);
}

/// A link that swallows everything while both ends believe to be connected: pings notice, and redialling heals.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_half_dead_connection_is_noticed_and_replaced() {
    let first = start(Config { limits: watchful(), ..config(0, 2) }).await;
    let (proxy, swallow) = swallowing_proxy(&first).await;
    // It listens nowhere, or the first would dial it past the proxy.
    let outgoing_only = Config { limits: watchful(), listen: Vec::new(), ..config(1, 2) };
    let mut second = start(knowing(outgoing_only, 0, &[proxy])).await;
    second.wait_for_connected(0).await;
    second.wait_for(|event| matches!(event, Event::PeerInfo { .. }).then_some(())).await;
    swallow.send_modify(|generation| *generation += 1);
    second.wait_for_disconnected(0).await;
    second.wait_for_connected(0).await;
    second.host.send_consensus(To::All, &prepare(1, 4), Instant::now() + Duration::from_secs(20));
    let mut first = first;
    expect_consensus(&mut first, 4).await;
    assert!(second.metric("p2p_ping_error_total", "") >= 1.0);
}

/// Forwards connections to `node`. Each change of the number makes all existing ones swallow what comes.
async fn swallowing_proxy(node: &Node) -> (net::Multiaddr, watch::Sender<u32>) {
    let target = node.host.listening()[0].to_string();
    let port = target.rsplit('/').next().expect("the last part is the port").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = net::tcp_address(listener.local_addr().expect("it listens"));
    let (swallow, generation) = watch::channel(0);
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((mut inbound, _)) = listener.accept().await {
            let mut outbound =
                TcpStream::connect(format!("127.0.0.1:{port}")).await.expect("the host listens");
            let mut generation = generation.clone();
            generation.mark_unchanged();
            kept.push(tokio::spawn(async move {
                tokio::select! {
                    _ = copy_bidirectional(&mut inbound, &mut outbound) => {}
                    // The sockets stay open, but nobody reads them any more.
                    _ = generation.changed() => std::future::pending().await,
                }
            }));
        }
    });
    (address, swallow)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_signed_by_another_is_taken_from_whoever_brings_it() {
    let mut nodes = connected(3).await;
    nodes[1].host.send_consensus(To::All, &prepare(2, 8), Instant::now() + Duration::from_secs(20));
    let (from, source) = nodes[0]
        .wait_for(|event| match event {
            Event::Consensus { from, message } => Some((from, message.message.source)),
            _ => None,
        })
        .await;
    assert_eq!((from.0, source.0), (1, 2));
}
