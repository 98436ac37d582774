//! Numbers and byte strings with names.
//!
//! Every number is its own type, so that an epoch can never be passed for a slot. JSON is the Beacon API's:
//! integers as quoted decimals, bytes as `0x` and lower-case hex (any case is accepted). SSZ is that of the
//! wrapped value.

mod byte_string;
mod number;
mod uint256;

pub use byte_string::{
    Address, Domain, Graffiti, Hash32, HexError, KzgCommitment, KzgProof, PublicKeyBytes, Root,
    SignatureBytes, Version,
};
pub use number::{
    CommitteeIndex, Epoch, Slot, SubcommitteeIndex, SyncCommitteePosition, ValidatorIndex, quoted_u64,
};
pub use uint256::Uint256;
