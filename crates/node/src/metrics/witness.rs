//! What the witness counts.

use duty::{Notice, Standing};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use qbft::PeerIndex;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Peer {
    peer: String,
}

/// The witness's metrics.
#[derive(Clone, Default)]
pub(super) struct Witness {
    withholds: Gauge,
    behind: Counter,
    runs_twice: Gauge,
    peer_runs_twice: Family<Peer, Gauge>,
    false_testimonies: Family<Peer, Counter>,
}

impl Witness {
    pub(super) fn register(&self, registry: &mut Registry) {
        let withholds =
            "1 while nothing slashable is signed: the ledger is not trusted yet, or the node runs twice";
        registry.register("phalanx_signing_withheld", withholds, self.withholds.clone());
        let behind = "Validators of which peers had seen more than the slashing ledger held";
        registry.register("phalanx_ledger_behind", behind, self.behind.clone());
        let twice =
            "Whether this node runs twice: 0 no, 1 too few peers say so, 2 the older life, 3 the newer";
        registry.register("phalanx_runs_twice", twice, self.runs_twice.clone());
        let peer = "1 while the peer runs twice";
        registry.register("phalanx_peer_runs_twice", peer, self.peer_runs_twice.clone());
        let claims = "Times a peer claimed to have seen what this node cannot have signed";
        registry.register("phalanx_false_testimonies", claims, self.false_testimonies.clone());
    }

    pub(super) fn withhold(&self, withholds: bool) {
        self.withholds.set(withholds.into());
    }

    pub(super) fn notice(&self, notice: &Notice, name: impl Fn(PeerIndex) -> String) {
        let label = |peer: &PeerIndex| Peer { peer: name(*peer) };
        match notice {
            Notice::LedgerBehind { validators, .. } => drop(self.behind.inc_by(*validators as u64)),
            Notice::RunsTwice { standing, .. } => drop(self.runs_twice.set(number(*standing))),
            Notice::PeerRunsTwice { peer, .. } => {
                self.peer_runs_twice.get_or_create(&label(peer)).set(1);
            }
            Notice::PeerRunsOnce(peer) => {
                self.peer_runs_twice.get_or_create(&label(peer)).set(0);
            }
            Notice::FalseTestimony(peer) => {
                self.false_testimonies.get_or_create(&label(peer)).inc();
            }
            _ => {}
        }
    }
}

fn number(standing: Standing) -> i64 {
    match standing {
        Standing::Single => 0,
        Standing::Rumoured => 1,
        Standing::Older => 2,
        Standing::Newer => 3,
    }
}
