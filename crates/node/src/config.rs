//! What an operator tells a node.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use beacon::server::TlsFiles;
use url::Url;

use crate::logging::Counters;

/// The configuration of a running node. Flag names in the messages are those of the command line.
#[derive(Clone, Debug)]
pub struct Config {
    /// The cluster lock.
    pub lock_file: PathBuf,
    /// The node's secp256k1 key.
    pub private_key_file: PathBuf,
    /// The slashing ledger.
    pub ledger_file: PathBuf,
    /// A signing history to take in before the first signature, when the ledger does not exist yet.
    pub signing_history_file: PathBuf,
    /// Beacon nodes, the preferred first.
    pub beacon_node_endpoints: Vec<Url>,
    /// Headers for beacon nodes.
    pub beacon_node_headers: Vec<(String, String)>,
    /// Longest wait for one beacon node's answer.
    pub beacon_node_timeout: Duration,
    /// Longest wait for one beacon node to take a submission.
    pub beacon_node_submit_timeout: Duration,
    /// Where validator clients call.
    pub validator_api_address: SocketAddr,
    /// The files of the validator API's TLS; none: plain HTTP.
    pub validator_api_tls: Option<TlsFiles>,
    /// Where metrics and health are served.
    pub monitoring_address: SocketAddr,
    /// Where peers call; none: outgoing connections only.
    pub p2p_tcp_addresses: Vec<SocketAddr>,
    /// Addresses peers reach this node under, where they differ.
    pub p2p_external: Vec<String>,
    /// Where peers are, beside what the lock says: position and address.
    pub p2p_peers: Vec<PeerAddress>,
    /// Whether blocks from builders are wanted.
    pub builder_api: bool,
    /// The text in the blocks: one for all validators, or one for each in the lock's order, comma separated.
    pub graffiti: Option<String>,
    /// Minutes of what happens that a recording holds; 0: nothing is recorded.
    pub record_minutes: u64,
    /// A name for this node among its peers.
    pub nickname: String,
    /// Whether the operator vouches that the ledger is the one that was written last.
    pub trusts_ledger: bool,
    /// Start even if the lock's hashes and signatures do not verify.
    pub no_verify: bool,
    /// The version told to peers and dashboards.
    pub version: String,
    /// Warnings and errors logged so far, for the metrics page.
    pub log_counters: Counters,
}

/// Where a peer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerAddress {
    /// Its position among the operators, from 0.
    pub peer: u8,
    /// `host:port`, or a multiaddr.
    pub address: String,
}

impl std::str::FromStr for PeerAddress {
    type Err = String;

    /// Reads `INDEX=HOST:PORT` or `INDEX=/ip4/…/tcp/…`.
    fn from_str(text: &str) -> Result<PeerAddress, String> {
        let expected = || format!("{text:?} is not of the form INDEX=HOST:PORT");
        let (peer, address) = text.split_once('=').ok_or_else(expected)?;
        let peer = peer.trim().parse().map_err(|_| expected())?;
        let address = PeerAddress { peer, address: address.trim().to_owned() };
        address.multiaddr().map(|_| address)
    }
}

impl PeerAddress {
    /// The address as libp2p writes it.
    pub fn multiaddr(&self) -> Result<net::Multiaddr, String> {
        multiaddr(&self.address)
    }
}

/// A `host:port` or multiaddr as libp2p writes it.
pub(crate) fn multiaddr(text: &str) -> Result<net::Multiaddr, String> {
    let expected = || format!("{text:?} is neither HOST:PORT nor a multiaddr");
    if text.starts_with('/') {
        return text.parse().map_err(|_| expected());
    }
    if let Ok(socket) = text.parse() {
        return Ok(net::tcp_address(socket));
    }
    let (host, port) = text.rsplit_once(':').ok_or_else(expected)?;
    let port: u16 = port.parse().map_err(|_| expected())?;
    let is_host = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-' || c == '_';
    if host.is_empty() || !host.chars().all(is_host) {
        return Err(expected());
    }
    format!("/dns/{host}/tcp/{port}").parse().map_err(|_| expected())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_are_given_by_position_and_address() {
        let peer: PeerAddress = "2=127.0.0.1:3610".parse().expect("valid");
        assert_eq!(peer.multiaddr().expect("valid").to_string(), "/ip4/127.0.0.1/tcp/3610");
        let peer: PeerAddress = "3=node.example.org:3610".parse().expect("valid");
        assert_eq!(peer.multiaddr().expect("valid").to_string(), "/dns/node.example.org/tcp/3610");
        for wrong in ["", "1", "x=1.2.3.4:5", "1=", "1=host", "1=host:99999", "1=/no/such", "1=a b:3"] {
            assert!(wrong.parse::<PeerAddress>().is_err(), "{wrong}");
        }
    }
}
