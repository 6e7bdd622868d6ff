//! A seal's key and certificate on a token.

use sealkeeper_domain::{identity::TokenSerial, pkcs11_uri::ObjectUri};
use sealkeeper_pades::cms::{PublicKey, SignatureAlgorithm};

use crate::pipeline::identify::Holder;

/// Where a seal's key and certificate lie.
#[derive(Clone, Debug)]
pub(crate) struct KeyOnToken {
    /// The private key.
    pub(crate) key: ObjectUri,
    /// The certificate.
    pub(crate) certificate: ObjectUri,
    /// µs since the Unix epoch: of several certificates for the key, the newest one that is valid then counts.
    pub(crate) now_us: u64,
    /// Attributes of the key that its module need not report, by their names in the standard.
    pub(crate) unreported_accepted: Vec<String>,
}

/// A private key on an unlocked token, whatever certificates there are: sensitive, never extractable and local as far as the token tells.
#[derive(Clone, Debug)]
pub(crate) struct KeyFound {
    /// Whether the unlock has a use left.
    pub(crate) ready: bool,
    /// Its public half.
    pub(crate) public_key: PublicKey,
    /// What key and token can sign with, the preferred first.
    pub(crate) algorithms: Vec<SignatureAlgorithm>,
    /// Whether the key asks for the PIN at each signature (CKA_ALWAYS_AUTHENTICATE).
    pub(crate) asks_pin: bool,
    /// Whether that PIN, as any other, is typed on the token.
    pub(crate) has_pad: bool,
    /// CKA_ID.
    pub(crate) key_id: Vec<u8>,
}

/// A seal's certificate and, on an unlocked token, the assurance that its key is as the regulation demands.
#[derive(Clone, Debug)]
pub(crate) struct SigningKey {
    /// DER.
    pub(crate) certificate: Vec<u8>,
    /// Whether the token is unlocked with at least one use left; only then was the key seen and found sensitive, never extractable, local
    /// and matching the certificate.
    pub(crate) ready: bool,
    /// Whose login that is.
    pub(crate) holder: Option<Holder>,
    /// CK_TOKEN_INFO.serialNumber.
    pub(crate) serial: TokenSerial,
    /// What key and token can sign with, the preferred first; empty unless the token is unlocked.
    pub(crate) algorithms: Vec<SignatureAlgorithm>,
    /// Whether the key asks for the PIN at each signature (CKA_ALWAYS_AUTHENTICATE).
    pub(crate) asks_pin: bool,
    /// Whether that PIN, as any other, is typed on the token.
    pub(crate) has_pad: bool,
    /// Attributes of the key that the module does not report and need not.
    pub(crate) unreported: Vec<String>,
    /// Certificates for the key on the token.
    pub(crate) certificates: u32,
    /// CKA_ID of the key; empty unless the token is unlocked.
    pub(crate) key_id: Vec<u8>,
}
