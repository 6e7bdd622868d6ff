//! The client library of the seal agent.
//!
//! [`Agent`] speaks to a running agent over its socket, or from another machine over TLS; [`Document`] is the file to be stamped; [`Agent::stamp`]
//! takes one to the other: the document goes up, the bytes to append come back, both are joined, checked and written
//! to a new file. The input is never changed and nothing is ever overwritten. [`PersonKey`] is the key a person signs acts
//! with, [`TokenKey`] one that lives on a token.

#![cfg(unix)]

mod act_signer;
pub mod acts;
pub mod audit;
mod backup;
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
mod pictures;
pub mod placement;
mod remote;
pub mod request_file;
mod requests;
mod stamp;
mod token_key;
mod tokens;
mod upload;
mod watch;

pub use act_signer::ActSigner;
pub use backup::{BackedUp, check_backup};
pub use connection::{Agent, socket_path};
pub use document::Document;
pub use error::{ClientError, Explanation, NotDone, Unsettled};
pub use journal::{CheckedRecord, Selection};
pub use key_file::{KeyFile, read_public_key};
pub use keys::NewKey;
pub use passphrase::Passphrase;
pub use person_key::PersonKey;
pub use pictures::{PagePicture, Pictures};
pub use remote::{ClientKey, PlainKey, RemoteAgent, RemoteFile};
pub use request_file::RequestFile;
pub use requests::{RequestFilter, RequestWatch};
pub use stamp::{Order, Stamped, Stamping};
pub use token_key::{KeyToken, TokenKey, TokenLimits, TokenProgram, TokenShown, serve_module};
pub use tokens::{PinChange, UnlockTerms};
pub use watch::{TokenEvent, TokenWatch};
