//! What is private otherwise, opened to the fuzz targets by the feature `fuzzing`. The product never has it.

use std::cell::RefCell;
use std::collections::VecDeque;

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::client::{Answer, Call, encode_event, read_events};
use crate::error::Problem;

/// What a beacon node answers to every request.
#[derive(Clone, Debug)]
pub struct Canned {
    /// The headers that matter.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Bytes,
    /// Whether the question for the genesis gets the good answer, so that the endpoint is not refused.
    pub is_known: bool,
}

thread_local! {
    static CANNED: RefCell<Option<Canned>> = const { RefCell::new(None) };
}

/// From now on every endpoint of this thread answers this, without any connection.
pub fn answer_everything_with(canned: Canned) {
    CANNED.set(Some(canned));
}

const GENESIS: &str = r#"{"data":{"genesis_time":"1700000000","genesis_validators_root":"0x4242424242424242424242424242424242424242424242424242424242424242","genesis_fork_version":"0x00000001"}}"#;

/// The answer to a call, if one is canned.
pub(crate) fn answer(call: &Call) -> Option<Result<Answer, Problem>> {
    let canned = CANNED.with_borrow(Clone::clone)?;
    let (status, mut headers) = (StatusCode::OK, HeaderMap::new());
    for (name, value) in &canned.headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    let is_genesis = call.name == "genesis" && canned.is_known;
    let body = if is_genesis { Bytes::from_static(GENESIS.as_bytes()) } else { canned.body };
    if body.len() > call.limit {
        return Some(Err(Problem::TooLarge { limit: call.limit }));
    }
    Some(Ok(Answer { status, headers, body }))
}

/// Reads a stream of events that arrives in two pieces; what was read is written and read again.
pub fn events(bytes: &[u8], cut: usize) {
    let (front, back) = bytes.split_at(cut.min(bytes.len()));
    let Ok(events) = read_events(&[front, back]) else { return };
    for event in events {
        let again = read_events(&[encode_event(&event.name, &event.data).as_bytes()]);
        // An event longer than half the limit does not fit twice.
        if let Ok(again) = again {
            assert_eq!(again, VecDeque::from([event]));
        }
    }
}
