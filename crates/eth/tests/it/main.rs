//! What the rest of the program may rely on in this room.

mod attestations;
mod domains;
mod executable_spec;
mod hostile;
mod proposals;
mod spec;
mod ssz_static;
mod vectors;
