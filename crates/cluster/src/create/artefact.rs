//! The files of a node's directory, as data: writing them, all or none, is the command line's.

use std::collections::BTreeMap;
use std::fmt;

use eth::DepositData;
use zeroize::Zeroizing;

use super::{NewCluster, NewNode, deposit};

/// A file to be written into a node's directory. Its bytes are wiped from memory when dropped.
#[derive(Clone)]
pub struct Artefact {
    /// Its path below the node's directory.
    pub path: String,
    /// Its Unix permissions.
    pub mode: u32,
    /// Its content, which may be secret.
    pub bytes: Zeroizing<Vec<u8>>,
}

/// Nobody changes these.
const READ_ONLY: u32 = 0o444;
/// Nobody but the node reads these.
const PRIVATE: u32 = 0o600;

impl NewCluster {
    /// The files of one node: lock, node key and deposits. Keystores of its shares are the `signer` room's to make.
    pub fn artefacts(&self, node: &NewNode) -> Vec<Artefact> {
        let key = Artefact::new("charon-enr-private-key", PRIVATE, node.key.to_text().as_bytes().to_vec());
        let lock = Artefact::new("cluster-lock.json", READ_ONLY, self.lock.to_json());
        let mut artefacts = vec![key, lock];
        for (amount, deposits) in self.deposits_by_amount() {
            let json = deposit::launchpad_json(&deposits, &self.network);
            artefacts.push(Artefact::new(&deposit::file_name(amount), READ_ONLY, json));
        }
        artefacts
    }

    fn deposits_by_amount(&self) -> BTreeMap<u64, Vec<DepositData>> {
        let mut by_amount: BTreeMap<u64, Vec<DepositData>> = BTreeMap::new();
        for deposit in self.lock.validators.iter().flat_map(|validator| &validator.deposits) {
            by_amount.entry(deposit.amount).or_default().push(*deposit);
        }
        by_amount
    }
}

impl Artefact {
    fn new(path: &str, mode: u32, bytes: Vec<u8>) -> Artefact {
        Artefact { path: path.to_owned(), mode, bytes: Zeroizing::new(bytes) }
    }
}

impl fmt::Debug for Artefact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:o}, {} bytes)", self.path, self.mode, self.bytes.len())
    }
}
