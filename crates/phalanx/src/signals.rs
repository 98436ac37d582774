//! Ctrl-C, and the system's wish that the process end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The signals that end a process.
pub(crate) struct Ending {
    interrupt: Signal,
    terminate: Signal,
}

impl Ending {
    /// From here on the signals are ours. Must be called inside a runtime.
    pub(crate) fn listen() -> anyhow::Result<Ending> {
        let listen = |kind| signal(kind).context("cannot listen to signals");
        Ok(Ending {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Cancels at the first signal; at the second the process ends at once.
    pub(crate) async fn cancel(mut self, shutdown: CancellationToken) {
        self.next().await;
        shutdown.cancel();
        self.next().await;
        eprintln!("error: stopped before everything was closed");
        std::process::exit(1);
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// A mark that a signal sets, for work that does not wait on anything.
pub(crate) fn mark() -> anyhow::Result<Arc<AtomicBool>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot start the runtime")?;
    let mut ending = runtime.block_on(async { Ending::listen() })?;
    let mark = Arc::new(AtomicBool::new(false));
    let marked = Arc::clone(&mark);
    std::thread::spawn(move || {
        runtime.block_on(ending.next());
        marked.store(true, Ordering::Relaxed);
    });
    Ok(mark)
}
