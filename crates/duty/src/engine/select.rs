//! Selection proofs: partial ones in, complete ones out, as soon as they are there and at the latest in time.

use std::collections::{BTreeMap, BTreeSet};

use cluster::GroupKey;
use eth::{AggregatorQuery, BeaconCommitteeSelection, SignatureBytes, SyncCommitteeSelection};

use super::submit::verification;
use super::{Engine, Job, MAX_JOBS};
use crate::partials::Standing;
use crate::requests::refuse;
use crate::selections::{Asked, AskedItem};
use crate::{Answer, Duty, DutyKind, Output, Partial, Reason, RequestId, Seat};

impl Engine {
    pub(super) fn ask_selections(&mut self, request: RequestId, asked: Asked, out: &mut Vec<Output>) {
        let items = asked.items();
        if items.is_empty() {
            return self.answer_selections(request, &asked, out);
        }
        let checked: Vec<_> = items.into_iter().map(|item| self.checked_selection(item)).collect();
        if let Some(Err(reason)) = checked.iter().find(|item| item.is_err())
            && checked.iter().all(Result::is_err)
        {
            return refuse(request, *reason, out);
        }
        let new: Vec<_> = checked.into_iter().flatten().flatten().collect();
        if new.is_empty() {
            return self.hold_selections(request, asked, out);
        }
        if self.jobs.len() >= MAX_JOBS {
            return refuse(request, Reason::TooManyRequests, out);
        }
        let spec = self.window.spec();
        let verifications = new
            .iter()
            .map(|(_, key, partial)| verification(*key, partial.signed.signing_root(spec), partial))
            .collect();
        let job = self.new_job(Job::Selections { request, asked, items: new });
        out.push(Output::Verify { job, items: verifications });
    }

    /// A partial proof that is to be verified; none when it, or the complete one, is known.
    fn checked_selection(&self, item: AskedItem) -> Result<Option<(Duty, GroupKey, Partial)>, Reason> {
        let AskedItem { duty, validator, signed, signature } = item;
        let key = self.key_of(validator)?;
        let seat = signed.seat(key);
        if self.window.is_ahead(duty, self.now) {
            return Err(Reason::TooEarly);
        }
        if !self.window.admits(duty, self.now) {
            return Err(Reason::Expired);
        }
        if !Engine::is_subcommittee(seat.subcommittee) {
            return Err(Reason::WrongCommittee);
        }
        let Some(collection) = self.collections.get(&duty) else {
            return Ok(Some((duty, key, Partial { share: self.my_share(), signed, signature })));
        };
        if collection.complete(&seat).is_some() {
            return Ok(None);
        }
        let root = signed.signing_root(self.window.spec());
        match collection.standing(&seat, self.my_share(), root, &signature) {
            Standing::Known => Ok(None),
            Standing::New | Standing::Otherwise => {
                Ok(Some((duty, key, Partial { share: self.my_share(), signed, signature })))
            }
        }
    }

    pub(super) fn selections_verified(
        &mut self,
        request: RequestId,
        asked: Asked,
        items: Vec<(Duty, GroupKey, Partial)>,
        good: &[bool],
        out: &mut Vec<Output>,
    ) {
        if !good.contains(&true) {
            return refuse(request, Reason::WrongSignature, out);
        }
        let mut accepted: BTreeMap<Duty, Vec<(GroupKey, Partial)>> = BTreeMap::new();
        for ((duty, key, partial), _) in items.into_iter().zip(good).filter(|(_, good)| **good) {
            accepted.entry(duty).or_default().push((key, partial));
        }
        for (duty, partials) in accepted {
            if self.window.admits(duty, self.now) {
                self.add_own(duty, partials, out);
            }
        }
        self.hold_selections(request, asked, out);
    }

    /// Holds the request until its proofs are complete; those that nobody works on are not waited for.
    fn hold_selections(&mut self, request: RequestId, asked: Asked, out: &mut Vec<Output>) {
        let proofs = asked.items().into_iter().filter_map(|item| {
            let seat = item.signed.seat(self.key_of(item.validator).ok()?);
            let collection = self.collections.get(&item.duty)?;
            let is_open = collection.complete(&seat).is_none() && !collection.shares(&seat).is_empty();
            is_open.then_some((item.duty, seat))
        });
        let missing: BTreeSet<(Duty, Seat)> = proofs.collect();
        if missing.is_empty() {
            return self.answer_selections(request, &asked, out);
        }
        if self.selections.is_full() {
            return refuse(request, Reason::TooManyRequests, out);
        }
        let answer_by = self.window.selections_by(self.now, asked.sync_slot());
        self.selections.hold(request, asked, missing, answer_by);
    }

    /// Answers the requests that waited for these proofs and for no others.
    pub(super) fn selections_complete(&mut self, proofs: &[(Duty, Seat)], out: &mut Vec<Output>) {
        for (request, asked) in self.selections.completed(proofs) {
            self.answer_selections(request, &asked, out);
        }
    }

    /// Answers the requests that have waited long enough with what is there.
    pub(super) fn expire_selections(&mut self, out: &mut Vec<Output>) {
        for (request, asked) in self.selections.expired(self.now) {
            self.answer_selections(request, &asked, out);
        }
    }

    fn answer_selections(&self, request: RequestId, asked: &Asked, out: &mut Vec<Output>) {
        let proofs: Vec<Option<SignatureBytes>> =
            asked.items().into_iter().map(|item| self.complete_proof(&item)).collect();
        if !proofs.is_empty() && proofs.iter().all(Option::is_none) {
            return refuse(request, Reason::SelectionsMissing, out);
        }
        let answer = match asked {
            Asked::Committee(items) => Answer::CommitteeSelections(
                items
                    .iter()
                    .zip(proofs)
                    .filter_map(|(item, proof)| {
                        Some(BeaconCommitteeSelection { selection_proof: proof?, ..*item })
                    })
                    .collect(),
            ),
            Asked::Sync(items) => Answer::SyncSelections(
                items
                    .iter()
                    .zip(proofs)
                    .filter_map(|(item, proof)| {
                        Some(SyncCommitteeSelection { selection_proof: proof?, ..*item })
                    })
                    .collect(),
            ),
            Asked::Aggregators(queries) => {
                let aggregates = |(query, proof): (&AggregatorQuery, Option<SignatureBytes>)| {
                    proof.is_some_and(|proof| self.is_aggregator(query, &proof))
                };
                Answer::Aggregators(queries.iter().zip(proofs).map(aggregates).collect())
            }
        };
        out.push(Output::Answer { request, answer });
    }

    fn complete_proof(&self, item: &AskedItem) -> Option<SignatureBytes> {
        let seat = item.signed.seat(self.key_of(item.validator).ok()?);
        Some(self.collections.get(&item.duty)?.complete(&seat)?.signature)
    }

    /// The query does not tell how large the committee is; the own beacon node does.
    fn is_aggregator(&self, query: &AggregatorQuery, proof: &SignatureBytes) -> bool {
        let on_duty = self.schedule.attesters(&self.window, query.slot);
        let place = self
            .key_of(query.validator_index)
            .ok()
            .and_then(|key| on_duty?.get(&key))
            .filter(|place| place.committee_index == query.committee_index);
        place.is_some_and(|place| eth::is_aggregator(place.committee_length, proof))
    }

    /// The complete selection proof of the seat.
    pub(super) fn selection_proof(
        &self,
        proving: DutyKind,
        duty: Duty,
        seat: &Seat,
    ) -> Option<SignatureBytes> {
        Some(self.collections.get(&Duty::new(duty.slot, proving))?.complete(seat)?.signature)
    }
}
