//! The PAdES B-B signature as CMS `SignedData` (RFC 5652, ETSI EN 319 142-1 §6.3).
//!
//! Making one: [`SigningChain`] (whose key, which certificates), [`SignedAttributes`] (what the token signs),
//! [`EcdsaSignature`] (what the token gave back), [`assemble`] (all of it as DER). Reading one that came from
//! outside: [`DetachedSignature::parse`], strictly DER and without trust in any length it states.

mod assemble;
mod attributes;
mod chain;
mod error;
mod parse;
mod signature;

pub use assemble::{assemble, contents_capacity};
pub use attributes::SignedAttributes;
pub(crate) use chain::p256_key;
pub use chain::{EndEntity, SigningChain};
pub use error::{CmsError, CmsParseError};
pub use parse::{DetachedSignature, DigestAlgorithm};
pub use signature::EcdsaSignature;
