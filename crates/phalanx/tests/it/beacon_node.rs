//! A beacon node that answers only what a starting node asks.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use eth::{Fork, Genesis, Preset, Root, Spec, Version};
use serde_json::{Value, json};

/// Hoodi's genesis fork version, the network of the test clusters.
pub(crate) const HOODI: Version = Version([0x10, 0, 0x09, 0x10]);

/// The network of the mock.
pub(crate) const GENESIS_VALIDATORS_ROOT: Root = Root([0x5a; 32]);

/// What it knows, and what it was given.
struct World {
    genesis: Genesis,
    /// The validators' public keys; their indices are 1000 and so on, and all are active.
    validators: Vec<String>,
    exits: Arc<Mutex<Vec<Value>>>,
}

/// Starts one; returns its URL. It lives as long as the test program.
pub(crate) fn start(fork_version: Version) -> String {
    start_with(fork_version, Vec::new()).0
}

/// Starts one whose chain has these validators; also returns the exits it is given.
pub(crate) fn start_with(fork_version: Version, validators: Vec<String>) -> (String, Arc<Mutex<Vec<Value>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let genesis = Genesis {
        genesis_time: now - 1_200,
        genesis_validators_root: GENESIS_VALIDATORS_ROOT,
        genesis_fork_version: fork_version,
    };
    let exits = Arc::new(Mutex::new(Vec::new()));
    let world = Arc::new(World { genesis, validators, exits: Arc::clone(&exits) });
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let world = Arc::clone(&world);
            std::thread::spawn(move || serve(stream, &world));
        }
    });
    (url, exits)
}

/// An address at which nobody answers.
pub(crate) fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    format!("http://{}", listener.local_addr().expect("an address"))
}

fn serve(stream: TcpStream, world: &World) {
    let mut reader = BufReader::new(&stream);
    let mut request = String::new();
    if reader.read_line(&mut request).is_err() {
        return;
    }
    let mut length = 0;
    loop {
        let mut header = String::new();
        match reader.read_line(&mut header) {
            Ok(0) | Err(_) => return,
            Ok(_) if header == "\r\n" => break,
            Ok(_) => {
                if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().expect("a length");
                }
            }
        }
    }
    let mut body = vec![0; length];
    if reader.read_exact(&mut body).is_err() {
        return;
    }
    let path = request.split(' ').nth(1).unwrap_or_default();
    let (status, answer) = answer(path.split('?').next().unwrap_or_default(), &body, world);
    let length = answer.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    // A client that hung up has its reasons.
    let _ = (&stream).write_all(head.as_bytes()).and_then(|()| (&stream).write_all(answer.as_bytes()));
}

fn answer(path: &str, body: &[u8], world: &World) -> (&'static str, String) {
    let genesis = world.genesis;
    let spec = Spec::local(Preset::Mainnet, genesis, 12_000, Fork::Fulu);
    let data = match path {
        "/eth/v1/beacon/genesis" => json!({
            "genesis_time": genesis.genesis_time.to_string(),
            "genesis_validators_root": genesis.genesis_validators_root.to_string(),
            "genesis_fork_version": genesis.genesis_fork_version.to_string(),
        }),
        "/eth/v1/config/spec" => json!(spec.to_api()),
        "/eth/v1/node/syncing" => json!({
            "head_slot": "100", "sync_distance": "0", "is_syncing": false, "is_optimistic": false,
            "el_offline": false,
        }),
        "/eth/v1/node/peer_count" => json!({
            "connected": "5", "connecting": "0", "disconnected": "0", "disconnecting": "0",
        }),
        "/eth/v1/beacon/states/head/validators" => {
            world.validators.iter().zip(1_000..).map(validator).collect()
        }
        "/eth/v1/beacon/pool/voluntary_exits" => {
            let exit = serde_json::from_slice(body).expect("an exit in JSON");
            world.exits.lock().expect("no test panics here").push(exit);
            json!(null)
        }
        path if path.starts_with("/eth/v1/validator/duties/") => json!([]),
        _ => return ("404 Not Found", r#"{"code":404,"message":"not here"}"#.to_owned()),
    };
    let answer = json!({
        "data": data, "execution_optimistic": false, "finalized": true, "dependent_root": Root([1; 32]).to_string(),
    });
    ("200 OK", answer.to_string())
}

fn validator((key, index): (&String, u64)) -> Value {
    json!({
        "index": index.to_string(), "balance": "32000000000", "status": "active_ongoing",
        "validator": { "pubkey": key },
    })
}
