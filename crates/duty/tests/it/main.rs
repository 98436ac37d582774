//! What a cluster of engines does, seen from outside. Names of tests state facts; scenarios are data and time.

// The world is the seed of a crate of its own, where these are public.
#![allow(unreachable_pub)]

mod aggregating_peers;
mod aggregators;
mod beacons;
mod clients;
mod exits;
mod leaders;
mod ledgers;
mod life;
mod limits;
mod peers;
mod priorities;
mod restarts;
mod selections;
mod sweep;
mod sync_committee;
mod times;
mod world;
