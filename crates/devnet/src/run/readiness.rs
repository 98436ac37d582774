//! Waiting until the cluster can work.

use std::time::Duration;

use node::status::Readiness;

use super::nodes::Nodes;
use crate::Error;
use crate::chain::Clock;
use crate::vc::ValidatorClient;

/// How often nodes are asked.
const PAUSE: Duration = Duration::from_millis(250);
/// How long nodes of a chain that runs already may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until every node says it is ready and every client found its duties: until genesis if that lies ahead, else for
/// a while.
pub(crate) async fn wait(
    nodes: &mut Nodes,
    clients: &[ValidatorClient],
    clock: &Clock,
    until_genesis: bool,
) -> Result<(), Error> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(2)).build();
    let http = http.expect("a client without certificates of its own");
    let begun_ns = clock.now_ns();
    loop {
        nodes.notice_exits(&mut |_| {});
        if let Some(mishap) = nodes.mishaps().first() {
            return Err(Error::NotReady(mishap.clone()));
        }
        let Some((node, why)) = unready(nodes, clients, &http).await else { return Ok(()) };
        let now_ns = clock.now_ns();
        let waited = Duration::from_nanos(now_ns.saturating_sub(begun_ns).max(0).unsigned_abs());
        if if until_genesis { now_ns >= 0 } else { waited > PATIENCE } {
            // The log itself may be gone with the other files.
            let log = std::fs::read_to_string(nodes.log(node)).unwrap_or_default();
            let last = log.lines().next_back().unwrap_or("nothing");
            return Err(Error::NotReady(format!(
                "node {node} is not ready: {why}. The last line of its log: {last}"
            )));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// A node that is not ready, and why.
async fn unready(
    nodes: &Nodes,
    clients: &[ValidatorClient],
    http: &reqwest::Client,
) -> Option<(usize, String)> {
    for (node, monitor) in nodes.monitors() {
        let ready = monitor.join("readyz").expect("a path joins");
        match http.get(ready).send().await {
            Err(why) => return Some((node, why.to_string())),
            Ok(answer) if !answer.status().is_success() => {
                let why = answer.text().await.unwrap_or_default();
                // A test chain's only beacon node has nobody to talk to.
                if why != Readiness::BeaconNodeAlone.text() {
                    return Some((node, why));
                }
            }
            Ok(_) => {}
        }
    }
    let silent = clients.iter().position(|client| !client.is_ready());
    silent.map(|node| (node, "its validator client found no duties".to_owned()))
}
