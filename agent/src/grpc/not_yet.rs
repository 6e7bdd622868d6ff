//! The one answer of every call and field that the contract has and the agent does not serve yet.

use tonic::{Response, Status};

/// UNIMPLEMENTED, by name. Nothing was done, and nothing is on record.
pub(super) fn not_yet<T>(what: &'static str) -> Result<Response<T>, Status> {
    Err(Status::unimplemented(format!("{what} is not served yet")))
}
