//! Real nodes on an embedded chain: beacon node, validator clients, cluster.
