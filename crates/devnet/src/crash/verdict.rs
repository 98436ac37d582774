//! What is held against what.

use std::path::Path;
use std::time::Duration;

use duty::DutyKind;
use eth::Slot;

use super::call::Call;
use super::cluster::Cluster;
use super::disk::{Image, Records, Unsynced};
use super::load::Load;
use super::report::Report;
use crate::Error;

/// How often it is looked whether something has happened.
const PAUSE: Duration = Duration::from_millis(20);

/// Slots in a row that may show nothing.
const SLOW_SLOTS: u64 = 8;

/// Whatever has left is in each of the ledgers that the disk may hold now: as it is, and without what was not synced.
/// What is wrong, in words.
pub(super) fn on_disk(cluster: &Cluster, calls: &[Call], scratch: &Path) -> Result<Vec<String>, Error> {
    let image = Image::of(cluster.ledger())?;
    let unsynced = Unsynced::after(calls, cluster.ledger());
    let mut wrong = missing(cluster, "the ledger", image.records(scratch));
    if unsynced.bytes() > 0 {
        let (cut, torn) = (image.after_power_cut(&unsynced), image.torn(&unsynced));
        wrong.extend(missing(cluster, "the ledger after a power cut", cut.records(scratch)));
        wrong.extend(missing(
            cluster,
            "the ledger after a power cut with torn writes",
            torn.records(scratch),
        ));
    }
    wrong.extend(cluster.witness.contradictions());
    Ok(wrong)
}

fn missing(cluster: &Cluster, ledger: &str, records: Result<Records, String>) -> Vec<String> {
    let records = match records {
        Ok(records) => records,
        Err(why) => return vec![format!("{ledger} does not open: {why}")],
    };
    let released = cluster.witness.released();
    let missing = released.filter(|released| !records.contains(&(released.key, released.signing_root)));
    let each = missing.map(|released| {
        let (slot, kind) = (released.slot, released.kind.name());
        let how = if released.what.is_some() { "a signature" } else { "the client's answer" };
        format!("{slot}/{kind} of {} left as {how}, and {ledger} has no record of it", released.key)
    });
    each.collect()
}

/// The victim attests in the slot, and before it is over. Waits until it has, or the slot is over.
///
/// A slot in which the others do not get there either, the victim is only late, or the machine has more to do than it
/// can, does not show anything: then the next slot tells. One of them has to.
pub(super) async fn attests(
    cluster: &mut Cluster,
    slot: Slot,
    report: &mut Report,
) -> Result<Option<String>, Error> {
    for slot in (slot.0..slot.0 + SLOW_SLOTS).map(Slot) {
        let load = Load::begin();
        if attests_in(cluster, slot).await? {
            return Ok(None);
        }
        let is_late = cluster.came_late(slot, DutyKind::Attester);
        if cluster.others_did(slot, DutyKind::Attester) && !is_late && !load.is_heavy() {
            return Ok(Some(format!("it did not attest in slot {slot}; it says: {}", cluster.last_words())));
        }
        report.slow_slots += 1;
    }
    Ok(Some(format!("it did not attest in any slot from {slot} on; it says: {}", cluster.last_words())))
}

async fn attests_in(cluster: &mut Cluster, slot: Slot) -> Result<bool, Error> {
    let end_ns = cluster.spec.slot_start_ns(Slot(slot.0 + 1));
    loop {
        let is_over = cluster.clock.now_ns() >= end_ns;
        cluster.look()?;
        let did = cluster.did(slot, DutyKind::Attester);
        if did || is_over {
            return Ok(did);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// What the whole sweep says.
pub(super) fn end(cluster: &mut Cluster, report: &mut Report) -> Result<(), Error> {
    cluster.look()?;
    let (slashable, wrong) = cluster.judged();
    if slashable > 0 {
        report.violate("chain", format!("{slashable} contradicting messages reached the chain"));
    }
    if wrong > 0 {
        report.violate("chain", format!("{wrong} wrong signatures reached the chain"));
    }
    report.released = cluster.witness.seen();
    Ok(())
}
