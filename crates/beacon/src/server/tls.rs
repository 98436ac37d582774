//! TLS for the validator API: the node's certificate, and which clients are let in.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};

const CERTIFICATE: &str = "the TLS certificate";
const KEY: &str = "the TLS key";
const AUTHORITY: &str = "the TLS client authority";

/// The PEM files TLS is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The node's certificate, then those between it and a root.
    pub certificate: PathBuf,
    /// Its private key (PKCS #8, PKCS #1 or SEC 1), not encrypted.
    pub key: PathBuf,
    /// Certificates of the authorities whose clients are let in, and no others. `None`: every client is let in.
    pub client_authority: Option<PathBuf>,
}

/// TLS ready to be spoken. A certificate that was renewed in its files is served from the next handshake on, without
/// a restart.
#[derive(Clone)]
pub struct Tls {
    files: TlsFiles,
    loaded: Arc<Mutex<Loaded>>,
}

struct Loaded {
    config: Arc<ServerConfig>,
    stamps: Stamps,
}

/// When each file was last written, and its length.
type Stamps = Vec<Option<(SystemTime, u64)>>;

/// Why the validator API cannot speak TLS: the operator's files are at fault.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {what} {}: {cause}. Check that it exists and that the node may read it", path.display())]
    Read {
        /// What the file is.
        what: &'static str,
        /// Where it should be.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A file is not what it should be.
    #[error("{what} {} cannot be used: {why}. {remedy}", path.display())]
    Unusable {
        /// What the file is.
        what: &'static str,
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
        /// What to do.
        remedy: &'static str,
    },
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// When a file cannot be read, holds nothing of use in PEM form, or the key is not the certificate's.
    pub fn load(files: TlsFiles) -> Result<Tls, TlsError> {
        let stamps = stamps(&files);
        let config = Arc::new(config(&files)?);
        Ok(Tls { files, loaded: Arc::new(Mutex::new(Loaded { config, stamps })) })
    }

    /// What the next handshake is made with. Files that changed are read again; if they are of no use, for instance
    /// because only one of them is written yet, what was loaded before still holds. Reads files.
    pub(crate) fn current(&self) -> Arc<ServerConfig> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let now = stamps(&self.files);
        if now != loaded.stamps {
            loaded.stamps = now;
            match config(&self.files) {
                Ok(config) => {
                    tracing::info!("The validator API's TLS files changed and are in use");
                    loaded.config = Arc::new(config);
                }
                Err(error) => tracing::warn!("The validator API keeps its old TLS certificate: {error}"),
            }
        }
        loaded.config.clone()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("files", &self.files).finish_non_exhaustive()
    }
}

fn stamps(files: &TlsFiles) -> Stamps {
    let paths = [Some(&files.certificate), Some(&files.key), files.client_authority.as_ref()];
    let stamp = |path: &PathBuf| {
        let data = std::fs::metadata(path).ok()?;
        Some((data.modified().ok()?, data.len()))
    };
    paths.into_iter().flatten().map(stamp).collect()
}

fn config(files: &TlsFiles) -> Result<ServerConfig, TlsError> {
    let chain = certificates(CERTIFICATE, &files.certificate)?;
    let key = private_key(&files.key)?;
    let clients = clients(files.client_authority.as_deref())?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring speaks the default versions")
        .with_client_cert_verifier(clients)
        .with_single_cert(chain, key);
    let mut config = config.map_err(|error| TlsError::Unusable {
        what: KEY,
        path: files.key.clone(),
        why: format!("{error}, with the certificate {}", files.certificate.display()),
        remedy: "Give the key the certificate was made for (RSA, ECDSA P-256 or P-384, or Ed25519), and put the \
                 node's own certificate first",
    })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn clients(authority: Option<&Path>) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let Some(path) = authority else { return Ok(Arc::new(NoClientAuth)) };
    let unusable = |why: String| TlsError::Unusable {
        what: AUTHORITY,
        path: path.to_owned(),
        why,
        remedy: "Give the certificate of the authority that signed the clients' certificates",
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(AUTHORITY, path)? {
        roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
    }
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
    verifier
        .map(|verifier| verifier as Arc<dyn ClientCertVerifier>)
        .map_err(|error| unusable(error.to_string()))
}

fn certificates(what: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = read(what, path)?;
    let unusable = |why: String| TlsError::Unusable {
        what,
        path: path.to_owned(),
        why,
        remedy: "It must hold one or more blocks that begin with -----BEGIN CERTIFICATE-----",
    };
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let all = all.map_err(|error| unusable(error.to_string()))?;
    if all.is_empty() { Err(unusable("it holds no certificate".to_owned())) } else { Ok(all) }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let pem = read(KEY, path)?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|error| TlsError::Unusable {
        what: KEY,
        path: path.to_owned(),
        why: error.to_string(),
        remedy: if pem.windows(9).any(|word| word == b"ENCRYPTED") {
            "Decrypt it (openssl pkey -in KEY -out NEW); nobody can be asked for its password"
        } else {
            "It must hold a block that begins with -----BEGIN PRIVATE KEY-----"
        },
    })
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|cause| TlsError::Read { what, path: path.to_owned(), cause })
}
