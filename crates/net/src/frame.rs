//! One message on a stream: its length as an unsigned varint, then its bytes (charon-wire 2.4).

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use unsigned_varint::{decode, encode};

/// What is wrong with a frame. The sender is at fault, except for `Io`.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// It is larger than its protocol allows; nothing of it was read.
    #[error("a frame of {size} bytes exceeds the limit of {limit}")]
    TooLarge {
        /// The announced size.
        size: u64,
        /// The limit of the protocol.
        limit: usize,
    },
    /// Its length is not a varint.
    #[error("the frame's length is not an unsigned varint")]
    BadLength,
    /// The stream ended first.
    #[error("the stream ended before the frame did")]
    Incomplete,
    /// The stream broke.
    #[error("the stream broke: {0}")]
    Io(#[source] io::Error),
}

/// A message with its length in front, ready to be written to any number of peers.
#[derive(Clone, Debug)]
pub(crate) struct Frame(Bytes);

impl Frame {
    /// Puts the length in front of a message.
    pub(crate) fn new(message: &[u8]) -> Frame {
        let mut buffer = encode::usize_buffer();
        let length = encode::usize(message.len(), &mut buffer);
        Frame([length, message].concat().into())
    }

    /// The size on the wire, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Writes the frame and sees it off; does not close the stream.
    pub(crate) async fn write(&self, stream: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        stream.write_all(&self.0).await?;
        stream.flush().await
    }
}

/// The bytes of inbound frames a peer may hold at once.
#[derive(Clone)]
pub(crate) struct Budget(Arc<Semaphore>);

/// The unit in which budgets are counted, in bytes.
const BUDGET_UNIT: usize = 1024;

impl Budget {
    pub(crate) fn new(bytes: usize) -> Budget {
        Budget(Arc::new(Semaphore::new(bytes / BUDGET_UNIT)))
    }

    async fn reserve(&self, bytes: usize) -> OwnedSemaphorePermit {
        let units = bytes.div_ceil(BUDGET_UNIT);
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        // The semaphore is never closed, and frame limits are below the budget.
        Arc::clone(&self.0).acquire_many_owned(units).await.expect("the budget is never closed")
    }
}

/// A received message and its share of the peer's budget.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) bytes: Bytes,
    /// Held until the message has been handed on.
    pub(crate) _reserved: OwnedSemaphorePermit,
}

/// Reads one frame of at most `limit` bytes. Memory grows only with what really arrives.
pub(crate) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    limit: usize,
    budget: &Budget,
) -> Result<Received, FrameError> {
    let size = read_length(stream).await?;
    let length = usize::try_from(size).ok().filter(|length| *length <= limit);
    let length = length.ok_or(FrameError::TooLarge { size, limit })?;
    let reserved = budget.reserve(length).await;
    let mut bytes = Vec::with_capacity(length.min(64 * BUDGET_UNIT));
    stream.take(length as u64).read_to_end(&mut bytes).await.map_err(FrameError::Io)?;
    if bytes.len() < length {
        return Err(FrameError::Incomplete);
    }
    Ok(Received { bytes: bytes.into(), _reserved: reserved })
}

async fn read_length(stream: &mut (impl AsyncRead + Unpin)) -> Result<u64, FrameError> {
    let mut buffer = encode::u64_buffer();
    for index in 0..buffer.len() {
        stream.read_exact(&mut buffer[index..=index]).await.map_err(read_error)?;
        if buffer[index] & 0x80 == 0 {
            let (length, _) = decode::u64(&buffer[..=index]).map_err(|_| FrameError::BadLength)?;
            return Ok(length);
        }
    }
    Err(FrameError::BadLength)
}

fn read_error(error: io::Error) -> FrameError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => FrameError::Incomplete,
        _ => FrameError::Io(error),
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    fn read_all(mut bytes: &[u8], limit: usize) -> Result<Vec<u8>, FrameError> {
        let budget = Budget::new(1 << 20);
        block_on(read(&mut bytes, limit, &budget)).map(|received| received.bytes.to_vec())
    }

    #[test]
    fn a_frame_reads_back_what_was_written() {
        for length in [0, 1, 127, 128, 300, 70_000] {
            let message = vec![7; length];
            let mut written = Vec::new();
            block_on(Frame::new(&message).write(&mut written)).expect("a vector takes all");
            assert_eq!(read_all(&written, length).expect("within the limit"), message);
        }
    }

    #[test]
    fn one_byte_over_the_limit_is_refused_unread() {
        let frame = Frame::new(&[0; 11]);
        assert!(matches!(read_all(&frame.0, 10), Err(FrameError::TooLarge { size: 11, limit: 10 })));
    }

    #[test]
    fn a_huge_length_reserves_nothing() {
        let announced = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert!(matches!(read_all(&announced, 10), Err(FrameError::TooLarge { size: u64::MAX, .. })));
    }

    #[test]
    fn a_length_without_end_is_refused() {
        assert!(matches!(read_all(&[0x80; 20], 10), Err(FrameError::BadLength)));
    }

    #[test]
    fn a_short_frame_is_incomplete() {
        assert!(matches!(read_all(&[5, 1, 2], 10), Err(FrameError::Incomplete)));
        assert!(matches!(read_all(&[], 10), Err(FrameError::Incomplete)));
    }
}
