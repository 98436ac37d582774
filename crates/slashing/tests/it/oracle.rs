//! The slashing conditions of the consensus specification, written without looking at the ledger.

use slashing::{Interchange, Item, Signable, ValidatorHistory};

/// Whether a proposer or attester who signed both could be slashed.
pub(crate) fn are_slashable(one: &Item, other: &Item) -> bool {
    if one.key != other.key || one.signing_root == other.signing_root {
        return false;
    }
    match (one.what, other.what) {
        (Signable::Block { slot: a }, Signable::Block { slot: b }) => a == b,
        (
            Signable::Attestation { source: s1, target: t1 },
            Signable::Attestation { source: s2, target: t2 },
        ) => {
            let is_double = t1 == t2;
            let is_surround = (s1 < s2 && t2 < t1) || (s2 < s1 && t1 < t2);
            is_double || is_surround
        }
        _ => false,
    }
}

/// Whether a client that holds an interchange file's records and no others would sign (EIP-3076, conditions 1 to 5).
pub(crate) fn importer_would_sign(file: &Interchange, item: &Item) -> bool {
    let histories = file.data.iter().filter(|history| history.pubkey == item.key.0);
    histories.into_iter().all(|history| match item.what {
        Signable::Attestation { source, target } => {
            source <= target && signs_vote(history, source.0, target.0, item.signing_root)
        }
        Signable::Block { slot } => {
            let blocks = &history.signed_blocks;
            let is_repeated = |root| blocks.iter().any(|b| b.slot == slot && b.signing_root == Some(root));
            let lowest = blocks.iter().map(|block| block.slot).min();
            is_repeated(item.signing_root)
                || (blocks.iter().all(|block| block.slot != slot)
                    && lowest.is_none_or(|lowest| slot > lowest))
        }
    })
}

fn signs_vote(history: &ValidatorHistory, source: u64, target: u64, root: eth::Root) -> bool {
    let votes: Vec<(u64, u64, Option<eth::Root>)> = history
        .signed_attestations
        .iter()
        .map(|vote| (vote.source_epoch.0, vote.target_epoch.0, vote.signing_root))
        .collect();
    if votes.contains(&(source, target, Some(root))) {
        return true;
    }
    votes.iter().all(|&(s, t, _)| t != target && !(source < s && t < target) && !(s < source && target < t))
        && votes.iter().map(|vote| vote.0).min().is_none_or(|lowest| source >= lowest)
        && votes.iter().map(|vote| vote.1).min().is_none_or(|lowest| target > lowest)
}
