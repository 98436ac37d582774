//! A look at SQLite's write-ahead log before SQLite takes its valid prefix and drops the rest without a word.
//!
//! The log's format is public (sqlite.org/fileformat2.html, section 4). Every commit is synced before the next one
//! begins, so a crash or power loss can only damage the newest one. When more than one transaction lies at and behind
//! the first damaged frame, something that was once durable is not readable any more.

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
const MAGIC_LITTLE_ENDIAN: u32 = 0x377f_0682;
const MAGIC_BIG_ENDIAN: u32 = 0x377f_0683;

/// What a write-ahead log looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wal {
    /// Missing, or too short for a single frame.
    Empty,
    /// Nothing but whole commits, and possibly one that never completed, on which nothing relied.
    Sound,
    /// Commits that had completed lie at or behind a damaged frame: SQLite would drop them.
    Damaged,
    /// The header is damaged: SQLite would drop everything in the log.
    HeaderDamaged,
}

/// Examines the bytes of a `-wal` file.
pub(super) fn examine(log: &[u8]) -> Wal {
    if log.len() <= HEADER_BYTES + FRAME_HEADER_BYTES {
        return Wal::Empty;
    }
    let Some(header) = Header::read(log) else { return Wal::HeaderDamaged };
    let frames = log[HEADER_BYTES..].chunks_exact(FRAME_HEADER_BYTES + header.page_bytes);
    let frames: Vec<&[u8]> = frames.collect();
    let valid = header.valid_frames(&frames);
    let committed = frames[..valid].iter().rposition(|frame| is_commit(frame)).map_or(0, |last| last + 1);
    match is_one_transaction(&header, &frames[committed..], valid - committed) {
        true => Wal::Sound,
        false => Wal::Damaged,
    }
}

/// Whether the frames behind the last whole commit can be the remains of a single interrupted one: its pages come in
/// rising order and its last frame alone marks a commit. Frames of an earlier use of the file carry other salts.
fn is_one_transaction(header: &Header, tail: &[&[u8]], damaged: usize) -> bool {
    let (mut last_page, mut is_complete) = (0, false);
    for (number, frame) in tail.iter().enumerate().filter(|(_, frame)| header.owns(frame)) {
        if is_complete {
            return false;
        }
        is_complete = is_commit(frame);
        if number != damaged {
            if page_of(frame) <= last_page {
                return false;
            }
            last_page = page_of(frame);
        }
    }
    true
}

struct Header {
    page_bytes: usize,
    salts: [u8; 8],
    sum: (u32, u32),
    is_big_endian: bool,
}

impl Header {
    fn read(log: &[u8]) -> Option<Header> {
        let is_big_endian = match word(log, 0) {
            MAGIC_BIG_ENDIAN => true,
            MAGIC_LITTLE_ENDIAN => false,
            _ => return None,
        };
        let sum = checksum(is_big_endian, (0, 0), &log[..24]);
        let page_bytes = usize::try_from(word(log, 8)).ok()?;
        let is_sound = sum == (word(log, 24), word(log, 28)) && (512..=65_536).contains(&page_bytes);
        let salts = log[16..24].try_into().ok()?;
        is_sound.then_some(Header { page_bytes, salts, sum, is_big_endian })
    }

    /// How many frames from the start belong to this log and are undamaged.
    fn valid_frames(&self, frames: &[&[u8]]) -> usize {
        let mut sum = self.sum;
        for (number, frame) in frames.iter().enumerate() {
            match self.sum_after(sum, frame) {
                Some(next) => sum = next,
                None => return number,
            }
        }
        frames.len()
    }

    /// The running checksum after a frame, if the frame belongs to this log and is undamaged.
    fn sum_after(&self, sum: (u32, u32), frame: &[u8]) -> Option<(u32, u32)> {
        let sum = checksum(self.is_big_endian, sum, &frame[..8]);
        let sum = checksum(self.is_big_endian, sum, &frame[FRAME_HEADER_BYTES..]);
        let is_sound = self.owns(frame) && sum == (word(frame, 16), word(frame, 20));
        is_sound.then_some(sum)
    }

    fn owns(&self, frame: &[u8]) -> bool {
        frame[8..16] == self.salts
    }
}

/// The last frame of a transaction tells the size of the database after it.
fn is_commit(frame: &[u8]) -> bool {
    word(frame, 4) != 0
}

fn page_of(frame: &[u8]) -> u32 {
    word(frame, 0)
}

fn checksum(is_big_endian: bool, start: (u32, u32), bytes: &[u8]) -> (u32, u32) {
    let read = |bytes: &[u8]| {
        let bytes = [bytes[0], bytes[1], bytes[2], bytes[3]];
        if is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    };
    bytes.chunks_exact(8).fold(start, |(s0, s1), pair| {
        let s0 = s0.wrapping_add(read(&pair[..4])).wrapping_add(s1);
        let s1 = s1.wrapping_add(read(&pair[4..])).wrapping_add(s0);
        (s0, s1)
    })
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
