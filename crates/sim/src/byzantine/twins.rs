//! One identity run twice: each of the two is honest, together they are a liar.

use super::{Program, Scene, Sent};
use crate::world::World;
use crate::world::network::Parcel;

/// Says what an honest node says; that another body says something else in the same name makes it a liar.
#[derive(Debug)]
pub(super) struct Twin;

impl Program for Twin {
    fn sends(&mut self, _scene: &mut Scene<'_>, to: usize, parcel: Parcel, out: &mut Vec<Sent>) {
        out.push(Sent { to, after_ms: 0, parcel });
    }
}

impl World {
    /// A second body of the node's operator begins to live, on a disk of its own. Gives its place among the bodies.
    pub fn twin(&mut self, node: usize) -> usize {
        self.corrupt(node, Box::new(Twin));
        let twin = self.add_body(self.nodes[node].peer, self.empty_disk());
        self.corrupt(twin, Box::new(Twin));
        self.start(twin);
        twin
    }
}
