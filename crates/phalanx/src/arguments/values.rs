//! Values as operators write them.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Reads a positive duration: `2s`, `500ms`, `1.5m`, `1m30s`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let expected = || format!("{text:?} is not a duration like 2s, 500ms or 1m30s");
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let number_ends = rest.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(expected)?;
        let (number, after) = rest.split_at(number_ends);
        let unit_ends = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_ends);
        let number: f64 = number.parse().map_err(|_| expected())?;
        seconds += number * seconds_of(unit).ok_or_else(expected)?;
        rest = after;
    }
    let duration = Duration::try_from_secs_f64(seconds).map_err(|_| expected())?;
    if duration.is_zero() { Err(format!("{text:?}: a duration must not be zero")) } else { Ok(duration) }
}

fn seconds_of(unit: &str) -> Option<f64> {
    Some(match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    })
}

/// Reads where to listen: `127.0.0.1:3600`, `[::1]:3600`, `localhost:3600`, or `:3600` for all of IPv4.
pub(super) fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let port = |text: &str| text.parse::<u16>().ok();
    let short = match text.rsplit_once(':') {
        Some(("", given)) => port(given).map(|port| (Ipv4Addr::UNSPECIFIED, port).into()),
        Some(("localhost", given)) => port(given).map(|port| (Ipv4Addr::LOCALHOST, port).into()),
        _ => None,
    };
    let whole = || text.parse().map_err(|_| format!("{text:?} is not of the form IP:PORT"));
    short.map_or_else(whole, Ok)
}

/// Reads an HTTP header. The value may be a secret and is not repeated.
pub(super) fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("a header is of the form name=value")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

/// Reads `NODE@SLOT`.
pub(super) fn node_at_slot(text: &str) -> Result<(usize, u64), String> {
    at_slot(text).ok_or_else(|| format!("{text:?} is not of the form NODE@SLOT"))
}

/// Reads `VALIDATOR@SLOT`.
pub(super) fn validator_at_slot(text: &str) -> Result<(u64, u64), String> {
    at_slot(text).ok_or_else(|| format!("{text:?} is not of the form VALIDATOR@SLOT"))
}

fn at_slot<T: std::str::FromStr>(text: &str) -> Option<(T, u64)> {
    let (who, slot) = text.split_once('@')?;
    Some((who.parse().ok()?, slot.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_operators_write_them() {
        assert_eq!(duration("2s"), Ok(Duration::from_secs(2)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1m30s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1h0m0s"), Ok(Duration::from_secs(3600)));
        for wrong in ["", "0s", "2", "s", "-1s", "2d", "1e400s", "1m30", "1m-90s", "infs", "nans"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_address_to_listen_on_may_lack_the_host() {
        let address = |text| listen_address(text).map(|address| address.to_string());
        assert_eq!(address("127.0.0.1:1").as_deref(), Ok("127.0.0.1:1"));
        assert_eq!(address("[::1]:1").as_deref(), Ok("[::1]:1"));
        assert_eq!(address(":3600").as_deref(), Ok("0.0.0.0:3600"));
        assert_eq!(address("localhost:3600").as_deref(), Ok("127.0.0.1:3600"));
        for wrong in ["", ":", "3600", "127.0.0.1", "example.org:1", "localhost:x", ":99999"] {
            assert!(listen_address(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn who_and_slot_are_two_numbers() {
        assert_eq!(node_at_slot("2@14"), Ok((2, 14)));
        assert_eq!(validator_at_slot("31@7"), Ok((31, 7)));
        for wrong in ["", "2", "@", "2@", "@14", "2@x", "-1@3", "1@2@3"] {
            assert!(node_at_slot(wrong).is_err(), "{wrong}");
            assert!(validator_at_slot(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_header_error_does_not_repeat_a_secret() {
        assert_eq!(header("Authorization=Bearer x=y"), Ok(("Authorization".into(), "Bearer x=y".into())));
        assert!(!header("secret").expect_err("no name").contains("secret"));
    }
}
