//! The life of a duty as one deterministic engine: what happened goes in, what to do about it comes out.
//!
//! ```text
//!   beacon node: duties, heads ──► schedule ── begins each duty, once, in rising slot order
//!                                     │
//!   beacon node: a value ─────────────▼
//!   peers: consensus ◄──────────► agreement ── one qbft instance per slot and kind; values are judged first (judge)
//!                                     │ decided
//!   ledger: check, permit ◄──────► consent ─── recorded on disk before anything else
//!                                     │ permitted
//!   validator client: asks ◄──────► requests ─ answered with the decision, or with a reason at the deadline
//!   validator client: signs ──────────┐
//!   peers: partial signatures ◄──────► partials ── a threshold of shares over one root
//!                                     │ combined and verified by a worker
//!   beacon node: publication ◄────────┘        tracker: what was expected, what was done, why the rest was not
//!   peers: hellos ◄─────────────────► witness ─── what they saw of us, and we of them; no permit before they told it
//! ```
//!
//! Never here: a clock, a socket, a disk, a key, a signature check, a hash of a value, randomness, or anything that
//! waits. What takes time leaves as an [`Output`] and comes back as an [`Input`].
//!
//! What must hold, whatever comes in: a partial signature over a vote or a block leaves only if the ledger's permit
//! for that very signing root came first; a value is prepared only after this node's own judgement; nobody's partial
//! signature displaces another's; all that is held is bounded by duties alive × peers × validators ([`Holdings`]).
//!
//! Words: a *duty* is what all validators of the cluster have to do in a slot, of one kind; a *value* is what they
//! agree to sign; a *partial* is one share's signature; an *agreement*, a *consent* and a *collection* are the three
//! stages of a duty; a *reason* is why something was not done, from a closed list.
//!
//! A *witness* is a peer that remembers what it has seen of another; a *life* of a node lasts from its start to its end.
//!
//! Read next: [`Input`], [`Output`] and [`Reason`]; then `engine.rs`, which only routes, and its limbs:
//! `engine/{chain,agree,serve,submit,gather,publish}.rs`, and for aggregators `engine/{select,aggregate}.rs`; then
//! `judge.rs`, and `witness.rs` with its limb `engine/witness.rs`. Times are all in `window.rs`.

mod agreement;
mod consent;
mod duty;
mod engine;
mod input;
mod judge;
pub mod known_bugs;
mod output;
mod partial;
mod partials;
pub mod priority;
mod reason;
mod requests;
mod schedule;
mod selections;
mod tracker;
mod value;
mod window;
mod witness;

pub use duty::{Duty, DutyKind};
pub use engine::{Config, Engine, Holdings, ValidatorConfig};
pub use input::{
    Answer, Combination, EpochDuties, Head, Input, JobId, ProposerSlot, Question, RequestId, Submission,
    SyncMember,
};
pub use output::{
    Combine, DutyReport, Fetch, Notice, Output, Publication, To, Verify, WantedContribution, Why,
};
pub use partial::{Partial, PartialSet, Seat, Signed};
pub use qbft::Time;
pub use reason::{Reason, Step};
pub use slashing::{VoteMark, Watermark};
pub use value::{
    AggregateSet, AttesterDatum, AttesterSet, ConsensusMessage, Content, ContributionSet, Value,
};
pub use witness::trust::Ground;
pub use witness::twins::Standing;
pub use witness::{Hello, HelloId, Life, Marks, Sightings, Testimony};
