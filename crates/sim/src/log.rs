//! What happened, as one number that is the same for the same seed, and in words if somebody wants to read it.

use std::fmt::Write;

use duty::{Duty, Input, Output, Time};
use qbft::Message;

/// The log of a world.
#[derive(Clone, Debug, Default)]
pub struct Log {
    hash: u64,
    events: u64,
    lines: Option<Vec<String>>,
}

impl Log {
    /// Keeps what happens in words, too.
    pub fn keep_lines(&mut self) {
        self.lines = Some(Vec::new());
    }

    /// One number for everything so far.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// How many inputs and outputs there were.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// What happened in words.
    pub fn lines(&self) -> &[String] {
        self.lines.as_deref().unwrap_or_default()
    }

    /// Something that somebody did to the world.
    pub(crate) fn remark(&mut self, now: Time, what: &str) {
        self.fold(now.0 as u64);
        what.bytes().for_each(|byte| self.fold(u64::from(byte)));
        if let Some(lines) = &mut self.lines {
            lines.push(format!("{} ---- {what}", Shown(now)));
        }
    }

    pub(crate) fn input(&mut self, now: Time, node: usize, input: &Input) {
        let (name, duty, detail) = of_input(input);
        self.note(now, node, "<-", (name, duty, detail), || shown_input(input));
    }

    pub(crate) fn output(&mut self, now: Time, node: usize, output: &Output) {
        let (name, duty, detail) = of_output(output);
        self.note(now, node, "->", (name, duty, detail), || shown_output(output));
    }

    fn note(
        &mut self,
        now: Time,
        node: usize,
        arrow: &str,
        (name, duty, detail): (&'static str, Option<Duty>, u64),
        shown: impl FnOnce() -> String,
    ) {
        self.events += 1;
        self.fold(now.0 as u64);
        self.fold(node as u64);
        self.fold(name.len() as u64 ^ u64::from(name.as_bytes()[0]) << 8);
        if let Some(duty) = duty {
            self.fold(duty.slot.0 << 8 | u64::from(duty.kind.number()));
        }
        self.fold(detail);
        if let Some(lines) = &mut self.lines {
            let mut line = format!("{} {node} {arrow} {name}", Shown(now));
            if let Some(duty) = duty {
                _ = write!(line, " {duty}");
            }
            line.push_str(&shown());
            lines.push(line);
        }
    }

    /// Multiplication and rotation mix well enough for a comparison of runs.
    fn fold(&mut self, word: u64) {
        self.hash = (self.hash.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

struct Shown(Time);

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (seconds, rest) = (self.0.0.div_euclid(1_000_000_000), self.0.0.rem_euclid(1_000_000_000));
        write!(f, "{seconds:>5}.{:03}", rest / 1_000_000)
    }
}

fn of_input(input: &Input) -> (&'static str, Option<Duty>, u64) {
    match input {
        Input::Tick => ("tick", None, 0),
        Input::Resolved(duties) => ("resolved", None, duties.epoch.0),
        Input::ResolveFailed(epoch) => ("resolve failed", None, epoch.0),
        Input::Head(head) => ("head", None, first(&head.root.0)),
        Input::Fetched { duty, value } => ("fetched", Some(*duty), first(&value.hash.0)),
        Input::FetchFailed { duty } => ("fetch failed", Some(*duty), 0),
        Input::ParentChecked { duty, known, .. } => ("parent", Some(*duty), u64::from(*known)),
        Input::Published { duty, accepted, .. } => ("was published", Some(*duty), u64::from(*accepted)),
        Input::Consensus(message) => ("consensus", Some(message.duty), of_message(&message.message)),
        Input::Partials { from, set } => ("partials", Some(set.duty), u64::from(from.0)),
        Input::Connected(peer) => ("connected", None, u64::from(peer.0)),
        Input::Disconnected(peer) => ("disconnected", None, u64::from(peer.0)),
        Input::PeerTold { peer, .. } => ("told", None, u64::from(peer.0)),
        Input::Ask { request, .. } => ("ask", None, request.0),
        Input::Submit { request, .. } => ("submit", None, request.0),
        Input::Consulted { duty, refused, .. } => ("consulted", Some(*duty), refused.len() as u64),
        Input::Permitted { duty, permit } => ("permitted", Some(*duty), u64::from(permit.is_ok())),
        Input::Verified { job, .. } => ("verified", None, job.0),
        Input::Combined { job, .. } => ("combined", None, job.0),
        Input::Hello { from, .. } => ("was greeted", None, u64::from(from.0)),
        Input::Witnessed { from, testimony } => {
            ("witnessed", None, u64::from(from.0) ^ u64::from(testimony.twin.is_some()) << 8)
        }
        Input::WitnessUnsupported(peer) => ("no witness", None, u64::from(peer.0)),
        Input::FastForwarded(behind) => {
            ("fast forwarded", None, behind.as_ref().map_or(u64::MAX, |behind| behind.len() as u64))
        }
    }
}

fn of_output(output: &Output) -> (&'static str, Option<Duty>, u64) {
    match output {
        Output::Resolve(epoch) => ("resolve", None, epoch.0),
        Output::Fetch { duty, .. } => ("fetch", Some(*duty), 0),
        Output::Register(epoch) => ("register", None, epoch.0),
        Output::CheckParent { duty, .. } => ("check parent", Some(*duty), 0),
        Output::Publish { duty, seats, .. } => ("publish", Some(*duty), seats.len() as u64),
        Output::Send { duty, draft, .. } => {
            let value = draft.value.map_or(0, |value| first(&value.0));
            ("send", Some(*duty), value ^ draft.round.number() << 4 ^ draft.kind as u64)
        }
        Output::SendPartials { set, .. } => ("send partials", Some(set.duty), set.partials.len() as u64),
        Output::Answer { request, .. } => ("answer", None, request.0),
        Output::Consult { duty, value, .. } => ("consult", Some(*duty), first(&value.0)),
        Output::Permit { duty, request } => ("permit", Some(*duty), request.items.len() as u64),
        Output::Verify { job, .. } => ("verify", None, job.0),
        Output::Combine { job, .. } => ("combine", None, job.0),
        Output::Hello { to, .. } => ("hello", None, u64::from(to.0)),
        Output::Testify { testimony, .. } => ("testify", None, u64::from(testimony.twin.is_some())),
        Output::FastForward(floors) => ("fast forward", None, floors.len() as u64),
        Output::Remember(sightings) => ("remember", None, sightings.len() as u64),
        Output::Notice(_) => ("notice", None, 0),
    }
}

fn of_message(message: &Message) -> u64 {
    let value = message.value.map_or(0, |value| first(&value.0));
    value ^ message.round.number() << 16 ^ u64::from(message.source.0) << 8 ^ message.kind as u64
}

fn first(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).fold(0, |word, byte| word << 8 | u64::from(*byte))
}

fn shown_input(input: &Input) -> String {
    match input {
        Input::Consensus(message) => {
            let Message { kind, source, round, value, .. } = &message.message;
            format!(" {kind:?} of {source} in round {round} {}", shown_value(value.as_ref()))
        }
        Input::Partials { from, set } => format!(" of {} validators from {from}", set.partials.len()),
        Input::Fetched { value, .. } => format!(" {}", shown_value(Some(&value.hash))),
        Input::Connected(peer) | Input::Disconnected(peer) => format!(" {peer}"),
        Input::Consulted { refused, .. } => format!(", {} refused", refused.len()),
        Input::Permitted { permit, .. } => match permit {
            Ok(permit) => format!(", {} granted", permit.granted().len()),
            Err(refusal) => format!(", nothing: {refusal}"),
        },
        Input::Ask { question, .. } => format!(" {}", word(&format!("{question:?}"))),
        Input::Submit { submission, .. } => format!(" {}", word(&format!("{submission:?}"))),
        _ => String::new(),
    }
}

fn shown_output(output: &Output) -> String {
    match output {
        Output::Send { to, draft, .. } => {
            format!(
                " {:?} in round {} {} to {to:?}",
                draft.kind,
                draft.round,
                shown_value(draft.value.as_ref())
            )
        }
        Output::SendPartials { to, set } => format!(" of {} validators to {to:?}", set.partials.len()),
        Output::Answer { answer, .. } => format!(" {}", word(&format!("{answer:?}"))),
        Output::Notice(notice) => format!(" {notice:?}"),
        _ => String::new(),
    }
}

fn shown_value(value: Option<&qbft::Hash>) -> String {
    value.map(|value| format!("{value:?}").chars().take(8).collect()).unwrap_or_default()
}

/// The first word, or two, of something long.
fn word(long: &str) -> &str {
    let end = long
        .char_indices()
        .find(|(_, character)| "{[ ".contains(*character))
        .map_or(long.len(), |(end, _)| end);
    &long[..end]
}
