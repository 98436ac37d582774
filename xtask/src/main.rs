//! Architecture invariants as a test.
fn main() {}
