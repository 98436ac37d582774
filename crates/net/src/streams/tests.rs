//! Two swarms with nothing but streams, in memory.

use futures::{AsyncReadExt, AsyncWriteExt, StreamExt};
use libp2p::core::Transport;
use libp2p::core::transport::MemoryTransport;
use libp2p::core::upgrade::Version;
use libp2p::identity::Keypair;
use libp2p::swarm::SwarmEvent;
use libp2p::{Swarm, noise, yamux};

use super::*;
use crate::send::{SendError, stream_error};

const NEW: StreamProtocol = StreamProtocol::new("/test/2");
const OLD: StreamProtocol = StreamProtocol::new("/test/1");

struct Side {
    swarm: Swarm<Behaviour>,
    control: Control,
    inbound: mpsc::Receiver<Inbound>,
}

fn side(keys: &Keypair, peer: PeerId, protocols: &[StreamProtocol], limits: Limits) -> Side {
    let transport = MemoryTransport::default()
        .upgrade(Version::V1)
        .authenticate(noise::Config::new(keys).expect("noise takes any key"))
        .multiplex(yamux::Config::default())
        .boxed();
    let (behaviour, control, inbound) = Behaviour::new(protocols.to_vec(), &[peer], limits);
    let config = libp2p::swarm::Config::with_tokio_executor()
        .with_substream_upgrade_protocol_override(Version::V1Lazy);
    Side { swarm: Swarm::new(transport, behaviour, keys.public().to_peer_id(), config), control, inbound }
}

/// A caller connected to a listener that speaks `protocols`: the caller's control, the listener's identity, and the
/// streams that come in there.
async fn connected(
    protocols: &[StreamProtocol],
    limits: Limits,
) -> (Control, PeerId, mpsc::Receiver<Inbound>) {
    let (here, there) = (Keypair::generate_secp256k1(), Keypair::generate_secp256k1());
    let (here_id, there_id) = (here.public().to_peer_id(), there.public().to_peer_id());
    let mut caller = side(&here, there_id, &[NEW, OLD], limits);
    let mut listener = side(&there, here_id, protocols, limits);
    listener.swarm.listen_on("/memory/0".parse().expect("a multiaddr")).expect("memory is there");
    let address = loop {
        if let SwarmEvent::NewListenAddr { address, .. } = listener.swarm.select_next_some().await {
            break address;
        }
    };
    caller.swarm.dial(address).expect("the listener listens");
    tokio::spawn(async move { while listener.swarm.next().await.is_some() {} });
    while !caller.swarm.is_connected(&there_id) {
        caller.swarm.select_next_some().await;
    }
    tokio::spawn(async move { while caller.swarm.next().await.is_some() {} });
    (caller.control, there_id, listener.inbound)
}

/// The next stream; none lost, it comes at once.
async fn next(inbound: &mut mpsc::Receiver<Inbound>) -> Inbound {
    let patience = std::time::Duration::from_secs(20);
    tokio::time::timeout(patience, inbound.recv()).await.expect("no stream is lost").expect("the swarm runs")
}

#[tokio::test]
async fn the_first_protocol_both_speak_is_taken() {
    for (spoken, taken) in [(vec![OLD, NEW], NEW), (vec![OLD], OLD)] {
        let (control, peer, mut inbound) = connected(&spoken, Limits::default()).await;
        let (protocol, mut stream) = control.open(peer, vec![NEW, OLD]).await.expect("a stream");
        stream.write_all(b"x").await.expect("an open stream");
        stream.flush().await.expect("an open stream");
        assert_eq!(protocol, taken);
        assert_eq!(next(&mut inbound).await.protocol, taken);
    }
}

#[tokio::test]
async fn a_protocol_the_peer_does_not_speak_shows_when_the_stream_is_read() {
    let (control, peer, _inbound) = connected(&[OLD], Limits::default()).await;
    let (_, mut stream) = control.open(peer, vec![NEW]).await.expect("the refusal comes later");
    stream.write_all(b"x").await.expect("an open stream");
    stream.close().await.expect("an open stream");
    let error = stream.read(&mut [0]).await.expect_err("the peer refuses");
    assert!(matches!(stream_error(error), SendError::Open(OpenError::Unsupported)));
}

#[tokio::test]
async fn streams_beyond_the_places_wait_and_are_not_lost() {
    let limits = Limits { streams_per_peer: 3, ..Limits::default() };
    let (control, peer, mut inbound) = connected(&[NEW], limits).await;
    let mut opened = Vec::new();
    for number in 0..50u8 {
        let (_, mut stream) = control.open(peer, vec![NEW]).await.expect("a stream");
        stream.write_all(&[number]).await.expect("an open stream");
        stream.flush().await.expect("an open stream");
        opened.push(stream);
    }
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(next(&mut inbound).await);
    }
    assert!(inbound.try_recv().is_err(), "all places are taken");
    let mut numbers = Vec::new();
    while let Some(mut oldest) = held.pop() {
        let mut number = [0];
        oldest.stream.read_exact(&mut number).await.expect("each stream carries its number");
        numbers.push(number[0]);
        drop(oldest);
        if numbers.len() + held.len() < 50 {
            held.push(next(&mut inbound).await);
        }
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (0..50).collect::<Vec<_>>());
}

#[tokio::test]
async fn nobody_is_there_to_open_a_stream_to() {
    let (control, _, _inbound) = connected(&[NEW], Limits::default()).await;
    let stranger = PeerId::random();
    assert_eq!(control.open(stranger, vec![NEW]).await.map(|_| ()), Err(OpenError::NotConnected));
}
