//! Nodes that lie in the one way that a bug needs.

use cluster::GroupKey;
use duty::{AttesterDatum, ConsensusMessage, Content, Partial, PartialSet, Signed, Value};
use eth::Root;
use qbft::{Hash, Kind, Message};
use sim::byzantine::{Program, Scene, Sent};
use sim::world::beacon::value;
use sim::world::client::share;
use sim::world::network::Parcel;

use crate::duty;
use crate::instance::{message, round, round_change};

/// Sends something else in place of what an honest node would send.
#[derive(Debug)]
pub(crate) struct Says(pub(crate) fn(&Scene<'_>, usize, Parcel) -> Vec<Sent>);

impl Program for Says {
    fn sends(&mut self, scene: &mut Scene<'_>, to: usize, parcel: Parcel, out: &mut Vec<Sent>) {
        out.extend((self.0)(scene, to, parcel));
    }
}

/// A second proposal follows the first at once.
pub(crate) fn two_proposals(_: &Scene<'_>, to: usize, parcel: Parcel) -> Vec<Sent> {
    let second = of_kind(&parcel, Kind::PrePrepare).map(|message| {
        let parcel = about(message, Kind::PrePrepare, other_head(&message.values[0]));
        Sent { to, after_ms: 45, parcel }
    });
    [now(to, parcel)].into_iter().chain(second).collect()
}

/// The hash that means "no value" is proposed.
pub(crate) fn no_value(_: &Scene<'_>, to: usize, mut parcel: Parcel) -> Vec<Sent> {
    if of_kind(&parcel, Kind::PrePrepare).is_some()
        && let Parcel::Consensus(message) = &mut parcel
    {
        message.message.value = Some(Hash::ZERO);
        message.values.clear();
    }
    vec![now(to, parcel)]
}

/// Node 1 is shown a COMMIT for what nobody prepared.
pub(crate) fn commit_to_another_value(_: &Scene<'_>, to: usize, parcel: Parcel) -> Vec<Sent> {
    let commit = of_kind(&parcel, Kind::Prepare)
        .filter(|_| to == 1)
        .map(|message| now(to, about(message, Kind::Commit, other_head(&message.values[0]))));
    commit.into_iter().chain([now(to, parcel)]).collect()
}

/// The first two nodes are led to one value, the others to another.
pub(crate) fn two_clusters(_: &Scene<'_>, to: usize, parcel: Parcel) -> Vec<Sent> {
    if [Kind::Prepare, Kind::Commit].iter().any(|kind| of_kind(&parcel, *kind).is_some()) {
        return Vec::new();
    }
    let Some(message) = of_kind(&parcel, Kind::PrePrepare) else { return vec![now(to, parcel)] };
    let right = message.values[0].clone();
    let value = if to < 2 { right } else { other_head(&right) };
    let kinds = [Kind::PrePrepare, Kind::Prepare, Kind::Commit];
    kinds.into_iter().map(|kind| now(to, about(message, kind, value.clone()))).collect()
}

/// Partial signatures in the name of everybody else, before theirs can be there; its own it keeps.
pub(crate) fn others_partials(scene: &Scene<'_>, to: usize, parcel: Parcel) -> Vec<Sent> {
    if matches!(&parcel, Parcel::Partials(set) if set.duty == duty()) {
        return Vec::new();
    }
    let mut sent = Vec::new();
    if let Some(message) = of_kind(&parcel, Kind::Prepare) {
        let others = scene.peers.iter().filter(|other| **other != to);
        sent.extend(others.map(|other| now(to, Parcel::Partials(forged(&message.values[0], *other)))));
    }
    sent.push(now(to, parcel));
    sent
}

fn forged(value: &Value, node: usize) -> PartialSet {
    let Content::Attester(set) = &value.content else { panic!("it is about attestations") };
    let forge = |(key, datum): (&GroupKey, &AttesterDatum)| {
        let AttesterDatum { data, duty } = datum;
        let (validator, committee) = (Some(duty.validator_index), duty.committee_index);
        let signed = Signed::Attestation { data: *data, validator, committee };
        (*key, Partial { share: share(node), signed, signature: eth::SignatureBytes([6; 96]) })
    };
    PartialSet { duty: duty(), partials: set.iter().map(forge).collect() }
}

/// Of its partial signatures the first is of another kind of duty.
pub(crate) fn one_bad_partial(_: &Scene<'_>, to: usize, mut parcel: Parcel) -> Vec<Sent> {
    if let Parcel::Partials(set) = &mut parcel
        && set.duty == duty()
        && let Some(mut first) = set.partials.first_entry()
    {
        first.get_mut().signed = Signed::Randao { epoch: eth::Epoch(1) };
    }
    vec![now(to, parcel)]
}

/// Its partial signatures are wrong.
pub(crate) fn wrong_partials(_: &Scene<'_>, to: usize, mut parcel: Parcel) -> Vec<Sent> {
    if let Parcel::Partials(set) = &mut parcel
        && set.duty == duty()
    {
        set.partials.values_mut().for_each(|partial| partial.signature.0[0] ^= 1);
    }
    vec![now(to, parcel)]
}

/// Lets node 0 alone decide in round 1, and leads nodes 1 and 3 to another value in round 3, with a forged proof.
#[derive(Debug)]
pub(crate) struct Splitter {
    /// What is to justify the other value, made of ROUND_CHANGEs of nodes 1 and 3.
    pub(crate) forge: fn(&[Message], Hash) -> Vec<Message>,
    heard: Vec<(usize, ConsensusMessage)>,
}

/// The node that is one; it leads round 3.
pub(crate) const SPLITTER: usize = 2;

impl Splitter {
    pub(crate) fn new(forge: fn(&[Message], Hash) -> Vec<Message>) -> Splitter {
        Splitter { forge, heard: Vec::new() }
    }

    fn propose(&self, right: &Value) -> Vec<Parcel> {
        let other = other_head(right);
        let said: Vec<Message> = self.heard.iter().map(|(_, said)| said.message.clone()).collect();
        let mut values = vec![other.clone()];
        values.extend(self.heard.iter().flat_map(|(_, said)| said.values.clone()));
        let say = |kind, justification| {
            let own = message(kind, SPLITTER as u8, 3, other.hash);
            let message = Message { justification, ..own };
            Parcel::Consensus(ConsensusMessage { duty: duty(), message, values: values.clone() })
        };
        vec![
            say(Kind::PrePrepare, (self.forge)(&said, other.hash)),
            say(Kind::Prepare, Vec::new()),
            say(Kind::Commit, Vec::new()),
        ]
    }
}

impl Program for Splitter {
    fn sends(&mut self, _: &mut Scene<'_>, to: usize, parcel: Parcel, out: &mut Vec<Sent>) {
        let is_said = match &parcel {
            Parcel::Consensus(message) if message.duty == duty() => match message.message.kind {
                Kind::PrePrepare | Kind::Prepare => true,
                Kind::Commit => to == 0,
                Kind::RoundChange | Kind::Decided => false,
            },
            _ => true,
        };
        out.extend(is_said.then(|| now(to, parcel)));
    }

    fn hears(&mut self, _: &mut Scene<'_>, from: usize, parcel: &Parcel, out: &mut Vec<Sent>) {
        let Some(said) = of_kind(parcel, Kind::RoundChange) else { return };
        if said.message.round != round(3) || self.heard.iter().any(|(known, _)| *known == from) {
            return;
        }
        self.heard.push((from, said.clone()));
        let right = self.heard.iter().find_map(|(_, said)| said.values.first());
        if let (2, Some(right)) = (self.heard.len(), right) {
            let parcels = self.propose(right);
            let to_both = [1, 3].into_iter().flat_map(|to| parcels.iter().map(move |one| (to, one.clone())));
            out.extend(to_both.map(|(to, parcel)| now(to, parcel)));
        }
    }
}

/// Its own ROUND_CHANGE, as often as a quorum needs.
pub(crate) fn itself_three_times(_: &[Message], _: Hash) -> Vec<Message> {
    vec![round_change(SPLITTER as u8, 3); 3]
}

/// Everybody's ROUND_CHANGE and its own, which claims to have prepared the value with its own PREPARE alone.
pub(crate) fn prepared_by_itself(said: &[Message], value: Hash) -> Vec<Message> {
    let own = round_change(SPLITTER as u8, 3);
    let claim = Message { prepared_round: 2, prepared_value: Some(value), ..own };
    let bare = said.iter().map(|said| Message { justification: Vec::new(), ..said.clone() });
    bare.chain([claim, message(Kind::Prepare, SPLITTER as u8, 2, value)]).collect()
}

/// The message inside, if it is of that kind and of the duty in danger.
fn of_kind(parcel: &Parcel, kind: Kind) -> Option<&ConsensusMessage> {
    match parcel {
        Parcel::Consensus(message) if message.duty == duty() && message.message.kind == kind => Some(message),
        _ => None,
    }
}

fn now(to: usize, parcel: Parcel) -> Sent {
    Sent { to, after_ms: 0, parcel }
}

/// A message like that one, of another kind and about another value.
fn about(like: &ConsensusMessage, kind: Kind, value: Value) -> Parcel {
    let mut other = like.clone();
    other.message.kind = kind;
    other.message.value = Some(value.hash);
    other.values.push(value);
    Parcel::Consensus(other)
}

/// The same votes for another head: a value that honest nodes would accept as well.
pub(crate) fn other_head(right: &Value) -> Value {
    let Content::Attester(set) = &right.content else { panic!("it is about attestations") };
    let change = |(key, datum): (&GroupKey, &AttesterDatum)| {
        let mut datum = datum.clone();
        datum.data.beacon_block_root = Root([0xd; 32]);
        (*key, datum)
    };
    value(Content::Attester(set.iter().map(change).collect()))
}
