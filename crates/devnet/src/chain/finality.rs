//! Justification and finalization, as the consensus specification has them.

use eth::{Checkpoint, Epoch};

/// What a branch of the chain has agreed on. The default is the state at genesis, whose checkpoints have a zero root.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Finality {
    pub(crate) previous_justified: Checkpoint,
    pub(crate) current_justified: Checkpoint,
    pub(crate) finalized: Checkpoint,
    /// Which of the last four epochs are justified, the latest first.
    bits: [bool; 4],
}

/// An epoch's checkpoint on the branch and how many validators voted for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Support {
    pub(crate) checkpoint: Checkpoint,
    pub(crate) votes: u64,
}

impl Finality {
    /// The state after `current`'s epoch ended (`process_justification_and_finalization`); validators weigh the same.
    pub(crate) fn end_epoch(mut self, previous: Support, current: Support, validators: u64) -> Finality {
        let epoch = current.checkpoint.epoch;
        if epoch <= Epoch(1) {
            return self;
        }
        let old_previous = self.previous_justified;
        let old_current = self.current_justified;
        self.previous_justified = self.current_justified;
        self.bits = [false, self.bits[0], self.bits[1], self.bits[2]];
        for (age, support) in [(1, previous), (0, current)] {
            if support.votes * 3 >= validators * 2 {
                self.current_justified = support.checkpoint;
                self.bits[age] = true;
            }
        }
        self.finalize(epoch, old_previous, old_current);
        self
    }

    fn finalize(&mut self, epoch: Epoch, old_previous: Checkpoint, old_current: Checkpoint) {
        let [latest, second, third, fourth] = self.bits;
        let age = |checkpoint: Checkpoint| epoch.0 - checkpoint.epoch.0;
        if second && third && fourth && age(old_previous) == 3 {
            self.finalized = old_previous;
        }
        if second && third && age(old_previous) == 2 {
            self.finalized = old_previous;
        }
        if latest && second && third && age(old_current) == 2 {
            self.finalized = old_current;
        }
        if latest && second && age(old_current) == 1 {
            self.finalized = old_current;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eth::Root;

    fn support(epoch: u64, votes: u64) -> Support {
        Support { checkpoint: Checkpoint { epoch: Epoch(epoch), root: Root([epoch as u8; 32]) }, votes }
    }

    /// Epochs end one after the other; each epoch's votes are given as counted in it and in the epoch after it.
    fn run(votes: &[(u64, u64)]) -> Finality {
        let mut finality = Finality::default();
        for epoch in 0..votes.len() {
            let previous = epoch.saturating_sub(1);
            finality = finality.end_epoch(
                support(previous as u64, votes[previous].1),
                support(epoch as u64, votes[epoch].0),
                9,
            );
        }
        finality
    }

    #[test]
    fn full_participation_finalizes_two_epochs_back() {
        let finality = run(&[(9, 9); 4]);
        assert_eq!(finality.current_justified.epoch, Epoch(3));
        assert_eq!(finality.finalized.epoch, Epoch(2));
        assert_eq!(finality.finalized.root, Root([2; 32]));
    }

    #[test]
    fn two_thirds_are_enough_and_less_is_not() {
        assert_eq!(run(&[(6, 6); 6]).finalized.epoch, Epoch(4));
        assert_eq!(run(&[(5, 5); 6]).current_justified.epoch, Epoch(0));
    }

    #[test]
    fn votes_that_come_an_epoch_late_justify_late() {
        let finality = run(&[(0, 9); 5]);
        assert_eq!(finality.current_justified.epoch, Epoch(3));
        assert_eq!(finality.finalized.epoch, Epoch(1));
    }

    #[test]
    fn a_gap_stops_finality_until_two_epochs_in_a_row_are_justified() {
        let gap = [(9, 9), (9, 9), (9, 9), (9, 9), (0, 0), (9, 9)];
        assert_eq!(run(&gap).finalized.epoch, Epoch(2));
        let healed = [(9, 9), (9, 9), (9, 9), (9, 9), (0, 0), (9, 9), (9, 9)];
        assert_eq!(run(&healed).finalized.epoch, Epoch(5));
    }
}
