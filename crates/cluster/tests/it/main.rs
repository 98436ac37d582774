//! The cluster crate as its users see it.

mod created;
mod enr;
mod files;
mod hostile;
mod k1;
mod tampering;
mod vectors;
mod versions;
mod wallets;

/// Cluster material that is the same in every run.
mod sample {
    use cluster::create::Options;
    use cluster::{Network, NewCluster, Secrets, create};
    use eth::Address;
    use sha3::{Digest, Keccak256};

    /// Bytes that look random and are the same in every run.
    pub(crate) fn randomness(seed: u64) -> impl FnMut(&mut [u8]) {
        let mut counter = seed << 32;
        move |bytes| {
            for chunk in bytes.chunks_mut(32) {
                counter += 1;
                chunk.copy_from_slice(&Keccak256::digest(counter.to_be_bytes())[..chunk.len()]);
            }
        }
    }

    pub(crate) fn options(nodes: u8) -> Options {
        let hoodi = Network::from_name("hoodi").expect("hoodi is known");
        Options {
            name: "first light".to_owned(),
            timestamp: 1_795_246_000,
            ..Options::new(hoodi, nodes, Address([0xfe; 20]), Address([0xad; 20]))
        }
    }

    pub(crate) fn cluster(nodes: u8, validators: usize) -> NewCluster {
        create(&options(nodes), Secrets::New(validators), &mut randomness(1)).expect("these options are good")
    }
}
