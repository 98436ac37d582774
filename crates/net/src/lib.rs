//! The cluster's wire: libp2p host, one file per protocol, protobuf to brain types.
//!
//! ```text
//!   node ── send_consensus, send_partials ──► Outbox per (peer, class) ──► Worker ──┐
//!     ▲                                        bounded, expires                     │ one stream
//!     │                                                                             ▼ per message
//!   Event ◄── lanes per (peer, class) ◄── wire::Codec ◄── Reception ◄────────── streams
//!             bounded, emptied in turn     verifies       frame, deadline,          │
//!                                                         budget, place             ▼
//!                 Driver: redial, ping, presence ─────────────────────► swarm: gate, identify, TCP
//! ```
//!
//! **Never here:** what a message means for a duty (`duty`), the rules of consensus (`qbft`), the verification of
//! partial signatures (`bls`), cluster files (`cluster`).
//!
//! **Words.** A *class* of work is a protocol with queues of its own. A *place* is one of the streams a peer may have
//! open towards us, a *lane* is where its events wait. Large messages to a peer stand in
//! a *line*, so that they leave one after another. A *fault* is what a peer did wrong; it is told, never returned.
//!
//! **Read next:** [`Host`], then [`wire`], then `streams.rs`.

#![allow(clippy::disallowed_types)] // A hand has a clock.

#[cfg(feature = "fuzzing")]
pub mod fuzzing;
pub mod wire;

mod address_book;
mod config;
mod error;
mod event;
mod fault;
mod frame;
mod gate;
mod host;
mod limits;
mod line;
mod metrics;
mod outbox;
mod peer_name;
mod protocol;
mod rate;
mod receive;
mod redial;
mod roster;
mod send;
mod streams;

pub use config::{About, Config, PeerConfig, tcp_address};
pub use error::Error;
pub use event::Event;
pub use fault::Why;
pub use frame::FrameError;
pub use host::{Host, To};
pub use libp2p::{Multiaddr, PeerId};
pub use limits::Limits;
pub use peer_name::peer_names;
pub use protocol::Class;
pub use protocol::witness::{Reply, Unanswered};
pub use roster::peer_id;
