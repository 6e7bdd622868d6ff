//! People: who they are, what they may be, which keys speak for them (G2, G3).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::identity::{Digest, PersonId};

/// What a person may be (G2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// 印章管理部门
    SealOffice,
    /// 单位负责人, of the person's unit
    UnitHead,
    /// 保管人
    Custodian,
    /// 用印人
    Applicant,
    /// 审批人
    Approver,
    /// 监督检查
    Auditor,
}

impl Role {
    /// All of them.
    pub const ALL: [Role; 6] =
        [Role::SealOffice, Role::UnitHead, Role::Custodian, Role::Applicant, Role::Approver, Role::Auditor];

    /// Its name as acts write it.
    pub fn code(self) -> &'static str {
        match self {
            Role::SealOffice => "seal-office",
            Role::UnitHead => "unit-head",
            Role::Custodian => "custodian",
            Role::Applicant => "applicant",
            Role::Approver => "approver",
            Role::Auditor => "auditor",
        }
    }

    /// Of these nobody is two (G2, 三权分立).
    pub const APART: [Role; 3] = [Role::SealOffice, Role::Custodian, Role::Auditor];

    /// Those of these roles that one person cannot have together, empty if all can: two of [`Role::APART`], and the auditor's with any other,
    /// for an auditor changes nothing (G2, S1).
    pub fn in_conflict(roles: &BTreeSet<Role>) -> Vec<Role> {
        if roles.contains(&Role::Auditor) && roles.len() > 1 {
            return roles.iter().copied().collect();
        }
        let apart: Vec<_> = Role::APART.into_iter().filter(|role| roles.contains(role)).collect();
        if apart.len() > 1 { apart } else { Vec::new() }
    }
}

/// Whether a person is a member of staff (C1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Is.
    Employed,
    /// Was, until then; µs since the Unix epoch.
    Left(u64),
}

/// A registered person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Opaque id.
    pub id: PersonId,
    /// Name.
    pub name: String,
    /// Unit.
    pub unit: String,
    /// Roles, none [`Role::in_conflict`] with another.
    pub roles: BTreeSet<Role>,
    /// Keys that speak for them; a key is one person's only.
    pub keys: Vec<crate::act::key::ActKey>,
    /// The system user they are on the agent's machine; a user is one person's only.
    pub uid: Option<u32>,
    /// Certificates that are theirs where the agent is spoken to from other machines, SHA-256 of the DER; one is one person's only (U10).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<Digest>,
    /// Tickets they signed before, in seconds since the Unix epoch, are void: they had left since, or a key or the approver's role was
    /// taken from them (U2).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tickets_since_s: u64,
    /// Member of staff.
    pub status: Status,
}

impl Person {
    /// Whether they are a member of staff with this role.
    pub fn is(&self, role: Role) -> bool {
        self.is_employed() && self.roles.contains(&role)
    }

    /// Whether they are the head of this unit.
    pub fn heads(&self, unit: &str) -> bool {
        self.is(Role::UnitHead) && self.unit == unit
    }

    /// Whether they are a member of staff.
    pub fn is_employed(&self) -> bool {
        self.status == Status::Employed
    }
}

/// Whether it says nothing: all their tickets may count.
fn is_zero(seconds: &u64) -> bool {
    *seconds == 0
}
