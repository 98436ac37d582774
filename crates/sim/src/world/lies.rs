//! What a leader can propose that it should not.

use std::collections::BTreeMap;
use std::sync::Arc;

use cluster::GroupKey;
use duty::{AttesterDatum, AttesterSet, Content, Duty, Value};
use eth::{
    Address, Attestation, AttestationData, Preset, Root, SignatureBytes, Slot, SubcommitteeIndex,
    SyncCommitteeContribution,
};
use qbft::{Draft, Kind};

use super::beacon::{aggregate, contribution, value};
use super::chain::{Chain, FEE_RECIPIENT, block_root};
use super::fake::key;

/// How a leader lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// It says nothing at all.
    Silence,
    /// It tells half of the peers one thing and the others another.
    TwoHeads,
    /// One validator on duty is left out.
    OmitsValidators,
    /// A validator of somebody else is named.
    ForeignValidator,
    /// Another committee is named.
    WrongCommittee,
    /// Another target root is voted for.
    WrongTarget,
    /// A vote that surrounds everything its validators ever signed.
    Surrounding,
    /// It is for the next slot.
    WrongSlot,
    /// Nobody is named.
    Nothing,
    /// The fees go to the liar.
    WrongFeeRecipient,
    /// The RANDAO reveal is not the cluster's.
    WrongRandao,
    /// The block builds on one that nobody has seen.
    UnknownParent,
    /// Somebody else proposes.
    WrongProposer,
    /// Somebody aggregates who was not selected.
    NamesUnselected,
    /// An aggregate with few of the votes.
    Thin,
    /// An aggregate of votes for something else.
    OtherData,
    /// Aggregators of one committee, or subcommittee, get different ones.
    Different,
    /// Contributions for another block.
    OtherBlock,
}

impl Lie {
    /// Every one of them.
    pub const ALL: [Lie; 18] = [
        Lie::Silence,
        Lie::TwoHeads,
        Lie::OmitsValidators,
        Lie::ForeignValidator,
        Lie::WrongCommittee,
        Lie::WrongTarget,
        Lie::Surrounding,
        Lie::WrongSlot,
        Lie::Nothing,
        Lie::WrongFeeRecipient,
        Lie::WrongRandao,
        Lie::UnknownParent,
        Lie::WrongProposer,
        Lie::NamesUnselected,
        Lie::Thin,
        Lie::OtherData,
        Lie::Different,
        Lie::OtherBlock,
    ];

    /// The values it tells in place of the right one, in turn; none where it has no choice and so tells the truth.
    pub fn tell(self, chain: &Chain, duty: Duty, draft: &Draft, values: &[Value]) -> Option<Vec<Value>> {
        let is_bound = draft.justification.iter().any(|entry| entry.kind == Kind::Prepare);
        if draft.kind != Kind::PrePrepare || is_bound {
            return None;
        }
        self.instead_of(chain, duty, values.first()?)
    }

    /// What it would have the peers believe in place of the right value; none where it has nothing to say about such.
    pub(crate) fn instead_of(self, chain: &Chain, duty: Duty, right: &Value) -> Option<Vec<Value>> {
        match &right.content {
            Content::Attester(set) => self.about_attestations(chain, duty, set),
            Content::Aggregator(set) => self.about_aggregates(chain, duty, set),
            Content::SyncContribution(set) => self.about_contributions(set),
            Content::Proposer { key, proposal } => {
                let block = |slot, randao, parent, fees| {
                    let proposal = Arc::new(chain.block(slot, randao, parent, fees));
                    value(Content::Proposer { key: *key, proposal })
                };
                let (slot, randao, parent) =
                    (proposal.slot(), proposal.randao_reveal(), proposal.parent_root());
                Some(match self {
                    Lie::Silence => vec![],
                    Lie::TwoHeads => vec![
                        block(slot, randao, block_root(Slot(slot.0 - 1), 1), FEE_RECIPIENT),
                        block(slot, randao, block_root(Slot(slot.0 - 1), 2), FEE_RECIPIENT),
                    ],
                    Lie::WrongFeeRecipient => vec![block(slot, randao, parent, Address([6; 20]))],
                    Lie::WrongRandao => vec![block(slot, SignatureBytes([6; 96]), parent, FEE_RECIPIENT)],
                    Lie::UnknownParent => vec![block(slot, randao, Root([6; 32]), FEE_RECIPIENT)],
                    Lie::WrongSlot => vec![block(Slot(slot.0 + 1), randao, parent, FEE_RECIPIENT)],
                    Lie::WrongProposer => {
                        let proposal = Arc::clone(proposal);
                        vec![value(Content::Proposer { key: crate::world::fake::key(200), proposal })]
                    }
                    _ => return None,
                })
            }
        }
    }

    fn about_attestations(self, chain: &Chain, duty: Duty, set: &AttesterSet) -> Option<Vec<Value>> {
        let set = BTreeMap::clone(set);
        let changed = |change: &dyn Fn(&mut AttesterDatum)| {
            let mut set = set.clone();
            set.values_mut().for_each(change);
            vec![value(Content::Attester(set.into()))]
        };
        Some(match self {
            Lie::Silence => vec![],
            Lie::TwoHeads => [1, 2]
                .into_iter()
                .flat_map(|branch| {
                    changed(&|datum| datum.data.beacon_block_root = block_root(duty.slot, branch))
                })
                .collect(),
            Lie::OmitsValidators => {
                let mut set = set.clone();
                set.pop_first();
                vec![value(Content::Attester(set.into()))]
            }
            Lie::ForeignValidator => {
                let mut set = set.clone();
                let data = set.values().next()?.data;
                set.insert(key(200), AttesterDatum { data, duty: chain.attester(200, duty.slot) });
                vec![value(Content::Attester(set.into()))]
            }
            Lie::WrongCommittee => changed(&|datum| datum.duty.committee_index.0 += 1),
            Lie::WrongTarget => changed(&|datum| datum.data.target.root = Root([6; 32])),
            Lie::Surrounding => changed(&|datum| {
                datum.data.source.epoch.0 = datum.data.source.epoch.0.saturating_sub(1);
                datum.data.target.epoch.0 += 1;
            }),
            Lie::WrongSlot => changed(&|datum| datum.data.slot.0 += 1),
            Lie::Nothing => vec![value(Content::Attester(BTreeMap::new().into()))],
            _ => return None,
        })
    }

    fn about_aggregates(
        self,
        chain: &Chain,
        duty: Duty,
        right: &BTreeMap<GroupKey, Attestation>,
    ) -> Option<Vec<Value>> {
        let mut set = right.clone();
        let data = *set.values().next()?.data();
        let remade = |old: &Attestation, data: AttestationData, bits: Vec<bool>| {
            aggregate(Preset::Minimal, data, old.committees()[0], bits)
        };
        let few = |old: &Attestation| (0..old.aggregation_bits().len()).map(|place| place < 3).collect();
        match self {
            Lie::Silence => return Some(vec![]),
            Lie::Nothing => set.clear(),
            Lie::OmitsValidators => _ = set.pop_first(),
            Lie::NamesUnselected => {
                let mut on_duty = chain.attesters(duty.slot).into_iter();
                let other = on_duty.find(|other| !right.contains_key(&GroupKey(other.pubkey)))?;
                let bits = set.values().next()?.aggregation_bits();
                let one = aggregate(Preset::Minimal, data, other.committee_index, bits);
                set.insert(GroupKey(other.pubkey), one);
            }
            Lie::ForeignValidator => _ = set.insert(key(200), set.values().next()?.clone()),
            Lie::Thin => set.values_mut().for_each(|one| *one = remade(one, data, few(one))),
            Lie::OtherData | Lie::TwoHeads | Lie::WrongSlot => {
                let mut data = data;
                data.beacon_block_root = Root([6; 32]);
                data.slot.0 += u64::from(self == Lie::WrongSlot);
                set.values_mut().for_each(|one| *one = remade(one, data, one.aggregation_bits()));
            }
            Lie::Different => {
                let one = set.values_mut().next()?;
                let mut bits = one.aggregation_bits();
                let last = bits.len() - 1;
                bits.swap(0, last.min(30));
                *one = remade(one, data, bits);
            }
            _ => return None,
        }
        Some(vec![value(Content::Aggregator(Arc::new(set)))])
    }

    fn about_contributions(
        self,
        right: &BTreeMap<GroupKey, Vec<SyncCommitteeContribution>>,
    ) -> Option<Vec<Value>> {
        let mut set = right.clone();
        let each =
            |set: &mut BTreeMap<GroupKey, Vec<SyncCommitteeContribution>>,
             change: &dyn Fn(&SyncCommitteeContribution) -> SyncCommitteeContribution| {
                set.values_mut().flatten().for_each(|one| *one = change(one));
            };
        let with = |old: &SyncCommitteeContribution, slot: u64, block, participants| {
            contribution(Slot(old.slot().0 + slot), block, old.subcommittee_index(), participants)
        };
        match self {
            Lie::Silence => return Some(vec![]),
            Lie::Nothing => set.clear(),
            Lie::OmitsValidators => _ = set.pop_first(),
            Lie::ForeignValidator => _ = set.insert(key(200), set.values().next()?.clone()),
            Lie::Thin => each(&mut set, &|old| with(old, 0, old.beacon_block_root(), 1)),
            Lie::WrongSlot => each(&mut set, &|old| with(old, 1, old.beacon_block_root(), 6)),
            Lie::OtherBlock | Lie::TwoHeads => {
                each(&mut set, &|old| with(old, 0, block_root(old.slot(), 1), 6));
            }
            Lie::WrongCommittee => {
                each(&mut set, &|old| {
                    let other = SubcommitteeIndex((old.subcommittee_index().0 + 1) % 4);
                    contribution(old.slot(), old.beacon_block_root(), other, 6)
                });
                set.values_mut().for_each(|contributions| contributions.truncate(1));
            }
            _ => return None,
        }
        Some(vec![value(Content::SyncContribution(Arc::new(set)))])
    }
}
