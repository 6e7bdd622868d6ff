//! End-to-end tests: real daemon, real SoftHSM, independent judges. One program, so that themes run side by side.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and so do its helpers"
)]

mod audit;
mod command_line;
mod crash;
mod custody;
mod daemon;
mod diagnosis;
mod documents;
mod door;
mod idempotence;
mod inspection;
mod journal;
mod keys;
mod keys_on_token;
mod modules;
mod office;
mod own_key;
mod pictures;
mod pins;
mod policy;
mod presence;
mod refusals;
mod remote;
mod remote_page;
mod requests;
mod secrets;
mod stamping;
mod tokens;
mod uploads;
