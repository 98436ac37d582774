//! Judging the voluntary exits in a block.

use std::collections::BTreeSet;

use eth::Slot;

use super::super::super::forge::Content;
use super::super::super::rejection::Rejection;
use super::super::super::tree::Block;
use super::super::World;
use super::BlockChecks;

impl World {
    /// Whether every exit may be included, or which is wrong.
    pub(super) fn check_exits(
        &self,
        slot: Slot,
        content: &Content,
        checks: &BlockChecks,
        parent: &Block,
    ) -> Result<(), Rejection> {
        let mut leaving = BTreeSet::new();
        for (position, exit) in content.exits.iter().enumerate() {
            let wrong = |why| Err(Rejection::WrongExit { position, why });
            let validator = exit.message.validator_index;
            if checks.exits.get(position) != Some(&true) {
                return wrong("its signature is not its validator's");
            }
            if exit.message.epoch > self.spec.epoch_of(slot) {
                return wrong("its epoch has not begun");
            }
            if self.is_leaving(validator, &parent.root) || !leaving.insert(validator) {
                return wrong("its validator is leaving already");
            }
        }
        Ok(())
    }
}
