//! Each injection, seen through `cryptoki` on a SoftHSM token. A PKCS#11 module belongs to its process, and some faults end
//! that, so each case runs in a process of its own: the test runs itself again.
#![allow(unsafe_code, reason = "a login between C_SignInit and C_Sign is possible only at the C interface")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod attributes;
mod client;
mod control_file;
mod endings;
mod forwarding;
mod pins;
mod place;
mod presence;
mod returns;
mod signatures;
mod slot_events;
mod time;
