//! One thing that does not add up.

use std::collections::BTreeMap;
use std::fmt;

use uuid::Uuid;

use crate::{Record, Severity};

/// One thing that does not add up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What.
    pub kind: Kind,
    /// How grave it is; [`Severity::Refuse`]: it cannot stand as it is.
    pub severity: Severity,
    /// When it happened or began, µs since the Unix epoch; of several alike, the last.
    pub time_us: u64,
    /// Position of the record that shows it; of several alike, the last. None where no record given does: it is known from the office alone.
    pub seq: Option<u64>,
    /// The seal.
    pub seal: Option<String>,
    /// The person: who applied, asked, was refused, or has to act.
    pub person: Option<String>,
    /// The request.
    pub request: Option<Uuid>,
    /// Particulars by name, kebab-case; those ending in `-us` are times or durations in µs, in decimal.
    pub params: BTreeMap<&'static str, String>,
}

impl Item {
    pub(super) fn new(kind: Kind, severity: Severity, time_us: u64) -> Self {
        Self {
            kind,
            severity,
            time_us,
            seq: None,
            seal: None,
            person: None,
            request: None,
            params: BTreeMap::new(),
        }
    }

    /// Shown by this record, at its time.
    pub(super) fn at(kind: Kind, severity: Severity, record: &Record) -> Self {
        Self { seq: Some(record.seq), ..Self::new(kind, severity, record.time_us) }
    }

    pub(super) fn seal(mut self, seal: impl ToString) -> Self {
        self.seal = Some(seal.to_string());
        self
    }

    pub(super) fn person(mut self, person: impl ToString) -> Self {
        self.person = Some(person.to_string());
        self
    }

    pub(super) fn request(mut self, request: Uuid) -> Self {
        self.request = Some(request);
        self
    }

    pub(super) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.params.insert(name, value.to_string());
        self
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident $code:literal,)+) => {
        /// What does not add up.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Kind {
            $($(#[$doc])* $name,)+
        }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Kind] = &[$(Kind::$name),+];

            /// The stable code.
            pub fn code(self) -> &'static str {
                match self {
                    $(Kind::$name => $code,)+
                }
            }
        }
    };
}

kinds! {
    /// A ticket (U2) on which no stamp rests. `state`: `expired` in time, `ended` with its request, `void` because the seal was suspended after it (C4), not
    /// `counted` by the uses of its request, or still `open`. `act`, `expires-us`.
    TicketWithoutStamp "ticket-without-stamp",
    /// A use that names a ticket which is not in the record it names. `act`, `ticket-seq`.
    TicketNotOnRecord "ticket-not-on-record",
    /// A use without an outcome (U9). `state`: `in-progress`, or `left` where the agent was started anew and should have ended it. `use`.
    StampWithoutOutcome "stamp-without-outcome",
    /// A use of which nobody can tell whether it was signed. `use`, `cause`.
    UseAbandoned "use-abandoned",
    /// A use outside its hours (U1). `by`: `given` hours or those of the `grant` as it is now; `minute` of the day, `from-minute`, `until-minute`.
    UseOutsideHours "use-outside-hours",
    /// A use that was confirmed on another machine (U10). `use`.
    UsedFromAfar "used-from-afar",
    /// An inspection that was not passed (C3). `token`, `codes` with spaces between, `state`: `passed-since` or `stands`.
    InspectionFailed "inspection-failed",
    /// A token that was due for inspection (C3), or that was inspected too late. `token`, `due-us`; `made-us` where one was passed since.
    InspectionOverdue "inspection-overdue",
    /// Wrong PINs of one token. `token`, `count`, `tries`: the gravest of what the token said of tries left.
    WrongPin "wrong-pin",
    /// A token that was unlocked and locked again, and did nothing. `token`.
    UnlockWithoutUse "unlock-without-use",
    /// Refusals of one person for one reason. `code`, `count`, `clause` where it has one.
    Refusals "refusals",
    /// A person who is, or was made, two of seal office, custodian and auditor (G2). `roles` with spaces between, `state`: `stands` or `past`.
    RolesInConflict "roles-in-conflict",
    /// Another policy came into force. `sha256`, `before`; `state`: `unsigned` where an office's policy names no act.
    PolicyChanged "policy-changed",
    /// A policy file was not taken. `code`, `sha256` where it could be read.
    PolicyRejected "policy-rejected",
    /// A module failed. `module`, `cause`.
    ModuleFailed "module-failed",
    /// A report (C4) of which somebody has still to take note. `what`, `act`, `missing`: `unit-head`, `seal-office` or both with a space between.
    NoticeOpen "notice-open",
    /// A finding (S3) that waits for its answer. `act`, `due-us`.
    FindingOpen "finding-open",
    /// A finding (S3) that was not answered in time, or was answered too late. `act`, `due-us`; `answered-us`.
    FindingOverdue "finding-overdue",
    /// A finding (S3) that was answered within the period. `act`, `due-us`, `answered-us`.
    FindingAnswered "finding-answered",
    /// A live seal whose custodian has left (C2). `left-us`.
    CustodianLeft "custodian-left",
    /// Agent, module or token with another version than before (C6). `of`: `agent`, `module`, `token`; `name` of the latter two, `version`, `before`;
    /// `state`: `same-version` where only a module's file or a token's hardware is another.
    VersionChanged "version-changed",
    /// A custodian whose training is missing or counts no longer (C6). `state`: `missing` or `past`; `until-us`.
    TrainingMissing "training-missing",
    /// A revoked seal whose certificate was not revoked (R1). `state`: `not-asked` of its authority, or `asked`; `authority`, `asked-us`.
    CertificateNotRevoked "certificate-not-revoked",
}

impl Kind {
    /// Those that only the office tells.
    pub(super) const OF_OFFICE: [Kind; 7] = [
        Kind::NoticeOpen,
        Kind::FindingOpen,
        Kind::FindingOverdue,
        Kind::FindingAnswered,
        Kind::CustodianLeft,
        Kind::TrainingMissing,
        Kind::CertificateNotRevoked,
    ];
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code())
    }
}
