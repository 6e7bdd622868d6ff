//! Keeps the shared object in the process once it is loaded: a call that hangs in it must not find its code gone when its
//! caller drops the library, and what is counted since the module was loaded must not start anew.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        println!("cargo::rustc-link-arg-cdylib=-Wl,-z,nodelete");
    }
}
