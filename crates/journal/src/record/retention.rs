//! The record of what is no longer kept.

use serde::{Deserialize, Serialize};

/// What opened commitments of older records was erased after the retention the policy sets; the records stay as they are. One record for each
/// transaction in which that was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisclosuresErased {
    /// `seq` of the last record of which something was erased. Of earlier ones that are still needed nothing was.
    pub up_to: u64,
    /// How many commitments can no longer be opened.
    pub count: u64,
    /// Records before this time were considered, µs since the Unix epoch.
    pub before_us: u64,
}
