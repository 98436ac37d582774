//! Verifying signatures off the event loop, then asking the world.

mod signatures;

use std::sync::Arc;

use eth::{Proposal, SignedProposal};

use self::signatures::verify;
use super::Shared;
use super::forge;
use super::history::Seen;
use super::rejection::Rejection;
use super::world::{Arrival, Statement, Wish, World};

/// Judges messages that came together, one verdict for each.
pub(crate) async fn statements<S: Statement>(
    shared: &Arc<Shared>,
    statements: Vec<S>,
) -> Vec<Result<Seen, Rejection>> {
    let arrived_ns = shared.now_ns();
    // Every node of a cluster hands in the same: what had to wait is mostly known when its turn comes.
    let _turn = shared.turn.acquire().await.expect("the semaphore is never closed");
    let claims: Vec<_> = {
        let world = shared.world();
        statements.iter().map(|statement| statement.claims(&world, arrived_ns)).collect()
    };
    let to_verify = claims.iter().flatten().flatten().cloned().map(Some).collect();
    let mut verified = verify(shared, to_verify).await.into_iter();
    let mut world = shared.world();
    let mut verdicts = Vec::with_capacity(statements.len());
    let mut events = Vec::new();
    for (statement, claims) in statements.iter().zip(claims) {
        let taken = claims.and_then(|claims| {
            let signatures: Vec<_> = verified.by_ref().take(claims.len()).collect();
            statement.take(&mut world, arrived_ns, &signatures)
        });
        let verdict = taken.map(|(seen, event)| {
            events.extend(event);
            seen
        });
        note(&mut world, || statement.name(), &verdict);
        verdicts.push(verdict);
    }
    drop(world);
    shared.tell(events);
    verdicts
}

/// Judges a full block.
pub(crate) async fn block(shared: &Arc<Shared>, signed: SignedProposal) -> Result<Seen, Rejection> {
    let verdict = judge_block(shared, &signed, false).await;
    note_block(shared, &signed, &verdict);
    verdict
}

/// Has the builder add its payload to a blinded block, and judges that.
pub(crate) async fn blinded_block(shared: &Arc<Shared>, signed: SignedProposal) -> Result<Seen, Rejection> {
    let full = shared.world().unblind(&signed);
    let verdict = match full {
        Ok(full) => judge_block(shared, &full, true).await,
        Err(rejection) => Err(rejection),
    };
    note_block(shared, &signed, &verdict);
    verdict
}

/// Makes a block once the RANDAO reveal is found right: a full one, or the builder's, blinded.
pub(crate) async fn produce(shared: &Arc<Shared>, wish: Wish) -> Result<Proposal, Rejection> {
    let asked_ns = shared.now_ns();
    let (proposer, claim) = shared.world().randao_claim(asked_ns, &wish)?;
    if verify(shared, vec![Some(claim)]).await.iter().any(Option::is_none) {
        let rejection = Rejection::WrongRandao(proposer);
        shared
            .world()
            .truth_mut()
            .rejected(&format!("request for a block of slot {}", wish.slot), &rejection);
        return Err(rejection);
    }
    let (plan, preset) = {
        let world = shared.world();
        (world.plan(&wish)?, world.spec().preset)
    };
    let proposal = forge::assemble(preset, &plan);
    if !plan.by_builder {
        return Ok(proposal);
    }
    let blinded = forge::blind(&proposal).map_err(|_| Rejection::WrongContent("encoding"))?;
    shared.world().keep_built(proposal);
    Ok(blinded)
}

async fn judge_block(
    shared: &Arc<Shared>,
    signed: &SignedProposal,
    blinded: bool,
) -> Result<Seen, Rejection> {
    let at_ns = shared.now_ns();
    if shared.world().knows_block(signed) {
        return Ok(Seen::Before);
    }
    let encoding = |_| Rejection::WrongContent("encoding");
    // Blocks may have megabytes: nothing of this holds the world up.
    let content = forge::content(signed.proposal()).map_err(encoding)?;
    let body = forge::without_blobs(signed).map_err(encoding)?;
    let claims = shared.world().block_claims(signed, &content)?;
    let checks = claims.checks(&verify(shared, claims.list()).await);
    let arrival = Arrival { at_ns, signed, content: &content, blinded };
    let (seen, events) = {
        let mut world = shared.world();
        let taken = world.propose(&arrival, &checks)?;
        if taken.0 == Seen::New {
            world.keep_body(body);
        }
        taken
    };
    shared.tell(events);
    Ok(seen)
}

fn note_block(shared: &Arc<Shared>, signed: &SignedProposal, verdict: &Result<Seen, Rejection>) {
    let name = || format!("block {} of slot {}", signed.block_root(), signed.slot());
    note(&mut shared.world(), name, verdict);
}

fn note(world: &mut World, name: impl FnOnce() -> String, verdict: &Result<Seen, Rejection>) {
    match verdict {
        Ok(Seen::Before) => world.truth_mut().counts.duplicates += 1,
        Ok(Seen::New) => {}
        Err(rejection) => world.truth_mut().rejected(&name(), rejection),
    }
}
