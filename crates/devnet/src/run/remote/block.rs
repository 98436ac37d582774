//! The few fields of a block that tell of duties.

use eth::{CommitteeIndex, Slot, ValidatorIndex};
use serde::{Deserialize, Deserializer};

/// A block as the Beacon API has it, of any fork since Electra; what is not needed is not read.
#[derive(Deserialize)]
pub(super) struct Block {
    message: Message,
}

/// The same vote of members of some committees.
pub(super) struct Vote {
    pub(super) slot: Slot,
    pub(super) committees: Vec<CommitteeIndex>,
    /// By member, one committee after the other.
    pub(super) bits: Vec<bool>,
}

impl Block {
    pub(super) fn slot(&self) -> Slot {
        self.message.slot
    }

    pub(super) fn proposer(&self) -> ValidatorIndex {
        self.message.proposer_index
    }

    pub(super) fn votes(&self) -> impl Iterator<Item = Vote> + '_ {
        self.message.body.attestations.iter().map(|attestation| {
            let committees = bits(&attestation.committee_bits);
            let committees = committees.into_iter().enumerate().filter(|(_, set)| *set);
            Vote {
                slot: attestation.data.slot,
                committees: committees.map(|(index, _)| CommitteeIndex(index as u64)).collect(),
                bits: without_delimiter(bits(&attestation.aggregation_bits)),
            }
        })
    }
}

#[derive(Deserialize)]
struct Message {
    slot: Slot,
    proposer_index: ValidatorIndex,
    body: Body,
}

#[derive(Deserialize)]
struct Body {
    attestations: Vec<Attestation>,
}

#[derive(Deserialize)]
struct Attestation {
    data: Data,
    #[serde(deserialize_with = "hex")]
    aggregation_bits: Vec<u8>,
    #[serde(deserialize_with = "hex")]
    committee_bits: Vec<u8>,
}

#[derive(Deserialize)]
struct Data {
    slot: Slot,
}

fn hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    const_hex::decode(text).map_err(serde::de::Error::custom)
}

fn bits(bytes: &[u8]) -> Vec<bool> {
    bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1)).collect()
}

/// A bitlist ends before its last set bit.
fn without_delimiter(mut bits: Vec<bool>) -> Vec<bool> {
    let end = bits.iter().rposition(|bit| *bit).unwrap_or(0);
    bits.truncate(end);
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn votes_are_read_from_the_bits() {
        let block = r#"{"message":{"slot":"9","proposer_index":"3","state_root":"0x","body":{"graffiti":"0x","attestations":[
            {"data":{"slot":"8","index":"0"},"aggregation_bits":"0x2d","committee_bits":"0x05","signature":"0x"}]}},"signature":"0x"}"#;
        let block: Block = serde_json::from_str(block).expect("a block");
        assert_eq!((block.slot(), block.proposer()), (Slot(9), ValidatorIndex(3)));
        let vote = block.votes().next().expect("one vote");
        assert_eq!(vote.slot, Slot(8));
        assert_eq!(vote.committees, [CommitteeIndex(0), CommitteeIndex(2)]);
        assert_eq!(vote.bits, [true, false, true, true, false]);
    }
}
