//! Acts (签批): signed statements of registered persons. What nobody signed, nobody but the local custodian has said (G3).
//!
//! An act is a compact JWS (RFC 7515) with one algorithm, ES256, and no header that could name a key, a place or an extension (ADR 8).

mod claims;
mod json;
pub mod jws;
pub mod key;
pub mod statement;
mod subject;

pub use claims::{Act, Claims, ClaimsError, MAX_CLOCK_AHEAD_S, MAX_LIFETIME_S};
pub use statement::Statement;
pub(crate) use subject::every_grant_of;
