//! Cluster files: they come from whoever proposes a cluster.

use std::net::Ipv4Addr;
use std::str::FromStr;

use cluster::create::{Options, Secrets, create};
use cluster::{Definition, Enr, Lock, Network, NewCluster};
use eth::Address;

use crate::chain::node_key;

/// A lock file.
pub(crate) fn lock(bytes: &[u8]) {
    let Ok(lock) = Lock::parse(bytes) else { return };
    let again = Lock::parse(&lock.to_json()).expect("what was read is written and read again");
    assert_eq!(again, lock);
    let _ = (lock.operators(), lock.keys());
    // Signatures are verified only of what hashes well, and that is not found by chance.
    if lock.check_hashes().is_ok() {
        let _ = lock.verify();
    }
}

pub(crate) fn lock_seeds() -> Vec<Vec<u8>> {
    vec![sample().lock.to_json()]
}

/// A definition file.
pub(crate) fn definition(bytes: &[u8]) {
    let Ok(definition) = Definition::parse(bytes) else { return };
    let again = Definition::parse(&definition.to_json()).expect("what was read is written and read again");
    assert_eq!(again, definition);
    let _ = (definition.network(), definition.addresses_of(0), definition.nodes());
    if definition.check_hashes().is_ok() {
        let _ = definition.check_signatures();
    }
}

pub(crate) fn definition_seeds() -> Vec<Vec<u8>> {
    vec![sample().lock.definition.to_json()]
}

/// A node record.
pub(crate) fn enr(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(record) = Enr::from_str(text) {
        assert_eq!(Enr::from_str(record.as_str()), Ok(record));
    }
}

pub(crate) fn enr_seeds() -> Vec<Vec<u8>> {
    let records = [(None, None), (Some(Ipv4Addr::new(10, 0, 0, 7)), Some(3610))];
    records.map(|(ip, tcp)| Enr::new(&node_key(1), ip, tcp).to_string().into_bytes()).to_vec()
}

fn sample() -> NewCluster {
    let network = Network::from_name("hoodi").expect("a known network");
    let options = Options::new(network, 4, Address([1; 20]), Address([2; 20]));
    let mut state: u64 = 7;
    let mut randomness = |bytes: &mut [u8]| {
        for byte in bytes {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = (state >> 56) as u8;
        }
    };
    create(&options, Secrets::New(1), &mut randomness).expect("good options make a cluster")
}
