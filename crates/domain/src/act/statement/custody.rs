//! What is said of a seal in use and at its end: hand-over, report, retirement, destruction (C2, C4, R1, R2).

use serde::{Deserialize, Serialize};

use crate::identity::{ActId, PersonId, SealId};

/// A seal goes from one custodian to another (C2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandOver {
    /// Which.
    pub seal: SealId,
    /// The outgoing custodian.
    pub from: PersonId,
    /// The incoming one.
    pub to: PersonId,
}

/// What happened to a seal's carrier (C4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReportKind {
    /// Damaged.
    Damage,
    /// Lost.
    Loss,
    /// Somebody else knows the PIN.
    PinLeak,
}

/// A report (C4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealReport {
    /// Which.
    pub seal: SealId,
    /// What.
    pub what: ReportKind,
    /// How, 1 to 1000 characters.
    pub text: String,
}

/// An act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedAct {
    /// Which.
    pub about: ActId,
}

/// Why a seal is revoked (R1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevocationReason {
    /// The physical seal is retired or the unit renamed.
    Retired,
    /// The custodian left without handing over.
    CustodianLeft,
    /// The token is damaged beyond repair, or its PIN leaked and cannot be reset.
    TokenUnusable,
    /// Expired or out of scope.
    Expired,
    /// Other; the text says it.
    Other,
}

/// A unit asks for a revocation (R1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retirement {
    /// Which.
    pub seal: SealId,
    /// Why.
    pub reason: RevocationReason,
    /// In words, 1 to 1000 characters.
    pub text: String,
}

/// How far the revocation of a certificate by its authority has come (R1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevocationStep {
    /// The authority was asked for it.
    Asked,
    /// It did.
    Revoked,
}

/// What the certificate authority was asked, or did, about the certificate of a seal that has ended (R1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateStep {
    /// Which seal.
    pub seal: SealId,
    /// The `seal-revoke` this follows.
    pub about: ActId,
    /// Asked, or done.
    pub step: RevocationStep,
    /// The authority, 1 to 128 characters: who did it is who was asked.
    pub authority: String,
    /// How and by what sign, such as the number of the receipt or of the revocation list; 1 to 1000 characters.
    pub text: String,
}

/// What became of the carrier of a destroyed key (R2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum CarrierEnd {
    /// The key is destroyed on the token and looked for in vain; the agent does both when the second of the two acts is filed.
    KeyDestroyed,
    /// The token is dead or lost; how the carrier was destroyed, 1 to 1000 characters.
    Statement(String),
}

/// A seal's key is destroyed (R2): the same by the seal office and by a witness.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Destruction {
    /// Which.
    pub seal: SealId,
    /// What became of the carrier.
    pub carrier: CarrierEnd,
}
