//! Arrows between rooms only point down, and the brain reaches nothing outside itself.

use std::path::Path;

use crate::{name, read, rooms};

/// Each room with the rooms it may use.
const ARROWS: &[(&str, &[&str])] = &[
    ("eth", &[]),
    ("bls", &[]),
    ("qbft", &[]),
    ("cluster", &["eth", "bls", "qbft"]),
    ("slashing", &["eth", "bls", "cluster"]),
    ("duty", &["eth", "bls", "qbft", "cluster", "slashing"]),
    ("sim", &["eth", "bls", "qbft", "cluster", "slashing", "duty"]),
    ("beacon", &["eth", "bls", "cluster", "duty"]),
    ("signer", &["eth", "bls", "cluster", "slashing"]),
    ("net", &["eth", "bls", "qbft", "cluster", "duty"]),
    ("node", &["eth", "bls", "qbft", "cluster", "slashing", "duty", "beacon", "signer", "net"]),
    ("devnet", &["eth", "bls", "qbft", "cluster", "slashing", "duty", "beacon", "signer", "net", "node"]),
    // Development only; its tests may use what they hold the model against.
    ("model", &[]),
    ("phalanx", &["eth", "bls", "qbft", "cluster", "slashing", "duty", "signer", "node", "devnet"]),
];

/// Rooms below the line of IO.
pub(crate) const BRAIN: &[&str] = &["eth", "bls", "qbft", "cluster", "slashing", "duty"];

/// What would carry a room across the line of IO.
const OUTSIDE: &[&str] = &[
    "tokio",
    "futures",
    "libp2p",
    "axum",
    "reqwest",
    "hyper",
    "rusqlite",
    "rand",
    "getrandom",
    "tracing",
    "prometheus-client",
    "prost",
];

pub(crate) fn check(root: &Path, complaints: &mut Vec<String>) {
    for room in rooms(root) {
        let name = name(&room);
        let Some((_, allowed)) = ARROWS.iter().find(|(room, _)| *room == name) else {
            complaints.push(format!("crates/{name} is not in the table of arrows (xtask/src/arrows.rs)"));
            continue;
        };
        for dependency in dependencies(&read(&room.join("Cargo.toml"))) {
            let is_room = ARROWS.iter().any(|(room, _)| *room == dependency);
            if is_room && !allowed.contains(&dependency.as_str()) {
                complaints.push(format!("crates/{name} may not use {dependency}: arrows only point down"));
            }
            if BRAIN.contains(&name.as_str()) && OUTSIDE.contains(&dependency.as_str()) {
                complaints
                    .push(format!("crates/{name} is below the line of IO and may not use {dependency}"));
            }
        }
    }
}

/// The names in the `[dependencies]` table.
fn dependencies(manifest: &str) -> Vec<String> {
    let table = manifest.lines().skip_while(|line| *line != "[dependencies]").skip(1);
    let entries = table.take_while(|line| !line.starts_with('['));
    let names = entries.filter_map(|line| line.split(['.', '=', ' ']).next());
    names.filter(|name| !name.is_empty() && !name.starts_with('#')).map(str::to_owned).collect()
}
