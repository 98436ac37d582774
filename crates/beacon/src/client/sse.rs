//! Server-sent events (WHATWG HTML 9.2.6) out of chunks of bytes, with a limit on each event.

use std::collections::VecDeque;

/// One dispatched event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) data: String,
}

/// An event grew beyond the limit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

/// Reads events from chunks cut anywhere. Comments, `id` and `retry` are ignored.
pub(crate) struct Parser {
    limit: usize,
    line: Vec<u8>,
    /// The last byte was a carriage return: a line feed after it belongs to the same line end.
    after_return: bool,
    name: String,
    data: String,
}

impl Parser {
    pub(crate) fn new(limit: usize) -> Self {
        Parser { limit, line: Vec::new(), after_return: false, name: String::new(), data: String::new() }
    }

    pub(crate) fn push(&mut self, bytes: &[u8], events: &mut VecDeque<Event>) -> Result<(), TooLarge> {
        for &byte in bytes {
            let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                b'\n' if after_return => {}
                b'\n' | b'\r' => self.end_line(events),
                _ if self.line.len() + self.data.len() + self.name.len() >= self.limit => {
                    return Err(TooLarge);
                }
                _ => self.line.push(byte),
            }
        }
        Ok(())
    }

    fn end_line(&mut self, events: &mut VecDeque<Event>) {
        let line = String::from_utf8_lossy(&self.line).into_owned();
        self.line.clear();
        if line.is_empty() {
            return self.dispatch(events);
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "data" => {
                self.data.push_str(value);
                self.data.push('\n');
            }
            _ => {}
        }
    }

    fn dispatch(&mut self, events: &mut VecDeque<Event>) {
        let name = std::mem::take(&mut self.name);
        let mut data = std::mem::take(&mut self.data);
        if data.pop().is_some() {
            let name = if name.is_empty() { "message".to_owned() } else { name };
            events.push_back(Event { name, data });
        }
    }
}

/// All events of a stream that arrives in these pieces.
#[cfg(feature = "fuzzing")]
pub(crate) fn read(pieces: &[&[u8]]) -> Result<VecDeque<Event>, TooLarge> {
    let (mut parser, mut events) = (Parser::new(super::call::Limits::EVENT), VecDeque::new());
    pieces.iter().try_for_each(|piece| parser.push(piece, &mut events)).map(|()| events)
}

/// The event as it goes over the wire.
pub(crate) fn encode(name: &str, data: &str) -> String {
    let mut text = format!("event: {name}\n");
    for line in data.split('\n') {
        text.push_str("data: ");
        text.push_str(line);
        text.push('\n');
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(chunks: &[&[u8]]) -> Vec<(String, String)> {
        let mut events = VecDeque::new();
        let mut parser = Parser::new(1024);
        for chunk in chunks {
            parser.push(chunk, &mut events).expect("below the limit");
        }
        events.into_iter().map(|event| (event.name, event.data)).collect()
    }

    #[test]
    fn events_are_read_however_they_are_cut() {
        let text = b":hello\r\nevent: head\r\ndata: {\"a\":1}\r\nid: 7\r\n\r\nevent:block\ndata:1\ndata: 2\n\ndata\n\n\n";
        let whole = read(&[text]);
        let expected = [("head", "{\"a\":1}"), ("block", "1\n2"), ("message", "")];
        assert_eq!(whole, expected.map(|(name, data)| (name.to_owned(), data.to_owned())));
        for cut in 0..text.len() {
            let (front, back) = text.split_at(cut);
            assert_eq!(read(&[front, back]), whole, "cut at {cut}");
        }
    }

    #[test]
    fn an_event_beyond_the_limit_is_refused() {
        let mut parser = Parser::new(16);
        assert_eq!(parser.push(&[b'x'; 17], &mut VecDeque::new()), Err(TooLarge));
        let mut parser = Parser::new(16);
        let many_lines = b"data: 123\n".repeat(10);
        assert_eq!(parser.push(&many_lines, &mut VecDeque::new()), Err(TooLarge));
    }

    #[test]
    fn what_is_encoded_is_read_back() {
        let text = encode("head", "a\nb");
        assert_eq!(read(&[text.as_bytes()]), [("head".to_owned(), "a\nb".to_owned())]);
    }
}
