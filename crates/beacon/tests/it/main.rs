//! Both sides of the Beacon API against each other and against mock beacon nodes, over real sockets on loopback.

mod backend;
mod client_answers;
mod client_events;
mod client_failover;
mod client_submissions;
mod node;
mod server_attestations;
mod server_blocks;
mod server_bounds;
mod server_keys;
mod server_liveness;
mod server_polls;
mod server_proxy;
mod server_routes;
mod server_several;
mod server_tls;
