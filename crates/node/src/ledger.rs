//! The keeper of the ledger: one thread that owns it, so that consent is one queue.
//!
//! After a failed write the ledger closes itself; the keeper opens it again from its file before the next request, so
//! that signing resumes once the disk has space.

use cluster::GroupKey;
use slashing::{Behind, Error, Ledger, Permit, Refusal, Request, Store, Watermark};
use tokio::sync::{mpsc, oneshot};

/// Requests that may wait for the keeper. There are a handful a slot.
const CAPACITY: usize = 256;

/// A handle to the keeper.
#[derive(Clone)]
pub struct Keeper {
    requests: mpsc::Sender<Ask>,
}

enum Ask {
    Check(Request, oneshot::Sender<Vec<Result<(), Refusal>>>),
    Permit(Request, oneshot::Sender<Result<Permit, Refusal>>),
    FastForward(Vec<(GroupKey, Watermark)>, oneshot::Sender<Result<Vec<Behind>, Refusal>>),
    Compact,
}

impl Keeper {
    /// Starts the keeper's thread. `reopen` opens the ledger again from its file.
    pub fn start<S, F, E>(ledger: Ledger<S>, reopen: F) -> Keeper
    where
        S: Store + Send + 'static,
        F: Fn() -> Result<Ledger<S>, E> + Send + 'static,
        E: std::fmt::Display,
    {
        let (requests, mut inbox) = mpsc::channel(CAPACITY);
        let work = move || {
            let mut shelf = Shelf { ledger: Some(ledger), reopen };
            while let Some(ask) = inbox.blocking_recv() {
                shelf.serve(ask);
            }
        };
        std::thread::Builder::new().name("ledger".to_owned()).spawn(work).expect("the system has threads");
        Keeper { requests }
    }

    /// What the ledger would say; nothing is recorded.
    pub async fn check(&self, request: Request) -> Vec<Result<(), Refusal>> {
        let items = request.items.len();
        let (answer, answered) = oneshot::channel();
        let gone = || vec![Err(Refusal::LedgerClosed); items];
        if self.requests.send(Ask::Check(request, answer)).await.is_err() {
            return gone();
        }
        answered.await.unwrap_or_else(|_| gone())
    }

    /// Records and permits.
    pub async fn permit(&self, request: Request) -> Result<Permit, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(Ask::Permit(request, answer)).await.map_err(|_| Refusal::LedgerClosed)?;
        answered.await.unwrap_or(Err(Refusal::LedgerClosed))
    }

    /// Raises floors where more was seen than the ledger holds; the validators concerned.
    pub async fn fast_forward(&self, seen: Vec<(GroupKey, Watermark)>) -> Result<Vec<Behind>, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(Ask::FastForward(seen, answer)).await.map_err(|_| Refusal::LedgerClosed)?;
        answered.await.unwrap_or(Err(Refusal::LedgerClosed))
    }

    /// Drops what is no longer needed; for quiet moments.
    pub async fn compact(&self) {
        // A keeper that is gone has nothing to drop.
        let _ = self.requests.send(Ask::Compact).await;
    }
}

struct Shelf<S: Store, F> {
    /// None while it cannot be opened.
    ledger: Option<Ledger<S>>,
    reopen: F,
}

impl<S: Store, E: std::fmt::Display, F: Fn() -> Result<Ledger<S>, E>> Shelf<S, F> {
    fn serve(&mut self, ask: Ask) {
        let ledger = self.open();
        // Whoever asked may be gone: an answer nobody waits for is dropped, its record stays.
        match ask {
            Ask::Check(request, answer) => {
                let refused = || vec![Err(Refusal::LedgerClosed); request.items.len()];
                let _ = answer.send(ledger.map_or_else(refused, |ledger| ledger.check(&request)));
            }
            Ask::Permit(request, answer) => {
                let _ =
                    answer.send(ledger.map_or(Err(Refusal::LedgerClosed), |ledger| ledger.permit(request)));
            }
            Ask::FastForward(seen, answer) => {
                let raise = |ledger: &mut Ledger<S>| ledger.fast_forward(&seen).map_err(refusal);
                let _ = answer.send(ledger.map_or(Err(Refusal::LedgerClosed), raise));
            }
            Ask::Compact => {
                if let Some(Err(error)) = ledger.map(Ledger::compact) {
                    tracing::warn!(topic = "ledger", %error, "the slashing ledger could not be compacted");
                }
            }
        }
    }

    /// The ledger, opened again if it closed itself.
    fn open(&mut self) -> Option<&mut Ledger<S>> {
        if self.ledger.as_ref().is_none_or(Ledger::is_closed) {
            // The old one goes first: it holds the lock on the file.
            self.ledger = None;
            match (self.reopen)() {
                Ok(ledger) => {
                    tracing::info!(topic = "ledger", "the slashing ledger is open again");
                    self.ledger = Some(ledger);
                }
                Err(error) => {
                    tracing::error!(topic = "ledger", %error, "the slashing ledger cannot be opened")
                }
            }
        }
        self.ledger.as_mut()
    }
}

fn refusal(error: Error) -> Refusal {
    match error {
        Error::Refused(refusal) => refusal,
        error => Refusal::StoreFailed { cause: error.to_string() },
    }
}
