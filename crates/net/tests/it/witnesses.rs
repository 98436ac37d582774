//! Hellos between hosts, and hosts that do not speak the witness's protocol.

use duty::{Hello, Life, Marks, Testimony, Time};
use net::{Class, Event, Unanswered};
use qbft::PeerIndex;

use crate::cluster::{config, connected, key, start};
use crate::raw_peer::{RawPeer, frame};

fn hello() -> Hello {
    Hello { life: Life { began: Time(1), nonce: [7; 16] }, echo: Some(Time(2)), asks: true }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hello_is_answered_on_its_own_stream() {
    let mut nodes = connected(2).await;
    let asking = nodes[0].host.clone();
    let answer = tokio::spawn(async move { asking.say_hello(PeerIndex(1), &hello()).await });
    let (from, heard, reply) = nodes[1]
        .wait_for(|event| match event {
            Event::Hello { from, hello, reply } => Some((from, hello, reply)),
            _ => None,
        })
        .await;
    assert_eq!((from, heard), (PeerIndex(0), hello()));
    let testimony = Testimony { at: Time(3), seen: Some(Marks::new()), twin: Some(hello().life) };
    reply.send(testimony.clone());
    assert_eq!(answer.await.expect("it ends"), Ok(testimony));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_away_does_not_answer() {
    let node = start(config(0, 2)).await;
    assert_eq!(node.host.say_hello(PeerIndex(1), &hello()).await, Err(Unanswered::Failed));
    assert_eq!(node.host.say_hello(PeerIndex(9), &hello()).await, Err(Unanswered::Failed));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hello_that_is_none_is_a_fault() {
    let mut node = start(config(0, 2)).await;
    let peer = RawPeer::connect(&key(1), &node.host.listening()[0]).await;
    node.wait_for_connected(1).await;
    peer.send(Class::Witness.id(), &frame(&[])).await;
    assert!(node.wait_for_fault(1).await.contains("life is missing"));
}
