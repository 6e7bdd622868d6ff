//! Which seal, within which limits: what can be decided before the document is there.

use std::sync::Arc;

use sealkeeper_domain::{
    identity::{PersonId, TokenSerial},
    policy::Policy,
    reason::Reason,
    refusal::{Refusal, Violation, Violations},
    request::{Asked, Terms},
};

use super::ports::registry::{RegisteredSeal, SealRegistry};

/// An ask within the policy, for a seal there is.
pub(crate) struct Admitted {
    pub(super) terms: Terms,
    pub(super) seal: Arc<RegisteredSeal>,
}

/// Holds an ask against registry, policy, limits and what the inspection of the seal's token found (C3); names all that stands against it.
pub(crate) fn admit(
    asked: Asked,
    seal: &str,
    applicant: PersonId,
    registry: &dyn SealRegistry,
    policy: &Policy,
    max_document: u64,
    inspected: impl FnOnce(&TokenSerial) -> Result<(), Violation>,
) -> Result<Admitted, Refusal> {
    match registry.find(seal) {
        Ok(registered) => {
            let mut violations = Violations::new();
            let terms = Terms::admit(asked, registered.seal.id.clone(), applicant, policy, max_document);
            let terms = violations.keep(terms);
            violations.keep(inspected(&registered.seal.key.serial).map_err(Refusal::from));
            violations.into_result()?;
            // `keep` left a violation behind if there are no terms.
            Ok(Admitted { terms: terms.ok_or(Reason::Internal)?, seal: registered })
        }
        Err(reason) => {
            // The rest is judged all the same, so that everything is told at once.
            let mut violations = Violations::new();
            violations.push(reason);
            let nobody = || "unknown".parse().map_err(|_| Refusal::from(reason));
            violations.keep(Terms::admit(asked, nobody()?, applicant, policy, max_document));
            violations.into_result().and_then(|()| Err(reason.into()))
        }
    }
}
