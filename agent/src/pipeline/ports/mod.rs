//! What the pipeline needs of the world, as traits shaped like messages: no handles, owned values, a deadline on each call to a token.
//! Adapters implement them; only `run` wires concrete ones.

pub(crate) mod clock;
pub(crate) mod document;
pub(crate) mod key;
pub(crate) mod ledger;
pub(crate) mod module;
pub(crate) mod registry;
pub(crate) mod token;
pub(crate) mod token_error;
