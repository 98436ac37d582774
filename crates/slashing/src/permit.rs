//! The proof that signing was recorded first.

use cluster::GroupKey;

use crate::{DutyId, Item, Refusal};

/// The right to sign the granted items, once.
///
/// It exists only after the ledger made their records durable, cannot be copied, and has no public constructor:
/// whoever holds one may sign exactly what it lists. Requesting the same items again yields another.
///
/// ```compile_fail,E0599
/// fn sign_twice(permit: slashing::Permit) -> (slashing::Permit, slashing::Permit) { (permit.clone(), permit) }
/// ```
#[derive(Debug, PartialEq, Eq)]
#[must_use = "the records are durable already: an unused permit is a missed duty"]
pub struct Permit {
    duty: DutyId,
    granted: Vec<Item>,
    refused: Vec<(GroupKey, Refusal)>,
}

impl Permit {
    pub(crate) fn new(duty: DutyId, granted: Vec<Item>, refused: Vec<(GroupKey, Refusal)>) -> Permit {
        Permit { duty, granted, refused }
    }

    /// The duty it was requested for.
    pub fn duty(&self) -> DutyId {
        self.duty
    }

    /// What may be signed, in the order of the request.
    pub fn granted(&self) -> &[Item] {
        &self.granted
    }

    /// What may not be signed and why, in the order of the request.
    pub fn refused(&self) -> &[(GroupKey, Refusal)] {
        &self.refused
    }
}
