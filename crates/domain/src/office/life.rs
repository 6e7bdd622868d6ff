//! The life of a seal: each state with its data, so that what a state has not cannot be asked of it.
//!
//! ```text
//! applied → approved → reviewed → made → issued → active ⇄ suspended → (retiring) → revoked → destroyed
//! ```
//!
//! What was made and then reported damaged, lost or known before anybody had received it leaves the seal approved: it is made anew (C4).

use serde::{Deserialize, Serialize};

use crate::{
    act::{
        key::ActKey,
        statement::{
            Destruction, IdentityDocument, MadeSeal, PhysicalSeal, ReportKind, Retirement, SealApplication,
        },
    },
    identity::{ActId, PersonId, SealId, TokenSerial},
    pkcs11_uri::ObjectUri,
    reason::Reason,
    refusal::Violation,
};

/// An act that was done: which, by whom, when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActRef {
    /// Its id.
    pub act: ActId,
    /// Who signed it.
    pub by: PersonId,
    /// When it was filed, µs since the Unix epoch.
    pub at_us: u64,
}

/// A seal from its application on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealEntry {
    /// What was applied for (A1).
    pub application: SealApplication,
    /// By which act.
    pub applied: ActRef,
    /// Where its life stands.
    pub life: SealLife,
    /// Every step so far, in order.
    pub history: Vec<Step>,
    /// What was made of it and damaged, lost or known to others before anybody had received it (C4): never used again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given_up: Vec<Made>,
}

impl SealEntry {
    /// Its id.
    pub fn id(&self) -> &SealId {
        &self.application.seal
    }

    /// What it is while somebody keeps it, suspended or not.
    pub fn kept(&self) -> Option<&Active> {
        match &self.life {
            SealLife::Active(active) => Some(active),
            SealLife::Suspended(suspended) => Some(&suspended.active),
            _ => None,
        }
    }

    /// Who has it in hands: the custodian, or who is to sign its receipt.
    pub fn custodian(&self) -> Option<&PersonId> {
        match &self.life {
            SealLife::Issued { .. } => Some(&self.application.custodian),
            _ => self.kept().map(|active| &active.custodian),
        }
    }

    /// Everybody who has, or had, it in hands with its receipt signed.
    pub(super) fn keepers(&self) -> impl Iterator<Item = &PersonId> {
        let received = self.history.iter().filter(|step| step.typ == "seal-receive").map(|step| &step.by.by);
        let last = self.life.ended().and_then(|ended| ended.custodian.as_ref());
        received.chain(last).chain(self.kept().map(|active| &active.custodian))
    }

    /// The token its key is on, once it is made.
    pub fn token(&self) -> Option<TokenSerial> {
        self.life.made().and_then(|made| ObjectUri::parse(&made.seal.key).ok()).map(|key| key.serial)
    }

    /// Its object, key and certificate, once it is made.
    pub fn made(&self) -> Option<&MadeSeal> {
        self.life.made().map(|made| &made.seal)
    }

    /// What a use needs of it: only an active seal within its validity has that.
    ///
    /// # Errors
    /// Its state or its validity, each with a reason of its own.
    pub fn usable(&self, now_us: u64) -> Result<&Active, Violation> {
        let reason = match self.life.active() {
            Ok(active) if now_us < active.made.valid_from_us => Reason::SealNotYetValid,
            Ok(active) if now_us >= active.made.valid_until_us => Reason::SealExpired,
            Ok(active) => return Ok(active),
            Err(reason) => reason,
        };
        Err(Violation::new(reason).with("seal", self.id()).with("state", self.life.state()))
    }
}

/// One step of a seal's life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// `typ` of the act.
    pub typ: String,
    /// The act.
    pub by: ActRef,
    /// State after it.
    pub state: String,
}

/// Where a seal's life stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SealLife {
    /// A1: asked for.
    Applied,
    /// A2: refused; the end.
    Refused(ActRef),
    /// A2: approved by the unit's head.
    Approved(ActRef),
    /// A2: reviewed by the seal office.
    Reviewed {
        /// By which act.
        by: ActRef,
        /// Whether against a physical seal.
        physical: PhysicalSeal,
    },
    /// A3: made, in nobody's hands.
    Made(Made),
    /// A6: handed out; waits for the custodian's receipt.
    Issued {
        /// The seal.
        made: Made,
        /// By which act.
        by: ActRef,
        /// The identity document checked.
        identity: IdentityDocument,
    },
    /// The one state in which it may be used.
    Active(Active),
    /// C4: blocked for now.
    Suspended(Suspended),
    /// R1: final.
    Revoked(Ended),
    /// R2: final, and its key is gone.
    Destroyed {
        /// As it was revoked.
        ended: Ended,
        /// By the seal office and the witness.
        by: [ActRef; 2],
        /// What became of the carrier.
        destruction: Destruction,
    },
}

/// A seal that was made (A3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    /// The object, key and certificate.
    pub seal: MadeSeal,
    /// By which act.
    pub by: ActRef,
    /// From when seal object and certificate are both valid, µs since the Unix epoch (U8).
    pub valid_from_us: u64,
    /// Until when they both are, µs since the Unix epoch.
    pub valid_until_us: u64,
    /// The seal maker's key, with which the object is verified at each use: the one that signed the act. It counts whoever leaves since.
    pub maker: ActKey,
}

/// A seal in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Active {
    /// The object, key and certificate.
    pub made: Made,
    /// Its one custodian (C1).
    pub custodian: PersonId,
    /// Tickets signed before this are void (C4); seconds since the Unix epoch, 0: none is.
    pub tickets_since_s: u64,
    /// A hand-over that is under way (C2).
    pub handing_over: Option<HandingOver>,
    /// A retirement that is under way (R1): asked for, and perhaps approved.
    pub retiring: Option<Retiring>,
}

/// A hand-over that changed nothing yet (C2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandingOver {
    /// To whom.
    pub to: PersonId,
    /// The outgoing custodian's act.
    pub offered: ActRef,
    /// The incoming one's.
    pub accepted: Option<ActRef>,
}

/// A retirement that was asked for (R1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retiring {
    /// Why.
    pub retirement: Retirement,
    /// The unit's act.
    pub asked: ActRef,
    /// Its head's.
    pub approved: Option<ActRef>,
}

/// A seal that is blocked (C4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suspended {
    /// As it was.
    pub active: Active,
    /// By which act.
    pub by: ActRef,
    /// What was reported, if it was a report.
    pub report: Option<ReportKind>,
    /// The first of the two persons who resume it.
    pub resumed_by: Option<ActRef>,
}

/// A seal that was revoked (R1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ended {
    /// The object, key and certificate, if it was ever made.
    pub made: Option<Made>,
    /// Who kept it last.
    pub custodian: Option<PersonId>,
    /// Why.
    pub retiring: Retiring,
    /// The seal office's act.
    pub by: ActRef,
    /// What its certificate's authority was asked, and did; `None`: nothing yet.
    pub certificate: Option<CertificateRevocation>,
    /// The first of the two acts of its destruction.
    pub destroying: Option<(ActRef, Destruction)>,
}

/// That the certificate authority was asked to revoke the certificate of a seal that has ended, and did (R1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateRevocation {
    /// The authority.
    pub authority: String,
    /// The act that says it was asked.
    pub asked: ActRef,
    /// The act that says it did.
    pub revoked: Option<ActRef>,
}

impl SealEntry {
    /// The act that the next step has to name as what it is about: the retirement or suspension under way, the revocation, else the application.
    pub fn about(&self) -> ActId {
        let retiring = |active: &Active| active.retiring.as_ref().map(|retiring| retiring.asked.act);
        match &self.life {
            SealLife::Active(active) => retiring(active).unwrap_or(self.applied.act),
            SealLife::Suspended(suspended) => retiring(&suspended.active).unwrap_or(suspended.by.act),
            SealLife::Revoked(ended) | SealLife::Destroyed { ended, .. } => ended.by.act,
            _ => self.applied.act,
        }
    }
}

impl SealLife {
    /// Name of the state: kebab-case, as reports tell it.
    pub fn state(&self) -> &'static str {
        match self {
            SealLife::Applied => "applied",
            SealLife::Refused(_) => "refused",
            SealLife::Approved(_) => "approved",
            SealLife::Reviewed { .. } => "reviewed",
            SealLife::Made(_) => "made",
            SealLife::Issued { .. } => "issued",
            SealLife::Active(_) => "active",
            SealLife::Suspended(_) => "suspended",
            SealLife::Revoked(_) => "revoked",
            SealLife::Destroyed { .. } => "destroyed",
        }
    }

    /// The one state in which a seal may be used.
    ///
    /// # Errors
    /// Any other state's own reason.
    pub fn active(&self) -> Result<&Active, Reason> {
        match self {
            SealLife::Active(active) => Ok(active),
            SealLife::Refused(_) => Err(Reason::SealRefused),
            SealLife::Suspended(_) => Err(Reason::SealSuspended),
            SealLife::Revoked(_) => Err(Reason::SealRevoked),
            SealLife::Destroyed { .. } => Err(Reason::SealDestroyed),
            _ => Err(Reason::SealNotYetActive),
        }
    }

    /// Whether it holds its unit, name and key (A4): from the application until it is refused or revoked.
    pub fn is_live(&self) -> bool {
        !matches!(self, SealLife::Refused(_) | SealLife::Revoked(_) | SealLife::Destroyed { .. })
    }

    /// How it ended, once it was revoked.
    pub fn ended(&self) -> Option<&Ended> {
        match self {
            SealLife::Revoked(ended) | SealLife::Destroyed { ended, .. } => Some(ended),
            _ => None,
        }
    }

    /// What was made of it, in whatever state it is now.
    pub fn made(&self) -> Option<&Made> {
        match self {
            SealLife::Made(made) | SealLife::Issued { made, .. } => Some(made),
            SealLife::Active(active) => Some(&active.made),
            SealLife::Suspended(suspended) => Some(&suspended.active.made),
            SealLife::Revoked(ended) | SealLife::Destroyed { ended, .. } => ended.made.as_ref(),
            _ => None,
        }
    }
}
