//! What a cluster of engines does, seen from outside. Names of tests state facts; scenarios are data and time.

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
mod twins;
mod witnesses;
