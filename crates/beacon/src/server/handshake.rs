//! The first bytes of a connection to a port that speaks TLS.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::Tls;
use crate::api::ErrorBody;
use crate::client::json_body;

/// First byte of a TLS connection: a record of the handshake (RFC 8446 5.1).
const HANDSHAKE_RECORD: u8 = 0x16;
/// Most bytes of a plain request that are read before the connection is closed.
const PLAIN_MAX: u64 = 64 << 10;

/// Why a connection is not let in: its peer's fault.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Outside {
    /// It left, or broke.
    #[error("the connection broke ({0})")]
    Broke(#[from] std::io::Error),
    /// It does not speak TLS.
    #[error("it does not speak TLS; use https:// in the validator client's address of this node")]
    Plain,
    /// The handshake failed.
    #[error("{0}; check the certificates on both sides")]
    Handshake(std::io::Error),
}

/// Makes the connection a TLS connection. To a peer that speaks HTTP without TLS, what to do is said in its language.
pub(crate) async fn handshake(tls: &Tls, mut stream: TcpStream) -> Result<TlsStream<TcpStream>, Outside> {
    let mut first = [0];
    match stream.peek(&mut first).await? {
        0 => return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into()),
        _ if first[0] == HANDSHAKE_RECORD => {}
        _ => {
            turn_away(&mut stream).await?;
            return Err(Outside::Plain);
        }
    }
    let tls = tls.clone();
    let config = tokio::task::spawn_blocking(move || tls.current()).await.map_err(std::io::Error::other)?;
    TlsAcceptor::from(config).accept(stream).await.map_err(Outside::Handshake)
}

async fn turn_away(stream: &mut TcpStream) -> std::io::Result<()> {
    let message =
        "this port speaks TLS: use https:// in the validator client's address of this node".to_owned();
    let body = json_body(&ErrorBody { code: 400, message, failures: Vec::new() });
    let head = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&body).await?;
    stream.shutdown().await?;
    // A close with unread bytes would reset the connection, and the answer could be lost on its way.
    tokio::io::copy(&mut stream.take(PLAIN_MAX), &mut tokio::io::sink()).await?;
    Ok(())
}
