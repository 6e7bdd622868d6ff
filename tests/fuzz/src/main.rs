//! The target that `FUZZ_TARGET` names: under libFuzzer with the feature `libfuzzer`, else over the files given, one after the other.
//!
//! ```text
//! FUZZ_TARGET=cms_parser cargo run --package sealkeeper-fuzz FILE...
//! ```

#![cfg_attr(feature = "libfuzzer", no_main)]
#![cfg_attr(feature = "libfuzzer", allow(unsafe_code, reason = "the entry points have C names"))]
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a command line program")]

use sealkeeper_fuzz::{TARGET_VARIABLE, Target, target};

/// What the environment asks for.
fn chosen() -> Target {
    let name = std::env::var(TARGET_VARIABLE).unwrap_or_default();
    target(&name).expect("FUZZ_TARGET names a target")
}

#[cfg(feature = "libfuzzer")]
mod fuzzer {
    use std::sync::OnceLock;

    static CHOSEN: OnceLock<super::Target> = OnceLock::new();

    libfuzzer_sys::fuzz_target!(|input: &[u8]| {
        (CHOSEN.get_or_init(super::chosen).run)(input);
    });
}

#[cfg(not(feature = "libfuzzer"))]
fn main() {
    let target = chosen();
    for path in std::env::args_os().skip(1) {
        let input = std::fs::read(&path).expect("the file can be read");
        println!("{}: {:?}", path.display(), (target.run)(&input));
    }
}
