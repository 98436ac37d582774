//! An input on its way to the writer: copied fast, encoded later.

use duty::{ConsensusMessage, Duty, Input, PartialSet, Question, RequestId, Submission, Value};
use net::wire::{Codec, encode_consensus};
use qbft::PeerIndex;

use super::line::{Bytes, Line, duty_name};

/// A copy of an input.
pub(crate) enum Kept {
    /// Small enough to be written as it is.
    Line(Box<Line>),
    Consensus(ConsensusMessage),
    Partials {
        from: PeerIndex,
        set: PartialSet,
    },
    Fetched {
        duty: Duty,
        value: Value,
    },
    Ask {
        request: RequestId,
        question: Question,
    },
    Submit {
        request: RequestId,
        submission: Submission,
    },
}

impl Kept {
    pub(crate) fn of(input: &Input) -> Kept {
        match input {
            Input::Consensus(message) => Kept::Consensus(message.clone()),
            Input::Partials { from, set } => Kept::Partials { from: *from, set: set.clone() },
            Input::Fetched { duty, value } => Kept::Fetched { duty: *duty, value: value.clone() },
            Input::Ask { request, question } => Kept::Ask { request: *request, question: question.clone() },
            Input::Submit { request, submission } => {
                Kept::Submit { request: *request, submission: submission.clone() }
            }
            small => Kept::Line(Box::new(Line::of(small))),
        }
    }

    /// What is written.
    pub(super) fn line(self, codec: &Codec) -> Line {
        match self {
            Kept::Line(line) => *line,
            Kept::Consensus(message) => Line::Consensus(Bytes(encode_consensus(&message))),
            Kept::Partials { from, set } => {
                Line::Partials { from: from.0, set: Bytes(codec.encode_partials(&set)) }
            }
            Kept::Fetched { duty, value } => {
                Line::Fetched { duty: duty_name(duty), value: Bytes(value.bytes.to_vec()) }
            }
            Kept::Ask { request, question } => {
                Line::Ask { request: request.0, question: Box::new(question.into()) }
            }
            Kept::Submit { request, submission } => {
                Line::Submit { request: request.0, submission: Box::new(submission.into()) }
            }
        }
    }
}
