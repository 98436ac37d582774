//! The text in the blocks: one for all validators, or one for each.

use std::collections::BTreeMap;

use cluster::{GroupKey, Lock};
use eth::Graffiti;

use crate::Error;

/// Each validator's graffiti; without a text the program's name.
///
/// As many comma separated texts as the lock has validators are one for each, in the lock's order; a text with any
/// other number of commas is one text.
pub(crate) fn of_validators(text: Option<&str>, lock: &Lock) -> Result<BTreeMap<GroupKey, Graffiti>, Error> {
    let keys = || lock.validators.iter().map(|validator| validator.group_key);
    let text = text.map_or_else(|| format!("phalanx/{}", env!("CARGO_PKG_VERSION")), str::to_owned);
    let texts: Vec<&str> = text.split(',').collect();
    if texts.len() == lock.validators.len() {
        return keys().zip(texts).map(|(key, text)| Ok((key, bytes(text)?))).collect();
    }
    let graffiti = bytes(&text)?;
    Ok(keys().map(|key| (key, graffiti)).collect())
}

/// The text as 32 bytes.
fn bytes(text: &str) -> Result<Graffiti, Error> {
    let mut bytes = [0; 32];
    let Some(place) = bytes.get_mut(..text.len()) else {
        let why = format!("{text:?} has {} bytes, a block has room for 32", text.len());
        return Err(Error::Setting { flag: "--graffiti", why });
    };
    place.copy_from_slice(text.as_bytes());
    Ok(Graffiti(bytes))
}
