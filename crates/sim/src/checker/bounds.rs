//! What a node may hold.

use duty::{Engine, Holdings};

use super::sentence::{Sentence, Verdict, demand};

/// Slots in which a duty's state may be alive: an epoch of the minimal preset, twice, and what is ahead.
const SLOTS_ALIVE: usize = 8 * 3 + 2;

/// Kinds of duties that are agreed on, and that are signed.
const KINDS_AGREED: usize = 4;
const KINDS_SIGNED: usize = 9;

/// Seats of a validator: it may sit in every sync subcommittee.
const SEATS: usize = 4;

/// Exits kept of a validator and share.
const EXITS: usize = 8;

/// What an honest peer names of values in a duty, twice (docs/decisions/0003 gives liars no more).
const VALUES: usize = 2;

/// A node of so many peers and validators holds no more than duties alive × peers × validators.
pub(crate) fn held(node: usize, engine: &Engine, peers: usize, validators: usize) -> Verdict {
    let Holdings { epochs, agreements, values, collections, partials, requests, jobs, sightings } =
        engine.holdings();
    let most_agreements = SLOTS_ALIVE * KINDS_AGREED;
    let most_collections = SLOTS_ALIVE * KINDS_SIGNED + validators * peers * EXITS;
    let most_partials = most_collections * peers * validators * SEATS;
    let bounds = [
        ("epochs", epochs, 6),
        ("agreements", agreements, most_agreements),
        ("values", values, most_agreements * peers * peers * VALUES),
        ("collections", collections, most_collections),
        ("partials", partials, most_partials),
        ("requests", requests, 4_096 * 2),
        ("jobs", jobs, 4_096),
        ("sightings", sightings, peers * validators),
    ];
    for (what, held, most) in bounds {
        demand(held <= most, Sentence::MemoryIsBounded, || {
            format!("node {node} holds {held} {what}, the most is {most}")
        })?;
    }
    Ok(())
}
