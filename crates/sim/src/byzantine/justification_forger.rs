//! Proves what is not so: proposals of later rounds, prepared values that nobody prepared, decisions that were not made,
//! with proofs that are too short, padded, borrowed or of something else.

use duty::ConsensusMessage;
use qbft::{Hash, Kind, Message, PeerIndex, Round};

use super::ear::Ear;
use super::{Program, Scene, Sent};
use crate::world::network::Parcel;

/// Forges justifications of what others really signed.
#[derive(Debug, Default)]
pub(super) struct JustificationForger {
    ear: Ear,
}

impl Program for JustificationForger {
    fn sends(&mut self, scene: &mut Scene<'_>, to: usize, parcel: Parcel, out: &mut Vec<Sent>) {
        self.ear.hear(&parcel);
        if let Parcel::Consensus(message) = &parcel {
            let forged = self.forge(scene, message);
            out.extend(forged.map(|forged| Sent { to, after_ms: 0, parcel: Parcel::Consensus(forged) }));
        }
        out.push(Sent { to, after_ms: 5, parcel });
    }

    fn hears(&mut self, _scene: &mut Scene<'_>, _from: usize, parcel: &Parcel, _out: &mut Vec<Sent>) {
        self.ear.hear(parcel);
    }
}

impl JustificationForger {
    fn forge(&self, scene: &mut Scene<'_>, honest: &ConsensusMessage) -> Option<ConsensusMessage> {
        let mut forged = honest.clone();
        let named = honest.message.value.or(honest.message.prepared_value)?;
        let value = self.ear.other_value(honest.duty, named).cloned();
        let value = value.or_else(|| honest.values.first().cloned())?;
        let message = &mut forged.message;
        match scene.random.below(4) {
            0 => {
                message.kind = Kind::PrePrepare;
                message.value = Some(value.hash);
                message.round =
                    Round::new(message.round.number().saturating_add(scene.random.below(3) as u64))?;
                message.justification = self.borrowed(scene, honest, Kind::RoundChange);
            }
            1 => {
                message.kind = Kind::RoundChange;
                (message.value, message.prepared_value) = (None, Some(value.hash));
                message.prepared_round = message.round.number();
                message.round = message.round.next();
                message.justification = self.borrowed(scene, honest, Kind::Prepare);
            }
            2 => {
                message.kind = Kind::Decided;
                message.value = Some(value.hash);
                message.justification = self.borrowed(scene, honest, Kind::Commit);
            }
            _ => {
                let one = message.justification.first().cloned();
                message.justification.extend(one);
                message.justification.extend(own_commits(message.source, message.round, value.hash));
            }
        }
        forged.values.push(value);
        Some(forged)
    }

    /// What others said of that kind, of this duty or another, some of it twice; and the liar's own word many times.
    fn borrowed(&self, scene: &mut Scene<'_>, honest: &ConsensusMessage, kind: Kind) -> Vec<Message> {
        let bare = |said: &ConsensusMessage| Message { justification: Vec::new(), ..said.message.clone() };
        let mut entries: Vec<Message> = self.ear.of_kind(honest.duty, kind).map(bare).collect();
        if scene.random.one_in(2) {
            entries.extend(self.ear.any(scene.random).map(bare));
        }
        if let Some(first) = entries.first().cloned() {
            entries.extend([first.clone(), first]);
        }
        entries.truncate(16);
        entries
    }
}

fn own_commits(source: PeerIndex, round: Round, value: Hash) -> Vec<Message> {
    let commit = Message {
        kind: Kind::Commit,
        source,
        round,
        value: Some(value),
        prepared_round: 0,
        prepared_value: None,
        justification: Vec::new(),
        wire: [].into(),
    };
    vec![commit; 3]
}
