//! Which share key stands for which group key, and the translation of requests and answers between the two.

use std::collections::{BTreeMap, BTreeSet};

use bls::ShareIndex;
use cluster::{GroupKey, ShareKey};
use eth::PublicKeyBytes;
use serde_json::Value;

use super::ApiError;

/// This node's shares: the validator client knows a validator by its share key, the beacon chain by its group key.
#[derive(Clone, Debug, Default)]
pub struct Shares {
    groups: BTreeMap<ShareKey, GroupKey>,
    shares: BTreeMap<GroupKey, ShareKey>,
    others: BTreeMap<ShareKey, ShareIndex>,
}

impl FromIterator<(GroupKey, ShareKey)> for Shares {
    fn from_iter<I: IntoIterator<Item = (GroupKey, ShareKey)>>(pairs: I) -> Self {
        let mut all = Shares::default();
        for (group, share) in pairs {
            all.groups.insert(share, group);
            all.shares.insert(group, share);
        }
        all
    }
}

impl Shares {
    /// Adds the share keys of the cluster's other nodes, so that keystores given to the wrong node are recognised.
    pub fn with_others(self, others: impl IntoIterator<Item = (ShareKey, ShareIndex)>) -> Shares {
        Shares { others: others.into_iter().collect(), ..self }
    }

    /// The validator behind a share key of this node.
    pub fn group_of(&self, share: &ShareKey) -> Option<GroupKey> {
        self.groups.get(share).copied()
    }

    /// This node's share key of a validator.
    pub fn share_of(&self, group: &GroupKey) -> Option<ShareKey> {
        self.shares.get(group).copied()
    }

    /// How many validators the cluster has.
    pub(crate) fn len(&self) -> usize {
        self.shares.len()
    }

    /// The cluster's validators.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &GroupKey> {
        self.shares.keys()
    }

    /// A validator id as the beacon node knows it: a share key becomes its group key; indices, group keys and what we
    /// do not know stay.
    pub(crate) fn asked(&self, id: &str) -> String {
        let key = id.parse().ok().and_then(|key| self.group_of(&ShareKey(key)));
        key.map_or_else(|| id.to_owned(), |group| group.to_string())
    }

    /// An error if among the ids there are share keys of other nodes and none of this one: the validator client holds
    /// the wrong keystores. Some wrong ones among right ones are only logged.
    pub(crate) fn check_ours(&self, ids: &[String]) -> Result<(), ApiError> {
        let asked: Vec<ShareKey> = ids.iter().filter_map(|id| id.parse().ok()).map(ShareKey).collect();
        let Some((key, owner)) = asked.iter().find_map(|key| Some((key, self.others.get(key)?))) else {
            return Ok(());
        };
        let message = format!(
            "{key} belongs to share {owner}, which is another node's: the validator client holds \
                               keystores of the wrong node"
        );
        if asked.iter().any(|key| self.groups.contains_key(key)) {
            tracing::warn!("{message}");
            return Ok(());
        }
        Err(ApiError::bad_request(message))
    }

    /// Puts share keys in the place of group keys, in each `entry` the value at `pointer`. Keys in `literally` stay:
    /// they were asked for as group keys.
    pub(crate) fn answer(&self, entries: &mut [Value], pointer: &str, literally: &BTreeSet<GroupKey>) {
        for entry in entries {
            let Some(Value::String(text)) = entry.pointer_mut(pointer) else { continue };
            let Ok(group) = text.parse::<PublicKeyBytes>().map(GroupKey) else { continue };
            if let Some(share) = self.share_of(&group).filter(|_| !literally.contains(&group)) {
                *text = share.to_string();
            }
        }
    }

    /// Those of the ids that are group keys of this cluster.
    pub(crate) fn literal_groups(&self, ids: &[String]) -> BTreeSet<GroupKey> {
        let keys = ids.iter().filter_map(|id| id.parse().ok()).map(GroupKey);
        keys.filter(|group| self.shares.contains_key(group)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_translated_both_ways_and_the_rest_stays() {
        let [group, share, other] = [1, 2, 3].map(|byte| PublicKeyBytes([byte; 48]));
        let shares: Shares = [(GroupKey(group), ShareKey(share))].into_iter().collect();
        assert_eq!(shares.asked(&share.to_string().to_uppercase().replace("0X", "0x")), group.to_string());
        assert_eq!(shares.asked(&group.to_string()), group.to_string());
        assert_eq!(shares.asked("17"), "17");
        let entry = |key: PublicKeyBytes| serde_json::json!({ "validator": { "pubkey": key } });
        let mut entries = [entry(group), entry(other), serde_json::json!({ "validator": 3 })];
        shares.answer(&mut entries, "/validator/pubkey", &BTreeSet::new());
        assert_eq!(entries, [entry(share), entry(other), serde_json::json!({ "validator": 3 })]);
        let mut entries = [entry(group)];
        shares.answer(&mut entries, "/validator/pubkey", &shares.literal_groups(&[group.to_string()]));
        assert_eq!(entries, [entry(group)], "asked for literally");
    }
}
