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

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(validators: usize) -> Lock {
        let options = cluster::Options {
            name: String::new(),
            nodes: 4,
            threshold: None,
            fee_recipients: vec![eth::Address([1; 20])],
            withdrawals: vec![eth::Address([1; 20])],
            network: cluster::Network::from_name("hoodi").expect("a known network"),
            deposit_amounts: vec![],
            gas_limit: 30_000_000,
            compounding: false,
            consensus_protocol: String::new(),
            timestamp: 0,
            endpoints: vec![],
        };
        let mut next = 1_u8;
        let mut randomness = |bytes: &mut [u8]| {
            bytes.fill(next);
            next += 1;
        };
        cluster::create(&options, cluster::Secrets::New(validators), &mut randomness).expect("a cluster").lock
    }

    fn texts(text: Option<&str>, lock: &Lock) -> Vec<String> {
        let graffiti = of_validators(text, lock).expect("it fits");
        let text = |key: &GroupKey| String::from_utf8(graffiti[key].0.to_vec()).expect("text");
        let keys = lock.validators.iter().map(|validator| text(&validator.group_key));
        keys.map(|text| text.trim_end_matches('\0').to_owned()).collect()
    }

    #[test]
    fn a_text_is_for_all_validators_or_one_is_for_each() {
        let lock = lock(2);
        assert_eq!(texts(Some("one"), &lock), ["one", "one"]);
        assert_eq!(texts(Some("first,second"), &lock), ["first", "second"]);
        assert_eq!(texts(Some("a,b,c"), &lock), ["a,b,c", "a,b,c"]);
        assert!(texts(None, &lock)[0].starts_with("phalanx/"));
        assert!(of_validators(Some(&"x".repeat(33)), &lock).is_err());
        assert!(of_validators(Some(&"é".repeat(17)), &lock).is_err(), "bytes count, not letters");
    }
}
