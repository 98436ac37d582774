//! Hosts over loopback TCP, and the wire's encodings.

mod cluster;
mod hostile;
mod hosts;
mod queues;
mod raw_peer;
mod samples;
mod vectors;
mod wire_consensus;
mod wire_partials;
mod wire_values;
