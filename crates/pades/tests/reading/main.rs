//! The reader: what is read, what is harmless, what is damaged, and what it costs. `docs/damaged.md` has the list of cases, with a whole file for
//! each; here are their variations.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking and may say what it skips"
)]

mod corpus;
mod excerpts;
mod facts;
mod hazards;
mod hostile;
mod hybrid;
mod later;
mod objects;
mod pages;
mod revisions;
mod seed;
mod size;
mod streams;
mod tables;
