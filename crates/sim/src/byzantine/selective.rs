//! Speaks to a quorum's worth of peers and not to the others, or agrees but never signs, by turns.

use super::{Program, Scene, Sent};
use crate::world::network::Parcel;

/// Picks whom it speaks to, and of what.
#[derive(Debug)]
pub(super) struct Selective;

impl Program for Selective {
    fn sends(&mut self, scene: &mut Scene<'_>, to: usize, parcel: Parcel, out: &mut Vec<Sent>) {
        let turn = scene.spec.slot_at_ns(scene.now.0).0 % 4;
        let place = scene.peers.iter().position(|peer| *peer == to).unwrap_or_default();
        let is_said = match (turn, &parcel) {
            (0, _) => place.is_multiple_of(2),
            (1, _) => place == 0,
            (2, Parcel::Partials(_)) => false,
            (3, Parcel::Consensus(_)) => false,
            _ => true,
        };
        if is_said {
            out.push(Sent { to, after_ms: 0, parcel });
        }
    }
}
