//! Lists that are submitted: what the endpoints' refusals of single items come to.

use std::collections::BTreeMap;

use eth::Fork;
use serde::Serialize;

use super::Client;
use super::call::{Call, json_body};
use crate::api::{IndexedFailure, MediaType, is_already_known};
use crate::error::{EndpointFailure, Error, Problem};

impl Client {
    /// Submits a list to all endpoints. An item is in when one endpoint takes it, or knows it already.
    ///
    /// # Errors
    /// [`Error::Rejected`] with the items that every endpoint refused; [`Error::Failed`] when no endpoint could be
    /// asked.
    pub(crate) async fn submit_items<T: Serialize>(
        &self,
        name: &'static str,
        path: &'static str,
        fork: Option<Fork>,
        items: &[T],
    ) -> Result<(), Error> {
        if items.is_empty() {
            return Ok(());
        }
        let call = Call::submit(&self.inner.config, name, path, MediaType::Json, json_body(&items));
        match self.everywhere(Call { fork, ..call }, None).await {
            Err(Error::Failed { request, failures }) => verdict(request, failures),
            result => result,
        }
    }
}

/// What several endpoints' refusals come to: an item is refused only if each endpoint that judged items refused it.
fn verdict(request: &'static str, failures: Vec<EndpointFailure>) -> Result<(), Error> {
    let judged: Vec<&Vec<IndexedFailure>> =
        failures.iter().filter_map(|failure| refused(&failure.problem)).collect();
    if judged.is_empty() {
        return Err(Error::Failed { request, failures });
    }
    let mut refusals: BTreeMap<usize, (usize, &str)> = BTreeMap::new();
    for failure in
        judged.iter().flat_map(|items| items.iter()).filter(|item| !is_already_known(&item.message))
    {
        refusals.entry(failure.index).or_insert((0, &failure.message)).0 += 1;
    }
    let unanimous = refusals.iter().filter(|(_, (count, _))| *count >= judged.len());
    let failures: Vec<IndexedFailure> = unanimous
        .map(|(&index, &(_, message))| IndexedFailure { index, message: message.chars().take(256).collect() })
        .collect();
    if failures.is_empty() { Ok(()) } else { Err(Error::Rejected { request, failures }) }
}

fn refused(problem: &Problem) -> Option<&Vec<IndexedFailure>> {
    match problem {
        Problem::Status { failures, .. } if !failures.is_empty() => Some(failures),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(items: &[(usize, &str)]) -> EndpointFailure {
        let failures = items
            .iter()
            .map(|&(index, message)| IndexedFailure { index, message: message.to_owned() })
            .collect();
        let problem = Problem::Status { code: 400, message: String::new(), failures };
        EndpointFailure { endpoint: "http://node".to_owned(), problem }
    }

    #[test]
    fn an_item_is_refused_only_if_every_endpoint_refuses_it() {
        let failures = vec![endpoint(&[(0, "bad"), (1, "bad")]), endpoint(&[(1, "bad"), (2, "bad")])];
        let Err(Error::Rejected { failures, .. }) = verdict("submit", failures) else {
            panic!("item 1 is refused")
        };
        assert_eq!(failures.iter().map(|item| item.index).collect::<Vec<_>>(), [1]);
        let failures = vec![endpoint(&[(0, "bad")]), endpoint(&[(1, "bad")])];
        assert!(verdict("submit", failures).is_ok(), "each item was taken somewhere");
        let failures = vec![endpoint(&[(0, "PriorAttestationKnown")])];
        assert!(verdict("submit", failures).is_ok(), "known already is taken");
    }
}
