//! What the log says of rolled back ledgers and of nodes that run twice.

use duty::{Ground, Life, Notice, Standing, Watermark};
use qbft::PeerIndex;

pub(super) fn notice(notice: &Notice, peer_name: impl Fn(PeerIndex) -> String) {
    let names = |peers: &[PeerIndex]| peers.iter().map(|peer| peer_name(*peer)).collect::<Vec<String>>();
    match notice {
        Notice::LedgerTrusted(Ground::Peers(peers)) => {
            let peers = names(peers);
            tracing::info!(
                topic = "witness",
                ?peers,
                "peers have told what they have seen of this node; its slashing ledger is trusted"
            );
        }
        Notice::LedgerTrusted(ground) => {
            tracing::warn!(
                topic = "witness",
                ?ground,
                "no peer could tell what it has seen of this node; two epochs are over, its slashing ledger is trusted"
            );
        }
        Notice::LedgerBehind { validators, ledger, seen, peers } => {
            let (ledger, seen, peers) = (shown(ledger), shown(seen), names(peers));
            tracing::error!(
                topic = "witness",
                validators,
                ledger,
                seen,
                ?peers,
                "the slashing ledger is older than what peers have seen of this node: it was restored, copied or lost. \
                 Nothing up to what they saw will be signed. See docs/operate/backup-and-restore.md"
            );
        }
        Notice::FalseTestimony(peer) => {
            let peer = peer_name(*peer);
            tracing::warn!(
                topic = "witness",
                peer,
                "a peer claims to have seen signatures of this node from the future"
            );
        }
        Notice::RunsTwice { standing, peers, other } => {
            let (peers, other) = (names(peers), other.map(since));
            runs_twice(*standing, &peers, other);
        }
        Notice::PeerRunsTwice { peer, older, newer } => {
            let (peer, older, newer) = (peer_name(*peer), since(*older), since(*newer));
            tracing::error!(
                topic = "witness",
                peer,
                older,
                newer,
                "two nodes run with this peer's key: tell its operator"
            );
        }
        Notice::PeerRunsOnce(peer) => {
            let peer = peer_name(*peer);
            tracing::info!(topic = "witness", peer, "only one node runs with this peer's key again");
        }
        _ => {}
    }
}

fn runs_twice(standing: Standing, peers: &[String], other: Option<String>) {
    match standing {
        Standing::Single => tracing::info!(topic = "witness", "this node is the only one with its key again"),
        Standing::Rumoured => {
            tracing::warn!(
                topic = "witness",
                ?peers,
                other,
                "peers, too few to be believed, say that this node runs twice"
            );
        }
        Standing::Older => {
            tracing::error!(
                topic = "witness",
                ?peers,
                other,
                "another node runs with this node's key, started later; this one goes on. Stop one of the two"
            );
        }
        Standing::Newer => {
            tracing::error!(
                topic = "witness",
                ?peers,
                other,
                "another node runs with this node's key, started earlier; this one signs nothing slashable. \
                 Stop one of the two"
            );
        }
    }
}

/// A life by its beginning.
fn since(life: Life) -> String {
    let Life { began, nonce } = life;
    let name: String = nonce.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{name}, since {} s after genesis", began.0 / 1_000_000_000)
}

fn shown(mark: &Watermark) -> String {
    let epoch = mark.vote.map_or("-".to_owned(), |vote| vote.target.to_string());
    let slot = mark.block.map_or("-".to_owned(), |slot| slot.to_string());
    format!("target epoch {epoch}, block slot {slot}")
}
