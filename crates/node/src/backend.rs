//! What stands behind the validator API: questions to the engine, answers from it.

use beacon::server::{ApiError, Backend, ProposalRequest};
use duty::{Answer, Question, Reason, Submission};
use eth::{
    AggregatorQuery, Attestation, AttestationData, BeaconCommitteeSelection, CommitteeIndex, Proposal, Root,
    SignedAggregateAndProof, SignedContributionAndProof, SignedProposal, SignedVoluntaryExit,
    SingleAttestation, Slot, SubcommitteeIndex, SyncCommitteeContribution, SyncCommitteeMessage,
    SyncCommitteeSelection,
};
use tokio::sync::{mpsc, oneshot};

/// Requests that may wait for the engine to look at them.
pub(crate) const ASKS: usize = 1_024;

/// A request on its way to the engine, with the way back.
pub(crate) enum Ask {
    Question(Question, oneshot::Sender<Answer>),
    Submission(Submission, oneshot::Sender<Answer>),
}

/// The engine as the validator API sees it.
#[derive(Clone)]
pub(crate) struct EngineBackend {
    asks: mpsc::Sender<Ask>,
}

impl EngineBackend {
    pub(crate) fn new(asks: mpsc::Sender<Ask>) -> EngineBackend {
        EngineBackend { asks }
    }

    async fn ask(&self, ask: impl FnOnce(oneshot::Sender<Answer>) -> Ask) -> Result<Answer, ApiError> {
        let (answer, answered) = oneshot::channel();
        let stopping = || ApiError::new(503, "stopping", "the node is stopping");
        self.asks.send(ask(answer)).await.map_err(|_| stopping())?;
        answered.await.map_err(|_| stopping())
    }

    /// Asks, and has `wanted` take the answer it can use.
    async fn question<T>(
        &self,
        question: Question,
        wanted: impl FnOnce(Answer) -> Option<T>,
    ) -> Result<T, ApiError> {
        match self.ask(|answer| Ask::Question(question, answer)).await? {
            Answer::Refused(reason) => Err(refusal(reason)),
            answer => wanted(answer).ok_or_else(unexpected),
        }
    }

    /// Hands in `count` items; one verdict each.
    async fn submit(&self, count: usize, submission: Submission) -> Vec<Result<(), ApiError>> {
        match self.ask(|answer| Ask::Submission(submission, answer)).await {
            Ok(Answer::Received(items)) => items.into_iter().map(|item| item.map_err(refusal)).collect(),
            Ok(_) => vec![Err(unexpected()); count],
            Err(error) => vec![Err(error); count],
        }
    }

    async fn submit_one(&self, submission: Submission) -> Result<(), ApiError> {
        self.submit(1, submission).await.into_iter().collect()
    }
}

impl Backend for EngineBackend {
    async fn attestation_data(
        &self,
        slot: Slot,
        committee: CommitteeIndex,
    ) -> Result<AttestationData, ApiError> {
        let question = Question::AttestationData { slot, committee };
        let wanted = |answer| match answer {
            Answer::AttestationData(data) => Some(data),
            _ => None,
        };
        self.question(question, wanted).await
    }

    async fn submit_attestations(&self, items: Vec<SingleAttestation>) -> Vec<Result<(), ApiError>> {
        self.submit(items.len(), Submission::Attestations(items)).await
    }

    async fn propose(&self, request: ProposalRequest) -> Result<Proposal, ApiError> {
        let question = Question::Block { slot: request.slot, randao_reveal: request.randao_reveal };
        let wanted = |answer| match answer {
            Answer::Block(proposal) => Some(Proposal::clone(&proposal)),
            _ => None,
        };
        self.question(question, wanted).await
    }

    async fn submit_block(&self, block: SignedProposal) -> Result<(), ApiError> {
        self.submit_one(Submission::Block(Box::new(block))).await
    }

    async fn committee_selections(
        &self,
        items: Vec<BeaconCommitteeSelection>,
    ) -> Result<Vec<BeaconCommitteeSelection>, ApiError> {
        let wanted = |answer| match answer {
            Answer::CommitteeSelections(complete) => Some(complete),
            _ => None,
        };
        self.question(Question::CommitteeSelections(items), wanted).await
    }

    async fn sync_selections(
        &self,
        items: Vec<SyncCommitteeSelection>,
    ) -> Result<Vec<SyncCommitteeSelection>, ApiError> {
        let wanted = |answer| match answer {
            Answer::SyncSelections(complete) => Some(complete),
            _ => None,
        };
        self.question(Question::SyncSelections(items), wanted).await
    }

    async fn are_aggregators(&self, items: Vec<AggregatorQuery>) -> Result<Vec<bool>, ApiError> {
        let wanted = |answer| match answer {
            Answer::Aggregators(verdicts) => Some(verdicts),
            _ => None,
        };
        self.question(Question::Aggregators(items), wanted).await
    }

    async fn aggregate(
        &self,
        slot: Slot,
        data_root: Root,
        committee: CommitteeIndex,
    ) -> Result<Attestation, ApiError> {
        let wanted = |answer| match answer {
            Answer::Aggregate(aggregate) => Some(*aggregate),
            _ => None,
        };
        self.question(Question::Aggregate { slot, data_root, committee }, wanted).await
    }

    async fn submit_aggregates(&self, items: Vec<SignedAggregateAndProof>) -> Vec<Result<(), ApiError>> {
        self.submit(items.len(), Submission::Aggregates(items)).await
    }

    async fn submit_sync_messages(&self, items: Vec<SyncCommitteeMessage>) -> Vec<Result<(), ApiError>> {
        self.submit(items.len(), Submission::SyncMessages(items)).await
    }

    async fn contribution(
        &self,
        slot: Slot,
        subcommittee: SubcommitteeIndex,
        block: Root,
    ) -> Result<SyncCommitteeContribution, ApiError> {
        let wanted = |answer| match answer {
            Answer::Contribution(contribution) => Some(*contribution),
            _ => None,
        };
        self.question(Question::Contribution { slot, subcommittee, block }, wanted).await
    }

    async fn submit_contributions(
        &self,
        items: Vec<SignedContributionAndProof>,
    ) -> Vec<Result<(), ApiError>> {
        self.submit(items.len(), Submission::Contributions(items)).await
    }

    async fn submit_exit(&self, exit: SignedVoluntaryExit) -> Result<(), ApiError> {
        self.submit_one(Submission::Exit(exit)).await
    }
}

/// A refusal as the Beacon API tells it: the client's fault is 400, ours and the cluster's is 503.
fn refusal(reason: Reason) -> ApiError {
    let status = match reason {
        Reason::NotOurDuty
        | Reason::TooEarly
        | Reason::Expired
        | Reason::WrongSignature
        | Reason::NotTheDecidedValue
        | Reason::NotAnAggregator
        | Reason::SignedOtherwise
        | Reason::WrongCommittee
        | Reason::TooManyExits
        | Reason::LedgerRefused => 400,
        Reason::TooManyRequests => 429,
        _ => 503,
    };
    ApiError::new(status, reason.code(), reason.text())
}

fn unexpected() -> ApiError {
    tracing::error!(topic = "vapi", "the engine answered another question: this is a bug, report it");
    ApiError::new(500, "internal", "the node answered another question: this is a bug, report it")
}
