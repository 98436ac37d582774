//! The BLS worker: what is good, and who is to blame for what is not.

use std::collections::BTreeMap;

use bls::{GroupPublicKey, SecretKey, ShareIndex, SharePublicKey};
use cluster::GroupKey;
use duty::{Combine, Verify};
use eth::{PublicKeyBytes, Root, SignatureBytes};
use node::worker::{KeyTable, ValidatorKeys};

const ROOT: Root = Root([5; 32]);
const STRANGER: GroupKey = GroupKey(PublicKeyBytes([9; 48]));

struct Cluster {
    key: GroupKey,
    secret: SecretKey,
    shares: Vec<(ShareIndex, SecretKey)>,
    table: KeyTable,
}

fn cluster() -> Cluster {
    let secret = SecretKey::from_bytes(&[3; 32]).expect("a key");
    let mut next = 1_u8;
    let mut randomness = |bytes: &mut [u8]| {
        bytes.fill(next);
        next += 1;
    };
    let shares = bls::split(&secret, 3, 4, &mut randomness).expect("shares");
    let key = GroupKey(PublicKeyBytes(secret.public_key().to_bytes()));
    let keys = ValidatorKeys {
        group: GroupPublicKey(secret.public_key()),
        shares: shares.iter().map(|(_, share)| SharePublicKey(share.public_key())).collect(),
    };
    Cluster { key, secret, shares, table: KeyTable::new(3, BTreeMap::from([(key, keys)])) }
}

fn sign(secret: &SecretKey, root: Root) -> SignatureBytes {
    SignatureBytes(secret.sign(root.as_bytes()).to_bytes())
}

impl Cluster {
    fn partial(&self, share: usize) -> (ShareIndex, SignatureBytes) {
        let (index, secret) = &self.shares[share];
        (*index, sign(secret, ROOT))
    }

    fn combine(&self, partials: Vec<(ShareIndex, SignatureBytes)>) -> Combine {
        Combine { key: self.key, signing_root: ROOT, partials }
    }

    fn verify(&self, share: Option<usize>, signature: SignatureBytes) -> Verify {
        Verify {
            key: self.key,
            share: share.map(|share| self.shares[share].0),
            signing_root: ROOT,
            signature,
        }
    }
}

#[test]
fn each_signature_is_judged_under_its_own_key() {
    let cluster = cluster();
    let share = cluster.partial(0).1;
    let whole = sign(&cluster.secret, ROOT);
    let none = ShareIndex::new(200).expect("an index");
    let items = [
        cluster.verify(Some(0), share),
        cluster.verify(Some(1), share),
        cluster.verify(None, whole),
        cluster.verify(None, share),
        cluster.verify(Some(0), SignatureBytes([0xff; 96])),
        Verify { share: Some(none), ..cluster.verify(Some(0), share) },
        Verify { key: STRANGER, ..cluster.verify(Some(0), share) },
        cluster.verify(Some(0), share),
    ];
    assert_eq!(cluster.table.verify(&items), [true, false, true, false, false, false, false, true]);
    assert!(cluster.table.verify(&[]).is_empty());
}

#[test]
fn three_of_four_make_the_validators_signature() {
    let cluster = cluster();
    let partials = vec![cluster.partial(3), cluster.partial(0), cluster.partial(2)];
    let outcomes = cluster.table.combine(&[cluster.combine(partials)]);
    assert_eq!(outcomes[0].signature, Some(sign(&cluster.secret, ROOT)));
    assert!(outcomes[0].culprits.is_empty());
}

#[test]
fn a_wrong_and_a_malformed_share_are_named_and_stop_nothing() {
    let cluster = cluster();
    let wrong = (cluster.shares[1].0, sign(&cluster.shares[1].1, Root([6; 32])));
    let good = [cluster.partial(0), cluster.partial(2), cluster.partial(3)];
    let with_wrong = cluster.combine([&good[..], &[wrong]].concat());
    let malformed = (cluster.shares[1].0, SignatureBytes([0xff; 96]));
    let with_malformed = cluster.combine([&good[..], &[malformed]].concat());
    let outcomes = cluster.table.combine(&[with_wrong, with_malformed]);
    for outcome in outcomes {
        assert_eq!(outcome.signature, Some(sign(&cluster.secret, ROOT)));
        assert_eq!(outcome.culprits, [cluster.shares[1].0]);
    }
}

#[test]
fn one_bad_item_drops_no_other() {
    let cluster = cluster();
    let good = || cluster.combine((0..3).map(|share| cluster.partial(share)).collect());
    let strange = Combine { key: STRANGER, ..good() };
    let few = cluster.combine(vec![cluster.partial(0)]);
    let beyond = ShareIndex::new(200).expect("an index");
    let unknown = cluster.combine(vec![(beyond, cluster.partial(0).1)]);
    let outcomes = cluster.table.combine(&[strange, good(), few, unknown, good()]);
    let made: Vec<bool> = outcomes.iter().map(|outcome| outcome.signature.is_some()).collect();
    assert_eq!(made, [false, true, false, false, true]);
}
