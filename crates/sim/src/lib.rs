//! The deterministic simulator: a second body for the same brain, in which a whole cluster lives in one thread.
//!
//! Never here: a socket, a clock, a file, a thread, or randomness that the seed does not decide.

pub mod byzantine;
pub mod checker;
pub mod faults;
pub mod known_bugs;
pub mod log;
pub mod plan;
pub mod run;
pub mod world;
