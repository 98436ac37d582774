//! The chain tells what happens.

use futures::StreamExt;
use serde_json::{Value, json};

use crate::driver::Driver;

/// Reads events until `count` have come.
async fn read(response: reqwest::Response, count: usize) -> Vec<(String, Value)> {
    let mut chunks = response.bytes_stream();
    let mut text = String::new();
    loop {
        let blocks: Vec<&str> = text.split("\n\n").filter(|block| block.starts_with("event:")).collect();
        if blocks.len() >= count {
            let parse = |block: &&str| {
                let (event, data) = block.split_once('\n').expect("two lines");
                let data = data.strip_prefix("data:").expect("data").trim();
                (event["event:".len()..].trim().to_owned(), serde_json::from_str(data).expect("JSON"))
            };
            return blocks.iter().map(parse).collect();
        }
        let chunk = chunks.next().await.expect("the stream goes on").expect("bytes");
        text.push_str(std::str::from_utf8(&chunk).expect("text"));
    }
}

#[tokio::test]
async fn a_new_head_is_told_with_the_roots_duties_depend_on() {
    let driver = Driver::minimal().await;
    for slot in 1..=7 {
        driver.slot(slot).await;
    }
    let request = driver.http.get(driver.url("eth/v1/events?topics=head,block"));
    let response = request.send().await.expect("a stream");
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    driver.slot(8).await;
    let events = read(response, 2).await;
    let root = |slot| json!(driver.chain.right_head(eth::Slot(slot)));
    assert_eq!(events[0].0, "block");
    assert_eq!(events[1].0, "head");
    let head = &events[1].1;
    assert_eq!((&head["slot"], &head["block"]), (&json!("8"), &root(8)));
    assert_eq!(head["epoch_transition"], json!(true));
    assert_eq!(head["current_duty_dependent_root"], root(7));
    assert_eq!(head["previous_duty_dependent_root"], root(0));
    assert_eq!(head["execution_optimistic"], json!(false));
}

#[tokio::test]
async fn topics_must_be_known_and_given() {
    let driver = Driver::minimal().await;
    assert_eq!(driver.get("eth/v1/events").await.0, 400);
    assert_eq!(driver.get("eth/v1/events?topics=head,gossip_of_the_town").await.0, 400);
}

#[tokio::test]
async fn streams_end_with_the_chain() {
    let driver = Driver::minimal().await;
    let response = driver.http.get(driver.url("eth/v1/events?topics=head")).send().await.expect("a stream");
    driver.chain.stop().await;
    let ended = response.bytes().await;
    assert!(ended.is_err() || ended.is_ok_and(|bytes| bytes.is_empty()));
}
