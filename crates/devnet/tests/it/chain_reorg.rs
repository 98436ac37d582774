//! A scenario leaves blocks behind, and duties change.

use devnet::chain::{Chain, ChainConfig, Event, Reorg, Scenario};
use eth::{Preset, Slot};
use serde_json::json;

use crate::driver::Driver;

async fn until_the_end_of_an_epoch(at: u64, depth: u64) -> Driver {
    let reorg = Some(Reorg { at: Slot(at), depth });
    let driver = Driver::with(Preset::Minimal, 64, Scenario { reorg, ..Scenario::default() }).await;
    for slot in 1..at {
        driver.slot(slot).await;
    }
    driver
}

#[tokio::test]
async fn the_chain_goes_on_from_an_earlier_block_and_next_epoch_s_duties_are_dealt_anew() {
    let driver = until_the_end_of_an_epoch(8, 1).await;
    let left_behind = driver.head().await;
    let (before, this_epoch) = (driver.duties(2), driver.duties(1));
    driver.at(8, 0);
    let (before, this_epoch) = (before.await, this_epoch.await);
    let mut events = driver.chain.subscribe();
    driver.slot(8).await;
    let head = driver.head().await;
    assert_eq!(driver.chain.right_head(Slot(7)), driver.chain.right_head(Slot(6)), "slot 7 is empty now");
    assert_ne!(driver.duties(2).await, before);
    assert_eq!(driver.duties(1).await, this_epoch);
    let mut reorg = None;
    while let Ok(event) = events.try_recv() {
        match event {
            Event::Reorg(found) => reorg = Some(found),
            Event::Head { current_duty_dependent_root, .. } => {
                assert_ne!(current_duty_dependent_root, left_behind);
                assert!(reorg.is_some(), "told before the head");
            }
            _ => {}
        }
    }
    let reorg = reorg.expect("it was told");
    assert_eq!((reorg.slot, reorg.depth), (Slot(8), 1));
    assert_eq!((reorg.old_head, reorg.new_head), (left_behind, head));
    let json = Event::Reorg(reorg).to_json();
    assert_eq!((&json["depth"], &json["epoch"]), (&json!("1"), &json!("1")));
    assert_eq!(json["new_head_block"], json!(head));
}

#[tokio::test]
async fn votes_of_blocks_left_behind_are_included_again() {
    let driver = until_the_end_of_an_epoch(8, 3).await;
    assert!(
        driver
            .chain
            .attesters(Slot(5))
            .iter()
            .all(|each| driver.chain.inclusion(Slot(5), *each) == Some(Slot(6)))
    );
    for slot in 8..=9 {
        driver.slot(slot).await;
    }
    for slot in 4..=7 {
        let attesters = driver.chain.attesters(Slot(slot));
        assert!(
            attesters.iter().all(|each| driver.chain.inclusion(Slot(slot), *each) == Some(Slot(8))),
            "slot {slot}"
        );
    }
    assert_eq!(driver.chain.truth().counts().rejected, 0);
    for slot in 10..=40 {
        driver.slot(slot).await;
    }
    assert_eq!(driver.chain.standing().finalized.0, 3, "the chain recovers");
}

#[tokio::test]
async fn within_an_epoch_no_duty_changes() {
    let driver = until_the_end_of_an_epoch(5, 1).await;
    let before = driver.duties(1).await;
    driver.slot(5).await;
    assert_eq!(driver.chain.right_head(Slot(4)), driver.chain.right_head(Slot(3)));
    assert_eq!(driver.duties(1).await, before);
}

#[tokio::test]
async fn a_missing_block_postpones_the_reorg() {
    let driver = until_the_end_of_an_epoch(8, 1).await;
    driver.at(8, 340);
    driver.attest(8).await;
    driver.slot(9).await;
    assert_eq!(driver.chain.right_head(Slot(8)), driver.chain.right_head(Slot(6)));
    driver.slot(10).await;
    assert_ne!(driver.chain.right_head(Slot(9)), driver.chain.right_head(Slot(8)), "once is enough");
}

#[tokio::test]
async fn scenarios_that_cannot_be_are_refused() {
    let reorg = |at, depth| Scenario { reorg: Some(Reorg { at: Slot(at), depth }), ..Scenario::default() };
    for (scenario, why) in [
        (reorg(8, 0), "a reorg of 0 slots"),
        (reorg(64, 9), "a reorg of 9 slots"),
        (reorg(3, 3), "leave genesis behind"),
        (Scenario { blobs: 33, ..Scenario::default() }, "33 blobs"),
        (Scenario { exit_lookahead_epochs: 0, ..Scenario::default() }, "an epoch later"),
    ] {
        let config = ChainConfig { scenario, ..ChainConfig::interop(Preset::Minimal, 6000, 0, 4) };
        let refused = Chain::start(config).await.expect_err("it cannot be");
        assert!(refused.to_string().contains(why), "{refused}");
    }
}
