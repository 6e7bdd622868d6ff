//! The tamper-evident journal: record bytes, Merkle tree, verification.
