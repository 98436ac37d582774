//! The life of a duty as one deterministic engine.
