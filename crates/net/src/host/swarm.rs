//! The libp2p swarm: transports, protocols and listeners.
//!
//! QUIC and relays have their place in [`build`]: a relay client is one more transport and one more behaviour, its
//! reservations are listen addresses, and the gate lets the relays through.

use std::net::{SocketAddr, TcpListener};

use futures::StreamExt;
use libp2p::core::upgrade::Version;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{
    Multiaddr, PeerId, Swarm, SwarmBuilder, connection_limits, identify, noise, ping, tcp, tls, yamux,
};

use crate::config::Config;
use crate::error::Error;
use crate::limits::Limits;
use crate::roster::key_pair;
use crate::{gate, streams};

/// Everything that happens on connections.
#[derive(NetworkBehaviour)]
pub(crate) struct Behaviour {
    gate: gate::Behaviour,
    limits: connection_limits::Behaviour,
    streams: streams::Behaviour,
    identify: identify::Behaviour,
    ping: ping::Behaviour,
}

/// Streams a connection may have in all; above the sum of what either side keeps open at once.
const STREAMS_PER_CONNECTION: usize = 1024;
/// How often peers are asked to identify themselves anew.
const IDENTIFY_INTERVAL: std::time::Duration = std::time::Duration::from_secs(300);

/// A swarm that listens.
pub(crate) struct Started {
    pub(crate) swarm: Swarm<Behaviour>,
    /// The addresses it listens on, with their real ports.
    pub(crate) listening: Vec<Multiaddr>,
    /// What happened on the first listeners while the last were being opened.
    pub(crate) early: Vec<SwarmEvent<BehaviourEvent>>,
}

/// Builds the swarm and waits until it listens.
pub(crate) async fn start(
    config: &Config,
    others: &[PeerId],
    streams: streams::Behaviour,
) -> Result<Started, Error> {
    let mut swarm = build(config, others, streams)?;
    let mut listeners = Vec::new();
    for address in &config.listen {
        refuse_port_in_use(address)?;
        let listening = swarm.listen_on(address.clone());
        let failed = |error: libp2p::TransportError<_>| listen_error(address, &error.to_string());
        listeners.push((listening.map_err(failed)?, address.clone()));
    }
    for address in &config.external {
        swarm.add_external_address(address.clone());
    }
    let early = wait_for_listeners(&mut swarm, listeners).await?;
    let listening = swarm.listeners().cloned().collect();
    Ok(Started { swarm, listening, early })
}

fn build(config: &Config, others: &[PeerId], streams: streams::Behaviour) -> Result<Swarm<Behaviour>, Error> {
    let limits = config.limits;
    let keys = key_pair(&config.key);
    let transport = |error: &dyn std::fmt::Display| Error::Transport(error.to_string());
    let muxer = || {
        let mut muxer = yamux::Config::default();
        muxer.set_max_num_streams(STREAMS_PER_CONNECTION);
        muxer
    };
    let behaviour = Behaviour {
        gate: gate::Behaviour::new(others.iter().copied()),
        limits: connection_limits::Behaviour::new(
            connection_limits::ConnectionLimits::default()
                .with_max_pending_incoming(Some(limits.pending_connections)),
        ),
        streams,
        identify: identify::Behaviour::new(
            identify::Config::new("phalanx/1".to_owned(), keys.public())
                .with_agent_version(format!("phalanx/{}", config.about.version))
                .with_interval(IDENTIFY_INTERVAL)
                // The address book is ours.
                .with_cache_size(0),
        ),
        ping: ping::Behaviour::new(
            ping::Config::new().with_interval(limits.ping_interval).with_timeout(limits.ping_timeout),
        ),
    };
    let builder = SwarmBuilder::with_existing_identity(keys)
        .with_tokio()
        .with_tcp(tcp::Config::default(), (tls::Config::new, noise::Config::new), muxer)
        .map_err(|error| transport(&error))?
        .with_dns()
        .map_err(|error| transport(&error))?
        .with_behaviour(|_| behaviour)
        .map_err(|error| transport(&error))?;
    Ok(builder
        .with_swarm_config(|swarm| swarm_limits(swarm, &limits))
        .with_connection_timeout(limits.dial_deadline)
        .build())
}

fn swarm_limits(config: libp2p::swarm::Config, limits: &Limits) -> libp2p::swarm::Config {
    config
        .with_idle_connection_timeout(std::time::Duration::from_secs(3600))
        .with_max_negotiating_inbound_streams(limits.negotiating_streams)
        // A single offered protocol is negotiated along with the first data: a round trip less for each message.
        .with_substream_upgrade_protocol_override(Version::V1Lazy)
}

/// Sockets of the transport share ports, so a second node on the same port would start and starve: look first.
fn refuse_port_in_use(address: &Multiaddr) -> Result<(), Error> {
    let Some(socket) = tcp_socket(address).filter(|socket| socket.port() != 0) else {
        return Ok(());
    };
    match TcpListener::bind(socket) {
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            Err(Error::PortInUse { address: address.clone() })
        }
        Err(error) => Err(listen_error(address, &error.to_string())),
        Ok(_) => Ok(()),
    }
}

fn tcp_socket(address: &Multiaddr) -> Option<SocketAddr> {
    let mut parts = address.iter();
    match (parts.next()?, parts.next()?) {
        (Protocol::Ip4(ip), Protocol::Tcp(port)) => Some(SocketAddr::new(ip.into(), port)),
        (Protocol::Ip6(ip), Protocol::Tcp(port)) => Some(SocketAddr::new(ip.into(), port)),
        _ => None,
    }
}

fn listen_error(address: &Multiaddr, reason: &str) -> Error {
    Error::Listen { address: address.clone(), reason: reason.to_owned() }
}

async fn wait_for_listeners(
    swarm: &mut Swarm<Behaviour>,
    mut waiting: Vec<(libp2p::core::transport::ListenerId, Multiaddr)>,
) -> Result<Vec<SwarmEvent<BehaviourEvent>>, Error> {
    let mut early = Vec::new();
    while !waiting.is_empty() {
        match swarm.select_next_some().await {
            SwarmEvent::NewListenAddr { listener_id, .. } => waiting.retain(|(id, _)| *id != listener_id),
            SwarmEvent::ListenerClosed { listener_id, reason, .. } => {
                if let Some((_, address)) = waiting.iter().find(|(id, _)| *id == listener_id) {
                    let reason = reason.err().map_or_else(|| "closed".to_owned(), |error| error.to_string());
                    return Err(listen_error(address, &reason));
                }
            }
            other => early.push(other),
        }
    }
    Ok(early)
}
