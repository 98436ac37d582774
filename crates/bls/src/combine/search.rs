//! Finding the wrong partials of a batch that failed.
//!
//! ```text
//!  partials of share 1 ──► one check: all Good, or all Suspect
//!  partials of share 2 ──► one check …                             (outside the subgroup: Bad at once)
//!        │
//!        ├── items with a quorum of Good ──► combine ──► verify ──► name each Suspect by interpolation
//!        └── items without ──► verify their Suspects, halving ──► combine what is Good
//! ```
//!
//! However many partials of one member are wrong, finding them costs one check per share and one more over
//! the results, as long as enough other members are right: a liar buys three times the usual work, once.

use std::collections::BTreeMap;

use super::task::Standing;
use super::{Candidate, Combination};
use crate::ShareIndex;
use crate::batch::Entry;
use crate::signature::is_identity;

/// A partial: its task and its place there.
type Place = (usize, usize);

impl Combination<'_> {
    /// Settles what can be settled of the tasks whose trusting combination failed.
    pub(super) fn search(&mut self, failed: &[usize]) {
        self.test_shares(failed);
        self.test_suspects(&self.without_quorum(failed));
        self.combine_good(failed);
        for index in failed {
            let task = &mut self.tasks[*index];
            if task.is_settled() {
                task.judge_suspects(usize::from(self.threshold));
            }
        }
        let unsettled: Vec<usize> =
            failed.iter().copied().filter(|index| !self.tasks[*index].is_settled()).collect();
        self.test_suspects(&unsettled);
    }

    /// Verifies the partials of one share after the other, each share's in one check.
    fn test_shares(&mut self, tasks: &[usize]) {
        for places in self.by_share(tasks).into_values() {
            let (places, entries) = self.sound_entries(&places);
            let holds = self.verifier.all_hold(&entries);
            for (task, partial) in &places {
                self.tasks[*task].checks += 1;
                self.tasks[*task].standings[*partial] = match (holds, entries.len()) {
                    (true, _) => Standing::Good,
                    (false, 1) => Standing::Bad,
                    (false, _) => Standing::Suspect,
                };
            }
        }
    }

    /// The untested partials of the tasks by share. A share's second partial for one task is counted apart,
    /// so that no two of one check belong to the same task.
    fn by_share(&self, tasks: &[usize]) -> BTreeMap<(ShareIndex, usize), Vec<Place>> {
        let mut groups: BTreeMap<(ShareIndex, usize), Vec<Place>> = BTreeMap::new();
        for index in tasks {
            let task = &self.tasks[*index];
            for (place, partial) in task.partials.iter().enumerate() {
                if task.standings[place] == Standing::Untested {
                    let earlier =
                        task.partials[..place].iter().filter(|other| other.share() == partial.share());
                    groups.entry((partial.share(), earlier.count())).or_default().push((*index, place));
                }
            }
        }
        groups
    }

    /// The partials that are in the subgroup, as entries; the others are bad.
    fn sound_entries(&mut self, places: &[Place]) -> (Vec<Place>, Vec<Entry>) {
        let mut sound = Vec::with_capacity(places.len());
        let mut entries = Vec::with_capacity(places.len());
        for (index, partial) in places {
            let task = &mut self.tasks[*index];
            match task.entry(*partial).filter(|entry| entry.signature.subgroup_check()) {
                Some(entry) => {
                    sound.push((*index, *partial));
                    entries.push(entry);
                }
                None => task.standings[*partial] = Standing::Bad,
            }
        }
        (sound, entries)
    }

    /// The tasks whose good partials do not suffice.
    fn without_quorum(&self, tasks: &[usize]) -> Vec<usize> {
        let short = |index: &usize| {
            self.tasks[*index].shares_with(Standing::Good).len() < usize::from(self.threshold)
        };
        tasks.iter().copied().filter(short).collect()
    }

    /// Verifies every suspect of the tasks, so that none is left.
    fn test_suspects(&mut self, tasks: &[usize]) {
        let mut places: Vec<Place> = tasks
            .iter()
            .flat_map(|index| self.tasks[*index].suspects().into_iter().map(|partial| (*index, partial)))
            .collect();
        // Grouped by share, so that a liar's are next to each other and the halves of honest ones hold.
        places.sort_by_key(|(task, partial)| (self.tasks[*task].partials[*partial].share(), *task));
        // All of them have a share key and are in the subgroup, or they would be bad already.
        let entries: Vec<Entry> =
            places.iter().filter_map(|(task, partial)| self.tasks[*task].entry(*partial)).collect();
        for ((task, partial), verdict) in places.into_iter().zip(self.verifier.judge(&entries)) {
            let task = &mut self.tasks[task];
            task.checks += verdict.checks;
            task.standings[partial] = if verdict.holds { Standing::Good } else { Standing::Bad };
        }
    }

    /// Combines good partials and settles the tasks whose result verifies: all, if the keys belong together.
    fn combine_good(&mut self, tasks: &[usize]) {
        let candidates: Vec<Candidate> = self
            .candidates(tasks, Standing::Good)
            .into_iter()
            // Sums of good partials are in the subgroup as those are, but keys that do not belong together
            // may add up to nothing.
            .filter(|candidate| !is_identity(&candidate.signature))
            .collect();
        let entries: Vec<Entry> = candidates.iter().map(|candidate| self.entry(candidate)).collect();
        for (candidate, verdict) in candidates.iter().zip(self.verifier.judge(&entries)) {
            let task = &mut self.tasks[candidate.task];
            task.checks += verdict.checks;
            if verdict.holds {
                task.settle(candidate.signature);
            }
        }
    }
}
