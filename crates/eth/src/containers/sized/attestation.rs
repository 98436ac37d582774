//! Attestations of many validators (Electra, Fulu).

use libssz_derive::{HashTreeRoot, SszDecode, SszEncode};
use serde::{Deserialize, Serialize};

use super::preset::{COMMITTEES_PER_SLOT, VALIDATORS_PER_SLOT};
use crate::collection::{Bitlist, Bitvector, List};
use crate::{AttestationData, SignatureBytes, ValidatorIndex};

/// The same vote of validators of one or more committees (EIP-7549).
#[derive(
    Clone, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct Attestation {
    /// Who voted: the members of the committees in `committee_bits`, one committee after the other.
    pub aggregation_bits: Bitlist<VALIDATORS_PER_SLOT>,
    /// The vote.
    pub data: AttestationData,
    /// Aggregate of their signatures.
    pub signature: SignatureBytes,
    /// The committees.
    pub committee_bits: Bitvector<COMMITTEES_PER_SLOT>,
}

/// An aggregate as its aggregator hands it in.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct AggregateAndProof {
    /// The aggregator.
    pub aggregator_index: ValidatorIndex,
    /// What it collected.
    pub aggregate: Attestation,
    /// Its right to aggregate: the slot, signed in the domain
    /// [`SelectionProof`](crate::DomainType::SelectionProof).
    pub selection_proof: SignatureBytes,
}

/// An aggregate with its aggregator's signature.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct SignedAggregateAndProof {
    /// The aggregate.
    pub message: AggregateAndProof,
    /// Signature over it, domain [`AggregateAndProof`](crate::DomainType::AggregateAndProof).
    pub signature: SignatureBytes,
}

/// A vote with the validators listed.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct IndexedAttestation {
    /// Who voted.
    pub attesting_indices: List<ValidatorIndex, VALIDATORS_PER_SLOT>,
    /// The vote.
    pub data: AttestationData,
    /// Aggregate of their signatures.
    pub signature: SignatureBytes,
}

/// The proof that validators signed two votes which contradict each other.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct AttesterSlashing {
    /// One vote.
    pub attestation_1: IndexedAttestation,
    /// The other.
    pub attestation_2: IndexedAttestation,
}
