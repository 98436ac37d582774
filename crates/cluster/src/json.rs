//! JSON the way cluster files are indented: one space a level, no newline at the end.

use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};

pub(crate) fn to_json(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, PrettyFormatter::with_indent(b" "));
    value.serialize(&mut serializer).expect("writing strings, numbers and lists to memory cannot fail");
    bytes
}
