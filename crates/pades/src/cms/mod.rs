//! The PAdES B-B signature as CMS `SignedData` (RFC 5652, ETSI EN 319 142-1 §6.3).
//!
//! Making one: [`SigningChain`] (whose key, which certificates), [`SignatureAlgorithm`] (how), [`SignedAttributes`]
//! (what the token signs), [`SignatureValue`] (what the token gave back), [`assemble`] (all of it as DER). Reading one
//! that came from outside: [`DetachedSignature::parse`], strictly DER and without trust in any length it states.

mod algorithm;
mod assemble;
mod attributes;
mod chain;
mod digest;
mod error;
mod key;
mod parse;
mod pss;
mod scheme;
mod signature;
mod token_key;

pub use algorithm::SignatureAlgorithm;
pub use assemble::{assemble, contents_capacity};
pub use attributes::SignedAttributes;
pub use chain::{EndEntity, SigningChain};
pub use digest::{DigestAlgorithm, HashFunction, MessageDigest, digest_info};
pub use error::{CmsError, CmsParseError, Mismatch};
pub use key::PublicKey;
pub(crate) use key::VerifyingKey;
pub use parse::DetachedSignature;
pub(crate) use scheme::Scheme;
pub use signature::SignatureValue;
