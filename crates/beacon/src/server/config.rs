//! How the server is to serve.

use std::time::Duration;

use super::Tls;

/// The server's limits, its TLS, and the name it gives itself.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Answer to `GET /eth/v1/node/version`.
    ///
    /// Some validator clients look for another middleware's prefix (`obolnetwork/charon/`) here to turn on behaviour
    /// for distributed validators. We name ourselves: clients of that kind have a switch (`--distributed` and the
    /// like) for it, and a borrowed name would hide from operators and beacon nodes what they talk to.
    pub version: String,
    /// `None`: plain HTTP.
    pub tls: Option<Tls>,
    /// Longest wait for a TLS handshake; meanwhile it takes up one of [`ServerConfig::connections_max`].
    pub handshake_timeout: Duration,
    /// No request is held longer than this, whatever the backend does. Longer than any duty's deadline.
    pub request_timeout: Duration,
    /// Longest wait for a request's body.
    pub body_timeout: Duration,
    /// Most bytes of requests' bodies in memory at once; what comes beyond is refused with 503.
    pub bodies_max: usize,
    /// A client that takes no byte of its answer for so long is cut off.
    pub write_timeout: Duration,
    /// A connection without a request for so long is closed, as is one that sends its headers that slowly. Well above
    /// a slot: a client that reuses a connection closed under it loses a duty.
    pub idle_timeout: Duration,
    /// Connections at the same time. When there are more, the one idle longest gives way; if none is idle, they wait.
    pub connections_max: usize,
    /// How long running requests may go on after the shutdown began.
    pub drain_timeout: Duration,
}

impl Default for ServerConfig {
    fn default() -> Self {
        let (arch, os) = (std::env::consts::ARCH, std::env::consts::OS);
        ServerConfig {
            version: format!("phalanx/{}/{arch}-{os}", env!("CARGO_PKG_VERSION")),
            tls: None,
            handshake_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(24),
            body_timeout: Duration::from_secs(10),
            bodies_max: 256 << 20,
            write_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(120),
            connections_max: 1024,
            drain_timeout: Duration::from_secs(3),
        }
    }
}
