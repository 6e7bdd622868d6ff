//! What the agent and the `seal` command line both need of PKCS#11 modules (PKCS#11 v3.0): whose file may be loaded, the calls that `cryptoki`
//! lacks, return values by their names, and what a process that drives a module does with its pipes. What is done with a module stays with each.

#![cfg(unix)]

pub mod process;
mod raw;
pub mod return_value;
mod token_info;
mod trust;

pub use raw::Raw;
pub use token_info::{PinFlags, TokenInfo, one_of_serial};
pub use trust::{Untrusted, check_module_path, check_own};
