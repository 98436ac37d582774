//! What the rest of the program may rely on in this room.

mod aggregates;
mod attestations;
mod contributions;
mod domains;
mod executable_spec;
mod hostile;
mod proposals;
mod selections;
mod spec;
mod ssz_static;
mod vectors;
