//! The tamper-evident journal of electronic seals: record bytes, Merkle tree, verification.
//!
//! A record is one JSON object in the canonical form of RFC 8785, at most [`RECORD_LIMIT`] bytes; the stored bytes
//! are authoritative. Records are the leaves of an RFC 6962 Merkle tree, in the order of their `seq`. What names a
//! person stands in a record only as a salted commitment, whose opening can be kept and erased elsewhere.
//!
//! No I/O, no clock and no randomness: times and salts are given in. The crate is useful on its own; [`check`]
//! needs nothing but the records.
//!
//! ```
//! use sealkeeper_journal::{Frontier, Mode, PolicyLoaded, Record, RecordBody, Digest, leaf_hash};
//!
//! let body = RecordBody::PolicyLoaded(PolicyLoaded { sha256: Digest::of(b"policy"), act: None });
//! let record = Record { seq: 0, time_us: 1_750_000_000_000_000, mode: Mode::Solo, body };
//! let bytes = record.encode()?;
//! assert_eq!(Record::parse(&bytes)?, record);
//!
//! let mut tree = Frontier::default();
//! tree.push(leaf_hash(&bytes));
//! assert_eq!(tree.root(), leaf_hash(&bytes));
//! # Ok::<(), sealkeeper_journal::RecordError>(())
//! ```

pub mod audit;
mod canonical;
mod check;
mod commitment;
mod digest;
mod error;
mod list;
mod merkle;
mod record;
mod text;

pub use check::{Checker, Fault, FaultKind, Report, check};
pub use commitment::{Commitment, Committer, Disclosure, DisclosureError, SALT_LENGTH, Salt};
pub use digest::{Digest, MessageDigest};
pub use error::RecordError;
pub use list::ListDigest;
pub use merkle::{Frontier, FrontierError, empty_root, leaf_hash, node_hash, root};
pub use record::{
    AbandonCause, Abandoned, ActFiled, Actor, AgentStarted, AgentStopped, CertificateImported, Channel,
    Complete, DisclosuresErased, DraftStanding, Endpoint, Failed, InspectionFinding, Intent, JournalBackedUp,
    KeyDestroyed, KeyDestructionOrdered, KeyGenerated, KeyPurpose, KeySearch, KeyUsed, LockCause,
    MAX_INSPECTION_FINDINGS, Mode, ModuleFailed, ModuleFailure, Outcome, Person, PinChange, PinChanged,
    PinEntry, PinKind, PinTries, PolicyLoaded, PolicyRejected, RECORD_LIMIT, RECORD_VERSION, Record,
    RecordBody, Refused, RequestDrafted, RequestExpired, Severity, StopCause, TestSignature, TokenError,
    TokenInserted, TokenInspected, TokenLocked, TokenRemoved, TokenUnlocked, TreeHead, Verdict, VersionSeen,
    Versioned, Violation, WrongPin,
};
pub use text::{Code, Id, TextError};
