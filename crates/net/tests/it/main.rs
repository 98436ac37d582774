//! Hosts over loopback TCP, and the wire's encodings.

mod cluster;
mod hostile;
mod hosts;
mod queues;
mod raw_peer;
mod samples;
mod vectors;
mod wire_aggregates;
mod wire_consensus;
mod wire_contributions;
mod wire_partials;
mod wire_small_partials;
mod wire_values;
mod witnesses;
