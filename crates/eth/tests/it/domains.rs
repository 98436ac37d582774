//! Domains against values that every client of mainnet agrees on.

use eth::{Container, DomainType, Epoch, Fork, Genesis, Preset, Root, Spec, Version};
use eth::{compute_domain, deposit_domain, epoch_root, registration_domain, signing_root};

/// Fork digests of mainnet, as seen in every peer's ENR: the four bytes after the domain type.
#[test]
fn mainnet_fork_digests_are_the_first_bytes_of_the_fork_data_root() {
    for (version, digest) in
        [("0x03000000", "bba4da96"), ("0x04000000", "6a95a1a9"), ("0x05000000", "ad532ceb")]
    {
        let version: Version = version.parse().expect("a version");
        let domain = compute_domain(DomainType::BeaconAttester, version, mainnet().genesis_validators_root);
        assert!(domain.to_string().starts_with(&format!("0x01000000{digest}")), "{domain}");
    }
}

#[test]
fn deposits_and_registrations_have_the_published_mainnet_domains() {
    let genesis = Version::ZERO;
    let deposit = "0x03000000f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a9";
    let builder = "0x00000001f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a9";
    assert_eq!(deposit_domain(genesis).to_string(), deposit);
    assert_eq!(registration_domain(genesis).to_string(), builder);
    let spec = mainnet_at_fulu();
    assert_eq!(spec.domain(DomainType::Deposit, Epoch(9)), deposit_domain(genesis));
    assert_eq!(spec.domain(DomainType::ApplicationBuilder, Epoch(9)), registration_domain(genesis));
}

#[test]
fn exits_are_signed_for_capella_in_every_later_fork() {
    let spec = mainnet_at_fulu();
    let capella = compute_domain(
        DomainType::VoluntaryExit,
        Version([3, 0, 0, 0]),
        spec.genesis.genesis_validators_root,
    );
    for epoch in [Epoch(0), Epoch(500_000)] {
        assert_eq!(spec.domain(DomainType::VoluntaryExit, epoch), capella);
    }
}

#[test]
fn every_purpose_has_a_domain_of_its_own() {
    let spec = mainnet_at_fulu();
    let mut domains: Vec<_> = DomainType::ALL.map(|purpose| spec.domain(purpose, Epoch(0))).to_vec();
    domains.sort_unstable();
    domains.dedup();
    assert_eq!(domains.len(), DomainType::ALL.len());
}

#[test]
fn a_signing_root_covers_object_and_domain() {
    let spec = mainnet_at_fulu();
    let domain = spec.domain(DomainType::Randao, Epoch(3));
    let signed = signing_root(epoch_root(Epoch(3)), domain);
    assert_ne!(signed, signing_root(epoch_root(Epoch(4)), domain));
    assert_ne!(signed, signing_root(epoch_root(Epoch(3)), spec.domain(DomainType::BeaconProposer, Epoch(3))));
}

#[test]
fn the_root_of_a_number_is_its_little_endian_bytes() {
    let mut bytes = [0; 32];
    bytes[..2].copy_from_slice(&[0x02, 0x01]);
    assert_eq!(epoch_root(Epoch(0x0102)), Root(bytes));
    assert_eq!(Epoch(0x0102).to_ssz(), [2, 1, 0, 0, 0, 0, 0, 0]);
}

fn mainnet() -> Genesis {
    Genesis {
        genesis_time: 1_606_824_023,
        genesis_validators_root: "0x4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95"
            .parse()
            .expect("a root"),
        genesis_fork_version: Version::ZERO,
    }
}

fn mainnet_at_fulu() -> Spec {
    Spec::local(Preset::Mainnet, mainnet(), 12_000, Fork::Fulu)
}
