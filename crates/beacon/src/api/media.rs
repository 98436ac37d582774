//! The two encodings of the Beacon API, and which of them an `Accept` header prefers.

/// An encoding of the Beacon API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// `application/json`.
    Json,
    /// `application/octet-stream`.
    Ssz,
}

impl MediaType {
    /// The name in `Content-Type` and `Accept`.
    pub fn as_str(self) -> &'static str {
        match self {
            MediaType::Json => "application/json",
            MediaType::Ssz => "application/octet-stream",
        }
    }

    /// Reads a `Content-Type`; parameters such as `charset` are ignored. `None`: neither of the two.
    pub fn of_content_type(value: &str) -> Option<MediaType> {
        let name = value.split(';').next().unwrap_or_default().trim();
        [MediaType::Json, MediaType::Ssz].into_iter().find(|media| name.eq_ignore_ascii_case(media.as_str()))
    }
}

/// The encoding an `Accept` header prefers (RFC 9110 12.5.1: quality values, wildcards; at equal quality JSON).
/// Without a header everything is accepted. `None`: neither encoding is acceptable.
pub fn negotiate(accept: Option<&str>) -> Option<MediaType> {
    let Some(accept) = accept.filter(|accept| !accept.trim().is_empty()) else {
        return Some(MediaType::Json);
    };
    let json = quality(accept, MediaType::Json);
    let ssz = quality(accept, MediaType::Ssz);
    match (json, ssz) {
        (0, 0) => None,
        (json, ssz) if ssz > json => Some(MediaType::Ssz),
        _ => Some(MediaType::Json),
    }
}

/// Quality in thousandths: that of the most specific range naming `media`, 0 when none does.
fn quality(accept: &str, media: MediaType) -> u32 {
    let mut best = (0, 0);
    for range in accept.split(',').take(32) {
        let mut parts = range.split(';').map(str::trim);
        let specificity = match parts.next().unwrap_or_default() {
            name if name.eq_ignore_ascii_case(media.as_str()) => 3,
            name if name.eq_ignore_ascii_case("application/*") => 2,
            "*/*" => 1,
            _ => continue,
        };
        if specificity > best.0 {
            best = (specificity, parts.find_map(thousandths).unwrap_or(1000));
        }
    }
    best.1
}

fn thousandths(parameter: &str) -> Option<u32> {
    let value = parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q="))?;
    let value: f32 = value.trim().parse().unwrap_or(0.0);
    Some((value.clamp(0.0, 1.0) * 1000.0) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_headers_of_recorded_clients_are_understood() {
        let cases = [
            (None, Some(MediaType::Json)),
            (Some(""), Some(MediaType::Json)),
            (Some("*/*"), Some(MediaType::Json)),
            (Some("application/json"), Some(MediaType::Json)),
            (Some("application/octet-stream"), Some(MediaType::Ssz)),
            (Some("application/octet-stream;q=1,application/json;q=0.9"), Some(MediaType::Ssz)),
            (Some("application/octet-stream;q=1.0, application/json; q=0.9"), Some(MediaType::Ssz)),
            (Some("application/json;q=1,application/octet-stream;q=0.9"), Some(MediaType::Json)),
            (Some("application/octet-stream;q=0, */*"), Some(MediaType::Json)),
            (Some("application/json;q=0, application/octet-stream"), Some(MediaType::Ssz)),
            (Some("text/html"), None),
            (Some("application/json;q=0"), None),
        ];
        for (accept, expected) in cases {
            assert_eq!(negotiate(accept), expected, "{accept:?}");
        }
    }

    #[test]
    fn content_type_parameters_do_not_matter() {
        assert_eq!(MediaType::of_content_type("application/json; charset=utf-8"), Some(MediaType::Json));
        assert_eq!(MediaType::of_content_type("Application/Octet-Stream"), Some(MediaType::Ssz));
        assert_eq!(MediaType::of_content_type("text/html"), None);
    }
}
