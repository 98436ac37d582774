//! What a peer did wrong. It is data for the node to report, never a reason to fail.

use crate::frame::FrameError;
use crate::protocol::Class;
use crate::wire::Reject;

/// A peer's fault.
#[derive(Debug, thiserror::Error)]
pub enum Why {
    /// A stream carried no proper frame.
    #[error("{}: {error}", .class.name())]
    Frame {
        /// The class of work.
        class: Class,
        /// What is wrong.
        error: FrameError,
    },
    /// A stream was opened, but its message did not come in time.
    #[error("{}: the message did not arrive within the receive deadline", .0.name())]
    Stalled(Class),
    /// It sends more than is its share; the message was dropped.
    #[error("{}: more messages than can be handled in time", .0.name())]
    Overrun(Class),
    /// The message was refused.
    #[error("{}: {reject}", .class.name())]
    Message {
        /// The class of work.
        class: Class,
        /// Why it was refused.
        reject: Reject,
    },
    /// One entry of a set was refused; the others were kept.
    #[error("{}: entry {entry:?}: {reject}", .class.name())]
    Entry {
        /// The class of work.
        class: Class,
        /// The entry's key as received, shortened.
        entry: String,
        /// Why it was refused.
        reject: Reject,
    },
    /// Decoding panicked. The bug is ours, but the peer found it.
    #[error("{}: a message broke the decoder; please report this bug", .0.name())]
    BrokeDecoder(Class),
}

impl Why {
    /// Whether it is a fault at all. A connection that breaks is nobody's, and duties this version does not know may
    /// be right for others.
    pub(crate) fn is_the_peers(&self) -> bool {
        match self {
            Why::Frame { error, .. } => !matches!(error, FrameError::Io(_)),
            Why::Message { reject, .. } => {
                !matches!(reject, Reject::UnsupportedDuty(_) | Reject::DutyType(_))
            }
            _ => true,
        }
    }

    /// The class of work the fault happened in.
    pub fn class(&self) -> Class {
        match self {
            Why::Frame { class, .. } | Why::Message { class, .. } | Why::Entry { class, .. } => *class,
            Why::Stalled(class) | Why::Overrun(class) | Why::BrokeDecoder(class) => *class,
        }
    }
}
