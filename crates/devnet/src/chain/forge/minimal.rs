//! Blocks with the minimal preset's sizes.

use eth::containers::minimal as sized;

#[path = "sized.rs"]
mod blocks;

pub(super) use blocks::{assemble, content, empty_body_root};
