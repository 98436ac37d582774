//! Says what others said, again and later, of this duty and of old ones.

use super::ear::Ear;
use super::{Program, Scene, Sent};
use crate::world::network::Parcel;

/// Repeats what it hears.
#[derive(Debug, Default)]
pub(super) struct Replayer {
    ear: Ear,
}

impl Program for Replayer {
    fn sends(&mut self, scene: &mut Scene<'_>, to: usize, parcel: Parcel, out: &mut Vec<Sent>) {
        out.push(Sent { to, after_ms: 0, parcel });
        let after_ms = scene.random.between(0, 15_000);
        if let Some(message) = self.ear.any(scene.random) {
            out.push(Sent { to, after_ms, parcel: Parcel::Consensus(message.clone()) });
        }
        if let Some(set) = self.ear.any_partials(scene.random) {
            out.push(Sent { to, after_ms, parcel: Parcel::Partials(set.clone()) });
        }
    }

    fn hears(&mut self, _scene: &mut Scene<'_>, _from: usize, parcel: &Parcel, _out: &mut Vec<Sent>) {
        self.ear.hear(parcel);
    }
}
