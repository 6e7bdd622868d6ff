//! What acts say: one variant per `typ`, each with exactly its members.

mod custody;
mod making;
mod people;
mod requests;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

pub use self::{custody::*, making::*, people::*, requests::*};
use super::claims::ClaimsError;

macro_rules! statements {
    ($($(#[$doc:meta])* $typ:literal $name:ident ( $body:ty ),)+) => {
        /// What an act says.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Statement {
            $($(#[$doc])* $name($body),)+
        }

        impl Statement {
            /// Every `typ`, without `sealkeeper-` and `+jwt`.
            pub const TYPES: &'static [&'static str] = &[$($typ),+];

            /// Its `typ`: kebab-case.
            pub fn typ(&self) -> &'static str {
                match self {
                    $(Statement::$name(_) => $typ,)+
                }
            }

            /// Reads the members of a statement of this `typ`; all of them, no others.
            pub(super) fn read(typ: &str, members: Map<String, Value>) -> Result<Self, ClaimsError> {
                match typ {
                    $($typ => Ok(Statement::$name(read::<$body>(members)?)),)+
                    _ => Err(ClaimsError::new("typ", "an act this agent knows")),
                }
            }

            /// Its members.
            pub(super) fn members(&self) -> Map<String, Value> {
                match self {
                    $(Statement::$name(body) => members(body),)+
                }
            }
        }
    };
}

fn read<T: DeserializeOwned>(members: Map<String, Value>) -> Result<T, ClaimsError> {
    serde_json::from_value(Value::Object(members))
        .map_err(|error| ClaimsError::new("payload", error.to_string()))
}

/// A body is a struct of strings, integers and lists: it always is an object.
fn members<T: Serialize>(body: &T) -> Map<String, Value> {
    match serde_json::to_value(body) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

statements! {
    /// The seal office registers a person, or puts a new entry in the place of theirs (G2).
    "person-register" PersonRegister(PersonEntry),
    /// The seal office says that a person has left: their keys and roles end, and every seal they keep is blocked (C2).
    "person-leave" PersonLeave(NamedPerson),
    /// The seal office says that a person was trained in the keeping of seals, and until when that counts (C6).
    "training" Training(TrainingGiven),
    /// The seal office grants a person the use of a seal, in the place of an earlier grant of the same (U1).
    "grant" Grant(GrantTerms),
    /// The seal office ends a grant.
    "grant-end" GrantEnd(EndedGrant),
    /// The seal office puts the policy file with this digest in force.
    "policy" Policy(PolicyDigest),

    /// A unit asks for a seal (A1).
    "seal-apply" SealApply(Box<SealApplication>),
    /// The unit's head approves that (A2).
    "seal-approve" SealApprove(NamedSeal),
    /// The unit's head or the seal office refuses it.
    "seal-refuse" SealRefuse(WithText),
    /// The seal office reviews it, also against the physical seal (A2).
    "seal-review" SealReview(SealReview),
    /// The seal office made it: the signed seal object (A3).
    "seal-make" SealMake(MadeSeal),
    /// The seal office issues it, having checked the custodian's identity document (A6).
    "seal-issue" SealIssue(SealIssue),
    /// The custodian's receipt; the token's control is proved when it is filed (A6).
    "seal-receive" SealReceive(NamedObject),
    /// The outgoing custodian offers it (C2).
    "seal-offer" SealOffer(HandOver),
    /// The incoming custodian accepts it (C2).
    "seal-accept" SealAccept(HandOver),
    /// The seal office registers that: now it is done (C2).
    "seal-hand-over" SealHandOver(HandOver),
    /// The seal office or the unit's head suspends it.
    "seal-suspend" SealSuspend(WithText),
    /// Anyone entitled reports damage, loss or a leaked PIN: it is suspended at once (C4).
    "seal-report" SealReport(SealReport),
    /// The unit's head or the seal office has taken note of a report (C4).
    "notice-acknowledge" NoticeAcknowledge(NamedAct),
    /// Seal office and unit's head, two persons, resume it after a passed inspection (C4).
    "seal-resume" SealResume(NamedSeal),
    /// The unit asks for its revocation (R1).
    "seal-retire" SealRetire(Retirement),
    /// The unit's head approves that (R1).
    "seal-retire-approve" SealRetireApprove(NamedSeal),
    /// The seal office carries it out; final (R1).
    "seal-revoke" SealRevoke(NamedSeal),
    /// Seal office and a witness, both: its key is destroyed (R2).
    "seal-destroy" SealDestroy(Destruction),
    /// The seal office says that the certificate authority was asked to revoke an ended seal's certificate, or that it did (R1).
    "certificate-revocation" CertificateRevocation(CertificateStep),

    /// The applicant asks for a document to be stamped.
    "request-file" RequestFile(Box<Binding>),
    /// An approver allows it: the ticket (审批单), U2.
    "request-approve" RequestApprove(Box<Binding>),
    /// An approver refuses it; it ends.
    "request-reject" RequestReject(EndedRequest),
    /// The applicant takes it back; it ends.
    "request-withdraw" RequestWithdraw(EndedRequest),

    /// The auditor appends a finding (整改), S3.
    "finding" Finding(FindingText),
    /// The person it names answers it.
    "finding-answer" FindingAnswer(FindingAnswer),
}
