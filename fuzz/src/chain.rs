//! A chain, a cluster on it, and a reader of the fuzzer's bytes.

use std::sync::{Arc, LazyLock};

use cluster::{GroupKey, NodeKey};
use eth::{Fork, Genesis, Preset, PublicKeyBytes, Root, Spec, Version};
use net::wire::Codec;

/// Operators of the cluster.
pub(crate) const NODES: u8 = 4;

static CODEC: LazyLock<Codec> = LazyLock::new(new_codec);

/// Minimal preset, Fulu from genesis, slots of twelve seconds; as in the engine's tests.
pub(crate) fn spec() -> Spec {
    let genesis = Genesis {
        genesis_time: 0,
        genesis_validators_root: Root([7; 32]),
        genesis_fork_version: Version([0, 0, 0, 1]),
    };
    Spec::local(Preset::Minimal, genesis, 12_000, Fork::Fulu)
}

pub(crate) fn node_key(node: u8) -> NodeKey {
    NodeKey::from_bytes(&[node + 1; 32]).expect("a small number is a key")
}

pub(crate) fn group_key(byte: u8) -> GroupKey {
    GroupKey(PublicKeyBytes([byte; 48]))
}

/// One codec for all runs: that it remembers only saves time.
pub(crate) fn codec() -> &'static Codec {
    &CODEC
}

fn new_codec() -> Codec {
    Codec::new((0..NODES).map(|node| node_key(node).public_key()).collect(), Arc::new(spec()))
}

/// Choices made by bytes; when they are used up, all choices are 0.
pub(crate) struct Choices<'a>(pub(crate) &'a [u8]);

impl<'a> Choices<'a> {
    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    pub(crate) fn number(&mut self) -> u64 {
        let bytes = self.take(8);
        bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    pub(crate) fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// One of these.
    pub(crate) fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::from(self.byte()) % all.len()]
    }

    /// A likely number, or once in a while any.
    pub(crate) fn about(&mut self, likely: u64) -> u64 {
        match self.byte() {
            0..=239 => likely,
            240..=247 => likely.wrapping_add(u64::from(self.byte())).wrapping_sub(4),
            _ => self.number(),
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.0.is_empty()
    }
}
