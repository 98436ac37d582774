//! The commands, one a file.

pub(crate) mod create_cluster;
pub(crate) mod devnet;
pub(crate) mod enr;
pub(crate) mod exit;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod slashing;
pub(crate) mod version;
