//! The client library of the seal agent and the seal command line.
