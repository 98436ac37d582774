//! A name for each peer that people can tell apart in logs and dashboards.
//!
//! The name follows from the peer's identity alone, so every node of a cluster calls a peer the same.

use libp2p::PeerId;
use sha2::{Digest, Sha256};

/// The names of a cluster's peers, in their order. Two peers that drew the same name get their position appended.
pub fn peer_names(peers: &[PeerId]) -> Vec<String> {
    let drawn: Vec<String> = peers.iter().map(draw).collect();
    let unique = |(position, name): (usize, &String)| {
        let twins = drawn.iter().filter(|other| *other == name).count();
        if twins > 1 { format!("{name}-{position}") } else { name.clone() }
    };
    drawn.iter().enumerate().map(unique).collect()
}

fn draw(peer: &PeerId) -> String {
    let digest = Sha256::digest(peer.to_bytes());
    let pick = |words: &[&'static str], byte: u8| words[usize::from(byte) % words.len()];
    format!("{}-{}", pick(&ADJECTIVES, digest[0]), pick(&NOUNS, digest[1]))
}

/// How it is.
const ADJECTIVES: [&str; 64] = [
    "amber", "ancient", "azure", "bold", "brave", "bright", "bronze", "calm", "candid", "clear", "clever",
    "copper", "coral", "cosmic", "crimson", "crisp", "daring", "deep", "eager", "early", "ebony", "fair",
    "fearless", "fleet", "frank", "gentle", "golden", "grand", "granite", "green", "hardy", "hidden",
    "honest", "humble", "indigo", "iron", "ivory", "jade", "keen", "kind", "lively", "loyal", "lucid",
    "marble", "merry", "mighty", "mild", "misty", "modest", "noble", "olive", "patient", "proud", "quick",
    "quiet", "ready", "ruby", "scarlet", "silver", "steady", "stern", "sturdy", "swift", "vivid",
];

/// What it is: the arms, places and beasts of an old army.
const NOUNS: [&str; 64] = [
    "anchor", "anvil", "archer", "arrow", "banner", "bastion", "beacon", "bear", "boar", "bridge", "buckler",
    "bugle", "camel", "castle", "cavalry", "chariot", "citadel", "column", "crest", "drummer", "eagle",
    "elephant", "falcon", "flank", "forge", "galley", "gate", "greave", "griffin", "guard", "harbour",
    "hawk", "helmet", "herald", "heron", "hoplite", "horse", "javelin", "lance", "lion", "marshal", "mast",
    "moat", "mule", "oar", "owl", "palisade", "pike", "pioneer", "quiver", "rampart", "raven", "sentry",
    "shield", "sling", "spear", "stallion", "standard", "tent", "tower", "trireme", "trumpet", "vanguard",
    "wolf",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn peers(count: u8) -> Vec<PeerId> {
        let key = |byte| {
            let mut secret = [byte; 32];
            let secret = libp2p::identity::secp256k1::SecretKey::try_from_bytes(&mut secret);
            let pair = libp2p::identity::secp256k1::Keypair::from(secret.expect("a small number is a key"));
            libp2p::identity::PublicKey::from(pair.public().clone()).to_peer_id()
        };
        (1..=count).map(key).collect()
    }

    #[test]
    fn names_are_the_same_on_every_node_and_never_shared() {
        let peers = peers(100);
        let names = peer_names(&peers);
        assert_eq!(names, peer_names(&peers));
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), peers.len());
    }
}
