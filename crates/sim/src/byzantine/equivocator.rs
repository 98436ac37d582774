//! Tells one half of the peers one value and the other half another, in every message that names one.

use duty::ConsensusMessage;
use qbft::Kind;

use super::ear::Ear;
use super::{Program, Scene, Sent};
use crate::world::lies::Lie;
use crate::world::network::Parcel;

/// Says two things in a round.
#[derive(Debug, Default)]
pub(super) struct Equivocator {
    ear: Ear,
}

impl Program for Equivocator {
    fn sends(&mut self, scene: &mut Scene<'_>, to: usize, parcel: Parcel, out: &mut Vec<Sent>) {
        self.ear.hear(&parcel);
        let parcel = match parcel {
            Parcel::Consensus(message) if to.is_multiple_of(2) => {
                Parcel::Consensus(self.otherwise(scene, message))
            }
            parcel => parcel,
        };
        out.push(Sent { to, after_ms: 0, parcel });
    }

    fn hears(&mut self, _scene: &mut Scene<'_>, _from: usize, parcel: &Parcel, _out: &mut Vec<Sent>) {
        self.ear.hear(parcel);
    }
}

impl Equivocator {
    /// The same about another value, if there is one.
    fn otherwise(&self, scene: &Scene<'_>, mut message: ConsensusMessage) -> ConsensusMessage {
        let duty = message.duty;
        let Some(named) = message.message.value else { return message };
        let invented = || {
            let told = Lie::TwoHeads.instead_of(scene.chain, duty, message.values.first()?)?;
            told.into_iter().find(|value| value.hash != named)
        };
        let known = self.ear.other_value(duty, named).cloned();
        let other = if message.message.kind == Kind::PrePrepare { invented() } else { known };
        if let Some(other) = other {
            message.message.value = Some(other.hash);
            message.values.push(other);
        }
        message
    }
}
