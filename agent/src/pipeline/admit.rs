//! Which seal, within which limits: what can be decided before the document is there.

use sealkeeper_domain::{
    identity::PersonId,
    policy::Policy,
    refusal::{Refusal, Violations},
    request::{Asked, Terms},
};

use super::ports::registry::{RegisteredSeal, SealRegistry};

/// An ask within the policy, for a seal there is.
pub(crate) struct Admitted<'a> {
    pub(super) terms: Terms,
    pub(super) seal: &'a RegisteredSeal,
}

/// Holds an ask against registry, policy and limits; names all that stands against it.
pub(crate) fn admit<'a>(
    asked: Asked,
    seal: &str,
    applicant: PersonId,
    registry: &'a dyn SealRegistry,
    policy: &Policy,
    max_document: u64,
) -> Result<Admitted<'a>, Refusal> {
    match registry.find(seal) {
        Ok(registered) => {
            let terms = Terms::admit(asked, registered.seal.id.clone(), applicant, policy, max_document)?;
            Ok(Admitted { terms, seal: registered })
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
