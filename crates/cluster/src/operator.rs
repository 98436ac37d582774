//! The operators of a cluster and their nodes.

use bls::ShareIndex;

use crate::{Definition, Enr, Error, NodePublicKey};

/// An operator's node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// The node's record.
    pub enr: Enr,
    /// The node's key, from the record.
    pub public_key: NodePublicKey,
}

impl Definition {
    /// The operators' nodes in order; position `i` is peer `i` and holds share `i + 1`. No two have the same key.
    pub fn nodes(&self) -> Result<Vec<Operator>, Error> {
        let mut nodes: Vec<Operator> = Vec::with_capacity(self.operators.len());
        for (position, entry) in self.operators.iter().enumerate() {
            let enr: Enr = entry.enr.parse().map_err(|problem| Error::Enr { operator: position, problem })?;
            let public_key = enr.public_key;
            if let Some(first) = nodes.iter().position(|node| node.public_key == public_key) {
                return Err(Error::SameNode { first, second: position });
            }
            nodes.push(Operator { enr, public_key });
        }
        Ok(nodes)
    }

    /// The number of the shares that the node with this key holds: its operator's position plus one.
    pub fn share_index(&self, node: &NodePublicKey) -> Result<ShareIndex, Error> {
        self.nodes()?
            .iter()
            .position(|operator| operator.public_key == *node)
            .and_then(|position| ShareIndex::new(u8::try_from(position + 1).ok()?))
            .ok_or_else(|| Error::NotAnOperator(node.to_string()))
    }
}
