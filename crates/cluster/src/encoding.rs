//! How cluster files write bytes: as hex, in the two oldest versions partly as base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use eth::{Address, Root};

use crate::{Error, FormatVersion};

/// How signatures, hashes and share keys are written in a file.
#[derive(Clone, Copy)]
pub(crate) enum ByteEncoding {
    Hex,
    Base64,
}

impl ByteEncoding {
    pub(crate) fn of(version: FormatVersion) -> ByteEncoding {
        if version <= FormatVersion::V1_1 { ByteEncoding::Base64 } else { ByteEncoding::Hex }
    }

    /// Reads bytes of any length; an absent or empty text means none.
    pub(crate) fn read(self, field: &'static str, text: Option<String>) -> Result<Vec<u8>, Error> {
        let text = text.unwrap_or_default();
        match self {
            ByteEncoding::Hex => const_hex::decode(text).map_err(|_| Error::Field { field, expected: "hex" }),
            ByteEncoding::Base64 => {
                STANDARD.decode(text).map_err(|_| Error::Field { field, expected: "base64" })
            }
        }
    }

    /// Reads exactly `N` bytes, or none, which means zeros.
    pub(crate) fn read_fixed<const N: usize>(
        self,
        field: &'static str,
        text: Option<String>,
    ) -> Result<[u8; N], Error> {
        let bytes = self.read(field, text)?;
        if bytes.is_empty() {
            return Ok([0; N]);
        }
        bytes.try_into().map_err(|_| Error::FieldLength { field, expected: N })
    }

    /// Reads a hash.
    pub(crate) fn read_root(self, field: &'static str, text: Option<String>) -> Result<Root, Error> {
        self.read_fixed(field, text).map(Root)
    }

    pub(crate) fn write(self, bytes: &[u8]) -> String {
        match self {
            _ if bytes.is_empty() => String::new(),
            ByteEncoding::Hex => const_hex::encode_prefixed(bytes),
            ByteEncoding::Base64 => STANDARD.encode(bytes),
        }
    }
}

/// An execution layer address as a file writes it.
///
/// The text is kept, since the oldest versions hash it and wallets write checksums into its letters' case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressText {
    text: String,
    address: Option<Address>,
}

impl AddressText {
    /// Reads 20 bytes of hex. Absent or empty means that there is no address.
    pub(crate) fn read(field: &'static str, text: Option<String>) -> Result<AddressText, Error> {
        let text = text.unwrap_or_default();
        if text.is_empty() {
            return Ok(AddressText::default());
        }
        let address = text.parse().map_err(|_| Error::FieldLength { field, expected: 20 })?;
        Ok(AddressText { text, address: Some(address) })
    }

    /// The address, unless the file leaves it empty.
    pub fn address(&self) -> Option<Address> {
        self.address
    }

    /// The text as written in the file.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The bytes that are hashed: 20, or none.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.address.as_ref().map_or(&[], |address| address.as_bytes().as_slice())
    }
}

impl From<Address> for AddressText {
    fn from(address: Address) -> AddressText {
        AddressText { text: address.to_string(), address: Some(address) }
    }
}
