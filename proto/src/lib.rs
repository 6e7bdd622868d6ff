//! The gRPC contract `sealkeeper.v1` (see `PROTOCOL.md` beside this crate) and its generated code.
//!
//! The files under `sealkeeper/v1/` are the contract; `src/generated/` is made from them by a test that also keeps
//! the two equal.

pub mod socket;

/// Messages, clients and servers of the package `sealkeeper.v1`.
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, clippy::restriction)]
pub mod v1 {
    include!("generated/sealkeeper.v1.rs");

    /// Prints the token only: a PIN has no place in any output.
    impl std::fmt::Debug for UnlockRequest {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("UnlockRequest").field("token_serial", &self.token_serial).finish_non_exhaustive()
        }
    }
}

/// Largest chunk of a document in one `SubmitRequest`, in bytes.
pub const MAX_CHUNK: usize = 1 << 20;

/// Largest chunk of appended bytes in one `FetchEvent`, in bytes.
pub const FETCH_CHUNK: usize = 1 << 16;

/// Largest message either side accepts, in bytes: a chunk, or a seal's picture with its certificates.
pub const MAX_MESSAGE: usize = 8 << 20;

/// Domain of every `google.rpc.ErrorInfo` the agent sends.
pub const ERROR_DOMAIN: &str = "sealkeeper";
