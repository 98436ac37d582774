//! The few fields of a block that tell of duties.

use eth::{Address, CommitteeIndex, SignedVoluntaryExit, Slot, SyncCommitteePosition, ValidatorIndex};
use serde::de::IgnoredAny;
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

    /// Where its fees go.
    pub(super) fn fee_recipient(&self) -> Address {
        self.message.body.execution_payload.fee_recipient
    }

    pub(super) fn blobs(&self) -> usize {
        self.message.body.blob_kzg_commitments.len()
    }

    /// The validators whose exits it has.
    pub(super) fn exits(&self) -> impl Iterator<Item = ValidatorIndex> + '_ {
        self.message.body.voluntary_exits.iter().map(|exit| exit.message.validator_index)
    }

    /// The seats of the sync committee that signed the block before.
    pub(super) fn sync_seats(&self) -> impl Iterator<Item = SyncCommitteePosition> {
        let signed = bits(&self.message.body.sync_aggregate.sync_committee_bits).into_iter().enumerate();
        signed.filter(|(_, signed)| *signed).map(|(seat, _)| SyncCommitteePosition(seat as u64))
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
    voluntary_exits: Vec<SignedVoluntaryExit>,
    sync_aggregate: SyncAggregate,
    execution_payload: Payload,
    blob_kzg_commitments: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
struct SyncAggregate {
    #[serde(deserialize_with = "hex")]
    sync_committee_bits: Vec<u8>,
}

#[derive(Deserialize)]
struct Payload {
    fee_recipient: Address,
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
    fn what_tells_of_duties_is_read() {
        let signature = const_hex::encode_prefixed([7; 96]);
        let block = serde_json::json!({ "signature": "0x", "message": {
            "slot": "9", "proposer_index": "3", "state_root": "0x",
            "body": {
                "graffiti": "0x",
                "attestations": [{
                    "data": { "slot": "8", "index": "0" },
                    "aggregation_bits": "0x2d", "committee_bits": "0x05", "signature": "0x",
                }],
                "voluntary_exits": [
                    { "message": { "epoch": "1", "validator_index": "6" }, "signature": signature },
                ],
                "sync_aggregate": { "sync_committee_bits": "0x01000080", "sync_committee_signature": "0x" },
                "execution_payload": {
                    "fee_recipient": "0xabababababababababababababababababababab", "gas_used": "1",
                },
                "blob_kzg_commitments": ["0x01", "0x02"],
            },
        } });
        let block: Block = serde_json::from_value(block).expect("a block");
        assert_eq!((block.slot(), block.proposer()), (Slot(9), ValidatorIndex(3)));
        assert_eq!((block.blobs(), block.fee_recipient()), (2, Address([0xAB; 20])));
        assert_eq!(block.exits().collect::<Vec<_>>(), [ValidatorIndex(6)]);
        let seats = [SyncCommitteePosition(0), SyncCommitteePosition(31)];
        assert_eq!(block.sync_seats().collect::<Vec<_>>(), seats);
        let vote = block.votes().next().expect("one vote");
        assert_eq!(vote.slot, Slot(8));
        assert_eq!(vote.committees, [CommitteeIndex(0), CommitteeIndex(2)]);
        assert_eq!(vote.bits, [true, false, true, true, false]);
    }
}
