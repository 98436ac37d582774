//! The socket: connections with bounds on their number, their handshake, their headers and their idle time.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutWriter;
use tokio_util::sync::CancellationToken;

use super::ServerConfig;
use super::crowd::{Crowd, Guest, Place};
use super::handshake::{Outside, handshake};
use super::load::Load;

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
    let crowd = Crowd::new(config.connections_max);
    let (protocol, load) = (protocol(config.idle_timeout), Load::new(config.bodies_max));
    let door = Arc::new(Door { protocol, config: config.clone(), router, load });
    while let Some((stream, peer, place)) = next(&listener, &crowd, &shutdown).await {
        while connections.try_join_next().is_some() {}
        let (door, shutdown) = (door.clone(), shutdown.clone());
        connections.spawn(async move { door.enter(stream, peer, &place.guest, &shutdown).await });
    }
    let drained = async { while connections.join_next().await.is_some() {} };
    // Event streams never end by themselves; what still runs afterwards is cut as the set is dropped.
    let _ = timeout(config.drain_timeout, drained).await;
    Ok(())
}

/// The next connection, once there is room for it; `None` at shutdown.
async fn next(
    listener: &TcpListener,
    crowd: &Arc<Crowd>,
    shutdown: &CancellationToken,
) -> Option<(TcpStream, SocketAddr, Place)> {
    let next = async {
        let (stream, peer) = accept(listener).await;
        (stream, peer, crowd.enter().await)
    };
    tokio::select! {
        () = shutdown.cancelled() => None,
        next = next => Some(next),
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                tracing::warn!("Validator API cannot accept a connection: {error}");
                sleep(ACCEPT_PAUSE).await;
            }
        }
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

/// What all connections have in common.
struct Door {
    protocol: http1::Builder,
    config: ServerConfig,
    router: Router,
    load: Arc<Load>,
}

impl Door {
    /// Serves one connection until it ends, or is told to give way.
    async fn enter(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        guest: &Arc<Guest>,
        shutdown: &CancellationToken,
    ) {
        // An answer goes out at once; that this can fail on a dead connection does not matter.
        let _ = stream.set_nodelay(true);
        let Some(tls) = &self.config.tls else { return self.serve(stream, guest, shutdown).await };
        let shaken = tokio::select! {
            () = shutdown.cancelled() => return,
            () = guest.dismissed() => return,
            shaken = timeout(self.config.handshake_timeout, handshake(tls, stream)) => shaken,
        };
        match shaken {
            Ok(Ok(stream)) => self.serve(stream, guest, shutdown).await,
            Ok(Err(Outside::Broke(why))) => tracing::debug!("Validator API: {peer} left at once ({why})"),
            Ok(Err(why)) => tracing::warn!("Validator API: {peer} is not let in: {why}"),
            Err(_) => tracing::debug!("Validator API: {peer} did not end its TLS handshake in time"),
        }
    }

    async fn serve<S>(&self, stream: S, guest: &Arc<Guest>, shutdown: &CancellationToken)
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let mut stream = TimeoutWriter::new(stream);
        stream.set_timeout(Some(self.config.write_timeout));
        let stream = TokioIo::new(Box::pin(stream));
        let serving =
            self.protocol.serve_connection(stream, service_fn(|request| self.answer(guest, request)));
        tokio::pin!(serving);
        let ended: Result<(), hyper::Error> = tokio::select! {
            ended = serving.as_mut() => ended,
            () = guest.dismissed() => {
                serving.as_mut().graceful_shutdown();
                if guest.is_idle() { return }
                serving.await
            }
            () = shutdown.cancelled() => {
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!("Validator API connection ended: {error}");
        }
    }

    async fn answer(&self, guest: &Arc<Guest>, request: Request<Incoming>) -> Result<Response, Infallible> {
        let (busy, part) = (guest.busy(), self.load.part());
        let request = request.map(|body| part.weigh(body));
        let response = TowerToHyperService::new(self.router.clone()).call(request).await?;
        Ok(response.map(|body| busy.until_written(body)))
    }
}
