//! Handshakes over real sockets with authorities of our own, and what is in force as the files change.

mod authority;
mod handshake;
mod reload;
