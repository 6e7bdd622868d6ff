//! The reader: what is read, what is harmless, what is damaged, and what it costs. Each case of the list in
//! `sealkeeper_pades::document` has its test here.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking and may say what it skips"
)]

mod corpus;
mod facts;
mod hazards;
mod hostile;
mod hybrid;
mod objects;
mod pages;
mod revisions;
mod seed;
mod size;
mod streams;
mod tables;
