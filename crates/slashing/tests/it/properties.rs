//! What holds for every sequence of requests, crashes and imports.

use proptest::prelude::*;
use slashing::{Fault, Interchange, Item, Ledger, MemoryStore, Signable, Strategy as Import};

use crate::oracle::are_slashable;
use crate::setting::*;

/// What happens to a node.
#[derive(Clone, Debug)]
enum Event {
    Ask(Vec<Item>),
    /// Many epochs and slots pass in good order: old records are pruned.
    Advance(u8, u64),
    Fail(Fault, Vec<Item>, bool),
    Restart,
    Compact,
    ImportOwnExport(bool),
}

fn items() -> impl Strategy<Value = Vec<Item>> {
    let item = prop_oneof![
        (1u8..3, 0u64..150, 0u64..6, 1u8..4).prop_map(|(k, source, span, r)| vote(
            key(k),
            source,
            source + span,
            root(r)
        )),
        (1u8..3, 0u64..160, 1u8..4).prop_map(|(k, slot, r)| block(key(k), slot, root(r))),
    ];
    prop::collection::vec(item, 1..6)
}

fn event() -> impl Strategy<Value = Event> {
    let fault = prop_oneof![Just(Fault::Write), Just(Fault::Sync)];
    prop_oneof![
        20 => items().prop_map(Event::Ask),
        2 => (1u8..3, 1u64..60).prop_map(|(key, epochs)| Event::Advance(key, epochs)),
        3 => (fault, items(), any::<bool>()).prop_map(|(fault, items, kept)| Event::Fail(fault, items, kept)),
        2 => Just(Event::Restart),
        1 => Just(Event::Compact),
        1 => any::<bool>().prop_map(Event::ImportOwnExport),
    ]
}

/// Requests by kind and slot, as the ledger wants them.
fn ask(ledger: &mut Ledger<MemoryStore>, items: &[Item]) -> Vec<Item> {
    let mut granted = vec![];
    for item in items {
        // A signing root commits to its message, so equal roots of different messages do not occur.
        let signing_root = committed(item);
        if let Ok(permit) = ledger.permit(request(vec![Item { signing_root, ..*item }])) {
            granted.extend_from_slice(permit.granted());
        }
    }
    granted
}

fn advance(ledger: &mut Ledger<MemoryStore>, number: u8, epochs: u64) -> Vec<Item> {
    let mark = ledger.watermark(&key(number)).expect("registered");
    let (target, slot) = (mark.vote.map_or(0, |vote| vote.target.0), mark.block.map_or(0, |slot| slot.0));
    let votes = (target..target + epochs).map(|source| vote(key(number), source, source + 1, root(1)));
    let blocks = (slot..slot + epochs).map(|slot| block(key(number), slot + 1, root(1)));
    ask(ledger, &votes.chain(blocks).collect::<Vec<_>>())
}

fn committed(item: &Item) -> eth::Root {
    let mut bytes = item.signing_root.0;
    let (tag, a, b) = match item.what {
        Signable::Attestation { source, target } => (1, source.0, target.0),
        Signable::Block { slot } => (2, slot.0, 0),
    };
    bytes[1] = tag;
    bytes[2..10].copy_from_slice(&a.to_be_bytes());
    bytes[10..18].copy_from_slice(&b.to_be_bytes());
    eth::Root(bytes)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_two_grants_are_ever_slashable(events in prop::collection::vec(event(), 1..120)) {
        let mut ledger = ledger_of([key(1), key(2)]);
        let mut granted: Vec<Item> = vec![];
        for event in events {
            match event {
                Event::Ask(items) => granted.extend(ask(&mut ledger, &items)),
                Event::Fail(fault, items, unsynced_survives) => {
                    let mut store = ledger.into_store();
                    store.fail_next(fault);
                    ledger = Ledger::open(store).expect("loads");
                    granted.extend(ask(&mut ledger, &items));
                    ledger = Ledger::open(ledger.into_store().crash(unsynced_survives)).expect("loads");
                }
                Event::Advance(number, epochs) => granted.extend(advance(&mut ledger, number, epochs)),
                Event::Restart => {
                    ledger = Ledger::open(ledger.into_store().crash(false)).expect("loads");
                }
                Event::Compact => ledger.compact().expect("compacts"),
                Event::ImportOwnExport(is_minimal) => {
                    let strategy = if is_minimal { Import::Minimal } else { Import::Complete };
                    let file = ledger.export();
                    ledger.import(&file, strategy).expect("imports");
                }
            }
        }
        for (number, one) in granted.iter().enumerate() {
            for other in &granted[..number] {
                prop_assert!(!are_slashable(one, other), "{one:?} and {other:?}");
            }
        }
    }

    #[test]
    fn a_reopened_ledger_is_the_same_ledger(requests in prop::collection::vec(items(), 1..60)) {
        let mut ledger = ledger_of([key(1), key(2)]);
        for items in &requests {
            ask(&mut ledger, items);
        }
        let before = (ledger.export(), ledger.floor(&key(1)), ledger.floor(&key(2)));
        let reopened = Ledger::open(ledger.into_store().crash(false)).expect("loads");
        prop_assert_eq!(before, (reopened.export(), reopened.floor(&key(1)), reopened.floor(&key(2))));
    }

    #[test]
    fn whoever_imports_an_export_permits_nothing_more(
        requests in prop::collection::vec(items(), 1..60),
        foreign in prop::collection::vec(items(), 0..10),
        probes in prop::collection::vec(items(), 1..20),
        is_minimal: bool,
    ) {
        // The foreign history makes the ledger hold slashable records, as only imports can.
        let mut other = ledger_of([key(1), key(2)]);
        foreign.iter().for_each(|items| { ask(&mut other, items); });
        let mut exporter = ledger_of([key(1), key(2)]);
        requests.iter().for_each(|items| { ask(&mut exporter, items); });
        exporter.import(&other.export(), Import::Complete).expect("imports");

        let file = Interchange::parse(exporter.export().to_json().as_bytes()).expect("valid");
        let mut importer = ledger_of([key(1), key(2)]);
        let strategy = if is_minimal { Import::Minimal } else { Import::Complete };
        importer.import(&file, strategy).expect("imports");
        for probe in probes.into_iter().flatten() {
            let probe = request(vec![probe]);
            if importer.check(&probe)[0].is_ok() {
                prop_assert_eq!(&exporter.check(&probe)[0], &Ok(()), "{:?}", probe);
            }
        }
    }
}
