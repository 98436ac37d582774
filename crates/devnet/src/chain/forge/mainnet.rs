//! Blocks with the mainnet preset's sizes.

use eth::containers::mainnet as sized;

#[path = "sized.rs"]
mod blocks;

pub(super) use blocks::{assemble, blind, content, empty_body_root, without_blobs};
