//! Who contributes to the sync committee, known ahead: only a devnet has whole keys to look it up with.

use std::collections::{BTreeMap, BTreeSet};

use eth::{
    Container, DomainType, SignatureBytes, Slot, Spec, SubcommitteeIndex, SyncAggregatorSelectionData,
    ValidatorIndex, is_sync_committee_aggregator, signing_root,
};

use crate::interop_key;

/// The members selected in a slot, by subcommittee. `seats` are those of the whole committee in order, and validators'
/// keys the interop keys.
pub(super) fn contributors(
    spec: &Spec,
    slot: Slot,
    seats: &[ValidatorIndex],
) -> BTreeMap<SubcommitteeIndex, BTreeSet<ValidatorIndex>> {
    let size = spec.preset.sync_subcommittee_size() as usize;
    let subcommittees = (0..).map(SubcommitteeIndex).zip(seats.chunks(size));
    let selected = subcommittees.map(|(subcommittee, members)| {
        let members: BTreeSet<ValidatorIndex> = members.iter().copied().collect();
        let is_selected = |member: &ValidatorIndex| {
            is_sync_committee_aggregator(spec.preset, &proof(spec, slot, subcommittee, *member))
        };
        (subcommittee, members.into_iter().filter(is_selected).collect())
    });
    selected.collect()
}

fn proof(spec: &Spec, slot: Slot, subcommittee: SubcommitteeIndex, member: ValidatorIndex) -> SignatureBytes {
    let object = SyncAggregatorSelectionData { slot, subcommittee_index: subcommittee }.root();
    let domain = spec.domain(DomainType::SyncCommitteeSelectionProof, spec.epoch_of(slot));
    let root = signing_root(object, domain);
    SignatureBytes(interop_key(member.0).sign(root.as_bytes()).to_bytes())
}

#[cfg(test)]
mod tests {
    use eth::Preset;

    use super::*;
    use crate::chain::ChainConfig;

    fn seats(preset: Preset) -> Vec<ValidatorIndex> {
        (0..preset.sync_committee_size()).map(|seat| ValidatorIndex(seat % 6)).collect()
    }

    #[test]
    fn in_small_subcommittees_everybody_is_selected() {
        let spec = ChainConfig::interop(Preset::Minimal, 3000, 0, 6).spec();
        let selected = contributors(&spec, Slot(5), &seats(Preset::Minimal));
        assert_eq!(selected.len(), 4);
        assert!(selected.values().all(|members| members.len() == 6), "each has eight seats, for six");
    }

    #[test]
    fn in_large_ones_few_are_and_others_in_every_slot() {
        let spec = ChainConfig::interop(Preset::Mainnet, 3000, 0, 6).spec();
        let count = |slot| -> usize {
            contributors(&spec, Slot(slot), &seats(Preset::Mainnet)).values().map(BTreeSet::len).sum()
        };
        let counts: Vec<usize> = (1..=8).map(count).collect();
        assert!((8..48).contains(&counts.iter().sum::<usize>()), "one in eight of 192: {counts:?}");
        assert!(counts.windows(2).any(|pair| pair[0] != pair[1]), "{counts:?}");
    }
}
