//! What a liar has overheard, to use it against those who said it.

use std::collections::BTreeMap;

use duty::{ConsensusMessage, Duty, PartialSet, Value};
use qbft::{Hash, Kind};

use crate::world::fake::Random;
use crate::world::network::Parcel;

/// Duties whose messages are remembered.
const DUTIES: usize = 12;

/// Messages remembered of each.
const MESSAGES: usize = 96;

/// Everything that was said of the latest duties.
#[derive(Debug, Default)]
pub(crate) struct Ear {
    said: BTreeMap<Duty, Vec<ConsensusMessage>>,
    partials: Vec<PartialSet>,
}

impl Ear {
    pub(crate) fn hear(&mut self, parcel: &Parcel) {
        match parcel {
            Parcel::Consensus(message) => {
                let said = self.said.entry(message.duty).or_default();
                if said.len() < MESSAGES {
                    said.push(message.clone());
                }
                while self.said.len() > DUTIES {
                    self.said.pop_first();
                }
            }
            Parcel::Hello { .. } | Parcel::Testimony(_) => {}
            Parcel::Partials(set) => {
                self.partials.push(set.clone());
                if self.partials.len() > MESSAGES {
                    self.partials.remove(0);
                }
            }
        }
    }

    /// Any message of any duty.
    pub(crate) fn any(&self, random: &mut Random) -> Option<&ConsensusMessage> {
        let said = self.said.values().nth(random.below(self.said.len().max(1)))?;
        said.get(random.below(said.len().max(1)))
    }

    /// Any partial signatures.
    pub(crate) fn any_partials(&self, random: &mut Random) -> Option<&PartialSet> {
        self.partials.get(random.below(self.partials.len().max(1)))
    }

    /// What was said of the duty, of a kind.
    pub(crate) fn of_kind(&self, duty: Duty, kind: Kind) -> impl Iterator<Item = &ConsensusMessage> {
        let said = self.said.get(&duty).into_iter().flatten();
        said.filter(move |said| said.message.kind == kind)
    }

    /// Another value of the duty than that one.
    pub(crate) fn other_value(&self, duty: Duty, than: Hash) -> Option<&Value> {
        let mut values = self.said.get(&duty)?.iter().flat_map(|said| &said.values);
        values.find(|value| value.hash != than)
    }
}
