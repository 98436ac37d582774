//! What the sync committee signed and no block has included yet.

use std::collections::BTreeMap;

use bls::Signature;
use eth::{Root, SignatureBytes, Slot, SubcommitteeIndex, ValidatorIndex};

use super::super::forge::SyncSignature;
use super::super::schedule::SyncCommittee;

/// Accepted messages and contributions, by slot and block signed for.
#[derive(Debug, Default)]
pub(crate) struct SyncPool {
    messages: BTreeMap<(Slot, Root), BTreeMap<ValidatorIndex, Signature>>,
    /// The fullest contribution of each subcommittee.
    contributions: BTreeMap<(Slot, Root), BTreeMap<SubcommitteeIndex, Part>>,
}

/// What seats of a subcommittee signed.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// Places within the subcommittee, rising.
    pub(crate) seats: Vec<usize>,
    pub(crate) signature: Signature,
}

impl SyncPool {
    /// Takes a message that is right.
    pub(crate) fn add_message(
        &mut self,
        slot: Slot,
        root: Root,
        validator: ValidatorIndex,
        signature: Signature,
    ) {
        self.messages.entry((slot, root)).or_default().insert(validator, signature);
    }

    /// Takes a contribution that is right.
    pub(crate) fn add_contribution(&mut self, slot: Slot, root: Root, index: SubcommitteeIndex, part: Part) {
        let parts = self.contributions.entry((slot, root)).or_default();
        if parts.get(&index).is_none_or(|known| known.seats.len() < part.seats.len()) {
            parts.insert(index, part);
        }
    }

    /// Drops what no block may include any more.
    pub(crate) fn forget_before(&mut self, slot: Slot) {
        self.messages = self.messages.split_off(&(slot, Root::ZERO));
        self.contributions = self.contributions.split_off(&(slot, Root::ZERO));
    }

    /// Whether anybody signed that block in that slot.
    pub(crate) fn has_messages(&self, slot: Slot, root: Root) -> bool {
        self.messages.contains_key(&(slot, root))
    }

    /// What the members of a subcommittee signed; who has several seats in it counts several times.
    pub(crate) fn gather(&self, slot: Slot, root: Root, members: &[ValidatorIndex]) -> Option<Part> {
        self.add_up(slot, root, members, None)
    }

    /// What a block of the next slot includes: the contributions, and unless `contributed_only` the messages that are in
    /// none of them.
    pub(crate) fn aggregate(
        &self,
        slot: Slot,
        root: Root,
        committee: &SyncCommittee,
        contributed_only: bool,
    ) -> SyncSignature {
        let contributions = self.contributions.get(&(slot, root));
        let mut seats = Vec::new();
        let mut signatures = Vec::new();
        for index in SyncCommittee::subcommittees() {
            let contributed = contributions.and_then(|parts| parts.get(&index)).cloned();
            let members = committee.subcommittee(index).unwrap_or_default();
            let part =
                if contributed_only { contributed } else { self.add_up(slot, root, members, contributed) };
            let Some(part) = part else { continue };
            let first = index.0 as usize * committee.subcommittee_size();
            seats.extend(part.seats.iter().map(|seat| first + seat));
            signatures.push(part.signature);
        }
        match bls::aggregate(&signatures) {
            Ok(signature) => SyncSignature { seats, signature: SignatureBytes(signature.to_bytes()) },
            Err(_) => SyncSignature::nobody(),
        }
    }

    /// The messages of seats that are not in `start`, added to it.
    fn add_up(
        &self,
        slot: Slot,
        root: Root,
        members: &[ValidatorIndex],
        start: Option<Part>,
    ) -> Option<Part> {
        let messages = self.messages.get(&(slot, root));
        let (mut seats, mut signatures) = match start {
            Some(part) => (part.seats, vec![part.signature]),
            None => (Vec::new(), Vec::new()),
        };
        for (seat, member) in members.iter().enumerate() {
            let message = messages.and_then(|messages| messages.get(member));
            if let Some(signature) = message.filter(|_| !seats.contains(&seat)) {
                seats.push(seat);
                signatures.push(*signature);
            }
        }
        seats.sort_unstable();
        Some(Part { seats, signature: bls::aggregate(&signatures).ok()? })
    }
}
