//! What the accepted acts amount to, told from their list alone: written for this test, without the office's code.

use std::collections::{BTreeMap, BTreeSet};

use sealkeeper_domain::{
    act::{Claims, Statement, statement::Binding},
    identity::{PersonId, RequestId, SealId},
    office::{Office, Role},
};

/// An accepted act and when it was filed, µs.
pub(crate) struct Accepted {
    pub(crate) claims: Claims,
    pub(crate) at_us: u64,
}

#[derive(Default)]
pub(crate) struct Record {
    acts: Vec<Accepted>,
    copies: BTreeMap<RequestId, u32>,
    /// Roles of who is employed, as of now.
    roles: BTreeMap<PersonId, BTreeSet<Role>>,
    /// Index into `acts` from which on tickets of who had left, or was no approver, count again.
    left: BTreeMap<PersonId, usize>,
    /// Index into `acts` from which on grants count of who had left or became an auditor.
    ungranted: BTreeMap<PersonId, usize>,
    /// Who keeps what, as of now.
    custodians: BTreeMap<SealId, PersonId>,
    tokens: BTreeMap<SealId, String>,
    /// Index into `acts` from which on tickets of this seal count, and whether two persons have resumed it since.
    blocked: BTreeMap<SealId, Blocked>,
    ended: BTreeSet<SealId>,
}

#[derive(Default)]
struct Blocked {
    since: usize,
    resumed_by: Vec<PersonId>,
    is_resumed: bool,
}

/// One use as the rules cleared it.
pub(crate) struct Use<'a> {
    pub(crate) binding: &'a Binding,
    pub(crate) confirmed_by: &'a PersonId,
    pub(crate) tickets_needed: usize,
    /// How long a ticket counts for it: shorter from afar.
    pub(crate) ticket_lifetime_s: u64,
    pub(crate) now_us: u64,
}

impl Record {
    pub(crate) fn employ(&mut self, person: PersonId, roles: BTreeSet<Role>) {
        self.roles.insert(person, roles);
    }

    pub(crate) fn accept(&mut self, claims: Claims, at_us: u64) {
        let at = self.acts.len() + 1;
        match &claims.statement {
            Statement::PersonRegister(entry) => {
                // The role taken, and every ticket with it. Nobody's key ever changes here.
                if self.holds(&entry.person, Role::Approver) && !entry.roles.contains(&Role::Approver) {
                    self.left.insert(entry.person.clone(), at);
                }
                if entry.roles.contains(&Role::Auditor) {
                    self.ungranted.insert(entry.person.clone(), at);
                }
                self.employ(entry.person.clone(), entry.roles.clone());
            }
            Statement::PersonLeave(leaver) => {
                self.roles.remove(&leaver.person);
                self.left.insert(leaver.person.clone(), at);
                self.ungranted.insert(leaver.person.clone(), at);
                let kept: Vec<_> = self
                    .custodians
                    .iter()
                    .filter(|(_, by)| **by == leaver.person)
                    .map(|(id, _)| id.clone())
                    .collect();
                for seal in kept {
                    if self.is_active(&seal) {
                        self.blocked.insert(seal, Blocked { since: at, ..Blocked::default() });
                    }
                }
            }
            Statement::SealMake(made) => {
                let serial = made.key.split(';').next().unwrap().to_owned();
                self.tokens.insert(made.seal.clone(), serial);
            }
            Statement::SealReceive(receipt) => {
                self.custodians.insert(receipt.seal.clone(), claims.issuer.clone());
            }
            Statement::SealHandOver(hand_over) => {
                let token = &self.tokens[&hand_over.seal];
                for (seal, custodian) in &mut self.custodians {
                    if &self.tokens[seal] == token && !self.ended.contains(seal) {
                        *custodian = hand_over.to.clone();
                    }
                }
            }
            Statement::SealSuspend(named) => {
                self.blocked.insert(named.seal.clone(), Blocked { since: at, ..Blocked::default() });
            }
            Statement::SealReport(report) => {
                self.blocked.insert(report.seal.clone(), Blocked { since: at, ..Blocked::default() });
            }
            Statement::SealResume(named) => {
                let may = [Role::SealOffice, Role::UnitHead];
                let roles = &self.roles;
                let holds =
                    |person: &PersonId, role| roles.get(person).is_some_and(|held| held.contains(&role));
                let blocked = self.blocked.get_mut(&named.seal).unwrap();
                // Who has lost both roles in between counts no more.
                blocked.resumed_by.retain(|by| may.iter().any(|role| holds(by, *role)));
                blocked.resumed_by.push(claims.issuer.clone());
                blocked.is_resumed = blocked.resumed_by.iter().any(|office| {
                    let others = || blocked.resumed_by.iter().filter(|head| *head != office);
                    holds(office, Role::SealOffice) && others().any(|head| holds(head, Role::UnitHead))
                });
            }
            Statement::SealRevoke(named) => {
                self.ended.insert(named.seal.clone());
            }
            _ => {}
        }
        self.acts.push(Accepted { claims, at_us });
    }

    /// Received, not revoked, and resumed by office and head, two persons, since it was last blocked.
    fn is_active(&self, seal: &SealId) -> bool {
        let resumed = self.blocked.get(seal).is_none_or(|blocked| blocked.is_resumed);
        self.custodians.contains_key(seal) && !self.ended.contains(seal) && resumed
    }

    fn holds(&self, person: &PersonId, role: Role) -> bool {
        self.roles.get(person).is_some_and(|roles| roles.contains(&role))
    }

    /// A use the rules cleared: is it one that the acts allow?
    pub(crate) fn cleared(&mut self, one: &Use<'_>) {
        let (binding, seal) = (one.binding, &one.binding.seal);
        assert!(self.is_active(seal), "{seal} is not active");
        let custodian = &self.custodians[seal];
        assert_eq!(custodian, one.confirmed_by, "{seal} is used by somebody else than its custodian");
        assert!(self.holds(custodian, Role::Custodian), "{custodian} is no custodian");
        assert!(self.roles.contains_key(&binding.applicant), "{} has left", binding.applicant);

        let since = self.blocked.get(seal).map_or(0, |blocked| blocked.since);
        let mut approvers = BTreeSet::new();
        let (mut filed, mut ended) = (custodian == &binding.applicant, false);
        let mut granted = false;
        let ungranted = self.ungranted.get(&binding.applicant).copied().unwrap_or(0);
        for (index, Accepted { claims, at_us }) in self.acts.iter().enumerate() {
            let by = &claims.issuer;
            match &claims.statement {
                Statement::RequestFile(signed) if **signed == *binding => filed |= by == &binding.applicant,
                Statement::RequestApprove(signed) if **signed == *binding => {
                    let left = self.left.get(by).copied().unwrap_or(0);
                    let young = claims.issued_s.min(at_us / 1_000_000) + one.ticket_lifetime_s;
                    let counts = index >= since.max(left)
                        && young * 1_000_000 > one.now_us
                        && claims.expires_s * 1_000_000 > one.now_us
                        && by != &binding.applicant
                        && by != custodian
                        && self.holds(by, Role::Approver);
                    if counts {
                        approvers.insert(by.clone());
                    }
                }
                Statement::RequestReject(request) | Statement::RequestWithdraw(request)
                    if request.request == binding.request =>
                {
                    ended = true;
                }
                Statement::Grant(terms) if terms.person == binding.applicant && &terms.seal == seal => {
                    granted = index >= ungranted
                        && terms.classes.contains(&binding.class)
                        && binding.copies <= terms.copies_per_request
                        && terms.until_s * 1_000_000 > one.now_us;
                }
                Statement::GrantEnd(end) if end.person == binding.applicant && &end.seal == seal => {
                    granted = false
                }
                _ => {}
            }
        }
        assert!(filed && !ended, "{} is not open", binding.request);
        assert!(granted, "{} has no grant", binding.applicant);
        assert!(
            approvers.len() >= one.tickets_needed,
            "{} was cleared with tickets of {approvers:?}, {} are needed",
            binding.request,
            one.tickets_needed
        );
        let copies = self.copies.entry(binding.request).or_default();
        *copies += 1;
        assert!(*copies <= binding.copies, "{}: {copies} copies of {}", binding.request, binding.copies);
    }

    /// What the office holds now, held against the acts.
    pub(crate) fn compare(&self, office: &Office, at: &str) {
        for person in office.people.values() {
            let apart = [Role::SealOffice, Role::Custodian, Role::Auditor];
            let apart = apart.iter().filter(|role| person.roles.contains(role)).count();
            assert!(apart <= 1, "{at}: {} has {:?}", person.id, person.roles);
            let audits = person.roles.contains(&Role::Auditor);
            assert!(!audits || person.roles.len() == 1, "{at}: {} has {:?}", person.id, person.roles);
            assert_eq!(person.is_employed(), self.roles.contains_key(&person.id), "{at}: {}", person.id);
        }
        let mut keepers: BTreeMap<String, BTreeSet<PersonId>> = BTreeMap::new();
        for (id, entry) in &office.seals {
            if let Some(custodian) = entry.custodian() {
                let token = self.tokens[id].clone();
                keepers.entry(token).or_default().insert(custodian.clone());
            }
            if let Some(active) = entry.kept() {
                assert_eq!(active.custodian, self.custodians[id], "{at}: {id}");
                assert_eq!(entry.life.state() == "active", self.is_active(id), "{at}: {id}");
            }
        }
        for (token, keepers) in keepers {
            assert!(keepers.len() <= 1, "{at}: {token} is kept by {keepers:?}");
        }
        assert!(self.acts.windows(2).all(|pair| pair[0].at_us <= pair[1].at_us));
    }
}
