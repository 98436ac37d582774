//! `phalanx exit sign|broadcast|list`: leaving the chain without a central service.

mod broadcast;
mod chain;
mod file;
mod list;
mod sign;

pub(crate) use broadcast::broadcast;
pub(crate) use list::list;
pub(crate) use sign::sign;
