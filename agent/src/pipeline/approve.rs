//! Whether it would be allowed: the tickets the document's class demands, bound to the file and all that is asked (U2). Told here early and in full,
//! before the token is asked and a revision written; what counts is what [`allow`](super::allow) finds.

use sealkeeper_domain::{
    act::statement::{Binding, BoundBox},
    channel::Channel,
    identity::{Digest, PersonId, RequestId},
    office::{Office, Person, RequestFacts, SealEntry},
    placement::SealBox,
    policy::Policy,
    reason::Reason,
    refusal::Refusal,
    request::Terms,
    rule::usage::{self, Stamped, UseFacts},
};

use super::place::Placed;

/// A use that nothing stood against when it was looked at.
pub(crate) struct Approved<'f> {
    pub(super) placed: Placed<'f>,
}

/// What the rules of an office look at beside the document: all of one moment.
pub(crate) struct OfficeView<'o> {
    /// The office.
    pub(crate) office: &'o Office,
    /// The seal.
    pub(crate) seal: &'o SealEntry,
    /// Who confirms; `None` when a request is submitted.
    pub(crate) custodian: Option<&'o Person>,
    /// From where they do; here when a request is submitted, for asking from afar is no use from afar.
    pub(crate) channel: Channel,
    /// Thresholds in force.
    pub(crate) policy: &'o Policy,
    /// µs since the Unix epoch.
    pub(crate) now_us: u64,
    /// Copies of the request that are used up.
    pub(crate) copies_used: u32,
    /// Copies stamped today for the applicant with this seal.
    pub(crate) used_today: u32,
}

impl<'o> OfficeView<'o> {
    /// With the request as acts made it and what is to be stamped: all that the rules ask for.
    pub(super) fn facts_of_use<'a>(&self, request: &'a RequestFacts, stamped: Stamped<'a>) -> UseFacts<'a>
    where
        'o: 'a,
    {
        UseFacts {
            now_us: self.now_us,
            policy: self.policy,
            office: self.office,
            request,
            seal: self.seal,
            custodian: self.custodian,
            channel: self.channel,
            stamped,
            copies_used: self.copies_used,
            used_today: self.used_today,
        }
    }
}

impl<'f> Placed<'f> {
    /// In a solo journal.
    pub(crate) fn approve_solo(self, policy: &Policy) -> Result<Approved<'f>, Refusal> {
        self.admissible_solo(policy)?;
        Ok(Approved { placed: self })
    }

    /// The same before anything is to be stamped.
    pub(crate) fn admissible_solo(&self, policy: &Policy) -> Result<(), Refusal> {
        without_tickets(self.terms(), policy)
    }

    /// In an office: every rule on uses, over the request as acts made it and the document as it was found now.
    pub(crate) fn approve(
        self,
        request: &RequestFacts,
        view: &OfficeView<'_>,
    ) -> Result<Approved<'f>, Refusal> {
        let seal_object = self.seal_object()?;
        let boxes = self.boxes();
        usage::check(&view.facts_of_use(request, self.stamped(seal_object, &boxes)))?;
        Ok(Approved { placed: self })
    }

    /// What can be decided of it when the request is submitted.
    pub(crate) fn admissible(&self, request: &RequestFacts, view: &OfficeView<'_>) -> Result<(), Refusal> {
        let boxes = self.boxes();
        usage::admit(&view.facts_of_use(request, self.stamped(self.seal_object()?, &boxes)))
    }

    fn stamped<'b>(&self, seal_object_sha256: Digest, boxes: &'b [BoundBox]) -> Stamped<'b> {
        Stamped { document_sha256: self.inspected.admitted.terms.sha256, seal_object_sha256, boxes }
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
        bound(self.seal_box)
    }

    /// A seal of the office has its object whether its token is there or not.
    fn seal_object(&self) -> Result<Digest, Refusal> {
        self.inspected.admitted.seal.known_object_digest().ok_or_else(|| Reason::SealObjectUnverified.into())
    }
}

/// A policy of a solo journal that demands tickets is refused when it is loaded, so a class that does all the same is refused here.
pub(super) fn without_tickets(terms: &Terms, policy: &Policy) -> Result<(), Refusal> {
    match policy.classes.get(&terms.document_class) {
        Some(class) if class.tickets == 0 => Ok(()),
        Some(_) => Err(Reason::TicketsUnsupported.into()),
        None => Err(Reason::ClassUnknown.into()),
    }
}

/// A place as acts name it.
pub(super) fn bound(seal_box: SealBox) -> Vec<BoundBox> {
    vec![BoundBox {
        page: seal_box.page + 1,
        left_um: seal_box.left_um,
        top_um: seal_box.top_um,
        width_um: seal_box.width_um,
        height_um: seal_box.height_um,
    }]
}
