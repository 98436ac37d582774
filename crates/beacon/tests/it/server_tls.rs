//! TLS in front of the validator API, with certificates made here.

use std::path::PathBuf;
use std::time::Duration;

use axum::Router;
use beacon::server::{ServerConfig, Tls, TlsFiles};
use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::backend::Api;
use crate::node::{Node, client};

const VERSION: &str = "/eth/v1/node/version";

/// An authority that signs certificates.
struct Authority {
    certificate: Certificate,
    key: KeyPair,
}

impl Authority {
    fn new() -> Authority {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority { certificate: params.self_signed(&key).expect("a certificate"), key }
    }

    /// Certificate and key for this host, as PEM.
    fn signs(&self) -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &self.certificate, &self.key).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }

    /// A client that trusts this authority, and shows a certificate.
    fn client(&self, identity: Option<(String, String)>) -> reqwest::Client {
        let root = reqwest::Certificate::from_pem(self.certificate.pem().as_bytes()).expect("PEM");
        let mut builder = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20));
        builder = builder.tls_certs_only([root]);
        if let Some((certificate, key)) = identity {
            let identity = reqwest::Identity::from_pem(format!("{certificate}{key}").as_bytes());
            builder = builder.identity(identity.expect("PEM"));
        }
        builder.build().expect("a client")
    }
}

/// A directory with the node's files.
struct Files {
    folder: TempDir,
}

impl Files {
    fn of(pair: &(String, String)) -> Files {
        let files = Files { folder: tempfile::tempdir().expect("a directory") };
        files.write("certificate.pem", &pair.0);
        files.write("key.pem", &pair.1);
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("the directory is writable");
    }

    fn tls(&self) -> TlsFiles {
        let (certificate, key) = (self.path("certificate.pem"), self.path("key.pem"));
        TlsFiles { certificate, key, client_authority: None }
    }

    /// Only clients of this authority.
    fn for_clients_of(&self, authority: &Authority) -> TlsFiles {
        self.write("clients.pem", &authority.certificate.pem());
        TlsFiles { client_authority: Some(self.path("clients.pem")), ..self.tls() }
    }
}

async fn api(files: TlsFiles) -> (Node, Api) {
    api_with(files, ServerConfig::default()).await
}

async fn api_with(files: TlsFiles, config: ServerConfig) -> (Node, Api) {
    let node = Node::start(Router::new()).await;
    let config = ServerConfig { tls: Some(Tls::load(files).expect("sound files")), ..config };
    let api = Api::start_with(client([node.url()]), config).await;
    (node, api)
}

async fn ask(client: &reqwest::Client, api: &Api) -> Result<u16, reqwest::Error> {
    let url = format!("https://{}{VERSION}", api.address);
    Ok(client.get(url).send().await?.status().as_u16())
}

#[tokio::test]
async fn a_client_that_trusts_the_certificate_is_served() {
    let authority = Authority::new();
    let files = Files::of(&authority.signs());
    let (_node, api) = api(files.tls()).await;
    assert_eq!(ask(&authority.client(None), &api).await.expect("served"), 200);
    ask(&Authority::new().client(None), &api).await.expect_err("another authority's client is not fooled");
}

#[tokio::test]
async fn with_a_client_authority_only_its_clients_are_let_in() {
    let (servers, clients) = (Authority::new(), Authority::new());
    let files = Files::of(&servers.signs());
    let (_node, api) = api(files.for_clients_of(&clients)).await;
    let known = servers.client(Some(clients.signs()));
    assert_eq!(ask(&known, &api).await.expect("served"), 200);
    ask(&servers.client(None), &api).await.expect_err("without a certificate");
    let stranger = servers.client(Some(Authority::new().signs()));
    ask(&stranger, &api).await.expect_err("with another authority's certificate");
    assert_eq!(ask(&known, &api).await.expect("still served"), 200);
}

#[tokio::test]
async fn a_plain_client_on_a_tls_port_is_told_what_to_do() {
    let files = Files::of(&Authority::new().signs());
    let (_node, api) = api(files.tls()).await;
    let mut stream = TcpStream::connect(api.address).await.expect("it listens");
    let request =
        format!("POST {VERSION} HTTP/1.1\r\nhost: a\r\ncontent-length: 3000\r\n\r\n{}", "x".repeat(3000));
    stream.write_all(request.as_bytes()).await.expect("it reads");
    stream.shutdown().await.expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it ends in order");
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("use https://"), "{answer}");
    let body = answer.split_once("\r\n\r\n").expect("a body").1;
    let body: beacon::api::ErrorBody = serde_json::from_str(body).expect("an error body");
    assert_eq!(body.code, 400);
}

#[tokio::test]
async fn a_handshake_that_stalls_is_not_waited_for() {
    let files = Files::of(&Authority::new().signs());
    let config = ServerConfig { handshake_timeout: Duration::from_millis(50), ..ServerConfig::default() };
    let (_node, api) = api_with(files.tls(), config).await;
    for begin in [&b""[..], b"\x16\x03\x01"] {
        let mut silent = TcpStream::connect(api.address).await.expect("it listens");
        silent.write_all(begin).await.expect("it reads");
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(20), silent.read_to_end(&mut rest)).await;
        // Closed with unread bytes, a connection is reset; without, it ends.
        let _ = ended.expect("it is closed");
    }
}

#[tokio::test]
async fn a_stalled_handshake_does_not_keep_the_server_from_shutting_down() {
    let files = Files::of(&Authority::new().signs());
    let patient = Duration::from_secs(3600);
    let config =
        ServerConfig { handshake_timeout: patient, drain_timeout: patient, ..ServerConfig::default() };
    let (_node, api) = api_with(files.tls(), config).await;
    let mut silent = TcpStream::connect(api.address).await.expect("it listens");
    silent.write_all(b"\x16\x03\x01").await.expect("it reads");
    api.stop().await;
}

#[tokio::test]
async fn a_renewed_certificate_is_served_without_a_restart() {
    let (old, new) = (Authority::new(), Authority::new());
    let files = Files::of(&old.signs());
    let (_node, api) = api(files.tls()).await;
    assert_eq!(ask(&old.client(None), &api).await.expect("served"), 200);
    let (certificate, key) = new.signs();
    files.write("certificate.pem", &format!("{certificate}\n"));
    assert_eq!(ask(&old.client(None), &api).await.expect("half a renewal is none"), 200);
    files.write("key.pem", &format!("{key}\n\n"));
    assert_eq!(ask(&new.client(None), &api).await.expect("served with the new one"), 200);
    ask(&old.client(None), &api).await.expect_err("and no longer with the old one");
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_name_and_the_remedy() {
    let authority = Authority::new();
    let files = Files::of(&authority.signs());
    let refused = |tls: TlsFiles| Tls::load(tls).expect_err("refused").to_string();
    let check = |message: String, words: &[&str]| {
        assert!(words.iter().all(|word| message.contains(word)), "{words:?} not in {message}");
    };
    let missing = TlsFiles { certificate: files.path("no.pem"), ..files.tls() };
    check(refused(missing), &["no.pem", "exists and that the node may read it"]);

    files.write("empty.pem", "not PEM");
    let empty = TlsFiles { certificate: files.path("empty.pem"), ..files.tls() };
    check(refused(empty), &["TLS certificate", "empty.pem", "BEGIN CERTIFICATE"]);
    let empty = TlsFiles { key: files.path("empty.pem"), ..files.tls() };
    check(refused(empty), &["TLS key", "empty.pem", "BEGIN PRIVATE KEY"]);
    let empty = TlsFiles { client_authority: Some(files.path("empty.pem")), ..files.tls() };
    check(refused(empty), &["client authority", "empty.pem", "BEGIN CERTIFICATE"]);

    files.write("other.pem", &authority.signs().1);
    let foreign = TlsFiles { key: files.path("other.pem"), ..files.tls() };
    check(refused(foreign), &["other.pem", "certificate.pem", "the certificate was made for"]);

    files.write(
        "locked.pem",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    let locked = TlsFiles { key: files.path("locked.pem"), ..files.tls() };
    check(refused(locked), &["locked.pem", "openssl pkey"]);
}
