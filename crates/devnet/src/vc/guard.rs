//! The client's own care not to contradict itself: the least of EIP-3076's rules, in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use eth::{AttestationData, Epoch, PublicKeyBytes, Slot};

/// The highest of what each key has signed.
#[derive(Debug, Default)]
pub(super) struct Guard {
    keys: Mutex<BTreeMap<PublicKeyBytes, Highest>>,
}

#[derive(Debug, Default)]
struct Highest {
    vote: Option<(Epoch, Epoch)>,
    block: Option<Slot>,
}

impl Guard {
    /// Whether the key may sign the vote. If so, it counts as signed.
    pub(super) fn allow_vote(&self, key: PublicKeyBytes, data: &AttestationData) -> bool {
        let mut keys = self.keys.lock().expect("nothing panics while holding the guard");
        let highest = &mut keys.entry(key).or_default().vote;
        let allowed =
            highest.is_none_or(|(source, target)| data.source.epoch >= source && data.target.epoch > target);
        if allowed {
            *highest = Some((data.source.epoch, data.target.epoch));
        }
        allowed
    }

    /// Whether the key may sign a block of that slot. If so, it counts as signed.
    pub(super) fn allow_block(&self, key: PublicKeyBytes, slot: Slot) -> bool {
        let mut keys = self.keys.lock().expect("nothing panics while holding the guard");
        let highest = &mut keys.entry(key).or_default().block;
        let allowed = highest.is_none_or(|signed| slot > signed);
        if allowed {
            *highest = Some(slot);
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vote(source: u64, target: u64) -> AttestationData {
        let mut data = AttestationData::default();
        (data.source.epoch, data.target.epoch) = (Epoch(source), Epoch(target));
        data
    }

    #[test]
    fn targets_and_slots_only_rise_and_sources_never_fall() {
        let guard = Guard::default();
        let (key, other) = (PublicKeyBytes([1; 48]), PublicKeyBytes([2; 48]));
        assert!(guard.allow_vote(key, &vote(1, 2)));
        assert!(!guard.allow_vote(key, &vote(1, 2)), "the same epoch again");
        assert!(!guard.allow_vote(key, &vote(0, 3)), "it would surround");
        assert!(guard.allow_vote(key, &vote(1, 3)));
        assert!(guard.allow_vote(other, &vote(0, 2)), "every key for itself");
        assert!(guard.allow_block(key, Slot(5)));
        assert!(!guard.allow_block(key, Slot(5)));
        assert!(guard.allow_block(key, Slot(6)));
    }
}
