//! Seals as agent.toml lists them.

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
    /// By id, else by a name that only one seal bears.
    fn find(&self, id_or_name: &str) -> Option<&RegisteredSeal> {
        if let Some(found) = self.0.iter().find(|registered| registered.seal.id.as_str() == id_or_name) {
            return Some(found);
        }
        let mut named = self.0.iter().filter(|registered| registered.seal.name == id_or_name);
        named.next().filter(|_| named.next().is_none())
    }

    fn all(&self) -> &[RegisteredSeal] {
        &self.0
    }
}
