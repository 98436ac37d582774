//! Peer information (charon-wire 2.7).

use std::cmp::Ordering;

use prost::Message as _;

use super::proto;
use super::reject::Reject;

/// What a peer tells about itself. Nothing in it blocks duties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerInfo {
    /// The version of the protocol suite, `v1.10.0` and the like.
    pub version: String,
    /// Hash of the lock it runs with.
    pub lock_hash: Vec<u8>,
    /// Its clock when it answered, unix nanoseconds.
    pub sent_at_ns: i64,
    /// The commit it was built from: 7 hex digits, or `unknown`.
    pub git_hash: String,
    /// When it started, unix nanoseconds.
    pub started_at_ns: i64,
    /// Whether it wants blocks from builders.
    pub builder_api: bool,
    /// Its operator's name for it.
    pub nickname: String,
    /// The program; empty means Charon.
    pub client: String,
}

/// Characters of a text that are kept: names come from peers and go into labels.
const TEXT: usize = 64;
const NS: i64 = 1_000_000_000;

impl PeerInfo {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let info = proto::PeerInformation {
            version: self.version.clone(),
            lock_hash: self.lock_hash.clone(),
            sent_at: Some(timestamp(self.sent_at_ns)),
            git_hash: self.git_hash.clone(),
            started_at: Some(timestamp(self.started_at_ns)),
            builder_api_enabled: self.builder_api,
            nickname: self.nickname.clone(),
            client: self.client.clone(),
        };
        info.encode_to_vec()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<PeerInfo, Reject> {
        let info = proto::PeerInformation::decode(bytes)?;
        let git_hash = info.git_hash;
        let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if git_hash != "unknown" && !(git_hash.len() == 7 && git_hash.bytes().all(hex)) {
            return Err(Reject::GitHash);
        }
        Ok(PeerInfo {
            version: shortened(&info.version),
            lock_hash: info.lock_hash,
            sent_at_ns: nanoseconds(info.sent_at, "sent_at")?,
            git_hash,
            started_at_ns: nanoseconds(info.started_at, "started_at")?,
            builder_api: info.builder_api_enabled,
            nickname: shortened(&info.nickname),
            client: shortened(&info.client),
        })
    }

    /// Whether we know the protocol suite it speaks: v1.0 to v1.11 and anything newer (charon-wire 2.7).
    pub fn is_supported(&self) -> bool {
        let foreign = !self.client.is_empty() && self.client != "charon";
        foreign || SuiteVersion::read(&self.version).is_some_and(|version| version.numbers >= (1, 0))
    }

    /// Whether it reads consensus values with several contributions of one validator. A peer that does not drops the
    /// whole value (charon-wire 4.8).
    pub fn reads_plural_contributions(&self) -> bool {
        match self.client.as_str() {
            "phalanx" => true,
            "" | "charon" => {
                SuiteVersion::read(&self.version).is_some_and(|version| self.is_since_v1_11_rc2(&version))
            }
            _ => false,
        }
    }

    /// The second candidate of v1.11 was the first to read them, and the first to name its client. What calls itself
    /// v1.11-dev may be older.
    fn is_since_v1_11_rc2(&self, version: &SuiteVersion<'_>) -> bool {
        let label = match version.numbers.cmp(&(1, 11)) {
            Ordering::Less => return false,
            Ordering::Greater => return true,
            Ordering::Equal => version.label,
        };
        let candidate = label.and_then(|label| label.strip_prefix("rc")?.parse::<u32>().ok());
        match (label, candidate) {
            (None, _) => true,
            (Some(_), Some(candidate)) => candidate >= 2,
            (Some(_), None) => !self.client.is_empty(),
        }
    }
}

/// `v<major>.<minor>[.<patch>][-label]`.
struct SuiteVersion<'a> {
    /// Major and minor.
    numbers: (u32, u32),
    label: Option<&'a str>,
}

impl SuiteVersion<'_> {
    fn read(version: &str) -> Option<SuiteVersion<'_>> {
        let version = version.strip_prefix('v')?;
        let (numbers, label) =
            version.split_once('-').map_or((version, None), |(numbers, label)| (numbers, Some(label)));
        let mut numbers = numbers.split('.').map(|number| number.parse().ok());
        let (major, minor) = (numbers.next()??, numbers.next()??);
        let rest_is_numeric = numbers.all(|number: Option<u32>| number.is_some());
        rest_is_numeric.then_some(SuiteVersion { numbers: (major, minor), label })
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(TEXT).collect()
}

fn timestamp(unix_ns: i64) -> proto::Timestamp {
    let nanos = i32::try_from(unix_ns.rem_euclid(NS)).expect("less than a second");
    proto::Timestamp { seconds: unix_ns.div_euclid(NS), nanos }
}

fn nanoseconds(timestamp: Option<proto::Timestamp>, field: &'static str) -> Result<i64, Reject> {
    let proto::Timestamp { seconds, nanos } = timestamp.ok_or(Reject::Time(field))?;
    let whole = seconds.checked_mul(NS).ok_or(Reject::Time(field))?;
    whole.checked_add(i64::from(nanos)).ok_or(Reject::Time(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info() -> PeerInfo {
        PeerInfo {
            version: "v1.10.0".to_owned(),
            lock_hash: vec![7; 32],
            sent_at_ns: 1_700_000_000_123_456_789,
            git_hash: "0123abc".to_owned(),
            started_at_ns: -1,
            builder_api: true,
            nickname: "north".to_owned(),
            client: "phalanx".to_owned(),
        }
    }

    #[test]
    fn what_is_told_is_understood() {
        assert_eq!(PeerInfo::decode(&info().encode()), Ok(info()));
    }

    #[test]
    fn improper_answers_are_refused() {
        let decode = |change: fn(&mut proto::PeerInformation)| {
            let mut message = proto::PeerInformation::decode(&info().encode()[..]).expect("our own encoding");
            change(&mut message);
            PeerInfo::decode(&message.encode_to_vec()).expect_err("the answer is improper")
        };
        assert_eq!(decode(|message| message.sent_at = None), Reject::Time("sent_at"));
        assert_eq!(decode(|message| message.started_at = None), Reject::Time("started_at"));
        assert_eq!(decode(|message| message.git_hash = "0123ABC".to_owned()), Reject::GitHash);
        let absurd = Some(proto::Timestamp { seconds: i64::MAX, nanos: 0 });
        assert_eq!(
            decode(|message| message.sent_at = Some(proto::Timestamp { seconds: i64::MAX, nanos: 0 })),
            Reject::Time("sent_at")
        );
        assert!(nanoseconds(absurd, "sent_at").is_err());
    }

    #[test]
    fn versions_are_compared_by_number() {
        for (version, client, supported) in [
            ("v1.10.3", "", true),
            ("v1.11-dev", "charon", true),
            ("v2.0.0", "", true),
            ("v0.19.0", "", false),
            ("1.10.0", "", false),
            ("v1.x", "", false),
            ("anything", "phalanx", true),
        ] {
            let info = PeerInfo { version: version.to_owned(), client: client.to_owned(), ..info() };
            assert_eq!(info.is_supported(), supported, "{version} of {client:?}");
        }
    }

    #[test]
    fn plural_contributions_are_for_those_who_read_them() {
        for (version, client, reads) in [
            ("v1.10.3", "", false),
            ("v1.11.0-rc1", "", false),
            ("v1.11-dev", "", false),
            ("v1.11-rc2", "", true),
            ("v1.11.0-rc1", "charon", false),
            ("v1.11.0-rc2", "charon", true),
            ("v1.11.0-rc10", "charon", true),
            ("v1.11-dev", "charon", true),
            ("v1.11.0", "charon", true),
            ("v1.11.2", "", true),
            ("v1.12-dev", "", true),
            ("v2.0.0", "charon", true),
            ("1.11.0", "charon", false),
            ("", "", false),
            ("v1.10.0", "phalanx", true),
            ("v1.12.0", "another", false),
        ] {
            let info = PeerInfo { version: version.to_owned(), client: client.to_owned(), ..info() };
            assert_eq!(info.reads_plural_contributions(), reads, "{version} of {client:?}");
        }
    }
}
