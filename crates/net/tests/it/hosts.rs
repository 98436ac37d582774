//! What hosts do for each other.

use std::collections::BTreeSet;
use std::time::Duration;

use ::cluster::GroupKey;
use duty::{ConsensusMessage, Content};
use eth::PublicKeyBytes;
use futures::{AsyncReadExt, AsyncWriteExt};
use net::wire;
use net::{Class, Config, Event, Host, Limits, To};
use prometheus_client::registry::Registry;
use qbft::{Kind, PeerIndex};
use tokio::time::Instant;

use crate::cluster::{Node, config, connected, connected_with, key, knowing, start, wait_until};
use crate::raw_peer::{RawPeer, frame};
use crate::samples::{attester, datum, draft, partials, prepare, spec};

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_hosts_exchange_consensus_messages() {
    let mut nodes = connected(4).await;
    for from in 0..4u8 {
        nodes[usize::from(from)].host.send_consensus(To::All, &prepare(from, 100), soon());
    }
    for (me, node) in (0u8..).zip(&mut nodes) {
        let mut missing: BTreeSet<u8> = (0..4).filter(|from| *from != me).collect();
        while !missing.is_empty() {
            let (from, message) = node
                .wait_for(|event| match event {
                    Event::Consensus { from, message } => Some((from, message)),
                    _ => None,
                })
                .await;
            assert_eq!(message.message, prepare(from.0, 100).message);
            assert_eq!(message.values[0].bytes, prepare(from.0, 100).values[0].bytes);
            assert!(missing.remove(&from.0), "each message comes once");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partial_signatures_reach_the_peer_they_are_for() {
    let mut nodes = connected(3).await;
    let set = partials(0, 100);
    nodes[0].host.send_partials(To::Peer(PeerIndex(2)), &set, soon());
    nodes[0].host.send_consensus(To::Peer(PeerIndex(1)), &prepare(0, 100), soon());
    let (from, received) = nodes[2]
        .wait_for(|event| match event {
            Event::Partials { from, set } => Some((from, set)),
            _ => None,
        })
        .await;
    assert_eq!((from, received.duty, received.partials.len()), (PeerIndex(0), set.duty, 3));
    for (key, partial) in &set.partials {
        assert_eq!(received.partials[key].signature, partial.signature);
        assert_eq!(received.partials[key].share, partial.share);
    }
    nodes[1]
        .wait_for(|event| match event {
            Event::Consensus { .. } => Some(()),
            Event::Partials { .. } => panic!("partial signatures went astray"),
            _ => None,
        })
        .await;
}

/// The measurement of dependencies.md section 4: the obvious crate lost up to 22 % of such a burst.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_of_400_streams_loses_nothing() {
    let mut nodes = connected_with(2, Limits { parallel_sends: 400, ..Limits::default() }).await;
    for slot in 0..400 {
        nodes[0].host.send_consensus(To::All, &prepare(0, slot), soon());
    }
    let mut missing: BTreeSet<u64> = (0..400).collect();
    while !missing.is_empty() {
        let slot = nodes[1]
            .wait_for(|event| match event {
                Event::Consensus { message, .. } => Some(message.duty.slot.0),
                Event::Fault { why, .. } => panic!("{why}"),
                _ => None,
            })
            .await;
        assert!(missing.remove(&slot), "each message comes once");
    }
    assert_eq!(nodes[0].metric("p2p_messages_lost", ""), 0.0);
}

/// A proposal of peer 0 for so many attesters, 330 bytes each.
fn proposal_for(attesters: u16, slot: u64) -> ConsensusMessage {
    let data = (0..attesters).map(|number| {
        let [high, low] = number.to_be_bytes();
        let mut key = [high; 48];
        key[0] = low;
        (GroupKey(PublicKeyBytes(key)), datum(slot, high))
    });
    let value = wire::value(&spec(), Content::Attester(data.collect()));
    let message = wire::sign(&key(0), PeerIndex(0), attester(slot), draft(Kind::PrePrepare, Some(&value)));
    ConsensusMessage { duty: attester(slot), message, values: vec![value] }
}

/// The next consensus message.
async fn next_message(node: &mut Node) -> ConsensusMessage {
    let message = node.wait_for(|event| match event {
        Event::Consensus { message, .. } => Some(message),
        Event::Fault { why, .. } => panic!("{why}"),
        _ => None,
    });
    message.await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_of_several_megabytes_passes() {
    let mut nodes = connected(2).await;
    let sent = proposal_for(16_000, 9);
    assert!(sent.values[0].bytes.len() > 5_000_000);
    nodes[0].host.send_consensus(To::All, &sent, soon());
    assert_eq!(next_message(&mut nodes[1]).await.values[0].bytes, sent.values[0].bytes);
}

/// The peer is raw, because a host's own tasks hand on what they have read in whatever order they run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_messages_are_written_in_the_order_in_which_they_were_sent() {
    let mut node = start(config(0, 2)).await;
    let mut peer = RawPeer::connect(&key(1), &node.host.listening()[0]).await;
    node.wait_for_connected(1).await;
    let sent: Vec<ConsensusMessage> = (9..17).map(|slot| proposal_for(500, slot)).collect();
    sent.iter().for_each(|message| node.host.send_consensus(To::All, message, soon()));
    for message in &sent {
        let mut stream = peer.accept(Class::Consensus.id()).await;
        let mut arrived = Vec::new();
        stream.read_to_end(&mut arrived).await.expect("the stream stays whole");
        assert!(arrived == frame(&wire::encode_consensus(message)), "not the one for {}", message.duty);
        stream.close().await.expect("the connection is open");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_messages_take_turns_and_all_arrive() {
    let mut nodes = connected(2).await;
    nodes[0].host.send_consensus(To::All, &proposal_for(16_000, 9), soon());
    nodes[0].host.send_consensus(To::All, &proposal_for(500, 10), soon());
    nodes[0].host.send_consensus(To::All, &proposal_for(500, 11), soon());
    let mut arrived = std::collections::BTreeSet::new();
    for _ in 0..3 {
        arrived.insert(next_message(&mut nodes[1]).await.duty.slot.0);
    }
    // In whatever order: each is read and decoded by a task of its own.
    assert_eq!(arrived, [9, 10, 11].into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restarted_peer_is_reconnected() {
    let first = start(config(0, 2)).await;
    let address = first.host.listening().to_vec();
    let mut other = start(knowing(config(1, 2), 0, &address)).await;
    other.wait_for_connected(0).await;
    first.host.shutdown().await;
    other.wait_for_disconnected(0).await;
    assert!(other.host.connected().is_empty());
    // What is sent meanwhile waits for the peer.
    other.host.send_consensus(To::All, &prepare(1, 7), soon());
    let mut again = start(Config { listen: address, ..config(0, 2) }).await;
    other.wait_for_connected(0).await;
    let slot = again.wait_for(|event| match event {
        Event::Consensus { message, .. } => Some(message.duty.slot.0),
        _ => None,
    });
    assert_eq!(slot.await, 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_is_found_again_at_the_address_it_told() {
    // The first host knows no address of the second, which dials; later it is the first that must dial back.
    let mut first = start(config(0, 2)).await;
    let mut second = start(knowing(config(1, 2), 0, first.host.listening())).await;
    first.wait_for_connected(1).await;
    second.wait_for_connected(0).await;
    wait_until(|| first.metric("p2p_peer_addresses", "") >= 1.0).await;
    let address = second.host.listening().to_vec();
    second.host.shutdown().await;
    first.wait_for_disconnected(1).await;
    let _second = start(Config { listen: address, ..config(1, 2) }).await;
    first.wait_for_connected(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_tell_about_themselves_when_they_meet() {
    let mut nodes = connected(2).await;
    let (info, offset, round_trip) = nodes[0]
        .wait_for(|event| match event {
            Event::PeerInfo { peer: PeerIndex(1), info, clock_offset_ns, round_trip } => {
                Some((info, clock_offset_ns, round_trip))
            }
            _ => None,
        })
        .await;
    assert_eq!((info.nickname.as_str(), info.client.as_str()), ("node 1", "phalanx"));
    assert_eq!((info.git_hash.as_str(), &info.lock_hash[..]), ("unknown", &[7; 32][..]));
    assert!(info.is_supported());
    assert!(offset.unsigned_abs() <= round_trip.as_nanos() as u64, "one machine has one clock");
    let name = nodes[0].host.peer_name(PeerIndex(1)).to_owned();
    assert_eq!(name, nodes[1].host.peer_name(PeerIndex(1)), "all call a peer the same");
    assert_eq!(nodes[0].metric("app_peerinfo_index", &name), 1.0);
    assert_eq!(nodes[0].metric("app_peerinfo_nickname", "node 1"), 1.0);
    assert_eq!(nodes[0].metric("p2p_peer_connection_types", &name), 1.0);
    assert!(nodes[0].metric("p2p_peer_network_sent_bytes_total", Class::PeerInfo.id()) > 0.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interval_later_peers_are_asked_again() {
    let limits = Limits { peer_info_interval: Duration::from_millis(50), ..Limits::default() };
    let mut nodes = connected_with(2, limits).await;
    for _ in 0..3 {
        nodes[0].wait_for(|event| matches!(event, Event::PeerInfo { .. }).then_some(())).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_in_use_is_named() {
    let first = start(config(0, 2)).await;
    let second = Config { listen: first.host.listening().to_vec(), ..config(1, 2) };
    let error =
        Host::start(second, &mut Registry::default()).await.map(|_| ()).expect_err("the port is taken");
    let port = first.host.listening()[0].to_string();
    assert_eq!(
        error.to_string(),
        format!("cannot listen on {port}: the port is in use; stop the other program or choose another port")
    );
}

#[tokio::test]
async fn contradictions_in_the_configuration_are_refused() {
    let error = async |config| match Host::start(config, &mut Registry::default()).await {
        Ok(_) => panic!("the configuration is contradictory"),
        Err(error) => error.to_string(),
    };
    let foreign = Config { key: key(9), ..config(0, 2) };
    assert!(error(foreign).await.contains("not that of peer 0"));
    let mut twins = config(0, 3);
    twins.peers[2].public_key = twins.peers[1].public_key;
    assert!(error(twins).await.contains("peers 1 and 2 have the same node key"));
    let mut gap = config(0, 3);
    gap.peers.remove(1);
    assert!(error(gap).await.contains("numbered from 0 without gaps"));
    let greedy = Limits { bytes_per_peer: 1 << 20, ..Limits::default() };
    assert!(error(Config { limits: greedy, ..config(0, 2) }).await.contains("bytes_per_peer"));
    let nowhere = vec!["/ip4/192.0.2.1/tcp/0".parse().expect("a multiaddr")];
    assert!(
        error(Config { listen: nowhere, ..config(0, 2) })
            .await
            .starts_with("cannot listen on /ip4/192.0.2.1")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_ends_with_its_last_handle() {
    let mut nodes = connected(2).await;
    let first = nodes.remove(0);
    drop(first.host);
    nodes[0].wait_for_disconnected(0).await;
}
