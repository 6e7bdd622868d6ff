//! A seal's key and certificate on a token.

use sealkeeper_domain::{identity::TokenSerial, pkcs11_uri::ObjectUri};

/// Where a seal's key and certificate lie.
#[derive(Clone, Debug)]
pub(crate) struct KeyOnToken {
    /// The private key.
    pub(crate) key: ObjectUri,
    /// The certificate.
    pub(crate) certificate: ObjectUri,
}

/// A seal's certificate and, on an unlocked token, the assurance that its key is as the regulation demands.
#[derive(Clone, Debug)]
pub(crate) struct SigningKey {
    /// DER.
    pub(crate) certificate: Vec<u8>,
    /// Whether the token is unlocked with at least one use left; only then was the key seen and found sensitive, never extractable, local
    /// and matching the certificate.
    pub(crate) ready: bool,
    /// CK_TOKEN_INFO.serialNumber.
    pub(crate) serial: TokenSerial,
}
