//! Passwords as bytes.

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

/// The password as EIP-2335 wants it: NFKD, without control characters (C0, DEL, C1), as UTF-8.
///
/// A line break at the end of a password file is thereby no part of the password.
pub(super) fn normalized(password: &str) -> Zeroizing<Vec<u8>> {
    // Reserved ahead, so that growing does not leave copies behind: NFKD makes a character at most 18 times as long.
    let mut bytes = Zeroizing::new(Vec::with_capacity(18 * password.len()));
    for character in password.nfkd().filter(|character| !character.is_control()) {
        bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_of_the_eip_is_normalized() {
        let password = "𝔱𝔢𝔰𝔱𝔭𝔞𝔰𝔰𝔴𝔬𝔯𝔡🔑";
        assert_eq!(normalized(password).as_slice(), b"testpassword\xf0\x9f\x94\x91");
    }

    #[test]
    fn control_characters_are_dropped_and_spaces_kept() {
        assert_eq!(normalized("\u{0}a b\u{7f}\u{80}\u{9f}c\r\n").as_slice(), b"a bc");
        assert_eq!(normalized("\u{a0}é").as_slice(), " e\u{301}".as_bytes());
    }
}
