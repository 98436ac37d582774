//! Judging the sync committee's signature in a block (`process_sync_aggregate`).

use eth::{SignatureBytes, SignedProposal, Slot};

use super::super::super::forge::Content;
use super::super::super::rejection::Rejection;
use super::super::World;
use super::super::statement::Claim;
use super::BlockChecks;

impl World {
    /// What the sync committee's signature is claimed to be, unless nobody signed.
    pub(super) fn sync_claim(&self, signed: &SignedProposal, content: &Content) -> Option<Claim> {
        if content.sync.seats.is_empty() {
            return None;
        }
        let committee = self.schedule.sync_committee(self.spec.epoch_of(signed.slot()));
        let member = |seat: &usize| committee.seats().get(*seat).and_then(|member| self.key(*member).ok());
        Some(Claim {
            keys: content.sync.seats.iter().map(member).collect::<Option<_>>()?,
            root: self
                .sync_signing_root(Slot(signed.slot().0.saturating_sub(1)), signed.proposal().parent_root()),
            signature: content.sync.signature,
        })
    }

    pub(super) fn check_sync(&self, content: &Content, checks: &BlockChecks) -> Result<(), Rejection> {
        let nobody = content.sync.seats.is_empty() && content.sync.signature == SignatureBytes::INFINITY;
        if nobody || checks.sync { Ok(()) } else { Err(Rejection::WrongContent("sync aggregate")) }
    }
}
