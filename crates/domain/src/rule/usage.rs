//! Rules on the use of a seal (C1, U1, U2, U3, U8, U10): at submission those that can be decided then, and all of them again before a stamp.

mod admission;
mod remote;
mod stamping;

use super::{Rule, all};
use crate::{
    act::statement::BoundBox,
    channel::Channel,
    identity::{Digest, RequestId},
    office::{Active, Grant, Office, Person, RequestFacts, SealEntry, Ticket},
    policy::Policy,
    refusal::{Refusal, Violations},
};

/// A request with what there is to judge its use by.
#[derive(Clone, Copy, Debug)]
pub struct UseFacts<'a> {
    /// Now, µs since the Unix epoch.
    pub now_us: u64,
    /// Thresholds in force.
    pub policy: &'a Policy,
    /// The office as it stands.
    pub office: &'a Office,
    /// What is asked.
    pub request: &'a RequestFacts,
    /// The seal it is asked of.
    pub seal: &'a SealEntry,
    /// Who confirms, by the kernel's word for their uid or by their certificate; `None` when the request is submitted.
    pub custodian: Option<&'a Person>,
    /// From where it is confirmed; a request that is submitted counts as [`Channel::Local`], for asking from afar is no remote use.
    pub channel: Channel,
    /// What is to be stamped now, as it was found now.
    pub stamped: Stamped<'a>,
    /// Copies of the request that are used up.
    pub copies_used: u32,
    /// Copies stamped today for the applicant with this seal, by the office's calendar (`utc_offset_minutes` of the policy).
    pub used_today: u32,
}

/// What is stamped: the spooled file hashed again, the places resolved again, the seal object verified again.
#[derive(Clone, Copy, Debug)]
pub struct Stamped<'a> {
    /// SHA-256 of the document.
    pub document_sha256: Digest,
    /// SHA-256 of the seal object that is stamped with.
    pub seal_object_sha256: Digest,
    /// Where.
    pub boxes: &'a [BoundBox],
}

impl<'a> UseFacts<'a> {
    /// The seal, if somebody keeps it.
    fn kept(&self) -> Option<&'a Active> {
        self.seal.kept()
    }

    fn grant(&self) -> Option<&'a Grant> {
        let whose = (self.request.binding.applicant.clone(), self.seal.id().clone());
        self.office.grants.get(&whose)
    }

    /// Tickets a use needs from where it is confirmed (U2, U10).
    fn tickets_needed(&self) -> usize {
        let Some(class) = self.policy.classes.get(&self.request.binding.class) else { return usize::MAX };
        let additional = match self.channel {
            Channel::Local => 0,
            Channel::Remote => self.policy.remote.additional_tickets,
        };
        class.tickets.saturating_add(additional) as usize
    }

    /// The tickets that count for a use from where it is confirmed (U2, U10).
    fn counting_tickets(&self, active: &'a Active) -> impl Iterator<Item = &'a Ticket> {
        let (channel, remote, now_us) = (self.channel, &self.policy.remote, self.now_us);
        let valid = self.request.valid_tickets(self.office, active, self.policy, now_us);
        valid.filter(move |ticket| channel == Channel::Local || ticket.counts_from_afar(remote, now_us))
    }
}

/// A check of a use.
pub type Check = fn(&UseFacts<'_>, &mut Violations);

/// Evidence that a request was approved, and that nothing stands against stamping one copy of it now. [`check`] alone makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleared {
    request: RequestId,
    tickets: Vec<Ticket>,
}

impl Cleared {
    /// The request.
    pub fn request(&self) -> RequestId {
        self.request
    }

    /// The tickets by which it may be stamped: as many as its class needs, and more of them from afar.
    pub fn tickets(&self) -> &[Ticket] {
        &self.tickets
    }
}

/// Holds a request against what can be decided when it is submitted; approval, confirmation and the hour come later.
///
/// # Errors
/// Everything that stands against it.
pub fn admit(facts: &UseFacts<'_>) -> Result<(), Refusal> {
    all(admission::RULES.iter().map(|rule| |found: &mut Violations| (rule.check)(facts, found)))
}

/// Holds one use against every rule, just before it is stamped.
///
/// # Errors
/// Everything that stands against it.
pub fn check(facts: &UseFacts<'_>) -> Result<Cleared, Refusal> {
    all(tables().flatten().map(|rule| |found: &mut Violations| (rule.check)(facts, found)))?;
    let active = facts.seal.usable(facts.now_us)?;
    let tickets = facts.counting_tickets(active).take(facts.tickets_needed()).cloned().collect();
    Ok(Cleared { request: facts.request.binding.request, tickets })
}

/// Holds an unlock against what decides it by itself: from where it is asked for (U10). Who may unlock, and for how long, is told elsewhere.
///
/// # Errors
/// [`crate::reason::Reason::RemoteNotAllowed`].
pub fn unlock(policy: &Policy, channel: Channel) -> Result<(), Refusal> {
    remote::allowed(policy, channel).map_err(Into::into)
}

/// The tables.
pub(super) fn tables() -> impl Iterator<Item = &'static [Rule<Check>]> {
    [admission::RULES, stamping::RULES, remote::RULES].into_iter()
}
