//! Splitting, recovering, and the public side of a sharing.

use bls::{Error, GroupPublicKey, SharePublicKey, check_sharing, interpolate_public, recover, split};
use proptest::prelude::*;

use crate::cluster::{Validator, randomness, share, subsets};

#[test]
fn every_quorum_recovers_the_key() {
    let validator = Validator::new(1, 3, 5);
    for numbers in subsets(3, 5) {
        let shares: Vec<_> = numbers.iter().map(|n| validator.secrets[usize::from(*n) - 1].clone()).collect();
        assert_eq!(recover(&shares), Ok(validator.secret.clone()), "{numbers:?}");
        let public: Vec<_> = shares.iter().map(|(share, secret)| (*share, secret.public_key())).collect();
        assert_eq!(interpolate_public(&public, 3), Ok(validator.key.0), "{numbers:?}");
    }
    assert_eq!(recover(&validator.secrets), Ok(validator.secret.clone()), "more than needed do no harm");
}

#[test]
fn fewer_shares_make_up_another_key() {
    let validator = Validator::new(1, 3, 5);
    let key = recover(&validator.secrets[..2]).expect("some key");
    assert_ne!(key.public_key(), validator.key.0);
}

#[test]
fn shares_are_no_threshold_lower() {
    let validator = Validator::new(1, 3, 5);
    assert_eq!(check_sharing(&validator.key, &validator.shares, 3), Ok(()));
    assert_eq!(check_sharing(&validator.key, &validator.shares, 2), Err(Error::ForeignShare(share(3))));
    assert_eq!(check_sharing(&validator.key, &validator.shares, 5), Ok(()), "a higher one would do, too");
}

#[test]
fn thresholds_out_of_range_are_refused() {
    let validator = Validator::new(1, 3, 4);
    for (threshold, shares) in [(0, 4), (5, 4), (1, 0)] {
        let refused = Err(Error::Threshold { threshold, shares });
        assert_eq!(split(&validator.secret, threshold, shares, &mut randomness(1)), refused);
    }
    let public: Vec<_> =
        validator.secrets.iter().map(|(share, secret)| (*share, secret.public_key())).collect();
    let refused = Error::Threshold { threshold: 5, shares: 4 };
    assert_eq!(interpolate_public(&public, 5), Err(refused));
    assert_eq!(check_sharing(&validator.key, &validator.shares, 5), Err(refused));
    let many = vec![validator.shares[0]; 256];
    assert_eq!(check_sharing(&validator.key, &many, 5), Err(Error::TooManyShares { count: 256 }));
}

#[test]
fn a_share_given_twice_is_refused() {
    let validator = Validator::new(1, 3, 4);
    let mut shares = validator.secrets.clone();
    shares.push(shares[1].clone());
    assert_eq!(recover(&shares), Err(Error::DuplicateShare(share(2))));
    assert_eq!(recover(&[]), Err(Error::Empty));
    let public: Vec<_> = shares.iter().map(|(share, secret)| (*share, secret.public_key())).collect();
    assert_eq!(interpolate_public(&public, 3), Err(Error::DuplicateShare(share(2))));
}

#[test]
fn an_altered_sharing_is_noticed() {
    let validator = Validator::new(1, 3, 5);
    let other = Validator::new(2, 3, 5);
    assert_eq!(check_sharing(&other.key, &validator.shares, 3), Err(Error::ForeignGroup));

    let mut shares = validator.shares.clone();
    shares[4] = other.shares[4];
    assert_eq!(check_sharing(&validator.key, &shares, 3), Err(Error::ForeignShare(share(5))));

    let mut shares = validator.shares.clone();
    shares.swap(0, 1);
    assert!(check_sharing(&validator.key, &shares, 3).is_err(), "the order of shares counts");

    let constant = vec![SharePublicKey(validator.key.0); 5];
    assert_eq!(
        check_sharing(&GroupPublicKey(validator.key.0), &constant, 1),
        Ok(()),
        "all shares are the key"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_is_split_can_be_recovered(
        seed: u64,
        (threshold, shares) in (1u8..=40).prop_flat_map(|shares| (1..=shares, Just(shares))),
        skip in 0usize..40,
    ) {
        let validator = Validator::new(seed, threshold, shares);
        // Any `threshold` in a row, going around.
        let start = skip % usize::from(shares);
        let chosen: Vec<_> =
            validator.secrets.iter().cycle().skip(start).take(usize::from(threshold)).cloned().collect();
        prop_assert_eq!(recover(&chosen), Ok(validator.secret.clone()));
        prop_assert_eq!(check_sharing(&validator.key, &validator.shares, threshold), Ok(()));
        let public: Vec<_> = chosen.iter().map(|(share, secret)| (*share, secret.public_key())).collect();
        prop_assert_eq!(interpolate_public(&public, threshold), Ok(validator.key.0));
    }
}
