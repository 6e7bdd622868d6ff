//! End-to-end tests: real daemon, real SoftHSM, independent judges.
//!
//! This library is what the tests stand on. [`AgentHome`] is an agent's home with a token of its own, [`OfficeHome`] one of
//! an office with its people, [`Daemon`] the running process, [`Rpc`] a client made from the contract alone, [`Journal`] the records read strictly.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and so does what it stands on"
)]

pub mod afar;
mod binaries;
mod command_line;
mod daemon;
pub mod documents;
mod home;
mod journal;
mod judges;
pub mod office;
pub mod pictures;
mod processes;
pub mod records;
mod rpc;
pub mod secrets;
pub mod soak;
mod token;

use std::time::{Duration, Instant};

pub use afar::{Authority, Door, Purpose, replace};
pub use binaries::{binary, repository};
pub use command_line::{Said, Seal};
pub use daemon::{Daemon, Exited};
pub use home::{AgentHome, HEALTHY_SEAL, SEALS, SealEntry};
pub use journal::{Entry, Journal};
pub use judges::assert_judged_valid;
pub use office::{OfficeHome, Persona};
pub use processes::{children, freeze, is_alive, kill, open_files};
pub use rpc::{No, Rpc, Upload, at, header};
pub use token::SoftToken;

/// How long anything may take before it counts as hanging. Nothing here is a measure of speed.
pub const GUARD: Duration = Duration::from_secs(60);

/// Runs one test; one that hangs fails. What all tests share is made before the clock starts.
pub fn run(test: impl Future<Output = ()>) {
    token::prepare();
    judges::prepare();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let ended = runtime.block_on(async { tokio::time::timeout(GUARD, test).await });
    runtime.shutdown_timeout(Duration::from_secs(1));
    ended.expect("the test hangs");
}

/// Asks until the answer is there: for what the agent does by itself, in its own time.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(begun.elapsed() < GUARD / 2, "in vain waited for: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// SHA-256 (FIPS 180-4).
pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).to_vec()
}
