//! Signs with a wrong key, another root, or in another share's name.

use bls::ShareIndex;
use duty::PartialSet;

use super::{Program, Scene, Sent};
use crate::world::network::Parcel;

/// Sends partial signatures that are none.
#[derive(Debug)]
pub(super) struct WrongShare;

impl Program for WrongShare {
    fn sends(&mut self, scene: &mut Scene<'_>, to: usize, parcel: Parcel, out: &mut Vec<Sent>) {
        let parcel = match parcel {
            Parcel::Partials(set) => Parcel::Partials(spoil(scene, set)),
            parcel => parcel,
        };
        out.push(Sent { to, after_ms: 0, parcel });
    }
}

/// Some of the signatures are spoiled: the good ones must count.
fn spoil(scene: &mut Scene<'_>, mut set: PartialSet) -> PartialSet {
    for partial in set.partials.values_mut() {
        match scene.random.below(4) {
            0 => partial.signature.0[0] ^= 1,
            1 => partial.signature.0 = [0; 96],
            2 => partial.share = ShareIndex::new(1 + scene.random.below(4) as u8).unwrap_or(partial.share),
            _ => {}
        }
    }
    set
}
