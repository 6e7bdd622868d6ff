//! The client library of the seal agent.
//!
//! [`Agent`] speaks to a running agent over its socket; [`Document`] is the file to be stamped; [`Agent::stamp`]
//! takes one to the other: the document goes up, the bytes to append come back, both are joined, checked and written
//! to a new file. The input is never changed and nothing is ever overwritten. [`PersonKey`] is the key a person signs acts
//! with.

#![cfg(unix)]

mod act_signer;
pub mod acts;
pub mod audit;
pub mod certificate;
mod connection;
mod diagnosis;
mod document;
pub mod error;
pub mod escape;
mod journal;
mod key_file;
mod keys;
mod office;
pub mod output;
mod passphrase;
mod person_key;
pub mod placement;
pub mod request_file;
mod requests;
mod stamp;
mod tokens;
mod watch;

pub use act_signer::ActSigner;
pub use connection::{Agent, socket_path};
pub use document::Document;
pub use error::{ClientError, Explanation, NotDone, Unsettled};
pub use journal::{CheckedRecord, Selection};
pub use key_file::{KeyFile, read_public_key};
pub use keys::NewKey;
pub use passphrase::Passphrase;
pub use person_key::PersonKey;
pub use request_file::RequestFile;
pub use requests::{RequestFilter, RequestWatch};
pub use stamp::{Order, Stamped, Stamping};
pub use tokens::{PinChange, UnlockTerms};
pub use watch::{TokenEvent, TokenWatch};
