//! One QBFT consensus instance as a deterministic state machine.
//!
//! ```text
//!    Input                    Instance                            Output
//!                 ┌─────────────────────────────────┐
//!   Receive ────► │ justification   (algorithm 4)   │ ────► Fault
//!                 │   │ only what proves itself     │
//!                 │   ▼                             │
//!                 │ ballots         first per peer, │
//!                 │   │             round and kind  │
//!   Start         │   ▼                             │       Broadcast ──► signed ──► Receive
//!   Propose ────► │ rules           (algorithms     │ ────► Send
//!   Verdict       │   normal_case    1 to 3, tried  │       Check ──► Verdict
//!   Connected     │   round_change   until none     │       Decide
//!   Tick ───────► │   decision       applies)       │       RoundStarted, RoundTimedOut
//!                 └─────────────────────────────────┘
//! ```
//!
//! The algorithm is that of H. Moniz, "The Istanbul BFT Consensus Algorithm" (2020, arXiv 2002.03613), with the
//! messages, leaders and timers of Charon's `/charon/consensus/qbft/2.0.0`. Rules name the algorithm and line they
//! implement, as "algorithm 2:4". Where Charon adds to the paper, only what keeps its proof is taken: a value is
//! prepared after a [verdict](Input::Verdict), and no justification is ever waived.
//!
//! Never here: a clock, a socket, a signature, the value itself, persistence, randomness, another instance.
//!
//! Words: a *peer* is an operator's node; a *quorum* is ⌈2n/3⌉ distinct peers, of which f = ⌊(n−1)/3⌋ may lie; the
//! *leader* of a round proposes; a value is *prepared* when a quorum sent PREPARE for it in one round; a message is
//! *justified* when it carries the proof its kind needs; an *observer* listens only.
//!
//! Read next: [`Input`] and [`Output`], then `instance.rs` and the algorithms beneath it.

mod ballots;
mod config;
mod input;
mod instance;
mod justification;
pub mod known_bugs;
pub mod limits;
mod message;
mod output;
mod quorum;
mod resends;
mod timer;
mod voice;

pub use config::{Config, Role};
pub use input::Input;
pub use instance::Instance;
pub use message::{Draft, Hash, Kind, Message, PeerIndex, Round, Time};
pub use output::{Cause, Fault, Missing, Output, Why};
pub use quorum::{faults, minimum_threshold, quorum};
pub use timer::{Extra, Timer};
