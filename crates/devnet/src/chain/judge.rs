//! Verifying signatures off the event loop, then asking the world.

use std::sync::Arc;

use bls::{Claim, Signature};
use eth::{Graffiti, Proposal, SignatureBytes, SignedProposal, SingleAttestation, Slot};

use super::Shared;
use super::forge::{self, Content};
use super::history::Seen;
use super::rejection::Rejection;
use super::world::{AggregateClaim, AttestationClaim, BlockChecks, BlockClaims, SignatureClaim};

/// Judges attestations that came together, one verdict for each.
pub(crate) async fn attestations(
    shared: &Arc<Shared>,
    attestations: Vec<SingleAttestation>,
) -> Vec<Result<Seen, Rejection>> {
    let arrived_ns = shared.now_ns();
    let claims: Vec<_> = {
        let world = shared.world();
        attestations.iter().map(|attestation| world.attestation_claim(attestation)).collect()
    };
    let signatures = attestations.iter().map(|attestation| attestation.signature);
    let to_verify = claims.iter().zip(signatures).map(|(claim, signature)| match claim {
        Ok(AttestationClaim::Verify(claim)) => Verification { claim: Some(*claim), signature },
        _ => Verification { claim: None, signature },
    });
    let verified = verify(shared, to_verify.collect()).await;
    let mut world = shared.world();
    let mut verdicts = Vec::with_capacity(attestations.len());
    for ((attestation, claim), signature) in attestations.iter().zip(claims).zip(verified) {
        let wrong = Rejection::WrongSignature(attestation.attester_index);
        let verdict = claim.and_then(|_| {
            let signature = signature.ok_or(wrong)?;
            world.attest(arrived_ns, attestation, signature)
        });
        match &verdict {
            Ok(Seen::Before) => world.truth_mut().counts.duplicates += 1,
            Ok(Seen::New) => {}
            Err(rejection) => {
                let (validator, slot) = (attestation.attester_index, attestation.data.slot);
                let name = format!("attestation of validator {validator} for slot {slot}");
                world.truth_mut().rejected(&name, rejection);
            }
        }
        verdicts.push(verdict);
    }
    verdicts
}

/// Judges a block.
pub(crate) async fn block(shared: &Arc<Shared>, signed: SignedProposal) -> Result<Seen, Rejection> {
    let verdict = judge_block(shared, &signed).await;
    let mut world = shared.world();
    match &verdict {
        Ok(Seen::Before) => world.truth_mut().counts.duplicates += 1,
        Ok(Seen::New) => {}
        Err(rejection) => {
            let name = format!("block {} of slot {}", signed.block_root(), signed.slot());
            world.truth_mut().rejected(&name, rejection);
        }
    }
    verdict
}

/// Makes a block once the RANDAO reveal is found right.
pub(crate) async fn produce(
    shared: &Arc<Shared>,
    slot: Slot,
    randao_reveal: SignatureBytes,
    graffiti: Graffiti,
) -> Result<Proposal, Rejection> {
    let asked_ns = shared.now_ns();
    let randao = shared.world().randao_claim(asked_ns, slot)?;
    let verification = Verification { claim: Some(randao.claim), signature: randao_reveal };
    let verified = verify(shared, vec![verification]).await;
    if verified.iter().any(Option::is_none) {
        let rejection = Rejection::WrongRandao(randao.proposer);
        shared.world().truth_mut().rejected(&format!("request for a block of slot {slot}"), &rejection);
        return Err(rejection);
    }
    shared.world().produce(slot, randao_reveal, graffiti)
}

async fn judge_block(shared: &Arc<Shared>, signed: &SignedProposal) -> Result<Seen, Rejection> {
    let arrived_ns = shared.now_ns();
    let (claims, content) = {
        let world = shared.world();
        if world.knows_block(signed) {
            return Ok(Seen::Before);
        }
        let content = forge::content(world.spec().preset, signed.proposal());
        let content = content.map_err(|_| Rejection::WrongContent("encoding"))?;
        (world.block_claims(signed, &content)?, content)
    };
    let checks = verify_block(shared, claims, signed, &content).await;
    let (seen, events) = shared.world().propose(arrived_ns, signed, &content, &checks)?;
    shared.tell(events);
    Ok(seen)
}

async fn verify_block(
    shared: &Arc<Shared>,
    claims: BlockClaims,
    signed: &SignedProposal,
    content: &Content,
) -> BlockChecks {
    let proposer = vec![
        Verification { claim: Some(claims.block), signature: signed.signature() },
        Verification { claim: Some(claims.randao), signature: signed.proposal().randao_reveal() },
    ];
    let verified = verify(shared, proposer).await;
    let holds = |position: usize| verified.get(position).is_some_and(Option::is_some);
    let (block, randao) = (holds(0), holds(1));
    let count = content.aggregates.len();
    let aggregates = verify_aggregates(shared, claims).await;
    assert_eq!(aggregates.len(), count, "one verdict for each attestation in the block");
    BlockChecks { block, randao, aggregates }
}

async fn verify_aggregates(shared: &Arc<Shared>, claims: BlockClaims) -> Vec<bool> {
    let holds = |claim: &AggregateClaim| {
        let signature = Signature::from_bytes(claim.signature.as_bytes());
        signature
            .is_ok_and(|signature| bls::fast_aggregate_verify(claim.root.as_bytes(), &claim.keys, &signature))
    };
    let verify = move || -> Vec<bool> {
        claims.aggregates.iter().map(|claim| claim.as_ref().is_some_and(holds)).collect()
    };
    let verdicts = off_the_loop(shared, verify).await;
    shared.count_checked(&verdicts);
    verdicts
}

/// A signature, and what it is claimed to be; without a claim it is only decoded.
struct Verification {
    claim: Option<SignatureClaim>,
    signature: SignatureBytes,
}

/// The signatures that are what they are claimed to be.
async fn verify(shared: &Arc<Shared>, verifications: Vec<Verification>) -> Vec<Option<Signature>> {
    let claimed: Vec<bool> = verifications.iter().map(|verification| verification.claim.is_some()).collect();
    let verified = off_the_loop(shared, move || verify_now(&verifications)).await;
    let checked = verified.iter().zip(claimed).filter(|(_, claimed)| *claimed);
    let verdicts: Vec<bool> = checked.map(|(signature, _)| signature.is_some()).collect();
    shared.count_checked(&verdicts);
    verified
}

fn verify_now(verifications: &[Verification]) -> Vec<Option<Signature>> {
    let decode = |verification: &Verification| Signature::from_bytes(verification.signature.as_bytes()).ok();
    let mut signatures: Vec<Option<Signature>> = verifications.iter().map(decode).collect();
    let mut places = Vec::new();
    let mut claims = Vec::new();
    for (place, (verification, signature)) in verifications.iter().zip(&signatures).enumerate() {
        if let (Some(claim), Some(signature)) = (&verification.claim, signature) {
            places.push(place);
            claims.push(Claim { key: &claim.key, root: claim.root.0, signature });
        }
    }
    let verdicts = bls::verify_batch(&claims, random_seed());
    for (place, holds) in places.into_iter().zip(verdicts) {
        if !holds {
            signatures[place] = None;
        }
    }
    signatures
}

async fn off_the_loop<T: Send + 'static>(
    shared: &Arc<Shared>,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let _permit = shared.verifications.acquire().await.expect("the semaphore is never closed");
    tokio::task::spawn_blocking(work).await.expect("verifying signatures does not panic")
}

fn random_seed() -> [u8; 32] {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).expect("the operating system has randomness");
    seed
}

impl Shared {
    fn count_checked(&self, verdicts: &[bool]) {
        let mut world = self.world();
        let counts = &mut world.truth_mut().counts;
        counts.signatures_checked += verdicts.len() as u64;
        counts.signatures_wrong += verdicts.iter().filter(|holds| !**holds).count() as u64;
    }
}
