//! Passes others' partial signatures on with altered fields that no signature covers, in its own or their name, so that
//! the honest ones would seem not to match.

use std::collections::BTreeMap;

use bls::ShareIndex;
use duty::{Duty, PartialSet, Signed};
use eth::{CommitteeIndex, ValidatorIndex};

use super::{Program, Scene, Sent};
use crate::world::network::Parcel;

/// Times that it relays what one body says of a duty: two relayers would echo each other for ever.
const TIMES: u32 = 3;

/// Relays what it was not asked to relay.
#[derive(Debug, Default)]
pub(super) struct MutatingRelayer {
    relayed: BTreeMap<(Duty, usize), u32>,
}

impl Program for MutatingRelayer {
    fn sends(&mut self, _scene: &mut Scene<'_>, to: usize, parcel: Parcel, out: &mut Vec<Sent>) {
        out.push(Sent { to, after_ms: 0, parcel });
    }

    fn hears(&mut self, scene: &mut Scene<'_>, from: usize, parcel: &Parcel, out: &mut Vec<Sent>) {
        let Parcel::Partials(set) = parcel else { return };
        let times = self.relayed.entry((set.duty, from)).or_default();
        *times += 1;
        if *times > TIMES {
            return;
        }
        let mutated = mutate(scene, set.clone());
        let peers = scene.peers.iter();
        out.extend(peers.map(|to| Sent { to: *to, after_ms: 0, parcel: Parcel::Partials(mutated.clone()) }));
    }
}

fn mutate(scene: &mut Scene<'_>, mut set: PartialSet) -> PartialSet {
    let claims_own = scene.random.one_in(2);
    let own = ShareIndex::new(scene.me as u8 + 1);
    for partial in set.partials.values_mut() {
        if let (true, Some(own)) = (claims_own, own) {
            partial.share = own;
        }
        match &mut partial.signed {
            Signed::Attestation { validator, committee, .. } => {
                *validator = Some(ValidatorIndex(7));
                *committee = CommitteeIndex(committee.0 + 1);
            }
            Signed::CommitteeSelection { validator, .. } | Signed::SyncSelection { validator, .. } => {
                validator.0 += 1;
            }
            Signed::SyncMessage { validator, .. } => validator.0 += 1,
            _ => {}
        }
    }
    set
}
