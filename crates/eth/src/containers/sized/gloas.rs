//! What a validator signs in Gloas, where it has another root than before: EIP-7688 makes attestations progressive.
//! The bytes are those of Electra, so values are kept in that form and come here to be hashed.

use libssz_derive::{HashTreeRoot, SszDecode, SszEncode};
use libssz_types::ProgressiveBitlist;

use super::preset::COMMITTEES_PER_SLOT;
use crate::collection::Bitvector;
use crate::{AttestationData, SignatureBytes, ValidatorIndex};

/// The same vote of validators of one or more committees.
#[derive(Clone, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot)]
#[ssz(progressive_container)]
pub struct Attestation {
    /// Who voted: the members of the committees in `committee_bits`, one committee after the other.
    pub aggregation_bits: ProgressiveBitlist,
    /// The vote.
    pub data: AttestationData,
    /// Aggregate of their signatures.
    pub signature: SignatureBytes,
    /// The committees.
    pub committee_bits: Bitvector<COMMITTEES_PER_SLOT>,
}

/// An aggregate as its aggregator hands it in.
#[derive(Clone, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot)]
pub struct AggregateAndProof {
    /// The aggregator.
    pub aggregator_index: ValidatorIndex,
    /// What it collected.
    pub aggregate: Attestation,
    /// Its right to aggregate.
    pub selection_proof: SignatureBytes,
}

/// An aggregate with its aggregator's signature.
#[derive(Clone, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot)]
pub struct SignedAggregateAndProof {
    /// The aggregate.
    pub message: AggregateAndProof,
    /// Signature over it.
    pub signature: SignatureBytes,
}
