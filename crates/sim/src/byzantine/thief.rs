//! Proposes blocks whose fees are its own, and votes for nothing else.

use qbft::{Draft, Kind};

use super::{Program, Scene, Sent};
use crate::world::lies::Lie;
use crate::world::network::Parcel;

/// Wants the fees.
#[derive(Debug)]
pub(super) struct Thief;

impl Program for Thief {
    fn name(&self) -> &'static str {
        "thief"
    }

    fn sends(&mut self, scene: &mut Scene<'_>, to: usize, mut parcel: Parcel, out: &mut Vec<Sent>) {
        if let Parcel::Consensus(message) = &mut parcel
            && message.message.kind == Kind::PrePrepare
        {
            let honest = &message.message;
            let draft = Draft {
                kind: honest.kind,
                round: honest.round,
                value: honest.value,
                prepared_round: 0,
                prepared_value: None,
                // Bound or not: it steals.
                justification: Vec::new(),
            };
            let stolen = Lie::WrongFeeRecipient.tell(scene.chain, message.duty, &draft, &message.values);
            if let Some(stolen) = stolen.into_iter().flatten().next() {
                message.message.value = Some(stolen.hash);
                message.values.push(stolen);
            }
        }
        out.push(Sent { to, after_ms: 0, parcel });
    }
}
