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
async fn what_is_accepted_is_told_in_the_form_in_which_it_came() {
    let driver = Driver::minimal().await;
    let topics = "single_attestation,attestation,contribution_and_proof,voluntary_exit";
    let request = driver.http.get(driver.url(&format!("eth/v1/events?topics={topics}")));
    let response = request.send().await.expect("a stream");
    driver.slot(1).await;
    driver.sync(1).await;
    let duty = driver.duties_at(1).await[0];
    let votes = driver.duties_at(1).await.len();
    let data = driver.vote(1).await;
    let aggregate = driver.aggregate(data, 0).await;
    let handed_in = driver.hand_in(duty.validator_index, aggregate.clone());
    assert_eq!(driver.publish_aggregates(&[handed_in]).await.0, 200);
    let contribution = driver.contribution(1, 0, driver.head().await).await;
    let contribution = driver.contribute(driver.subcommittee(1, 0)[0], contribution);
    assert_eq!(driver.publish_contributions(std::slice::from_ref(&contribution)).await.0, 200);
    let exit = driver.exit(3, 0);
    assert_eq!(driver.leave(&exit).await.0, 200);
    let events = read(response, votes + 3).await;
    let told = |topic: &str| {
        events.iter().filter(|(event, _)| event == topic).map(|(_, data)| data).collect::<Vec<_>>()
    };
    assert_eq!(told("single_attestation").len(), votes);
    assert!(told("single_attestation").contains(&&json!(driver.attestation(&duty, data))));
    assert_eq!(told("attestation"), [&json!(aggregate)]);
    assert_eq!(told("contribution_and_proof"), [&json!(contribution)]);
    assert_eq!(told("voluntary_exit"), [&json!(exit)]);
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
