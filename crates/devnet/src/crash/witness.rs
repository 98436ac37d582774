//! What left the victim, as others saw it: its peers' recordings, and its validator client.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

use cluster::GroupKey;
use duty::{DutyKind, Signed};
use eth::{DomainType, Epoch, Root, Slot, Spec, signing_root};
use net::wire::Codec;
use qbft::PeerIndex;
use serde::Deserialize;
use serde_json::Value;
use slashing::Signable;

use crate::Error;
use crate::vc::{Agreement, Kind};

/// Slots after which what left is not asked for any more: a ledger keeps the newest records only.
const KEPT_SLOTS: u64 = 96;

/// What could cost a stake, as it left the victim for a validator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Released {
    pub(super) slot: Slot,
    pub(super) kind: DutyKind,
    pub(super) key: GroupKey,
    pub(super) signing_root: Root,
    /// What it is to the rules; none if only its root is known.
    pub(super) what: Option<Signable>,
}

/// Reads what others noted.
pub(super) struct Witness {
    codec: Codec,
    spec: Arc<Spec>,
    victim: PeerIndex,
    recordings: Vec<Recording>,
    client: Arc<Agreement>,
    /// What the client was shown and is known already.
    shown: BTreeSet<(Slot, Root)>,
    /// By validator and root: the same may leave more than once.
    released: BTreeMap<(GroupKey, Root), Released>,
    /// How many there have been.
    seen: u64,
    /// When the first partial signature of each duty arrived at a peer, nanoseconds since genesis.
    arrived: BTreeMap<(Slot, DutyKind), i64>,
    /// Values that the victim named in consensus, by what it said.
    said: BTreeMap<(Slot, DutyKind, u64, String), BTreeSet<[u8; 32]>>,
    /// How often a connection with the victim ended, peer by peer.
    partings: Vec<u64>,
}

/// One peer's recording, read as it grows.
struct Recording {
    directory: PathBuf,
    read: BTreeMap<PathBuf, u64>,
}

/// A line of a recording.
#[derive(Deserialize)]
struct Line {
    at: i64,
    input: Value,
}

impl Witness {
    /// Listens to the peers that record into these directories and to the victim's client.
    pub(super) fn new(
        codec: Codec,
        spec: Arc<Spec>,
        victim: PeerIndex,
        directories: Vec<PathBuf>,
        client: Arc<Agreement>,
    ) -> Witness {
        let partings = vec![0; directories.len()];
        let recording = |directory| Recording { directory, read: BTreeMap::new() };
        let recordings = directories.into_iter().map(recording).collect();
        Witness {
            codec,
            spec,
            victim,
            recordings,
            client,
            shown: BTreeSet::new(),
            released: BTreeMap::new(),
            seen: 0,
            arrived: BTreeMap::new(),
            said: BTreeMap::new(),
            partings,
        }
    }

    /// Takes in what is new. `attesters` tells whose duty it is to attest in a slot, `proposer` whose to propose.
    ///
    /// # Errors
    /// A recording cannot be read.
    pub(super) fn look(
        &mut self,
        attesters: impl Fn(Slot) -> Vec<GroupKey>,
        proposer: impl Fn(Slot) -> GroupKey,
    ) -> Result<(), Error> {
        for peer in 0..self.recordings.len() {
            for line in self.recordings[peer].new_lines()? {
                self.take_in(peer, &line);
            }
        }
        for (slot, kind, root) in self.client.roots() {
            if !self.shown.insert((slot, root)) {
                continue;
            }
            let (keys, kind, purpose) = match kind {
                Kind::Attestation => (attesters(slot), DutyKind::Attester, DomainType::BeaconAttester),
                Kind::Block => (vec![proposer(slot)], DutyKind::Proposer, DomainType::BeaconProposer),
                _ => continue,
            };
            let signing_root = signing_root(root, self.spec.domain(purpose, self.spec.epoch_of(slot)));
            for key in keys {
                self.note(Released { slot, kind, key, signing_root, what: None });
            }
        }
        let newest = self.released.values().map(|released| released.slot).max().unwrap_or_default();
        let oldest = Slot(newest.0.saturating_sub(KEPT_SLOTS));
        self.released.retain(|_, released| released.slot >= oldest);
        Ok(())
    }

    /// What left and a ledger must know of.
    pub(super) fn released(&self) -> impl Iterator<Item = &Released> {
        self.released.values()
    }

    /// How much there has been of it.
    pub(super) fn seen(&self) -> u64 {
        self.seen
    }

    /// When the victim's partial signatures for a duty first arrived at a peer, nanoseconds since genesis.
    pub(super) fn arrived_ns(&self, slot: Slot, kind: DutyKind) -> Option<i64> {
        self.arrived.get(&(slot, kind)).copied()
    }

    /// How many partings from the victim each peer has noticed.
    pub(super) fn partings(&self) -> &[u64] {
        &self.partings
    }

    /// What left and contradicts something else that left, in words.
    pub(super) fn contradictions(&self) -> Vec<String> {
        let mut found = Vec::new();
        let released: Vec<&Released> = self.released.values().collect();
        for (at, one) in released.iter().enumerate() {
            let others = released[at + 1..].iter().filter(|other| other.key == one.key);
            for other in others.filter(|other| contradict(one, other, &self.spec)) {
                found.push(format!("{:?} and {:?} of {} both left", one.what, other.what, one.key));
            }
        }
        for ((slot, kind, round, what), values) in &self.said {
            if values.len() > 1 {
                found.push(format!(
                    "{what} of {} values for {slot}/{} in round {round}",
                    values.len(),
                    kind.name()
                ));
            }
        }
        found
    }

    fn take_in(&mut self, peer: usize, line: &Line) {
        let is_victim = |value: &Value| value.as_u64() == Some(self.victim.0.into());
        if line.input.get("disconnected").is_some_and(is_victim) {
            self.partings[peer] += 1;
        } else if let Some(partials) =
            line.input.get("partials").filter(|partials| is_victim(&partials["from"]))
        {
            self.take_in_partials(line.at, &bytes(&partials["set"]));
        } else if let Some(message) = line.input.get("consensus") {
            self.take_in_message(&bytes(message));
        }
    }

    fn take_in_partials(&mut self, at: i64, set: &[u8]) {
        // What a peer's engine was told has been decoded before.
        let Ok(decoded) = self.codec.partial_set(set, self.victim) else { return };
        let set = decoded.set;
        let first = self.arrived.entry((set.duty.slot, set.duty.kind)).or_insert(at);
        *first = at.min(*first);
        for (key, partial) in set.partials {
            let what = match &partial.signed {
                Signed::Attestation { data, .. } => {
                    Signable::Attestation { source: data.source.epoch, target: data.target.epoch }
                }
                Signed::Block(proposal) => Signable::Block { slot: proposal.slot() },
                _ => continue,
            };
            let signing_root = partial.signed.signing_root(&self.spec);
            let (slot, kind) = (set.duty.slot, set.duty.kind);
            self.note(Released { slot, kind, key, signing_root, what: Some(what) });
        }
    }

    fn take_in_message(&mut self, message: &[u8]) {
        let Ok(decoded) = self.codec.consensus_message(message) else { return };
        let (duty, message) = (decoded.duty, decoded.message);
        if let (true, Some(value)) = (message.source == self.victim, message.value) {
            let what = format!("{:?}", message.kind);
            let place = (duty.slot, duty.kind, message.round.number(), what);
            self.said.entry(place).or_default().insert(value.0);
        }
    }

    fn note(&mut self, released: Released) {
        let place = (released.key, released.signing_root);
        let known = self.released.entry(place).or_insert_with(|| {
            self.seen += 1;
            released.clone()
        });
        known.what = known.what.or(released.what);
    }
}

impl Recording {
    fn new_lines(&mut self) -> Result<Vec<Line>, Error> {
        // Nothing may have been recorded yet.
        let entries = std::fs::read_dir(&self.directory).into_iter().flatten().flatten();
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        files.sort();
        let mut lines = Vec::new();
        for file in files {
            let read = self.read.entry(file.clone()).or_default();
            let text = rest(&file, *read).map_err(|why| Error::File { path: file, why })?;
            // The last line may be in the making.
            let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            *read += whole as u64;
            let each = text[..whole].split(|byte| *byte == b'\n');
            lines.extend(each.filter_map(|line| serde_json::from_slice::<Line>(line).ok()));
        }
        Ok(lines)
    }
}

fn rest(file: &PathBuf, from: u64) -> std::io::Result<Vec<u8>> {
    let mut opened = File::open(file)?;
    opened.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    opened.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn bytes(hex: &Value) -> Vec<u8> {
    hex.as_str().and_then(|hex| const_hex::decode(hex).ok()).unwrap_or_default()
}

/// Whether a validator that signs both loses its stake. Of what was only shown to the client, the slot tells enough for
/// two votes for one epoch and two blocks of one slot.
fn contradict(one: &Released, other: &Released, spec: &Spec) -> bool {
    if one.kind != other.kind || one.signing_root == other.signing_root {
        return false;
    }
    if one.kind == DutyKind::Proposer {
        return one.slot == other.slot;
    }
    let (a, b) = (vote(one, spec), vote(other, spec));
    if a.1 == b.1 {
        return true;
    }
    let surrounds = |outer: (Option<Epoch>, Epoch), inner: (Option<Epoch>, Epoch)| {
        outer.0.zip(inner.0).is_some_and(|(out, within)| out < within) && inner.1 < outer.1
    };
    surrounds(a, b) || surrounds(b, a)
}

/// Source, where it is known, and target.
fn vote(released: &Released, spec: &Spec) -> (Option<Epoch>, Epoch) {
    match released.what {
        Some(Signable::Attestation { source, target }) => (Some(source), target),
        _ => (None, spec.epoch_of(released.slot)),
    }
}
