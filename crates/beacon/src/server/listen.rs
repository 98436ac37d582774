//! The socket: connections with bounds on their number, their headers and their idle time.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::ServerConfig;

/// Most bytes of a request's line and headers: more are refused with 431.
const HEADERS_SIZE_MAX: usize = 64 << 10;
/// Most headers of a request.
const HEADERS_MAX: usize = 100;
/// Pause after the system had no socket to give, for instance because of its limit on open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `shutdown`; then running requests may end within the drain timeout.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    config: &ServerConfig,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let mut connections = JoinSet::new();
    let slots = Arc::new(Semaphore::new(config.connections_max));
    let protocol = protocol(config.idle_timeout);
    while let Some((stream, slot)) = accept(&listener, &slots, &shutdown).await {
        while connections.try_join_next().is_some() {}
        let (protocol, router, shutdown) = (protocol.clone(), router.clone(), shutdown.clone());
        connections.spawn(async move {
            connection(stream, &protocol, router, &shutdown).await;
            drop(slot);
        });
    }
    let drained = async { while connections.join_next().await.is_some() {} };
    // Event streams never end by themselves; what still runs afterwards is cut as the set is dropped.
    let _ = timeout(config.drain_timeout, drained).await;
    Ok(())
}

/// The next connection, once there is room for it; `None` at shutdown.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
    shutdown: &CancellationToken,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let next = async {
        let slot = slots.clone().acquire_owned().await.expect("the semaphore is never closed");
        loop {
            match listener.accept().await {
                Ok((stream, _)) => return (stream, slot),
                Err(error) => {
                    tracing::warn!("Validator API cannot accept a connection: {error}");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    tokio::select! {
        () = shutdown.cancelled() => None,
        next = next => Some(next),
    }
}

/// HTTP/1.1 as recorded validator clients speak it. The header timeout also runs while a connection is idle.
fn protocol(idle_timeout: Duration) -> http1::Builder {
    let mut protocol = http1::Builder::new();
    protocol.timer(TokioTimer::new());
    protocol.header_read_timeout(idle_timeout);
    protocol.max_buf_size(HEADERS_SIZE_MAX);
    protocol.max_headers(HEADERS_MAX);
    protocol
}

async fn connection(
    stream: TcpStream,
    protocol: &http1::Builder,
    router: Router,
    shutdown: &CancellationToken,
) {
    // An answer goes out at once; that this can fail on a dead connection does not matter.
    let _ = stream.set_nodelay(true);
    let serving = protocol.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(serving);
    let ended: Result<(), hyper::Error> = tokio::select! {
        ended = serving.as_mut() => ended,
        () = shutdown.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!("Validator API connection ended: {error}");
    }
}
