//! Verifying signatures, many at once.

use std::sync::Arc;

use bls::Signature;
use eth::SignatureBytes;

use super::super::Shared;
use super::super::world::Claim;

/// The signatures that are what they are claimed to be; none where nothing is claimed.
pub(super) async fn verify(shared: &Arc<Shared>, claims: Vec<Option<Claim>>) -> Vec<Option<Signature>> {
    let counted: Vec<bool> =
        claims.iter().map(|claim| claim.as_ref().is_some_and(|claim| !claim.keys.is_empty())).collect();
    let verified = off_the_loop(shared, move || verify_now(&claims)).await;
    let checked = verified.iter().zip(counted).filter(|(_, counted)| *counted);
    let verdicts: Vec<bool> = checked.map(|(signature, _)| signature.is_some()).collect();
    shared.count_checked(&verdicts);
    verified
}

fn verify_now(claims: &[Option<Claim>]) -> Vec<Option<Signature>> {
    let mut signatures: Vec<Option<Signature>> =
        claims.iter().map(|claim| claim.as_ref().and_then(|claim| decode(&claim.signature))).collect();
    let mut of_one = Vec::new();
    // All aggregators of a committee hand the same aggregate in.
    let mut of_several: Vec<(&Claim, bool)> = Vec::new();
    for (place, claim) in claims.iter().enumerate() {
        let (Some(claim), Some(signature)) = (claim, signatures[place]) else { continue };
        match &claim.keys[..] {
            [] => {}
            [key] => {
                let (root, signature) = (claim.root.0, claim.signature.as_bytes());
                of_one.push((place, bls::Claim { key, root, signature }));
            }
            keys => {
                let known = of_several.iter().find(|(known, _)| *known == claim).map(|(_, holds)| *holds);
                let holds = known.unwrap_or_else(|| {
                    let holds = bls::fast_aggregate_verify(claim.root.as_bytes(), keys, &signature);
                    of_several.push((claim, holds));
                    holds
                });
                if !holds {
                    signatures[place] = None;
                }
            }
        }
    }
    let batch: Vec<bls::Claim<'_>> = of_one.iter().map(|(_, claim)| *claim).collect();
    let verdicts = bls::verify_batch(&batch, random_seed());
    for ((place, ..), holds) in of_one.iter().zip(verdicts) {
        if !holds {
            signatures[*place] = None;
        }
    }
    signatures
}

fn decode(signature: &SignatureBytes) -> Option<Signature> {
    Signature::from_bytes(signature.as_bytes()).ok()
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
