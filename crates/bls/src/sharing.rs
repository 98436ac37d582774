//! Shamir's sharing: splitting a key, recovering it, and checking the public side of a sharing.

use crate::lagrange::{self, Lagrange};
use crate::native::Scalar;
use crate::native::points::{Curve, G1};
use crate::{Defect, Error, GroupPublicKey, PublicKey, SecretKey, ShareIndex, SharePublicKey};

/// Splits a key into `shares` shares: any `threshold` of them sign for it, fewer say nothing about it.
///
/// Share `i` is the value at `i` of a polynomial of degree `threshold − 1`, whose value at 0 is the key and
/// whose other coefficients are drawn from `randomness`; that must fill its argument with bytes nobody can
/// predict.
pub fn split(
    secret: &SecretKey,
    threshold: u8,
    shares: u8,
    randomness: &mut dyn FnMut(&mut [u8]),
) -> Result<Vec<(ShareIndex, SecretKey)>, Error> {
    check_threshold(threshold, shares)?;
    let mut coefficients = vec![secret.to_scalar()];
    for _ in 1..threshold {
        coefficients.push(SecretKey::random(randomness)?.to_scalar());
    }
    (1..=shares)
        .filter_map(ShareIndex::new)
        .map(|share| {
            let value = evaluate(&coefficients, share);
            // A share of zero tells as little as any other, but signs nothing. Chance never makes one.
            SecretKey::from_scalar(&value).map(|key| (share, key)).map_err(|_| Error::Randomness)
        })
        .collect()
}

/// The key that these shares make up. With fewer than the threshold it is some other key, so compare its
/// public key with the group's.
pub fn recover(shares: &[(ShareIndex, SecretKey)]) -> Result<SecretKey, Error> {
    let places = distinct(shares.iter().map(|(share, _)| *share))?;
    let weights = lagrange::wide_weights(0, &places);
    let secret = shares
        .iter()
        .zip(&weights)
        .fold(Scalar::from_u64(0), |total, ((_, key), weight)| total.add(&key.to_scalar().multiply(weight)));
    SecretKey::from_scalar(&secret)
}

/// The group's public key, from the first `threshold` of these shares' public keys.
pub fn interpolate_public(shares: &[(ShareIndex, PublicKey)], threshold: u8) -> Result<PublicKey, Error> {
    let places = distinct(shares.iter().map(|(share, _)| *share))?;
    let count = u8::try_from(shares.len()).map_err(|_| Error::TooManyShares { count: shares.len() })?;
    check_threshold(threshold, count)?;
    let threshold = usize::from(threshold);
    let points: Vec<_> = shares[..threshold].iter().map(|(_, key)| key.0.into()).collect();
    let sum = Lagrange::new(0, &places[..threshold]).interpolate::<G1>(&points);
    if G1::is_identity(&sum) {
        return Err(Error::PublicKey(Defect::Identity));
    }
    Ok(PublicKey(blst::min_pk::AggregatePublicKey::from(sum).to_public_key()))
}

/// Checks that all shares, in order from share 1, lie on one polynomial of degree `threshold − 1` whose value
/// at 0 is the group's key, so that any `threshold` of them sign for it.
pub fn check_sharing(group: &GroupPublicKey, shares: &[SharePublicKey], threshold: u8) -> Result<(), Error> {
    let count = u8::try_from(shares.len()).map_err(|_| Error::TooManyShares { count: shares.len() })?;
    check_threshold(threshold, count)?;
    let places: Vec<u8> = (1..=threshold).collect();
    let (base, rest) = shares.split_at(usize::from(threshold));
    let base: Vec<_> = base.iter().map(|key| key.0.0.into()).collect();
    for (share, key) in (1..=count).filter_map(ShareIndex::new).skip(places.len()).zip(rest) {
        let expected = Lagrange::new(share.number(), &places);
        if !expected.passes_through::<G1>(&base, &key.0.0.into()) {
            return Err(Error::ForeignShare(share));
        }
    }
    if Lagrange::new(0, &places).passes_through::<G1>(&base, &group.0.0.into()) {
        Ok(())
    } else {
        Err(Error::ForeignGroup)
    }
}

fn check_threshold(threshold: u8, shares: u8) -> Result<(), Error> {
    if (1..=shares).contains(&threshold) { Ok(()) } else { Err(Error::Threshold { threshold, shares }) }
}

/// The shares' numbers, in the order given, if there are any and none comes twice.
fn distinct(shares: impl Iterator<Item = ShareIndex>) -> Result<Vec<u8>, Error> {
    let mut places = Vec::new();
    for share in shares {
        if places.contains(&share.number()) {
            return Err(Error::DuplicateShare(share));
        }
        places.push(share.number());
    }
    if places.is_empty() { Err(Error::Empty) } else { Ok(places) }
}

/// The polynomial's value at the share's number, by Horner's rule.
fn evaluate(coefficients: &[Scalar], share: ShareIndex) -> Scalar {
    let place = Scalar::from_u64(share.number().into());
    coefficients
        .iter()
        .rev()
        .fold(Scalar::from_u64(0), |value, coefficient| value.multiply(&place).add(coefficient))
}
