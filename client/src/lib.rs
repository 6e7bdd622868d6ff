//! The client library of the seal agent.
//!
//! [`Agent`] speaks to a running agent over its socket; [`Document`] is the file to be stamped; [`Agent::stamp`]
//! takes one to the other: the document goes up, the bytes to append come back, both are joined, checked and written
//! to a new file. The input is never changed and nothing is ever overwritten.

#![cfg(unix)]

pub mod certificate;
mod connection;
mod diagnosis;
mod document;
pub mod error;
pub mod escape;
mod journal;
mod keys;
pub mod output;
pub mod placement;
mod stamp;
mod tokens;
mod watch;

pub use connection::{Agent, socket_path};
pub use document::Document;
pub use error::{ClientError, Explanation, NotDone, Unsettled};
pub use journal::{CheckedRecord, Selection};
pub use keys::NewKey;
pub use stamp::{Order, Stamped, Stamping};
pub use tokens::{PinChange, UnlockTerms};
pub use watch::{TokenEvent, TokenWatch};
