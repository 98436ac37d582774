//! How the beacon nodes are to be asked.

use std::fmt;
use std::time::Duration;

use eth::Version;
use url::Url;

/// How the beacon nodes are to be asked. Its `Debug` shows neither credentials nor header values.
#[derive(Clone)]
pub struct ClientConfig {
    /// The beacon nodes, the preferred one first. A URL may carry `user:password`.
    pub endpoints: Vec<Url>,
    /// Headers sent with every request, for instance an API key.
    pub headers: Vec<(String, String)>,
    /// Genesis fork version of the cluster's network: an endpoint of another one is refused.
    /// `None`: the first endpoint that answers says which network it is.
    pub genesis_fork_version: Option<Version>,
    /// Longest wait for one endpoint's answer to a question.
    pub timeout: Duration,
    /// Longest wait for one endpoint to produce a block, which may include asking builders.
    pub block_timeout: Duration,
    /// Longest wait for one endpoint to take a submission.
    pub submit_timeout: Duration,
    /// How long an endpoint may think before the next one is asked as well.
    pub patience: Duration,
    /// Longest wait for the head of a forwarded request's answer.
    pub forward_timeout: Duration,
    /// An event stream or a forwarded answer without a byte for so long is taken for dead.
    pub idle_timeout: Duration,
    /// First pause after no endpoint offered an event stream; it doubles up to [`ClientConfig::backoff_max`].
    pub backoff: Duration,
    /// Longest such pause.
    pub backoff_max: Duration,
    /// Longest pause between two looks at an endpoint that failed, was syncing or of another network.
    pub recheck_max: Duration,
}

impl Default for ClientConfig {
    fn default() -> Self {
        ClientConfig {
            endpoints: Vec::new(),
            headers: Vec::new(),
            genesis_fork_version: None,
            timeout: Duration::from_secs(2),
            block_timeout: Duration::from_secs(4),
            submit_timeout: Duration::from_secs(2),
            patience: Duration::from_millis(500),
            forward_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            backoff: Duration::from_millis(250),
            backoff_max: Duration::from_secs(8),
            recheck_max: Duration::from_secs(60),
        }
    }
}

impl fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientConfig")
            .field("endpoints", &self.endpoints.iter().map(redacted).collect::<Vec<_>>())
            .field("headers", &self.headers.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("timeout", &self.timeout)
            .field("submit_timeout", &self.submit_timeout)
            .finish_non_exhaustive()
    }
}

/// The endpoint as logs and errors may show it: no user, no password, no query, and no path, since providers put
/// access keys there.
pub(crate) fn redacted(url: &Url) -> String {
    let origin = url.origin().ascii_serialization();
    if url.path().trim_matches('/').is_empty() { origin } else { format!("{origin}/…") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let config = ClientConfig {
            endpoints: vec![
                "https://user:hunter2@example.org:5052/key-abc?token=def".parse().expect("a URL"),
            ],
            headers: vec![("X-Api-Key".to_owned(), "s3cret".to_owned())],
            ..ClientConfig::default()
        };
        let shown = format!("{config:?}");
        assert!(shown.contains("https://example.org:5052/…") && shown.contains("X-Api-Key"), "{shown}");
        for secret in ["user", "hunter2", "key-abc", "def\"", "s3cret"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
}
