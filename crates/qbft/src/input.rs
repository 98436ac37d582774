//! All that can happen to an instance.

use crate::{Hash, Message, PeerIndex};

/// What happened; given to [`Instance::step`](crate::Instance::step) with the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The duty is due: begin. What arrived earlier was kept and counts now.
    Start,
    /// Our own value to propose when we lead: the latest one, since an older one may have become stale while others led.
    Propose(Hash),
    /// A verified message of this very instance, from anyone, ourselves included: our own broadcasts count only when
    /// they come back this way, signed. The entries of its justification are verified too.
    Receive(Message),
    /// The answer to [`Output::Check`](crate::Output::Check), or a judgement made unasked; the latest one counts.
    ///
    /// Reject only what no honest node should sign: when one honest peer prepared a value that f + 1 others refuse
    /// for ever, nothing can be decided any more.
    Verdict {
        /// The value that was judged.
        value: Hash,
        /// Whether we would sign it.
        accept: bool,
    },
    /// A peer became reachable again and may have missed what we said.
    Connected(PeerIndex),
    /// Nothing but time: the [deadline](crate::Instance::deadline) came.
    Tick,
}
