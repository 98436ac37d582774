//! Says everything many times, and much of duties and rounds that are far away.

use eth::Slot;
use qbft::Round;

use super::{Program, Scene, Sent};
use crate::world::network::Parcel;

/// Copies of each message.
const COPIES: usize = 6;

/// Drowns its peers.
#[derive(Debug)]
pub(super) struct Flooder;

impl Program for Flooder {
    fn sends(&mut self, scene: &mut Scene<'_>, to: usize, parcel: Parcel, out: &mut Vec<Sent>) {
        for copy in 0..COPIES {
            let mut parcel = parcel.clone();
            let far = [0, 1, 2, 40, 1 << 20, u64::MAX / 2][scene.random.below(6)];
            match &mut parcel {
                _ if copy == 0 => {}
                Parcel::Consensus(message) if copy % 2 == 1 => {
                    message.duty.slot = Slot(message.duty.slot.0.wrapping_add(far));
                }
                Parcel::Consensus(message) => {
                    let round = message.message.round.number().saturating_add(far);
                    message.message.round = Round::new(round).unwrap_or(Round::FIRST);
                }
                // Each hello is answered once.
                Parcel::Hello { .. } | Parcel::Testimony(_) => continue,
                Parcel::Partials(set) => set.duty.slot = Slot(set.duty.slot.0.wrapping_add(far)),
            }
            out.push(Sent { to, after_ms: copy as i64, parcel });
        }
    }
}
