//! What can go wrong when beacon nodes are asked, with who is at fault and what helps.

use std::fmt;
use std::time::Duration;

use eth::Version;

use crate::api::{IndexedFailure, is_already_known};

/// Why a request to the beacon nodes failed as a whole. The environment's fault, never the caller's.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration names no beacon node.
    #[error("no beacon node is configured: name at least one endpoint")]
    NoEndpoint,
    /// An endpoint that is no HTTP URL.
    #[error("beacon node endpoint {endpoint} cannot be used: {why}")]
    BadEndpoint {
        /// The endpoint, without credentials.
        endpoint: String,
        /// What is wrong with it.
        why: String,
    },
    /// A configured header that HTTP does not allow. The value is not shown: it may be a secret.
    #[error(
        "header {name:?} for beacon nodes is not valid HTTP: check its name and value for control characters"
    )]
    BadHeader {
        /// The header's name.
        name: String,
    },
    /// The HTTP client could not be built, for instance because the system has no root certificates.
    #[error("the HTTP client cannot start: {why}")]
    Http {
        /// The library's words.
        why: String,
    },
    /// A path to forward that would leave the endpoint's own: the requester's fault.
    #[error("{path:?} has dot segments; they are not forwarded to a beacon node")]
    BadPath {
        /// The path, shortened.
        path: String,
    },
    /// Every endpoint was asked, none answered well.
    #[error("{request}: no beacon node answered well: {}", join(failures))]
    Failed {
        /// What was asked.
        request: &'static str,
        /// One entry per endpoint, in the order they failed.
        failures: Vec<EndpointFailure>,
    },
    /// Every endpoint refused these items of a submitted list; the other items were accepted.
    #[error("{request}: beacon nodes refused {} of the items, first: {}", failures.len(), first(failures))]
    Rejected {
        /// What was submitted.
        request: &'static str,
        /// The refused items, by their position in the submitted list.
        failures: Vec<IndexedFailure>,
    },
}

/// What one endpoint did wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointFailure {
    /// The endpoint, without credentials.
    pub endpoint: String,
    /// What it did.
    pub problem: Problem,
}

/// What an endpoint can do wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// No connection could be made.
    Unreachable(String),
    /// The connection broke before the answer was complete.
    Broke(String),
    /// No complete answer in time.
    TimedOut(Duration),
    /// It answered with an error status.
    Status {
        /// The HTTP status.
        code: u16,
        /// The message of its error body, shortened.
        message: String,
        /// Refused items of a submitted list.
        failures: Vec<IndexedFailure>,
    },
    /// Its answer is longer than such an answer can be.
    TooLarge {
        /// The most bytes that are read.
        limit: usize,
    },
    /// Its answer is not what the Beacon API defines.
    Malformed(String),
    /// Its answer is of a fork that this version of the program cannot read: nothing is guessed.
    UnsupportedFork(String),
    /// It does not tell its genesis, so it cannot be told whether it is of our network.
    NoGenesis(String),
    /// It is catching up with the chain.
    Syncing {
        /// Slots behind.
        distance: u64,
    },
    /// It follows another chain than the first endpoint, or than the cluster.
    ForeignNetwork {
        /// The genesis fork version we expect.
        expected: Version,
        /// The one it answered, or why its genesis differs.
        found: String,
    },
}

impl Error {
    /// Whether every endpoint refused what was submitted for what it is, so that trying again is of no use.
    pub fn is_refusal(&self) -> bool {
        let refuses = |failure: &EndpointFailure| match failure.problem {
            Problem::Status { code, .. } => (400..500).contains(&code) && !matches!(code, 408 | 429),
            _ => false,
        };
        match self {
            Error::Failed { failures, .. } => !failures.is_empty() && failures.iter().all(refuses),
            Error::Rejected { .. } => true,
            _ => false,
        }
    }

    /// Whether an endpoint is of another network: waiting does not mend that.
    pub fn is_wrong_network(&self) -> bool {
        let is_foreign =
            |failure: &EndpointFailure| matches!(failure.problem, Problem::ForeignNetwork { .. });
        matches!(self, Error::Failed { failures, .. } if failures.iter().all(is_foreign) && !failures.is_empty())
    }
}

impl Problem {
    /// Whether the endpoint itself is in a bad state, so that others should be asked first for a while.
    /// A 4xx status is about the request, not about the endpoint.
    pub(crate) fn is_endpoints_fault(&self) -> bool {
        match self {
            // Several nodes publish the same: some beacon nodes call that an internal error.
            Problem::Status { message, .. } if is_already_known(message) => false,
            Problem::Status { code, .. } => *code >= 500 && *code != 501 || *code == 429,
            Problem::UnsupportedFork(_) => false,
            _ => true,
        }
    }

    fn remedy(&self) -> &'static str {
        match self {
            Problem::Unreachable(_) => "check that it runs and that the address is right",
            Problem::Broke(_) => "see its log, and check what stands between",
            Problem::TimedOut(_) => "check its load and the network, or raise the timeout",
            Problem::Status { code: 401 | 403, .. } => "check the credentials in its URL or headers",
            Problem::Status { code: 300..=399, .. } => "configure the URL it redirects to",
            Problem::Status { code: 429, .. } => "raise its rate limit",
            Problem::Status { code: 500.., .. } => "see its log",
            Problem::Status { .. } => "see the message",
            Problem::TooLarge { .. } | Problem::Malformed(_) => "check that the URL is a beacon node's",
            Problem::UnsupportedFork(_) => "update this program",
            Problem::NoGenesis(_) => {
                "wait until it has its genesis state, and check that the URL is a beacon node's"
            }
            Problem::Syncing { .. } => "wait until it has caught up",
            Problem::ForeignNetwork { .. } => "point to a beacon node of the cluster's network",
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Unreachable(why) => write!(f, "is unreachable ({why})"),
            Problem::Broke(why) => write!(f, "broke the connection ({why})"),
            Problem::TimedOut(after) => write!(f, "gave no answer within {after:?}"),
            Problem::Status { code, message, .. } if message.is_empty() => write!(f, "answered {code}"),
            Problem::Status { code, message, .. } => write!(f, "answered {code}: {message}"),
            Problem::TooLarge { limit } => write!(f, "answered more than {limit} bytes"),
            Problem::Malformed(why) => write!(f, "answered against the Beacon API: {why}"),
            Problem::UnsupportedFork(why) => write!(f, "answered what cannot be read here: {why}"),
            Problem::NoGenesis(why) => write!(f, "does not tell its genesis ({why})"),
            Problem::Syncing { distance } => write!(f, "is syncing, {distance} slots behind"),
            Problem::ForeignNetwork { expected, found } => {
                write!(f, "is of another network: expected genesis fork version {expected}, found {found}")
            }
        }?;
        write!(f, "; {}", self.remedy())
    }
}

impl fmt::Display for EndpointFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.endpoint, self.problem)
    }
}

fn join(failures: &[EndpointFailure]) -> String {
    failures.iter().map(EndpointFailure::to_string).collect::<Vec<_>>().join(" | ")
}

fn first(failures: &[IndexedFailure]) -> String {
    failures.first().map(|failure| format!("[{}] {}", failure.index, failure.message)).unwrap_or_default()
}
