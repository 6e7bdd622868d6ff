//! Fuzz targets over everything that is read from outside, each with what must hold of whatever it is given.
//!
//! A target panics where a property is broken; that it neither panics otherwise nor hangs is one of them. `tests/fuzz.sh` lets libFuzzer
//! search, `tests/replay.rs` runs what is in `seeds/` on any Rust. Seeds are made by `examples/make_seeds.rs`; an input that once broke a
//! property is kept beside them, as `found-…`.

#![allow(clippy::expect_used, clippy::panic, reason = "a broken property is told by a panic")]

pub mod outline;

mod act;
mod cms;
mod inspection;
mod pdf;
mod picture;
mod policy;
mod reader;
mod record;
mod seal;
mod uri;
mod writer;

/// How far an input came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// It was refused, rightly or not.
    Refused,
    /// It was accepted, and all that must hold of what is accepted does.
    Accepted,
}

/// One target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The name: the folder of its seeds.
    pub name: &'static str,
    /// Panics where a property is broken.
    pub run: fn(&[u8]) -> Reach,
}

/// All targets.
pub const TARGETS: [Target; 10] = [
    Target { name: "strict_reader", run: reader::run },
    Target { name: "revision_writer", run: writer::run },
    Target { name: "inspection", run: inspection::run },
    Target { name: "cms_parser", run: cms::run },
    Target { name: "record_parser", run: record::run },
    Target { name: "act_parser", run: act::run },
    Target { name: "seal_object", run: seal::run },
    Target { name: "policy", run: policy::run },
    Target { name: "pkcs11_uri", run: uri::run },
    Target { name: "picture", run: picture::run },
];

/// The environment variable that names the target: libFuzzer has the command line for itself.
pub const TARGET_VARIABLE: &str = "FUZZ_TARGET";

/// The target of this name.
#[must_use]
pub fn target(name: &str) -> Option<Target> {
    TARGETS.into_iter().find(|target| target.name == name)
}
