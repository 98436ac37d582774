//! What was verified or decoded lately: bounded, forgotten in order of arrival.

use std::collections::{BTreeSet, VecDeque};

use duty::{DutyKind, Value};
use sha2::{Digest, Sha256};

/// Digests of signed messages that are kept: more than a slot's messages of a large cluster.
const MESSAGES: usize = 8192;
/// Values that are kept.
const VALUES: usize = 64;
/// Bytes of values that are kept.
const VALUE_BYTES: usize = 64 << 20;

/// The memory of a codec.
#[derive(Default)]
pub(super) struct Recent {
    verified: BTreeSet<[u8; 32]>,
    verified_in_order: VecDeque<[u8; 32]>,
    values: VecDeque<(DutyKind, Value)>,
    value_bytes: usize,
}

/// Identifies a signed message with its signature.
pub(super) fn digest(signed: &[u8]) -> [u8; 32] {
    Sha256::digest(signed).into()
}

impl Recent {
    pub(super) fn is_verified(&self, message: &[u8; 32]) -> bool {
        self.verified.contains(message)
    }

    pub(super) fn verified(&mut self, message: [u8; 32]) {
        if self.verified.insert(message) {
            self.verified_in_order.push_back(message);
        }
        if self.verified_in_order.len() > MESSAGES
            && let Some(oldest) = self.verified_in_order.pop_front()
        {
            self.verified.remove(&oldest);
        }
    }

    /// The value of that encoding. Comparing bytes is far cheaper than hashing them.
    pub(super) fn value(&self, kind: DutyKind, bytes: &[u8]) -> Option<Value> {
        let known = self.values.iter().rev().find(|(known, value)| *known == kind && *value.bytes == *bytes);
        known.map(|(_, value)| value.clone())
    }

    pub(super) fn remember(&mut self, kind: DutyKind, value: Value) {
        self.value_bytes += value.bytes.len();
        self.values.push_back((kind, value));
        while self.values.len() > VALUES || self.value_bytes > VALUE_BYTES {
            let Some((_, oldest)) = self.values.pop_front() else { return };
            self.value_bytes -= oldest.bytes.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_messages_are_forgotten_and_memory_is_bounded() {
        let mut recent = Recent::default();
        let message = |number: usize| digest(&number.to_le_bytes());
        (0..=MESSAGES).for_each(|number| recent.verified(message(number)));
        assert!(!recent.is_verified(&message(0)));
        assert!(recent.is_verified(&message(1)) && recent.is_verified(&message(MESSAGES)));
        assert_eq!(recent.verified.len(), MESSAGES);
    }
}
