//! Says nothing, or nothing of some kinds, or nothing to some: silence is the cheapest lie.

use super::{Program, Scene, Sent};
use crate::world::network::Parcel;

/// Says nothing at all, though it listens.
#[derive(Debug)]
pub(super) struct Silent;

impl Program for Silent {
    fn name(&self) -> &'static str {
        "silent"
    }

    fn sends(&mut self, _scene: &mut Scene<'_>, _to: usize, _parcel: Parcel, _out: &mut Vec<Sent>) {}
}
