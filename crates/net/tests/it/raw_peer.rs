//! A peer made of libp2p's parts only, that writes whatever bytes it likes.

use std::pin::Pin;

use ::cluster::NodeKey;
use futures::future::poll_fn;
use futures::{AsyncReadExt, AsyncWriteExt};
use libp2p::core::muxing::{StreamMuxerBox, StreamMuxerExt, SubstreamBox};
use libp2p::core::transport::{DialOpts, PortUse};
use libp2p::core::{Endpoint, Transport, upgrade::Version};
use libp2p::identity::{Keypair, secp256k1};
use libp2p::{PeerId, noise, tcp, yamux};
use net::Multiaddr;
use tokio::sync::{mpsc, oneshot};

/// A connection whose streams are opened on demand.
pub(crate) struct RawPeer {
    opens: mpsc::Sender<oneshot::Sender<SubstreamBox>>,
    /// The other side's own streams, in the order in which it opened them.
    theirs: mpsc::UnboundedReceiver<SubstreamBox>,
    /// Those that were not wanted stay open.
    unwanted: Vec<SubstreamBox>,
    closed: Option<oneshot::Receiver<()>>,
}

pub(crate) fn key_pair(key: &NodeKey) -> Keypair {
    let mut bytes = key.to_bytes();
    let secret = secp256k1::SecretKey::try_from_bytes(bytes.as_mut_slice()).expect("a key");
    secp256k1::Keypair::from(secret).into()
}

impl RawPeer {
    /// Connects to a host as whoever holds `key`.
    pub(crate) async fn connect(key: &NodeKey, to: &Multiaddr) -> RawPeer {
        let keys = key_pair(key);
        let mut transport = tcp::tokio::Transport::new(tcp::Config::default())
            .upgrade(Version::V1)
            .authenticate(noise::Config::new(&keys).expect("noise takes any key"))
            .multiplex(yamux::Config::default())
            .boxed();
        let options = DialOpts { role: Endpoint::Dialer, port_use: PortUse::New };
        let dial = transport.dial(to.clone(), options).expect("a TCP address");
        let (_, muxer): (PeerId, StreamMuxerBox) = dial.await.expect("the handshake succeeds");
        let (opens, wishes) = mpsc::channel(1);
        let (inbound, theirs) = mpsc::unbounded_channel();
        let (closing, closed) = oneshot::channel();
        tokio::spawn(drive(muxer, wishes, inbound, closing));
        RawPeer { opens, theirs, unwanted: Vec::new(), closed: Some(closed) }
    }

    /// Opens a stream and claims a protocol, without waiting for the answer.
    pub(crate) async fn open(&self, protocol: &str) -> SubstreamBox {
        let mut stream = self.open_bare().await;
        for line in ["/multistream/1.0.0", protocol] {
            let length = u8::try_from(line.len() + 1).expect("short lines");
            let framed = [&[length], line.as_bytes(), b"\n"].concat();
            stream.write_all(&framed).await.expect("the connection is open");
        }
        stream.flush().await.expect("the connection is open");
        stream
    }

    /// Opens a stream that says nothing.
    pub(crate) async fn open_bare(&self) -> SubstreamBox {
        let (reply, stream) = oneshot::channel();
        self.opens.send(reply).await.expect("the connection is open");
        stream.await.expect("the connection is open")
    }

    /// Opens a stream, writes `bytes` and ends it.
    pub(crate) async fn send(&self, protocol: &str, bytes: &[u8]) {
        let mut stream = self.open(protocol).await;
        stream.write_all(bytes).await.expect("the connection is open");
        stream.close().await.expect("the connection is open");
        let mut ignored = Vec::new();
        // Whether the host ends or resets the stream, it has seen it.
        let _ = stream.read_to_end(&mut ignored).await;
    }

    /// The next stream that the other side opens for that protocol, which is agreed to.
    pub(crate) async fn accept(&mut self, protocol: &str) -> SubstreamBox {
        loop {
            let next = tokio::time::timeout(crate::cluster::PATIENCE, self.theirs.recv()).await;
            let mut stream = next.expect("it opens one in time").expect("the connection is open");
            let header = read_line(&mut stream).await;
            let wanted = read_line(&mut stream).await;
            if wanted.ends_with(format!("{protocol}\n").as_bytes()) {
                stream.write_all(&[header, wanted].concat()).await.expect("the connection is open");
                stream.flush().await.expect("the connection is open");
                return stream;
            }
            self.unwanted.push(stream);
        }
    }

    /// Waits until the other side has closed the connection.
    pub(crate) async fn wait_until_closed(&mut self) {
        let closed = self.closed.take().expect("waited for once");
        let closed = tokio::time::timeout(crate::cluster::PATIENCE, closed).await;
        closed.expect("the connection closes in time").expect("the driver says so");
    }
}

/// A line of the negotiation, with its length in front.
async fn read_line(stream: &mut SubstreamBox) -> Vec<u8> {
    let mut length = [0];
    stream.read_exact(&mut length).await.expect("lines are short");
    let mut line = vec![0; length[0].into()];
    stream.read_exact(&mut line).await.expect("the line is whole");
    [&length[..], &line].concat()
}

/// The pieces of a frame: its length, then the message.
pub(crate) fn frame(message: &[u8]) -> Vec<u8> {
    let mut buffer = unsigned_varint::encode::usize_buffer();
    [unsigned_varint::encode::usize(message.len(), &mut buffer), message].concat()
}

async fn drive(
    mut muxer: StreamMuxerBox,
    mut wishes: mpsc::Receiver<oneshot::Sender<SubstreamBox>>,
    theirs: mpsc::UnboundedSender<SubstreamBox>,
    closing: oneshot::Sender<()>,
) {
    let mut wish: Option<oneshot::Sender<SubstreamBox>> = None;
    let broken = poll_fn(|cx| {
        loop {
            if muxer.poll_unpin(cx).map(|event| event.is_err()) == std::task::Poll::Ready(true) {
                return std::task::Poll::Ready(());
            }
            match muxer.poll_inbound_unpin(cx) {
                std::task::Poll::Ready(Ok(stream)) => drop(theirs.send(stream)),
                std::task::Poll::Ready(Err(_)) => return std::task::Poll::Ready(()),
                std::task::Poll::Pending => {}
            }
            if wish.is_none() {
                match wishes.poll_recv(cx) {
                    std::task::Poll::Ready(Some(next)) => wish = Some(next),
                    std::task::Poll::Ready(None) => return std::task::Poll::Ready(()),
                    std::task::Poll::Pending => return std::task::Poll::Pending,
                }
            }
            match Pin::new(&mut muxer).poll_outbound_unpin(cx) {
                std::task::Poll::Ready(Ok(stream)) => drop(wish.take().map(|wish| wish.send(stream))),
                std::task::Poll::Ready(Err(_)) => return std::task::Poll::Ready(()),
                std::task::Poll::Pending => return std::task::Poll::Pending,
            }
        }
    });
    broken.await;
    // Nobody may be waiting for it.
    let _ = closing.send(());
}
