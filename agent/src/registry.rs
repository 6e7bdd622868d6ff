//! Seals as agent.toml lists them.

use std::sync::Arc;

use sealkeeper_domain::{identity::SealId, reason::Reason};

use crate::pipeline::ports::registry::{RegisteredSeal, SealRegistry};

/// The configured seals.
pub(crate) struct ConfiguredSeals(Vec<Arc<RegisteredSeal>>);

impl ConfiguredSeals {
    /// In the order of the configuration.
    pub(crate) fn new(seals: Vec<RegisteredSeal>) -> Self {
        ConfiguredSeals(seals.into_iter().map(Arc::new).collect())
    }
}

impl SealRegistry for ConfiguredSeals {
    fn find(&self, id_or_name: &str) -> Result<Arc<RegisteredSeal>, Reason> {
        if let Some(found) = self.0.iter().find(|registered| registered.seal.id.as_str() == id_or_name) {
            return Ok(found.clone());
        }
        let mut named = self.0.iter().filter(|registered| registered.seal.name == id_or_name);
        match (named.next(), named.next()) {
            (Some(only), None) => Ok(only.clone()),
            (Some(_), Some(_)) => Err(Reason::SealAmbiguous),
            (None, _) => Err(Reason::SealUnknown),
        }
    }

    fn by_id(&self, id: &SealId) -> Result<Arc<RegisteredSeal>, Reason> {
        self.0.iter().find(|registered| registered.seal.id == *id).cloned().ok_or(Reason::SealUnknown)
    }

    fn id_of(&self, id_or_name: &str) -> Option<SealId> {
        self.find(id_or_name).ok().map(|found| found.seal.id.clone())
    }

    fn all(&self) -> Vec<Arc<RegisteredSeal>> {
        self.0.clone()
    }
}
