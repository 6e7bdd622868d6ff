//! Whether it is allowed: the tickets the document's class demands, bound to the file and all that is asked (U2).

use sealkeeper_domain::{
    act::statement::{Binding, BoundBox},
    identity::{Digest, PersonId, RequestId},
    office::{Office, Person, RequestFacts, SealEntry, Ticket},
    policy::Policy,
    reason::Reason,
    refusal::Refusal,
    rule::usage::{self, Cleared, Stamped, UseFacts},
};

use super::place::Placed;

/// A use that nothing stands against, with what says so.
pub(crate) struct Approved<'f> {
    pub(super) placed: Placed<'f>,
    leave: Leave,
}

/// By whose leave.
enum Leave {
    /// The one person's of a solo journal, whose classes need no tickets.
    Solo,
    /// The approvers': their tickets were held against this very use.
    Office(Cleared),
}

impl Approved<'_> {
    /// The tickets by which it may be stamped: none in a solo journal.
    pub(super) fn tickets(&self) -> &[Ticket] {
        match &self.leave {
            Leave::Solo => &[],
            Leave::Office(cleared) => cleared.tickets(),
        }
    }
}

/// What the rules of an office look at beside the document: all of one moment.
pub(crate) struct OfficeView<'o> {
    /// The office.
    pub(crate) office: &'o Office,
    /// The seal.
    pub(crate) seal: &'o SealEntry,
    /// Who confirms; `None` when a request is submitted.
    pub(crate) custodian: Option<&'o Person>,
    /// Thresholds in force.
    pub(crate) policy: &'o Policy,
    /// µs since the Unix epoch.
    pub(crate) now_us: u64,
    /// Copies of the request that are used up.
    pub(crate) copies_used: u32,
    /// Copies stamped today for the applicant with this seal.
    pub(crate) used_today: u32,
}

impl<'f> Placed<'f> {
    /// In a solo journal. A policy that demands tickets is refused when it is loaded, so a class that does all the same is refused here.
    pub(crate) fn approve_solo(self, policy: &Policy) -> Result<Approved<'f>, Refusal> {
        match policy.classes.get(&self.inspected.admitted.terms.document_class) {
            Some(class) if class.tickets == 0 => Ok(Approved { placed: self, leave: Leave::Solo }),
            Some(_) => Err(Reason::TicketsUnsupported.into()),
            None => Err(Reason::ClassUnknown.into()),
        }
    }

    /// In an office: every rule on uses, over the request as acts made it and the document as it was found now.
    pub(crate) fn approve(
        self,
        request: &RequestFacts,
        view: &OfficeView<'_>,
    ) -> Result<Approved<'f>, Refusal> {
        let seal_object = self.seal_object()?;
        let boxes = self.boxes();
        let cleared = usage::check(&self.facts_of_use(request, view, seal_object, &boxes))?;
        Ok(Approved { placed: self, leave: Leave::Office(cleared) })
    }

    /// What can be decided of it when the request is submitted.
    pub(crate) fn admissible(&self, request: &RequestFacts, view: &OfficeView<'_>) -> Result<(), Refusal> {
        let boxes = self.boxes();
        usage::admit(&self.facts_of_use(request, view, self.seal_object()?, &boxes))
    }

    fn facts_of_use<'a>(
        &'a self,
        request: &'a RequestFacts,
        view: &OfficeView<'a>,
        seal_object_sha256: Digest,
        boxes: &'a [BoundBox],
    ) -> UseFacts<'a> {
        UseFacts {
            now_us: view.now_us,
            policy: view.policy,
            office: view.office,
            request,
            seal: view.seal,
            custodian: view.custodian,
            stamped: Stamped {
                document_sha256: self.inspected.admitted.terms.sha256,
                seal_object_sha256,
                boxes,
            },
            copies_used: view.copies_used,
            used_today: view.used_today,
        }
    }

    /// Everything the request stands for.
    pub(crate) fn binding(&self, request: RequestId, applicant: PersonId) -> Result<Binding, Refusal> {
        let terms = &self.inspected.admitted.terms;
        Ok(Binding {
            request,
            document_sha256: terms.sha256,
            file_name: terms.file_name.clone(),
            seal: terms.seal.clone(),
            seal_object_sha256: self.seal_object()?,
            boxes: self.boxes(),
            class: terms.document_class.clone(),
            copies: terms.copies,
            reason: terms.reason.clone(),
            applicant,
        })
    }

    fn boxes(&self) -> Vec<BoundBox> {
        let seal_box = self.seal_box;
        vec![BoundBox {
            page: seal_box.page + 1,
            left_um: seal_box.left_um,
            top_um: seal_box.top_um,
            width_um: seal_box.width_um,
            height_um: seal_box.height_um,
        }]
    }

    /// A seal of the office has its object whether its token is there or not.
    fn seal_object(&self) -> Result<Digest, Refusal> {
        self.inspected.admitted.seal.known_object_digest().ok_or_else(|| Reason::SealObjectUnverified.into())
    }
}
