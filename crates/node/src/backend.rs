//! What stands behind the validator API: questions to the engine, answers from it.

use beacon::server::{ApiError, Backend, ProposalRequest};
use duty::{Answer, Question, Reason, Submission};
use eth::{AttestationData, CommitteeIndex, Proposal, SignedProposal, SingleAttestation, Slot};
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

    async fn submit(&self, submission: Submission) -> Result<Vec<Result<(), ApiError>>, ApiError> {
        match self.ask(|answer| Ask::Submission(submission, answer)).await? {
            Answer::Received(items) => Ok(items.into_iter().map(|item| item.map_err(refusal)).collect()),
            other => Err(unexpected(&other)),
        }
    }
}

impl Backend for EngineBackend {
    async fn attestation_data(
        &self,
        slot: Slot,
        committee: CommitteeIndex,
    ) -> Result<AttestationData, ApiError> {
        let question = Question::AttestationData { slot, committee };
        match self.ask(|answer| Ask::Question(question, answer)).await? {
            Answer::AttestationData(data) => Ok(data),
            Answer::Refused(reason) => Err(refusal(reason)),
            other => Err(unexpected(&other)),
        }
    }

    async fn submit_attestations(&self, items: Vec<SingleAttestation>) -> Vec<Result<(), ApiError>> {
        let count = items.len();
        match self.submit(Submission::Attestations(items)).await {
            Ok(answers) => answers,
            Err(error) => vec![Err(error); count],
        }
    }

    async fn propose(&self, request: ProposalRequest) -> Result<Proposal, ApiError> {
        let question = Question::Block { slot: request.slot, randao_reveal: request.randao_reveal };
        match self.ask(|answer| Ask::Question(question, answer)).await? {
            Answer::Block(proposal) => Ok(Proposal::clone(&proposal)),
            Answer::Refused(reason) => Err(refusal(reason)),
            other => Err(unexpected(&other)),
        }
    }

    async fn submit_block(&self, block: SignedProposal) -> Result<(), ApiError> {
        self.submit(Submission::Block(Box::new(block))).await?.into_iter().collect()
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
        | Reason::LedgerRefused => 400,
        Reason::TooManyRequests => 429,
        _ => 503,
    };
    ApiError::new(status, reason.code(), reason.text())
}

fn unexpected(answer: &Answer) -> ApiError {
    tracing::error!(
        topic = "vapi",
        ?answer,
        "the engine answered another question: this is a bug, report it"
    );
    ApiError::new(500, "internal", "the node answered another question: this is a bug, report it")
}
