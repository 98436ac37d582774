//! The explorer finds what is wrong when something is.

use model::{Agreement, Mistake, Order, Property, Scope, explore};

/// What breaks, and in how many steps at least, when honest nodes make `mistake`.
fn broken(scope: Scope, mistake: Mistake) -> (Property, usize) {
    let right = explore(&Scope { mistake: None, ..scope });
    assert!(right.counterexample.is_none(), "nothing breaks without the mistake");
    let wrong = explore(&Scope { mistake: Some(mistake), ..scope });
    let found = wrong.counterexample.unwrap_or_else(|| panic!("{mistake:?} breaks nothing"));
    (found.property, found.path.len())
}

fn two_rounds(liar_leads: usize) -> Scope {
    Scope { rounds: 2, order: Order::Any, signing: false, ..Scope::whole(liar_leads) }
}

fn without_agreement() -> Scope {
    Scope { agreement: Agreement::Broken, order: Order::Any, ..Scope::whole(1) }
}

#[test]
fn two_prepares_in_a_round_break_agreement() {
    assert_eq!(broken(two_rounds(1), Mistake::TwoPrepares).0, Property::Agreement);
}

#[test]
fn a_proposal_without_justification_breaks_agreement() {
    assert_eq!(broken(two_rounds(2), Mistake::UnjustifiedProposal).0, Property::Agreement);
}

#[test]
fn a_proposal_of_another_than_the_highest_prepared_value_breaks_agreement_in_the_third_round() {
    assert!(
        explore(&Scope { mistake: Some(Mistake::NotTheHighest), ..two_rounds(1) }).counterexample.is_none()
    );
    let three = Scope { signing: false, ..Scope::whole(3) };
    assert_eq!(broken(three, Mistake::NotTheHighest).0, Property::Agreement);
}

#[test]
fn a_round_change_that_hides_what_was_prepared_breaks_agreement() {
    assert_eq!(broken(two_rounds(1), Mistake::PreparedUntold).0, Property::Agreement);
}

#[test]
fn a_quorum_of_two_breaks_agreement() {
    assert_eq!(broken(two_rounds(1), Mistake::SmallQuorum).0, Property::Agreement);
}

#[test]
fn a_node_that_votes_again_after_a_restart_breaks_agreement() {
    let one_round = Scope { rounds: 1, order: Order::Any, ..Scope::whole(1) };
    assert_eq!(broken(one_round, Mistake::AmnesiacVotes).0, Property::Agreement);
}

#[test]
fn a_threshold_of_two_makes_two_group_signatures_once_agreement_is_broken() {
    assert_eq!(broken(without_agreement(), Mistake::SmallThreshold).0, Property::OneSignature);
}

#[test]
fn a_partial_signature_before_its_record_is_found_at_once() {
    assert_eq!(broken(without_agreement(), Mistake::ReleaseBeforeRecord), (Property::RecordedFirst, 2));
}

#[test]
fn a_lost_ledger_lets_a_node_sign_both_values() {
    let found = broken(without_agreement(), Mistake::LedgerLost).0;
    assert_eq!(found, Property::RecordedFirst, "what was released is no more on disk");
}
