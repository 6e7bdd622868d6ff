//! The daemon that drives the token and stamps.
fn main() {}
