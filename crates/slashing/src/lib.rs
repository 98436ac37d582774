//! The rules of consent: EIP-3076 checks, the permit, interchange.
