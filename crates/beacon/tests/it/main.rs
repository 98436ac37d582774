//! Both sides of the Beacon API against each other and against mock beacon nodes, over real sockets on loopback.

mod backend;
mod client_aggregates;
mod client_answers;
mod client_blocks;
mod client_events;
mod client_exits;
mod client_failover;
mod client_proposers;
mod client_submissions;
mod client_sync;
mod node;
mod server_aggregates;
mod server_attestations;
mod server_blocks;
mod server_bounds;
mod server_exits;
mod server_keys;
mod server_proxy;
mod server_routes;
mod server_selections;
mod server_subscriptions;
mod server_sync;
