//! The `seal` command line.
fn main() {}
