//! The way between nodes that stand at home: an uplink of so many bits per second, shared by all that a node sends, and
//! a delay. Loss and the slow start of a congested path are left out.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{Mutex, mpsc};
use tokio::time::{Instant, sleep_until};

/// One way.
const DELAY: Duration = Duration::from_millis(25);
/// What is sent at a time; connections take turns.
const CHUNK: usize = 16 << 10;
/// Bytes that wait in front of the line for each connection, as in the buffer of a socket.
const BUFFER: u32 = 128 << 10;
/// Timers are late by up to this; the line catches up.
const SLACK: Duration = Duration::from_millis(10);

/// What a node sends passes here, whichever peer it is for.
#[derive(Clone)]
pub(crate) struct Uplink {
    bits_per_second: f64,
    free: Arc<Mutex<Instant>>,
}

impl Uplink {
    pub(crate) fn new(bits_per_second: f64) -> Uplink {
        Uplink { bits_per_second, free: Arc::new(Mutex::new(Instant::now())) }
    }

    /// Waits for its turn and until the last byte has left; when that was.
    async fn pass(&self, bytes: usize) -> Instant {
        let mut free = self.free.lock().await;
        let begun = Instant::now().checked_sub(SLACK).map_or(*free, |slack| slack.max(*free));
        *free = begun + Duration::from_secs_f64(bytes as f64 * 8.0 / self.bits_per_second);
        sleep_until(*free).await;
        *free
    }
}

/// Lays a line to `listener`, whose node sends through `theirs`; who dials the address returned sends through `ours`.
pub(crate) async fn lay(listener: SocketAddr, ours: Uplink, theirs: Uplink) -> io::Result<SocketAddr> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(BUFFER)?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let door = socket.listen(8)?;
    let address = door.local_addr()?;
    tokio::spawn(async move {
        while let Ok((dialler, _)) = door.accept().await {
            let _ = join(dialler, listener, ours.clone(), theirs.clone()).await;
        }
    });
    Ok(address)
}

async fn join(dialler: TcpStream, listener: SocketAddr, ours: Uplink, theirs: Uplink) -> io::Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(BUFFER)?;
    let listener = socket.connect(listener).await?;
    dialler.set_nodelay(true)?;
    listener.set_nodelay(true)?;
    let ((from_dialler, to_dialler), (from_listener, to_listener)) =
        (dialler.into_split(), listener.into_split());
    carry(from_dialler, to_listener, ours);
    carry(from_listener, to_dialler, theirs);
    Ok(())
}

fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, uplink: Uplink) {
    let (sender, mut on_the_way) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    tokio::spawn(async move {
        let mut chunk = vec![0; CHUNK];
        while let Ok(length @ 1..) = from.read(&mut chunk).await {
            let arrives = uplink.pass(length).await + DELAY;
            if sender.send((arrives, chunk[..length].to_vec())).is_err() {
                return;
            }
        }
    });
    tokio::spawn(async move {
        while let Some((arrives, chunk)) = on_the_way.recv().await {
            sleep_until(arrives).await;
            if to.write_all(&chunk).await.is_err() {
                return;
            }
        }
    });
}
