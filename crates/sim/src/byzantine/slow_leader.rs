//! Does everything right and a moment too late: proposals come just before, or just after, the round's end.

use qbft::Kind;

use super::{Program, Scene, Sent};
use crate::world::network::Parcel;

/// Holds proposals, and now and then everything, back.
#[derive(Debug)]
pub(super) struct SlowLeader;

impl Program for SlowLeader {
    fn sends(&mut self, scene: &mut Scene<'_>, to: usize, parcel: Parcel, out: &mut Vec<Sent>) {
        let after_ms = match &parcel {
            Parcel::Consensus(message) if message.message.kind == Kind::PrePrepare => {
                scene.random.between(600, 1_600)
            }
            Parcel::Consensus(_) | Parcel::Hello { .. } | Parcel::Testimony(_) => {
                scene.random.between(0, 1_000)
            }
            Parcel::Partials(_) => scene.random.between(0, 4_000),
        };
        out.push(Sent { to, after_ms, parcel });
    }
}
