//! The cluster's wire: libp2p host, one file per protocol, protobuf to brain types.
