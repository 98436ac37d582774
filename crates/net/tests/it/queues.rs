//! Messages that wait for a peer.

use std::collections::BTreeSet;
use std::time::Duration;

use ::cluster::GroupKey;
use duty::{Duty, DutyKind, Partial, PartialSet, Signed};
use eth::{Epoch, PublicKeyBytes, SignatureBytes, Slot, ValidatorIndex, VoluntaryExit};
use net::{Config, Event, Limits, To};
use qbft::PeerIndex;
use tokio::time::Instant;

use crate::cluster::{Node, config, connected, knowing, start, wait_until};
use crate::samples::{group_key, partials, prepare, share};

/// Peer 1 of a cluster of two, which waits for peer 0 at a port where nobody listens yet; and that port.
async fn lonely(limits: Limits) -> (Node, Vec<net::Multiaddr>) {
    let placeholder = start(config(0, 2)).await;
    let address = placeholder.host.listening().to_vec();
    placeholder.host.shutdown().await;
    (start(knowing(Config { limits, ..config(1, 2) }, 0, &address)).await, address)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_expires_before_the_peer_comes_is_not_sent() {
    let (node, address) = lonely(Limits::default()).await;
    let (soon, later) = (Duration::from_millis(1), Duration::from_secs(20));
    node.host.send_consensus(To::All, &prepare(1, 1), Instant::now() + soon);
    node.host.send_consensus(To::All, &prepare(1, 2), Instant::now() + later);
    let gone = Instant::now() + soon;
    wait_until(|| Instant::now() > gone).await;
    let mut peer = start(Config { listen: address, ..config(0, 2) }).await;
    let first = peer.wait_for(|event| match event {
        Event::Consensus { message, .. } => Some(message.duty.slot.0),
        _ => None,
    });
    assert_eq!(first.await, 2);
    wait_until(|| node.metric("p2p_messages_lost_total", "expired") == 1.0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_keeps_the_newest_and_spares_other_classes() {
    let limits = Limits { outbox_messages: 2, ..Limits::default() };
    let (node, address) = lonely(limits).await;
    let expires = Instant::now() + Duration::from_secs(20);
    node.host.send_partials(To::Peer(PeerIndex(0)), &partials(1, 50), expires);
    for slot in 1..=5 {
        node.host.send_consensus(To::All, &prepare(1, slot), expires);
    }
    assert_eq!(node.metric("p2p_messages_lost_total", "overflow"), 3.0);
    let mut peer = start(Config { listen: address, ..config(0, 2) }).await;
    let (mut slots, mut sets) = (Vec::new(), 0);
    while slots.len() < 2 || sets < 1 {
        let event = peer.wait_for(Some).await;
        match event {
            Event::Consensus { message, .. } => slots.push(message.duty.slot.0),
            Event::Partials { .. } => sets += 1,
            _ => {}
        }
    }
    slots.sort_unstable();
    assert_eq!(slots, [4, 5]);
}

/// Selection proofs of a slot's share of 10,000 validators.
fn selections(slot: u64) -> PartialSet {
    let partial = |number: u16| {
        let [high, low] = number.to_be_bytes();
        let mut key = [high; 48];
        key[1] = low;
        let signed =
            Signed::CommitteeSelection { slot: Slot(slot), validator: ValidatorIndex(number.into()) };
        let partial = Partial { share: share(1), signed, signature: SignatureBytes([low; 96]) };
        (GroupKey(PublicKeyBytes(key)), partial)
    };
    let duty = Duty::new(Slot(slot), DutyKind::PrepareAggregator);
    PartialSet { duty, partials: (0..313).map(partial).collect() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_selections_of_two_epochs_pass_in_one_burst() {
    let mut nodes = connected(2).await;
    let later = Instant::now() + Duration::from_secs(800);
    for slot in 0..64 {
        nodes[0].host.send_partials(To::All, &selections(slot), later);
    }
    let mut missing: BTreeSet<u64> = (0..64).collect();
    while !missing.is_empty() {
        let set = nodes[1].wait_for(|event| match event {
            Event::Partials { set, .. } => Some(set),
            Event::Fault { why, .. } => panic!("{why}"),
            _ => None,
        });
        let set = set.await;
        assert_eq!(set.partials.len(), 313);
        assert!(missing.remove(&set.duty.slot.0), "each set comes once");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_exits_that_never_expire_all_arrive() {
    let mut nodes = connected(2).await;
    let never = Instant::now() + Duration::from_nanos(i64::MAX.unsigned_abs());
    for number in 0..1_100 {
        let exit = VoluntaryExit { epoch: Epoch(4), validator_index: ValidatorIndex(number) };
        let partial =
            Partial { share: share(1), signed: Signed::Exit(exit), signature: SignatureBytes([8; 96]) };
        let set = PartialSet::single(Duty::new(Slot(32), DutyKind::Exit), group_key(1), partial);
        nodes[0].host.send_partials(To::All, &set, never);
    }
    let mut missing: BTreeSet<u64> = (0..1_100).collect();
    while !missing.is_empty() {
        let set = nodes[1].wait_for(|event| match event {
            Event::Partials { set, .. } => Some(set),
            Event::Fault { why, .. } => panic!("{why}"),
            _ => None,
        });
        let Signed::Exit(exit) = set.await.partials[&group_key(1)].signed else { panic!("an exit") };
        assert!(missing.remove(&exit.validator_index.0), "each exit comes once");
    }
    assert_eq!(nodes[0].metric("p2p_messages_lost", ""), 0.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_absent_peer_does_not_delay_the_others() {
    let mut near = start(config(0, 3)).await;
    let mut node = start(knowing(config(1, 3), 0, near.host.listening())).await;
    node.wait_for_connected(0).await;
    let expires = Instant::now() + Duration::from_secs(20);
    for slot in 0..50 {
        node.host.send_consensus(To::All, &prepare(1, slot), expires);
    }
    for _ in 0..50 {
        near.wait_for(|event| matches!(event, Event::Consensus { .. }).then_some(())).await;
    }
    assert_eq!(node.host.connected().len(), 1, "peer 2 never came");
}
