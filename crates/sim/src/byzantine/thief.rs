//! Proposes blocks whose fees are its own, and votes for nothing else.

use qbft::Kind;

use super::{Program, Scene, Sent};
use crate::world::lies::Lie;
use crate::world::network::Parcel;

/// Wants the fees.
#[derive(Debug)]
pub(super) struct Thief;

impl Program for Thief {
    fn sends(&mut self, scene: &mut Scene<'_>, to: usize, mut parcel: Parcel, out: &mut Vec<Sent>) {
        if let Parcel::Consensus(message) = &mut parcel
            && message.message.kind == Kind::PrePrepare
        {
            // Bound by what was prepared or not: it steals.
            let right = message.values.first();
            let stolen =
                right.and_then(|right| Lie::WrongFeeRecipient.instead_of(scene.chain, message.duty, right));
            if let Some(stolen) = stolen.into_iter().flatten().next() {
                message.message.value = Some(stolen.hash);
                message.values.push(stolen);
            }
        }
        out.push(Sent { to, after_ms: 0, parcel });
    }
}
