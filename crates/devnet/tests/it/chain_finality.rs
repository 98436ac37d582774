//! Votes move checkpoints, as on a real chain.

use eth::{Epoch, Preset, Slot};
use serde_json::json;

use crate::driver::Driver;

#[tokio::test]
async fn a_chain_on_which_all_attest_finalizes_two_epochs_back() {
    let driver = Driver::minimal().await;
    for slot in 1..=32 {
        driver.slot(slot).await;
    }
    let standing = driver.chain.standing();
    assert_eq!((standing.justified, standing.finalized), (Epoch(3), Epoch(2)));
    let (_, checkpoints) = driver.get("eth/v1/beacon/states/head/finality_checkpoints").await;
    let finalized = &checkpoints["data"]["finalized"];
    assert_eq!(finalized["epoch"], json!("2"));
    assert_eq!(finalized["root"], json!(driver.chain.right_head(Slot(16))));
    let (_, block) = driver.get("eth/v1/beacon/headers/finalized").await;
    assert_eq!(block["data"]["root"], finalized["root"]);
    let vote = driver.vote(32).await;
    assert_eq!(vote.source.epoch, Epoch(3));
    assert_eq!(vote.target.epoch, Epoch(4));
    assert_eq!(driver.chain.truth().counts().rejected, 0);
}

#[tokio::test]
async fn votes_right_after_a_missed_epoch_start_name_the_advanced_source() {
    let driver = Driver::minimal().await;
    for slot in (1..=23).chain(25..=27) {
        driver.slot(slot).await;
    }
    let vote = driver.vote(27).await;
    assert_eq!(vote.source.epoch, Epoch(2), "slot 24 had no block, but its epoch began");
    assert_eq!(vote.target.root, driver.chain.right_head(Slot(23)).expect("a block"));
    driver.at(24, 340);
    assert_eq!(driver.vote(24).await.source, vote.source);
}

#[tokio::test]
async fn a_chain_nobody_attests_on_stays_unjustified() {
    let driver = Driver::start(Preset::Minimal, 4).await;
    for slot in 1..=33 {
        driver.at(slot, 10);
        let (status, _) = driver.publish_block(&driver.block(slot, 0).await).await;
        assert_eq!(status, 200);
    }
    let standing = driver.chain.standing();
    assert_eq!((standing.head, standing.justified, standing.finalized), (Slot(33), Epoch(0), Epoch(0)));
}

#[tokio::test]
async fn a_mainnet_chain_justifies_too() {
    let driver = Driver::start(Preset::Mainnet, 3).await;
    for slot in 1..=96 {
        driver.slot(slot).await;
    }
    assert_eq!(driver.chain.standing().justified, Epoch(2));
}
