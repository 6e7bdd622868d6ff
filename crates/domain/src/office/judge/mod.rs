//! What an act changes. The rules of [`crate::rule::act`] say whether it may be; here stands what then becomes of the entities.

mod custody;
mod ending;
mod making;
mod people;
mod requests;
mod supervision;
mod suspension;

use super::{Active, Change, Changed, Office, RequestFacts, SealEntry, SealLife, Step, Suspended};
use crate::{
    act::{Act, Statement, key::ActKey},
    identity::{Digest, SealId},
    policy::Policy,
    reason::Reason,
    refusal::{Refusal, Violation},
    rule::act::{self as rules, ActFacts},
};

/// What is known besides the office and the act: the time, the policy, and what the agent looked at for it.
#[derive(Clone, Debug)]
pub struct Outside<'a> {
    /// Now, µs since the Unix epoch.
    pub now_us: u64,
    /// Thresholds in force.
    pub policy: &'a Policy,
    /// The request the act speaks of, if there is one.
    pub request: Option<&'a RequestFacts>,
    /// Copies of that request that are used up.
    pub copies_used: u32,
    /// SHA-256 of what was filed with the act: picture, seal object or policy file.
    pub attachment: Option<Digest>,
    /// Of an application: what its picture, filed with it, is (A5).
    pub picture: Option<PictureFacts>,
    /// What verifying the seal object filed with the act told; `None` if none was filed, or it did not verify.
    pub made: Option<MadeFacts>,
    /// Whether the seal's token signed a challenge just now (A6).
    pub control_proved: bool,
    /// Whether the seal's token passed an inspection since the seal was suspended (C4).
    pub inspection_passed: bool,
    /// Whether the seal's key was destroyed on its token and then looked for in vain (R2).
    pub key_gone: bool,
    /// Whether an act with this id was filed before.
    pub is_known: bool,
}

impl<'a> Outside<'a> {
    /// Nothing but time and policy; the rest is filled in where the act needs it.
    pub fn new(now_us: u64, policy: &'a Policy) -> Self {
        Outside {
            now_us,
            policy,
            request: None,
            copies_used: 0,
            attachment: None,
            picture: None,
            made: None,
            control_proved: false,
            inspection_passed: false,
            key_gone: false,
            is_known: false,
        }
    }
}

/// What a seal object (SES V4) says of itself, once its signature and certificates verified (A3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeFacts {
    /// Its id.
    pub id: SealId,
    /// Its name.
    pub name: String,
    /// Width on paper, µm.
    pub width_um: u32,
    /// Height on paper, µm.
    pub height_um: u32,
    /// SHA-256 of the picture in it.
    pub picture_sha256: Digest,
    /// What that picture is (A5).
    pub picture: PictureFacts,
    /// SHA-256 of the certificate in its list, DER.
    pub certificate_sha256: Digest,
    /// SHA-256 of that certificate's SubjectPublicKeyInfo, DER.
    pub key_sha256: Digest,
    /// From when object and certificate are both valid, µs since the Unix epoch.
    pub valid_from_us: u64,
    /// Until when they both are, µs since the Unix epoch.
    pub valid_until_us: u64,
    /// The key it verified with: that of the act it was filed with.
    pub maker: ActKey,
}

/// What a seal's picture is, as far as its size goes (A5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureFacts {
    /// The file, bytes.
    pub bytes: u64,
    /// Width and height of a raster picture; `None` of one drawn from lines, or one that cannot be read: it is told when the seal is made.
    pub pixels: Option<[u32; 2]>,
}

impl Office {
    /// Judges an act: what it changes, or every rule that stands against it.
    ///
    /// # Errors
    /// Everything that stands against it, together.
    pub fn judge(&self, act: &Act, outside: &Outside<'_>) -> Result<Change, Refusal> {
        let facts = ActFacts { office: self, claims: act.claims(), outside };
        rules::check(&facts)?;
        let mut change = change(&facts)?;
        if let Some(subject) = act.claims().statement.replaces() {
            // One signed by a clock that is right must not seem older than this for minutes to come.
            change.entities.push(Changed::Said(subject, facts.signed_s()));
        }
        Ok(change)
    }

    /// Writes what an act changed. Requests are not part of the office; whoever keeps them writes those.
    pub fn apply(&mut self, change: Change) {
        for entity in change.entities {
            match entity {
                Changed::Person(person) => drop(self.people.insert(person.id.clone(), person)),
                Changed::Seal(seal) => drop(self.seals.insert(seal.id().clone(), *seal)),
                Changed::Grant(grant) => {
                    let whose = (grant.terms.person.clone(), grant.terms.seal.clone());
                    self.grants.insert(whose, grant);
                }
                Changed::GrantEnded(person, seal) => drop(self.grants.remove(&(person, seal))),
                Changed::Notice(notice) => drop(self.notices.insert(notice.by.act, notice)),
                Changed::Finding(finding) => drop(self.findings.insert(finding.by.act, finding)),
                Changed::Training(training) => drop(self.trainings.insert(training.by.act, training)),
                Changed::Policy(digest) => self.policy = Some(digest),
                Changed::Said(subject, issued_s) => drop(self.said.insert(subject, issued_s)),
                Changed::Request(_) => {}
            }
        }
    }
}

/// What an act does to the entities it names.
///
/// # Errors
/// What it names does not exist, or is not in the state the step begins with. Whether who signed may take the step is not asked here.
pub(crate) fn change(facts: &ActFacts<'_>) -> Result<Change, Refusal> {
    match &facts.claims.statement {
        Statement::PersonRegister(entry) => Ok(people::register(facts, entry)),
        Statement::PersonLeave(leaver) => people::leave(facts, leaver),
        Statement::Training(given) => people::train(facts, given),
        Statement::Grant(terms) => people::grant(facts, terms),
        Statement::GrantEnd(ended) => people::end_grant(facts, ended),
        Statement::Policy(policy) => Ok(Changed::Policy(policy.sha256).into()),

        Statement::SealApply(application) => Ok(making::apply(facts, application)),
        Statement::SealApprove(named) => making::approve(facts, named),
        Statement::SealRefuse(named) => making::refuse(facts, named),
        Statement::SealReview(review) => making::review(facts, review),
        Statement::SealMake(made) => making::make(facts, made),
        Statement::SealIssue(issue) => making::issue(facts, issue),
        Statement::SealReceive(receipt) => making::receive(facts, receipt),

        Statement::SealOffer(hand_over) => custody::offer(facts, hand_over),
        Statement::SealAccept(hand_over) => custody::accept(facts, hand_over),
        Statement::SealHandOver(hand_over) => custody::hand_over(facts, hand_over),

        Statement::SealSuspend(named) => suspension::suspend(facts, named),
        Statement::SealReport(report) => suspension::report(facts, report),
        Statement::SealResume(named) => suspension::resume(facts, named),
        Statement::NoticeAcknowledge(named) => suspension::acknowledge(facts, named),

        Statement::SealRetire(retirement) => ending::retire(facts, retirement),
        Statement::SealRetireApprove(named) => ending::approve(facts, named),
        Statement::SealRevoke(named) => ending::revoke(facts, named),
        Statement::SealDestroy(destruction) => ending::destroy(facts, destruction),
        Statement::CertificateRevocation(said) => ending::certificate(facts, said),

        Statement::RequestFile(binding) => requests::file(facts, binding),
        Statement::RequestApprove(binding) => requests::approve(facts, binding),
        Statement::RequestReject(ended) => requests::reject(facts, ended),
        Statement::RequestWithdraw(ended) => requests::withdraw(facts, ended),

        Statement::Finding(finding) => Ok(supervision::find(facts, finding)),
        Statement::FindingAnswer(answer) => supervision::answer(facts, answer),
    }
}

impl From<Changed> for Change {
    fn from(entity: Changed) -> Self {
        Change { entities: vec![entity] }
    }
}

/// The seal as this act leaves it, with the step in its history.
fn step(facts: &ActFacts<'_>, entry: &SealEntry, life: SealLife) -> Changed {
    let mut entry = entry.clone();
    let (typ, state) = (facts.claims.statement.typ().to_owned(), life.state().to_owned());
    entry.history.push(Step { typ, by: facts.reference(), state });
    entry.life = life;
    Changed::Seal(Box::new(entry))
}

/// The seal's state does not begin this step.
fn out_of_order(entry: &SealEntry, needed: &str) -> Refusal {
    Violation::new(Reason::SealStateWrong)
        .with("seal", entry.id())
        .with("state", entry.life.state())
        .with("needed", needed)
        .into()
}

/// A seal somebody keeps, suspended or not.
fn kept(entry: &SealEntry) -> Result<&Active, Refusal> {
    entry.kept().ok_or_else(|| out_of_order(entry, "active or suspended"))
}

/// The same state with other data.
fn with_active(entry: &SealEntry, active: Active) -> SealLife {
    match &entry.life {
        SealLife::Suspended(suspended) => SealLife::Suspended(Suspended { active, ..suspended.clone() }),
        _ => SealLife::Active(active),
    }
}
