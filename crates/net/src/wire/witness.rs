//! Hellos and testimonies (docs/decisions/0011).

use cluster::GroupKey;
use duty::{Hello, Life, Marks, Testimony, Time, VoteMark, Watermark};
use eth::{Epoch, PublicKeyBytes, Slot};
use prost::Message as _;

use super::fields::{Field, Fields};
use super::proto;
use super::reject::Reject;
use super::values::MAX_ENTRIES;

/// The field of a testimony's marks.
const MARKS: u32 = 3;

/// Encodes a hello.
pub fn encode_hello(hello: &Hello) -> Vec<u8> {
    let hello = proto::Hello {
        life: Some(encode_life(hello.life)),
        echo_ns: hello.echo.map(|echo| echo.0),
        asks: hello.asks,
    };
    hello.encode_to_vec()
}

/// Reads a hello.
///
/// # Errors
/// It is malformed: the peer is at fault.
pub fn decode_hello(bytes: &[u8]) -> Result<Hello, Reject> {
    let proto::Hello { life, echo_ns, asks } = proto::Hello::decode(bytes)?;
    let life = decode_life(&life.ok_or(Reject::Missing("life"))?)?;
    Ok(Hello { life, echo: echo_ns.map(Time), asks })
}

/// Encodes a testimony.
pub fn encode_testimony(testimony: &Testimony) -> Vec<u8> {
    let marks = testimony.seen.iter().flatten().map(|(key, mark)| encode_mark(key, mark)).collect();
    let testimony = proto::Testimony {
        at_ns: testimony.at.0,
        tells: testimony.seen.is_some(),
        marks,
        twin: testimony.twin.map(encode_life),
    };
    testimony.encode_to_vec()
}

/// Reads a testimony; its marks are counted before they are kept.
///
/// # Errors
/// It is malformed: the peer is at fault.
pub fn decode_testimony(bytes: &[u8]) -> Result<Testimony, Reject> {
    let is_mark = |field: &Result<Field<'_>, Reject>| matches!(field, Ok(Field::Bytes(MARKS, _)));
    if Fields::of(bytes).filter(is_mark).count() > MAX_ENTRIES {
        return Err(Reject::TooManyEntries { limit: MAX_ENTRIES });
    }
    let proto::Testimony { at_ns, tells, marks, twin } = proto::Testimony::decode(bytes)?;
    let marks = marks.iter().map(decode_mark).collect::<Result<Marks, Reject>>()?;
    let twin = twin.as_ref().map(decode_life).transpose()?;
    Ok(Testimony { at: Time(at_ns), seen: tells.then_some(marks), twin })
}

fn encode_life(life: Life) -> proto::Life {
    proto::Life { began_ns: life.began.0, nonce: life.nonce.to_vec() }
}

fn decode_life(life: &proto::Life) -> Result<Life, Reject> {
    let nonce = life.nonce[..].try_into().map_err(|_| Reject::Malformed("nonce"))?;
    Ok(Life { began: Time(life.began_ns), nonce })
}

fn encode_mark(key: &GroupKey, mark: &Watermark) -> proto::Mark {
    let vote = |vote: VoteMark| proto::Vote { source_epoch: vote.source.0, target_epoch: vote.target.0 };
    proto::Mark {
        key: key.0.as_bytes().to_vec(),
        vote: mark.vote.map(vote),
        block_slot: mark.block.map(|slot| slot.0),
    }
}

fn decode_mark(mark: &proto::Mark) -> Result<(GroupKey, Watermark), Reject> {
    let key: [u8; 48] = mark.key[..].try_into().map_err(|_| Reject::Malformed("key of a mark"))?;
    let vote =
        |vote: &proto::Vote| VoteMark { source: Epoch(vote.source_epoch), target: Epoch(vote.target_epoch) };
    let mark = Watermark { vote: mark.vote.as_ref().map(vote), block: mark.block_slot.map(Slot) };
    Ok((GroupKey(PublicKeyBytes(key)), mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(began: i64, nonce: u8) -> Life {
        Life { began: Time(began), nonce: [nonce; 16] }
    }

    fn hello() -> Hello {
        Hello { life: life(-1, 7), echo: Some(Time(300)), asks: true }
    }

    fn testimony() -> Testimony {
        let vote = VoteMark { source: Epoch(0), target: Epoch(300) };
        let seen = Marks::from([
            (GroupKey(PublicKeyBytes([1; 48])), Watermark { vote: Some(vote), block: None }),
            (GroupKey(PublicKeyBytes([2; 48])), Watermark { vote: None, block: Some(Slot(0)) }),
        ]);
        Testimony { at: Time(5), seen: Some(seen), twin: Some(life(4, 9)) }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_encoding_is_pinned() {
        let nonce = |byte: &str| byte.repeat(16);
        let expected = format!("0a140801121{}{}10d8041801", "0", nonce("07"));
        assert_eq!(hex(&encode_hello(&hello())), expected);
        let first = format!("1a37 0a30{} 1203 10ac02", "01".repeat(48)).replace(' ', "");
        let second = format!("1a34 0a30{} 1800", "02".repeat(48)).replace(' ', "");
        let expected = format!("080a 1001 {first}{second} 2214 0808 1210{}", nonce("09")).replace(' ', "");
        assert_eq!(hex(&encode_testimony(&testimony())), expected);
    }

    #[test]
    fn what_is_said_is_understood() {
        let bare = Hello { echo: None, asks: false, ..hello() };
        for hello in [hello(), bare] {
            assert_eq!(decode_hello(&encode_hello(&hello)), Ok(hello));
        }
        let unasked = Testimony { seen: None, twin: None, ..testimony() };
        let nothing = Testimony { seen: Some(Marks::new()), ..unasked.clone() };
        for testimony in [testimony(), unasked, nothing] {
            assert_eq!(decode_testimony(&encode_testimony(&testimony)), Ok(testimony));
        }
    }

    #[test]
    fn improper_messages_are_refused() {
        assert_eq!(decode_hello(&[]), Err(Reject::Missing("life")));
        let short = proto::Hello {
            life: Some(proto::Life { began_ns: 0, nonce: vec![1; 15] }),
            ..proto::Hello::default()
        };
        assert_eq!(decode_hello(&short.encode_to_vec()), Err(Reject::Malformed("nonce")));
        let keyless = proto::Testimony { marks: vec![proto::Mark::default()], ..proto::Testimony::default() };
        assert_eq!(decode_testimony(&keyless.encode_to_vec()), Err(Reject::Malformed("key of a mark")));
        let endless = [0x1a, 0].repeat(MAX_ENTRIES + 1);
        assert_eq!(decode_testimony(&endless), Err(Reject::TooManyEntries { limit: MAX_ENTRIES }));
        for length in 0..encode_testimony(&testimony()).len() {
            // Whatever is cut off, nothing breaks.
            let _ = decode_testimony(&encode_testimony(&testimony())[..length]);
        }
    }
}
