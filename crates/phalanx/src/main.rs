//! The Phalanx command line.
fn main() {}
