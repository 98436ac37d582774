//! All states of the right protocol.

use std::collections::BTreeSet;

use model::{Agreement, Order, ROUNDS, Scope, State, explore, forget};

#[test]
fn three_rounds_with_signing_and_restarts_are_safe_whichever_round_the_liar_leads() {
    for liar_leads in 1..=ROUNDS + 1 {
        let report = explore(&Scope::whole(liar_leads));
        assert!(report.counterexample.is_none(), "{liar_leads}: {:?}", report.counterexample);
        assert_eq!(report.decided_in, [true; ROUNDS], "every round can decide");
        assert!(report.states.len() > 20_000, "{} states", report.states.len());
    }
}

#[test]
fn signing_is_safe_even_when_agreement_is_broken() {
    let scope = Scope { agreement: Agreement::Broken, order: Order::Any, ..Scope::whole(1) };
    let report = explore(&scope);
    assert!(report.counterexample.is_none(), "{:?}", report.counterexample);
    assert!(report.states.len() > 10_000, "{} states", report.states.len());
}

/// The short order leads to the same states as all interleavings, up to what it forgets.
#[test]
fn going_by_rounds_loses_no_state_of_two_rounds() {
    for liar_leads in 1..=3 {
        let by_rounds = Scope { rounds: 2, signing: false, ..Scope::whole(liar_leads) };
        let any = Scope { order: Order::Any, ..by_rounds };
        let kept = |scope: &Scope, states: &[State]| -> BTreeSet<State> {
            states.iter().map(|state| forget(scope, state, 1)).collect()
        };
        let reached = explore(&by_rounds);
        let in_round_two: Vec<State> =
            reached.states.iter().filter(|state| state.open_round() == 2).copied().collect();
        let all = explore(&any);
        assert!(all.counterexample.is_none());
        assert_eq!(kept(&any, &all.states), kept(&by_rounds, &in_round_two), "liar leads {liar_leads}");
    }
}
