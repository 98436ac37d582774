//! Numbers of this chain that no rule depends on, and the bounds of what it keeps.

use eth::Address;

/// Gas limit of every payload.
pub(crate) const GAS_LIMIT: u64 = 60_000_000;
/// Base fee of every payload, wei.
pub(crate) const BASE_FEE_PER_GAS_WEI: u64 = 7;
/// Effective balance of every validator, Gwei.
pub(crate) const BALANCE_GWEI: u64 = 32_000_000_000;
/// Where fees go of a proposer that was not prepared.
pub(crate) const UNPREPARED_FEE_RECIPIENT: Address = Address([0; 20]);
/// What a block pays its proposer, wei, as the headers of a produced block say; nobody is paid.
pub(crate) const BLOCK_VALUE_WEI: u64 = 1_000_000_000;
/// How far a message may be ahead of the clock, nanoseconds: `MAXIMUM_GOSSIP_CLOCK_DISPARITY`.
pub(crate) const CLOCK_DISPARITY_NS: i64 = 500_000_000;
/// Blobs in a block at most; more than any fork planned so far allows.
pub(crate) const BLOBS_AT_MOST: usize = 32;
/// How far the time in a registration with builders may be ahead of the clock, seconds.
pub(crate) const REGISTRATION_AHEAD_SECONDS: u64 = 10;
/// `MIN_VALIDATOR_WITHDRAWABILITY_DELAY`, in every preset.
pub(crate) const WITHDRAWABILITY_DELAY_EPOCHS: u64 = 256;
/// Epochs after the one in which it was said that a proposer's fee recipient is known.
pub(crate) const PREPARED_EPOCHS: u64 = 2;

/// Blocks kept: the oldest go.
pub(crate) const BLOCKS_KEPT: usize = 4096;
/// Blocks whose bodies are kept.
pub(crate) const BODIES_KEPT: usize = 64;
/// Epochs of duties, votes and truth kept in full.
pub(crate) const EPOCHS_KEPT: u64 = 128;
/// Signed votes kept for each validator, to find contradictions.
pub(crate) const VOTES_KEPT: usize = 256;
/// Validators a chain may have.
pub(crate) const VALIDATORS_AT_MOST: usize = 65_536;
/// Events a slow reader may lag behind before it loses some.
pub(crate) const EVENTS_BUFFERED: usize = 8192;
/// Bytes of a request's body at most: a block with every blob has a few.
pub(crate) const BODY_BYTES: usize = 16 << 20;
