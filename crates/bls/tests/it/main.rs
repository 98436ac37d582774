//! What this crate promises, as other rooms see it.

mod batch;
mod cluster;
mod combine;
mod culprits;
mod encoding;
mod proof_of_sharing;
mod vectors;
