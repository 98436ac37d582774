//! What the rest of the program may rely on in this room.

mod attestations;
mod domains;
mod hostile;
mod proposals;
mod spec;
mod vectors;
