//! Whether it is allowed: the tickets the document's class demands, bound to the file and all that is asked (U2).

use sealkeeper_domain::{policy::Policy, reason::Reason, refusal::Refusal};

use super::place::Placed;

/// A use that has all the tickets its class demands.
pub(crate) struct Approved<'a, 'f> {
    pub(super) placed: Placed<'a, 'f>,
}

impl<'a, 'f> Placed<'a, 'f> {
    /// Checks the tickets. A policy that demands any is refused when it is loaded, so a class that does all the same is refused here.
    pub(crate) fn approve(self, policy: &Policy) -> Result<Approved<'a, 'f>, Refusal> {
        match policy.classes.get(&self.inspected.admitted.terms.document_class) {
            Some(class) if class.tickets == 0 => Ok(Approved { placed: self }),
            Some(_) => Err(Reason::TicketsUnsupported.into()),
            None => Err(Reason::ClassUnknown.into()),
        }
    }
}
