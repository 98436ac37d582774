//! One item at work: what is known of each of its partials.

use blst::{blst_p2, blst_p2_affine, min_pk};

use super::{NotEnough, Outcome};
use crate::batch::Entry;
use crate::lagrange::{Lagrange, Quorum, numbers};
use crate::native::points::G2;
use crate::{GroupPublicKey, GroupSignature, PartialSignature, ShareIndex, SharePublicKey, Signature};

/// What is known of a partial signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing yet.
    Untested,
    /// It verifies under its share's key.
    Good,
    /// In the subgroup, but in a group of which one at least is wrong.
    Suspect,
    /// It does not verify.
    Bad,
}

pub(super) struct Task<'a> {
    pub(super) key: &'a GroupPublicKey,
    /// The message's number at the verifier.
    pub(super) message: usize,
    pub(super) partials: &'a [PartialSignature],
    /// By partial.
    pub(super) standings: Vec<Standing>,
    pub(super) checks: usize,
    shares: &'a [SharePublicKey],
    signature: Option<GroupSignature>,
}

impl<'a> Task<'a> {
    pub(super) fn new(
        key: &'a GroupPublicKey,
        shares: &'a [SharePublicKey],
        message: usize,
        partials: &'a [PartialSignature],
    ) -> Task<'a> {
        // A share nobody holds signs nothing.
        let standings = partials
            .iter()
            .map(|partial| match share_key(shares, partial.share()) {
                Some(_) => Standing::Untested,
                None => Standing::Bad,
            })
            .collect();
        Task { key, message, partials, standings, checks: 0, shares, signature: None }
    }

    /// The shares with a partial of that standing, rising.
    pub(super) fn shares_with(&self, standing: Standing) -> Vec<ShareIndex> {
        self.shares_where(|other| other == standing)
    }

    /// The quorum's combination of the first partial of that standing of each share, of which there must be
    /// one.
    pub(super) fn interpolate(&self, quorum: &Quorum, standing: Standing) -> blst_p2 {
        quorum.lagrange.interpolate::<G2>(&self.points(&quorum.shares, standing))
    }

    /// The partial as an entry for the verifier, if its share has a key.
    pub(super) fn entry(&self, partial: usize) -> Option<Entry> {
        let signature = &self.partials[partial];
        let key = share_key(self.shares, signature.share())?.0.0;
        Some(Entry { key, message: self.message, signature: *signature.point() })
    }

    /// The places of the suspects.
    pub(super) fn suspects(&self) -> Vec<usize> {
        (0..self.partials.len()).filter(|partial| self.standings[*partial] == Standing::Suspect).collect()
    }

    /// Clears or convicts every suspect by the partials known to be good, of which there must be `threshold`:
    /// they fix the polynomial, so what each share should have signed follows from them, without a pairing.
    pub(super) fn judge_suspects(&mut self, threshold: usize) {
        let mut base = self.shares_with(Standing::Good);
        base.truncate(threshold);
        let points = self.points(&base, Standing::Good);
        for suspect in self.suspects() {
            let partial = &self.partials[suspect];
            let expected = Lagrange::new(partial.share().number(), &numbers(&base));
            let right = expected.passes_through::<G2>(&points, &(*partial.point()).into());
            self.standings[suspect] = if right { Standing::Good } else { Standing::Bad };
        }
    }

    /// Takes the signature, which was just verified under the group's key.
    pub(super) fn settle(&mut self, signature: min_pk::Signature) {
        self.signature = Some(GroupSignature::verified(Signature(signature)));
    }

    pub(super) fn is_settled(&self) -> bool {
        self.signature.is_some()
    }

    pub(super) fn outcome(self, threshold: u8) -> Outcome {
        let usable = self.shares_where(|standing| standing != Standing::Bad).len();
        // There are 255 shares at most.
        let usable = u8::try_from(usable).unwrap_or(u8::MAX);
        let signature = self.signature.ok_or(NotEnough { usable, needed: threshold });
        Outcome { signature, culprits: self.shares_with(Standing::Bad), checks: self.checks }
    }

    fn shares_where(&self, accepts: impl Fn(Standing) -> bool) -> Vec<ShareIndex> {
        let mut shares: Vec<ShareIndex> = self
            .partials
            .iter()
            .zip(&self.standings)
            .filter(|(_, standing)| accepts(**standing))
            .map(|(partial, _)| partial.share())
            .collect();
        shares.sort_unstable();
        shares.dedup();
        shares
    }

    /// The first partial of that standing of each share.
    fn points(&self, shares: &[ShareIndex], standing: Standing) -> Vec<blst_p2_affine> {
        let points: Vec<blst_p2_affine> = shares
            .iter()
            .filter_map(|share| {
                let mut with_standing = self.partials.iter().zip(&self.standings);
                with_standing.find(|(partial, other)| partial.share() == *share && **other == standing)
            })
            .map(|(partial, _)| (*partial.point()).into())
            .collect();
        assert_eq!(points.len(), shares.len(), "a quorum is chosen from the partials at hand");
        points
    }
}

fn share_key(shares: &[SharePublicKey], share: ShareIndex) -> Option<&SharePublicKey> {
    shares.get(usize::from(share.number()) - 1)
}
