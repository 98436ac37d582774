//! The room's tests: each rule by a script, the whole by a simulated network, the numbers by shared vectors.

mod decision;
mod justification;
mod liars;
mod memory;
mod network;
mod normal_case;
mod observer;
mod properties;
mod round_change;
mod script;
mod vectors;
