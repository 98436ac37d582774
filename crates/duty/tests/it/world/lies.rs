//! What a leader can propose that it should not.

use std::collections::BTreeMap;
use std::sync::Arc;

use duty::{AttesterDatum, Content, Duty, Value};
use eth::{Address, Root, SignatureBytes, Slot};
use qbft::{Draft, Kind};

use super::chain::{Chain, FEE_RECIPIENT, attester_set, block_root, value};
use super::fake::key;

/// How a leader lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// It says nothing at all.
    Silence,
    /// It tells half of the peers one thing and the others another.
    TwoHeads,
    OmitsValidators,
    ForeignValidator,
    WrongCommittee,
    WrongTarget,
    /// A vote that surrounds everything its validators ever signed.
    Surrounding,
    WrongSlot,
    Nothing,
    WrongFeeRecipient,
    WrongRandao,
    UnknownParent,
    WrongProposer,
}

impl Lie {
    /// The values it tells in place of the right one, in turn; none where it has no choice and so tells the truth.
    pub fn tell(self, chain: &Chain, duty: Duty, draft: &Draft, values: &[Value]) -> Option<Vec<Value>> {
        let is_bound = draft.justification.iter().any(|entry| entry.kind == Kind::Prepare);
        if draft.kind != Kind::PrePrepare || is_bound {
            return None;
        }
        let right = values.first()?;
        match &right.content {
            Content::Attester(_) => self.about_attestations(chain, duty, right),
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

    fn about_attestations(self, chain: &Chain, duty: Duty, right: &Value) -> Option<Vec<Value>> {
        let set = attester_set(right)?;
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
}
