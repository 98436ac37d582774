//! What holds for every sequence of requests, crashes and imports.

use cluster::GroupKey;
use eth::{Epoch, Slot};
use proptest::prelude::*;
use slashing::{
    Fault, Interchange, Item, Ledger, MemoryStore, Signable, SignedAttestation, SignedBlock,
    Strategy as Import, ValidatorHistory, VoteMark, Watermark,
};

use crate::oracle::{are_slashable, importer_would_sign};
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
    ImportOwnExport(Import),
    ImportForeign(Vec<Item>, Import),
}

fn items() -> impl Strategy<Value = Vec<Item>> {
    items_up_to(150)
}

fn items_up_to(end: u64) -> impl Strategy<Value = Vec<Item>> {
    let item = prop_oneof![
        (1u8..3, 0..end, 0u64..6, 1u8..4).prop_map(|(k, source, span, r)| vote(
            key(k),
            source,
            source + span,
            root(r)
        )),
        (1u8..3, 0..end, 1u8..4).prop_map(|(k, slot, r)| block(key(k), slot, root(r))),
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
        1 => import().prop_map(Event::ImportOwnExport),
        2 => (items(), import()).prop_map(|(items, strategy)| Event::ImportForeign(items, strategy)),
    ]
}

fn import() -> impl Strategy<Value = Import> {
    prop_oneof![Just(Import::Minimal), Just(Import::Complete)]
}

/// Asks for each item by itself; says what was granted.
fn ask(ledger: &mut Ledger<MemoryStore>, items: &[Item]) -> Vec<Item> {
    let mut granted = vec![];
    for item in items {
        if let Ok(permit) = ledger.permit(request(vec![with_own_root(item)])) {
            granted.extend_from_slice(permit.granted());
        }
    }
    granted
}

/// The votes and blocks of the coming epochs, in good order.
fn progress(ledger: &Ledger<MemoryStore>, number: u8, epochs: u64) -> Vec<Item> {
    let mark = ledger.watermark(&key(number)).expect("registered");
    let (target, slot) = (mark.vote.map_or(0, |vote| vote.target.0), mark.block.map_or(0, |slot| slot.0));
    let votes = (target..target + epochs).map(|source| vote(key(number), source, source + 1, root(1)));
    let blocks = (slot..slot + epochs).map(|slot| block(key(number), slot + 1, root(1)));
    votes.chain(blocks).collect()
}

/// A signing root commits to its message: equal roots of different messages do not occur.
fn with_own_root(item: &Item) -> Item {
    let mut bytes = item.signing_root.0;
    let (tag, a, b) = match item.what {
        Signable::Attestation { source, target } => (1, source.0, target.0),
        Signable::Block { slot } => (2, slot.0, 0),
    };
    bytes[1] = tag;
    bytes[2..10].copy_from_slice(&a.to_be_bytes());
    bytes[10..18].copy_from_slice(&b.to_be_bytes());
    Item { signing_root: eth::Root(bytes), ..*item }
}

/// A node and all signatures of its validators that exist, its own and others'.
struct Node {
    ledger: Ledger<MemoryStore>,
    signed: Vec<Item>,
}

impl Node {
    fn after(mut self, event: Event) -> Result<Node, TestCaseError> {
        match event {
            Event::Ask(items) => self.sign(&items)?,
            Event::Advance(number, epochs) => {
                let items = progress(&self.ledger, number, epochs);
                self.sign(&items)?;
            }
            Event::Fail(fault, items, unsynced_survives) => {
                let mut store = self.ledger.into_store();
                store.fail_next(fault);
                self.ledger = Ledger::open(store).expect("loads");
                self.sign(&items)?;
                self.ledger = Ledger::open(self.ledger.into_store().crash(unsynced_survives)).expect("loads");
            }
            Event::Restart => {
                self.ledger = Ledger::open(self.ledger.into_store().crash(false)).expect("loads");
            }
            Event::Compact => self.ledger.compact().expect("compacts"),
            Event::ImportOwnExport(strategy) => {
                let file = self.ledger.export();
                self.ledger.import(&file, strategy).expect("imports");
            }
            Event::ImportForeign(items, strategy) => {
                self.ledger.import(&file_of(&items), strategy).expect("imports");
                self.signed.extend(items.iter().map(with_own_root));
            }
        }
        Ok(self)
    }

    /// Whatever is granted must fit everything signed before; signing the same again is no news.
    fn sign(&mut self, items: &[Item]) -> Result<(), TestCaseError> {
        for granted in ask(&mut self.ledger, items) {
            if !self.signed.contains(&granted) {
                let conflict = self.signed.iter().find(|earlier| are_slashable(earlier, &granted));
                prop_assert_eq!(conflict, None, "conflicts with {:?}", granted);
                self.signed.push(granted);
            }
        }
        Ok(())
    }
}

fn file_of(items: &[Item]) -> Interchange {
    let histories = items.iter().map(with_own_root).map(|item| {
        let signing_root = Some(item.signing_root);
        let (mut signed_blocks, mut signed_attestations) = (vec![], vec![]);
        match item.what {
            Signable::Block { slot } => signed_blocks.push(SignedBlock { slot, signing_root }),
            Signable::Attestation { source: source_epoch, target: target_epoch } => {
                signed_attestations.push(SignedAttestation { source_epoch, target_epoch, signing_root });
            }
        }
        ValidatorHistory { pubkey: item.key.0, signed_blocks, signed_attestations }
    });
    Interchange::new(NETWORK, histories.collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_grant_is_ever_slashable_with_what_was_granted_or_imported(
        events in prop::collection::vec(event(), 1..120),
    ) {
        let mut node = Node { ledger: ledger_of([key(1), key(2)]), signed: vec![] };
        for event in events {
            node = node.after(event)?;
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
        requests in prop::collection::vec(items_up_to(12), 1..20),
        foreign in prop::collection::vec(items_up_to(12), 0..10),
        floor in prop::option::of((0u64..12, 0u64..6)),
        probes in prop::collection::vec(items_up_to(14), 20..40),
        is_minimal: bool,
    ) {
        // The foreign history makes the ledger hold slashable records, as only imports can.
        let mut other = ledger_of([key(1), key(2)]);
        foreign.iter().for_each(|items| { ask(&mut other, items); });
        let mut exporter = ledger_of([key(1), key(2)]);
        requests.iter().for_each(|items| { ask(&mut exporter, items); });
        if let Some((source, span)) = floor {
            let vote = VoteMark { source: Epoch(source), target: Epoch(source + span) };
            let mark = Watermark { vote: Some(vote), block: Some(Slot(source)) };
            exporter.raise(&[(key(1), mark)]).expect("the store works");
        }
        exporter.import(&other.export(), Import::Complete).expect("imports");

        let file = Interchange::parse(exporter.export().to_json().as_bytes()).expect("valid");
        let mut importer = ledger_of([key(1), key(2)]);
        let strategy = if is_minimal { Import::Minimal } else { Import::Complete };
        importer.import(&file, strategy).expect("imports");
        let signed = exporter.export().data.into_iter().flat_map(|history| {
            history.signed_attestations.into_iter().map(move |vote| (history.pubkey, vote))
        });
        // What was signed is worth asking again, with its own root.
        let repeats = signed.filter_map(|(pubkey, vote)| Some(Item {
            key: GroupKey(pubkey),
            what: Signable::Attestation { source: vote.source_epoch, target: vote.target_epoch },
            signing_root: vote.signing_root?,
        }));
        for probe in probes.into_iter().flatten().chain(repeats) {
            let asked = request(vec![probe]);
            let verdict = &exporter.check(&asked)[0];
            if importer.check(&asked)[0].is_ok() {
                prop_assert_eq!(verdict, &Ok(()), "our own import signs {:?}", probe);
            }
            if importer_would_sign(&file, &probe) {
                prop_assert_eq!(verdict, &Ok(()), "another's import signs {:?}", probe);
            }
        }
    }
}
