//! Ports that are free.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use crate::Error;

/// That many ports of loopback nobody listens on. They are found together, so they differ; somebody else may still
/// take one before it is used, and then the node says so.
pub(super) fn free(count: usize) -> Result<Vec<SocketAddr>, Error> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let bind = || TcpListener::bind(address).map_err(|why| Error::Listen { address, why });
    let listeners = (0..count).map(|_| bind()).collect::<Result<Vec<_>, _>>()?;
    let local = |listener: &TcpListener| listener.local_addr().map_err(|why| Error::Listen { address, why });
    listeners.iter().map(local).collect()
}
