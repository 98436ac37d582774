//! Says nothing: silence is the cheapest lie.

use super::{Program, Scene, Sent};
use crate::world::network::Parcel;

/// Says nothing at all, though it listens.
#[derive(Debug)]
pub(super) struct Silent;

impl Program for Silent {
    fn sends(&mut self, _scene: &mut Scene<'_>, _to: usize, _parcel: Parcel, _out: &mut Vec<Sent>) {}
}
