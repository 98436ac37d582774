//! How much of requests' bodies is held in memory at once, by all connections together.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use axum::BoxError;
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

/// The bodies of all requests that are not yet answered.
pub(crate) struct Load {
    held: AtomicUsize,
    max: usize,
}

/// One request's part of the load, taken off when the request is answered.
pub(crate) struct Part {
    load: Arc<Load>,
    bytes: AtomicUsize,
}

/// A body that adds to the load as it comes in.
pub(crate) struct Weighed {
    body: Incoming,
    part: Arc<Part>,
}

/// A body that there is no room for.
#[derive(Debug, thiserror::Error)]
#[error("too many large requests at once; try again")]
pub(crate) struct Overload;

impl Load {
    /// Room for so many bytes.
    pub(crate) fn new(max: usize) -> Arc<Load> {
        Arc::new(Load { held: AtomicUsize::new(0), max })
    }

    /// A request's part, nothing yet.
    pub(crate) fn part(self: &Arc<Self>) -> Arc<Part> {
        Arc::new(Part { load: self.clone(), bytes: AtomicUsize::new(0) })
    }
}

impl Part {
    pub(crate) fn weigh(self: &Arc<Self>, body: Incoming) -> Weighed {
        Weighed { body, part: self.clone() }
    }

    fn add(&self, bytes: usize) -> Result<(), Overload> {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let before = self.load.held.fetch_add(bytes, Ordering::Relaxed);
        if before + bytes > self.load.max { Err(Overload) } else { Ok(()) }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.load.held.fetch_sub(self.bytes.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

impl Body for Weighed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        Poll::Ready(frame.map(|frame| {
            let frame = frame?;
            self.part.add(frame.data_ref().map_or(0, Bytes::len))?;
            Ok(frame)
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
