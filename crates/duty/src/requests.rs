//! Requests of the validator client that are held until there is an answer.

use std::collections::BTreeMap;

use qbft::Time;

use crate::{Answer, Duty, Output, Question, Reason, RequestId};

/// Requests held at the same time, at most. A client that polls holds one or two a slot.
const MAX_HELD: usize = 4_096;

/// The held requests, by the duty they wait for.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    held: BTreeMap<Duty, Held>,
    count: usize,
}

/// The requests that wait for one duty, all until the same moment.
#[derive(Debug)]
struct Held {
    answer_by: Time,
    requests: Vec<(RequestId, Question)>,
}

impl Requests {
    /// Holds a request until the duty is ready, or `answer_by`, which is the same for all requests of a duty.
    pub(crate) fn hold(
        &mut self,
        duty: Duty,
        (request, question): (RequestId, Question),
        answer_by: Time,
        out: &mut Vec<Output>,
    ) {
        if self.count >= MAX_HELD {
            return refuse(request, Reason::TooManyRequests, out);
        }
        self.count += 1;
        let held = self.held.entry(duty).or_insert_with(|| Held { answer_by, requests: Vec::new() });
        held.requests.push((request, question));
    }

    /// Lets go of the requests that wait for the duty.
    pub(crate) fn release(&mut self, duty: Duty) -> Vec<(RequestId, Question)> {
        let requests = self.held.remove(&duty).map(|held| held.requests).unwrap_or_default();
        self.count -= requests.len();
        requests
    }

    /// The duties that are waited for.
    pub(crate) fn duties(&self) -> Vec<Duty> {
        self.held.keys().copied().collect()
    }

    /// How many requests are held.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// The earliest moment by which one must be answered.
    pub(crate) fn deadline(&self) -> Option<Time> {
        self.held.values().map(|held| held.answer_by).min()
    }

    /// The duties whose requests have waited long enough.
    pub(crate) fn expired(&self, now: Time) -> Vec<Duty> {
        self.held.iter().filter(|(_, held)| held.answer_by <= now).map(|(duty, _)| *duty).collect()
    }
}

/// Answers a request with a refusal.
pub(crate) fn refuse(request: RequestId, reason: Reason, out: &mut Vec<Output>) {
    out.push(Output::Answer { request, answer: Answer::Refused(reason) });
}

#[cfg(test)]
mod tests {
    use eth::{CommitteeIndex, Slot};

    use super::*;
    use crate::DutyKind;

    fn duty(slot: u64) -> Duty {
        Duty::new(Slot(slot), DutyKind::Attester)
    }

    fn asked(id: u64) -> (RequestId, Question) {
        (RequestId(id), Question::AttestationData { slot: Slot(0), committee: CommitteeIndex(0) })
    }

    #[test]
    fn each_request_leaves_once() {
        let (mut requests, mut out) = (Requests::default(), Vec::new());
        for id in 0..3 {
            requests.hold(duty(id / 2), asked(id), Time(10 + id as i64 / 2), &mut out);
        }
        assert!(out.is_empty());
        assert_eq!((requests.len(), requests.deadline()), (3, Some(Time(10))));
        assert_eq!(requests.expired(Time(9)), []);
        assert_eq!(requests.expired(Time(10)), [duty(0)]);
        let mut released = |duty| requests.release(duty).into_iter().map(|(id, _)| id).collect::<Vec<_>>();
        assert_eq!(released(duty(0)), [RequestId(0), RequestId(1)]);
        assert_eq!(released(duty(0)), []);
        assert_eq!((requests.len(), requests.deadline()), (1, Some(Time(11))));
        assert_eq!(requests.duties(), [duty(1)]);
    }

    #[test]
    fn a_full_house_turns_the_next_away() {
        let (mut requests, mut out) = (Requests::default(), Vec::new());
        (0..=MAX_HELD as u64).for_each(|id| requests.hold(duty(0), asked(id), Time(1), &mut out));
        assert_eq!(requests.len(), MAX_HELD);
        let [Output::Answer { request, answer: Answer::Refused(Reason::TooManyRequests) }] = out[..] else {
            panic!("one is refused: {out:?}")
        };
        assert_eq!(request, RequestId(MAX_HELD as u64));
        requests.release(duty(0));
        requests.hold(duty(0), asked(0), Time(1), &mut out);
        assert_eq!(requests.len(), 1, "there is room again");
    }
}
