//! Bears false witness: it saw nothing, or things that nobody signed, or another life of whoever asks.

use duty::{Life, Testimony};
use eth::{Epoch, Slot};
use slashing::{VoteMark, Watermark};

use super::{Program, Scene, Sent};
use crate::world::network::Parcel;

/// Lies about what it has seen of its peers.
#[derive(Debug)]
pub(super) struct FalseWitness;

impl Program for FalseWitness {
    fn sends(&mut self, scene: &mut Scene<'_>, to: usize, mut parcel: Parcel, out: &mut Vec<Sent>) {
        if let Parcel::Testimony(testimony) = &mut parcel {
            falsify(scene, testimony);
        }
        out.push(Sent { to, after_ms: 0, parcel });
    }
}

fn falsify(scene: &mut Scene<'_>, testimony: &mut Testimony) {
    let absurd = [0, 1, 3, 1 << 40, u64::MAX][scene.random.below(5)];
    match scene.random.below(4) {
        0 => testimony.seen = testimony.seen.take().map(|_| Default::default()),
        1 => {
            let slot = scene.spec.slot_at_ns(scene.now.0);
            let target = Epoch(scene.spec.epoch_of(slot).0.saturating_add(absurd));
            let mark = Watermark {
                vote: Some(VoteMark { source: target, target }),
                block: Some(Slot(slot.0.saturating_add(absurd))),
            };
            testimony.seen.iter_mut().flat_map(|seen| seen.values_mut()).for_each(|seen| *seen = mark);
        }
        2 => testimony.twin = Some(Life { began: scene.now.plus_ms(-60_000), nonce: [0xee; 16] }),
        _ => {}
    }
}
