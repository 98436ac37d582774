//! `phalanx exit sign|broadcast|list`: leaving the chain without a central service.

mod broadcast;
mod file;
mod list;
mod sign;

pub(crate) use broadcast::broadcast;
pub(crate) use list::list;
pub(crate) use sign::sign;

use node::chain_view::Endpoints;

use crate::arguments::BeaconNodes;

/// The beacon nodes of the command line.
fn endpoints(nodes: &BeaconNodes) -> Endpoints {
    Endpoints {
        urls: nodes.beacon_node_endpoints.clone(),
        headers: nodes.beacon_node_headers.clone(),
        timeout: nodes.beacon_node_timeout,
    }
}
