//! Grants (U1).

use serde::{Deserialize, Serialize};

use super::ActRef;
use crate::act::statement::GrantTerms;

/// Leave for one person to have documents stamped with one seal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Within what.
    pub terms: GrantTerms,
    /// By which act.
    pub by: ActRef,
}
