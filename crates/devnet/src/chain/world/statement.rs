//! Messages of validators, which are all judged in the same three steps.

use bls::{PublicKey, Signature};
use eth::{Root, SignatureBytes};

use super::super::event::Event;
use super::super::history::Seen;
use super::super::rejection::Rejection;
use super::World;

/// A message of a validator.
pub(crate) trait Statement {
    /// What it is, for the ledger of truth.
    fn name(&self) -> String;

    /// The signatures in it, or why it is refused whatever they are.
    fn claims(&self, world: &World, arrived_ns: i64) -> Result<Vec<Claim>, Rejection>;

    /// Takes it. `signatures` are those claimed, where they hold.
    fn take(&self, world: &mut World, arrived_ns: i64, signatures: &[Option<Signature>]) -> Taken;
}

/// Whether a message is new, and what is told of it.
pub(crate) type Taken = Result<(Seen, Option<Event>), Rejection>;

/// A signature, and whose it is claimed to be over what: of one, or of several together. With no key at all it is only
/// decoded.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Claim {
    pub(crate) keys: Vec<PublicKey>,
    pub(crate) root: Root,
    pub(crate) signature: SignatureBytes,
}

/// The signature at a place, if it holds.
pub(super) fn holding(
    signatures: &[Option<Signature>],
    place: usize,
    otherwise: Rejection,
) -> Result<Signature, Rejection> {
    signatures.get(place).copied().flatten().ok_or(otherwise)
}
