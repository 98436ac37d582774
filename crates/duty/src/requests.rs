//! Requests of the validator client that are held until there is an answer.

use std::collections::BTreeMap;

use qbft::Time;

use crate::{Answer, Duty, Output, Reason, RequestId};

/// Requests held at the same time, at most. A client that polls holds one or two a slot.
const MAX_HELD: usize = 4_096;

/// The held requests, by the duty they wait for.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    held: BTreeMap<Duty, Vec<Held>>,
    count: usize,
}

#[derive(Debug)]
struct Held {
    request: RequestId,
    answer_by: Time,
}

impl Requests {
    /// Holds a request until the duty is ready, or `answer_by`.
    pub(crate) fn hold(&mut self, duty: Duty, request: RequestId, answer_by: Time, out: &mut Vec<Output>) {
        if self.count >= MAX_HELD {
            return refuse(request, Reason::TooManyRequests, out);
        }
        self.count += 1;
        self.held.entry(duty).or_default().push(Held { request, answer_by });
    }

    /// Lets go of the requests that wait for the duty.
    pub(crate) fn release(&mut self, duty: Duty) -> Vec<RequestId> {
        let held = self.held.remove(&duty).unwrap_or_default();
        self.count -= held.len();
        held.into_iter().map(|held| held.request).collect()
    }

    /// The earliest moment by which one must be answered.
    pub(crate) fn deadline(&self) -> Option<Time> {
        self.held.values().flatten().map(|held| held.answer_by).min()
    }

    /// Refuses what has waited long enough, each with the reason its duty has come no further.
    pub(crate) fn expire(&mut self, now: Time, reason: impl Fn(Duty) -> Reason, out: &mut Vec<Output>) {
        let mut expired = 0;
        for (duty, held) in &mut self.held {
            held.retain(|held| {
                let waits = now < held.answer_by;
                if !waits {
                    expired += 1;
                    refuse(held.request, reason(*duty), out);
                }
                waits
            });
        }
        self.count -= expired;
        self.held.retain(|_, held| !held.is_empty());
    }
}

/// Answers a request with a refusal.
pub(crate) fn refuse(request: RequestId, reason: Reason, out: &mut Vec<Output>) {
    out.push(Output::Answer { request, answer: Answer::Refused(reason) });
}
