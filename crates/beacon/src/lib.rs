//! The Beacon API, both sides: a client of beacon nodes and the validator API.
