//! The client library and the command line against an agent that keeps the contract and breaks connections.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod agent;
mod audit_commands;
mod bench;
mod commands;
mod doctor;
mod key_commands;
mod log_backup;
mod office_commands;
mod page_commands;
mod pin_commands;
mod pin_dialog;
mod presence;
mod remote;
mod request_commands;
mod stamping;
mod stamping_with_pin;
mod tls;
mod token_calls;
