//! The last word of the rules on a confirmed use. All that takes time was done before; now it is this use's turn, every rule is asked again, and only
//! the intent is written until the turn is over.

use sealkeeper_domain::{
    office::{RequestFacts, Ticket},
    policy::Policy,
    reason::Reason,
    refusal::Refusal,
    rule::usage::{self, Cleared, Stamped},
};

use super::{
    admit::Admitted,
    approve::{OfficeView, bound, without_tickets},
    certificate::check_validity,
    prepare::{Prepared, Reviewed},
    turn::Turn,
};

/// A confirmed use that nothing stands against. In an office it holds the turn in which that was found: an intent cannot be recorded after it.
pub(crate) struct Allowed<'t> {
    pub(super) prepared: Prepared,
    leave: Leave<'t>,
}

/// By whose leave.
enum Leave<'t> {
    /// The one person's of a solo journal, whose classes need no tickets.
    Solo,
    /// The approvers': their tickets were held against this very use, in its turn.
    Office { cleared: Cleared, _turn: Turn<'t> },
}

impl Allowed<'_> {
    /// The tickets by which it may be stamped: none in a solo journal.
    pub(super) fn tickets(&self) -> &[Ticket] {
        match &self.leave {
            Leave::Solo => &[],
            Leave::Office { cleared, .. } => cleared.tickets(),
        }
    }
}

impl Reviewed {
    /// In a solo journal, where nobody else could change anything but the policy. `admitted` is what is asked, held against the rules anew.
    pub(crate) fn allow_solo(
        self,
        admitted: &Admitted,
        policy: &Policy,
        now_us: u64,
    ) -> Result<Allowed<'static>, Refusal> {
        let prepared = self.still(admitted, now_us)?;
        without_tickets(&prepared.terms, policy)?;
        Ok(Allowed { prepared, leave: Leave::Solo })
    }

    /// In an office: every rule on uses, over the request and the office as they stand in this turn, and the revision as it was prepared.
    pub(crate) fn allow<'t>(
        self,
        turn: Turn<'t>,
        admitted: &Admitted,
        request: &RequestFacts,
        view: &OfficeView<'_>,
    ) -> Result<Allowed<'t>, Refusal> {
        let prepared = self.still(admitted, view.now_us)?;
        let boxes = bound(prepared.seal_box);
        let stamped = Stamped {
            document_sha256: prepared.terms.sha256,
            seal_object_sha256: prepared.seal_object,
            boxes: &boxes,
        };
        let cleared = usage::check(&view.facts_of_use(request, stamped))?;
        Ok(Allowed { prepared, leave: Leave::Office { cleared, _turn: turn } })
    }

    /// What was prepared is what would be prepared now: the terms, which a new policy may fill in otherwise, and the seal with its key and a
    /// certificate that has not ended while the custodian looked at it.
    fn still(self, admitted: &Admitted, now_us: u64) -> Result<Prepared, Refusal> {
        let Reviewed(prepared) = self;
        if admitted.terms != prepared.terms || admitted.seal.seal != prepared.seal {
            return Err(Reason::ConfirmationMismatch.into());
        }
        check_validity(&prepared.chain, now_us)?;
        Ok(prepared)
    }
}
