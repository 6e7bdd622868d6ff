//! What was found in a document, as values, and what comes of it (U4, U7, U8).
//!
//! Whoever reads documents fills in [`Examined`]; [`crate::rule::document`] holds it against the policy and gives [`Findings`]. What is wrong
//! with a file whatever the policy says, damaged structure, encryption, a certification against changes, never comes this far.

mod examined;
mod finding;
#[cfg(test)]
mod tests;

pub use self::{
    examined::{
        Active, ActiveKind, Damaged, DamagedKind, Examined, External, ExternalKind, Hit, Named, Signature,
    },
    finding::{Finding, Findings},
};
