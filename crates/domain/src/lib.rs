//! Values and rules of electronic seals: seals, requests, policy, refusals. No I/O, no clock, no randomness.
//!
//! Everything that comes from outside becomes one of these types by a check that either yields the value or a [`refusal::Refusal`] naming
//! all that stands against it; from there on the type is the evidence that the check was made.

pub mod act;
pub mod channel;
pub mod document;
pub mod identity;
pub mod inspection;
pub mod office;
pub mod pin;
pub mod pkcs11_uri;
pub mod placement;
pub mod policy;
pub mod reason;
pub mod refusal;
pub mod request;
pub mod return_value;
pub mod rule;
pub mod seal;
pub mod text;
pub mod viewing;
