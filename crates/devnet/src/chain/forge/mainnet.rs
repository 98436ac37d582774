//! Blocks with the mainnet preset's sizes.

use eth::containers::mainnet as sized;

#[path = "sized.rs"]
mod blocks;

pub(super) use blocks::{assemble, content, empty_body_root};
