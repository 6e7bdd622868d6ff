//! Seals as agent.toml lists them.

use sealkeeper_domain::reason::Reason;

use crate::pipeline::ports::registry::{RegisteredSeal, SealRegistry};

/// The configured seals.
pub(crate) struct ConfiguredSeals(Vec<RegisteredSeal>);

impl ConfiguredSeals {
    /// In the order of the configuration.
    pub(crate) fn new(seals: Vec<RegisteredSeal>) -> Self {
        ConfiguredSeals(seals)
    }
}

impl SealRegistry for ConfiguredSeals {
    fn find(&self, id_or_name: &str) -> Result<&RegisteredSeal, Reason> {
        if let Some(found) = self.0.iter().find(|registered| registered.seal.id.as_str() == id_or_name) {
            return Ok(found);
        }
        let mut named = self.0.iter().filter(|registered| registered.seal.name == id_or_name);
        match (named.next(), named.next()) {
            (Some(only), None) => Ok(only),
            (Some(_), Some(_)) => Err(Reason::SealAmbiguous),
            (None, _) => Err(Reason::SealUnknown),
        }
    }

    fn all(&self) -> &[RegisteredSeal] {
        &self.0
    }
}
