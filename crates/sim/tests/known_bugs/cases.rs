//! Which test finds which bug, and by what it fails.

use duty::known_bugs::KnownBug as OfDuty;
use qbft::known_bugs::KnownBug as OfQbft;
use sim::checker::Sentence;
use sim::known_bugs::KnownBug;
use slashing::known_bugs::KnownBug as OfSlashing;

use crate::{clients, leaders, ledgers, partials, rounds, votes};

/// A bug with the test that finds it.
pub(crate) struct Case {
    pub(crate) bug: KnownBug,
    /// The name of the test, as it is called in this file's directory.
    pub(crate) test: &'static str,
    pub(crate) run: Box<dyn Fn()>,
    pub(crate) finding: Finding,
}

/// What the test says when the bug is there.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Finding {
    /// A sentence that the simulator checks does not hold.
    Broken(Sentence),
    /// The test's own assertion fails, with these words.
    Told(
        #[cfg_attr(
            not(feature = "known-bugs"),
            expect(dead_code, reason = "read where bugs are switched on")
        )]
        &'static str,
    ),
}

use Finding::{Broken, Told};

/// Every bug.
pub(crate) fn cases() -> Vec<Case> {
    [of_qbft(), of_slashing(), of_duty()].into_iter().flatten().collect()
}

fn of_qbft() -> Vec<Case> {
    let of = |bug, (test, run), finding| Case { bug: KnownBug::Qbft(bug), test, run, finding };
    vec![
        of(
            OfQbft::SecondProposalErasesTheFirst,
            test(leaders::an_equivocating_leader_gets_one_prepare),
            Broken(Sentence::OneVotePerRound),
        ),
        of(
            OfQbft::ZeroIsAValue,
            test(leaders::a_proposal_of_no_value_costs_one_round),
            Told("it does not double the round"),
        ),
        of(
            OfQbft::FirstCommitNamesTheValue,
            test(votes::a_decision_is_what_a_quorum_committed_to),
            Broken(Sentence::OneDecision),
        ),
        of(
            OfQbft::CommitsCountAcrossRounds,
            test(votes::commits_of_different_rounds_decide_nothing),
            Told("three COMMITs of three rounds are no quorum"),
        ),
        of(
            OfQbft::DuplicatesCount,
            test(votes::one_peer_listed_three_times_justifies_nothing),
            Broken(Sentence::OneDecision),
        ),
        of(
            OfQbft::PreparesNeedNoQuorum,
            test(votes::a_claim_to_have_prepared_needs_a_quorum_of_prepares),
            Broken(Sentence::OneDecision),
        ),
        of(
            OfQbft::RefusalWaivesJustification,
            test(leaders::a_refusal_waives_no_justification_of_the_next_round),
            Told("without a quorum of ROUND_CHANGEs it is no proposal"),
        ),
        of(
            OfQbft::RoundChangesMustAgree,
            test(votes::a_leader_proposes_upon_any_quorum_of_round_changes),
            Told("one of the three has prepared, two have not"),
        ),
        of(
            OfQbft::CommitsBeforeTheProposalAreDropped,
            test(votes::whoever_missed_the_proposal_decides_with_the_others),
            Told("the others' COMMITs are enough"),
        ),
        of(
            OfQbft::DecidedIsSilent,
            test(rounds::whoever_was_away_is_shown_the_decision),
            Told("node 3 decides in round 1"),
        ),
        of(
            OfQbft::MessagesBeforeTheStartAreDropped,
            test(rounds::messages_that_come_before_the_own_start_count),
            Told("decides in round 1"),
        ),
        of(
            OfQbft::RoundsBeginWithTheNode,
            test(rounds::nodes_that_begin_apart_change_rounds_together),
            Told("decides in round 2"),
        ),
        of(
            OfQbft::TimerBeatsMessage,
            test(rounds::what_has_arrived_comes_before_a_timer_that_has_run_out),
            Told("the proposal was here before the timer was looked at"),
        ),
        of(
            OfQbft::TwoFPlusOneIsAQuorum,
            test(votes::two_quorums_share_an_honest_node_in_clusters_of_five),
            Broken(Sentence::OneDecision),
        ),
    ]
}

fn of_slashing() -> Vec<Case> {
    let of = |bug, (test, run), finding| Case { bug: KnownBug::Slashing(bug), test, run, finding };
    vec![
        of(
            OfSlashing::RecordsStayInMemory,
            test(ledgers::what_was_signed_is_on_the_disk_when_the_power_goes),
            Broken(Sentence::ReleasedIsDurable),
        ),
        of(
            OfSlashing::OnlyTheSameTargetIsCompared,
            test(ledgers::a_vote_after_a_fork_must_not_surround_what_was_signed_on_it),
            Told("the vote from 0 to 3 surrounds the one from 1 to 2"),
        ),
        of(
            OfSlashing::TheSameAgainIsRefused,
            test(ledgers::a_node_that_comes_back_signs_the_same_again),
            Told("what was permitted once is permitted again"),
        ),
        of(
            OfSlashing::RegisteredAgainStartsAnew,
            test(ledgers::a_validator_that_is_registered_again_keeps_its_history),
            Told("it has voted for that target before"),
        ),
    ]
}

fn of_duty() -> Vec<Case> {
    let of = |bug, (test, run), finding| Case { bug: KnownBug::Duty(bug), test, run, finding };
    let missed = Broken(Sentence::PeaceBringsBackEveryDuty);
    vec![
        of(
            OfDuty::OwnValueIsLostWithARefusal,
            test(leaders::whoever_refused_a_value_still_has_its_own_to_propose),
            Told("the next leader has a value"),
        ),
        of(OfDuty::SharesAreNotBoundToTheirPeer, test(partials::nobody_signs_in_anothers_name), missed),
        of(
            OfDuty::OneBadPartialDropsTheSet,
            test(partials::one_bad_partial_never_drops_the_others),
            Told("of three partials two were good"),
        ),
        of(
            OfDuty::AggregatesHaveNoCommittee,
            test(clients::each_committee_of_a_slot_gets_its_own_aggregate),
            missed,
        ),
        of(
            OfDuty::OneSubcommitteeOfAValidator,
            test(clients::each_seat_of_a_validator_in_the_sync_committee_contributes),
            missed,
        ),
        of(
            OfDuty::ExitedMembersSpoilTheBatch,
            test(clients::an_exited_member_of_the_sync_committee_costs_nobody_its_message),
            missed,
        ),
        of(
            OfDuty::RequestsForNothingAreHeld,
            test(clients::a_request_for_what_nobody_has_to_do_is_refused_at_once),
            Told("no client waits for nothing"),
        ),
        of(
            OfDuty::DutiesAreResolvedOnce,
            test(clients::a_validator_attests_from_the_epoch_in_which_it_is_activated),
            missed,
        ),
        of(
            OfDuty::RestartedNodesVote,
            test(votes::a_restarted_node_does_not_vote_again),
            Broken(Sentence::OneVotePerRound),
        ),
        of(
            OfDuty::CheckpointsAreNotCompared,
            test(leaders::a_leader_on_another_fork_is_not_followed),
            Told("its vote is not the cluster's"),
        ),
        of(
            OfDuty::FeesGoAnywhere,
            test(leaders::a_block_pays_the_cluster_whoever_proposes_it),
            Told("a leader cannot take the fees"),
        ),
        of(
            OfDuty::TheLeaderChoosesWhoVotes,
            test(leaders::a_leader_that_leaves_a_validator_out_costs_no_vote),
            missed,
        ),
        of(OfDuty::CulpritsAreNotNamed, test(partials::a_wrong_partial_is_left_out_of_the_next_try), missed),
        of(
            OfDuty::BlocksWaitForTheOwnClient,
            test(clients::a_node_whose_client_is_absent_proposes_all_the_same),
            Told("the peers' RANDAO reveals are enough"),
        ),
        of(
            OfDuty::PartialsAreSentOnce,
            test(partials::reveals_lost_to_a_split_are_sent_again_when_it_ends),
            missed,
        ),
        of(
            OfDuty::AnyDutyIsKept,
            test(partials::duties_far_away_leave_no_trace),
            Broken(Sentence::MemoryIsBounded),
        ),
        of(
            OfDuty::ClientsSignWhatTheyWant,
            test(ledgers::a_client_that_signs_something_else_is_refused),
            Broken(Sentence::ReleasedIsPermitted),
        ),
        of(
            OfDuty::SecondRoundOfABlockIsShort,
            test(rounds::the_second_round_of_a_block_is_long_enough_for_slow_networks),
            Told("the second leader's block is in time"),
        ),
        of(
            OfDuty::QuestionsStayDue,
            test(rounds::a_question_that_was_asked_is_not_due_any_more),
            Broken(Sentence::NobodySpins),
        ),
    ]
}

/// A test with its name.
fn test<F: Fn() + 'static>(run: F) -> (&'static str, Box<dyn Fn()>) {
    let path = std::any::type_name::<F>();
    (path.split_once("::").map_or(path, |(_, name)| name), Box::new(run))
}
