//! The simulator itself: that it is deterministic, that it finds what it should, and that honest clusters survive it.

mod determinism;
mod liars;
mod worlds;
