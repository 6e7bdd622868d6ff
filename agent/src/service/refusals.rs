//! Refusals on record. The first of a kind is written at once; equal ones within a minute are counted and written together, with what is true of
//! all of them. Counts not yet written are lost with the process.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use sealkeeper_domain::{
    act::Act,
    identity::{Digest, PersonId, RequestId, SealId, TokenSerial, UseId},
    reason::Reason,
    refusal::Refusal,
};
use sealkeeper_journal::{RecordBody, Refused as RefusedRecord, Violation};

use super::{Failure, Refused, Service};
use crate::{
    pipeline::ports::ledger::{Entry, LedgerError},
    pipeline::{
        Stop,
        identify::{Caller, Origin, Sender},
        scribe::{code, digest, id},
    },
};

/// How long equal refusals are counted before they are written.
const WINDOW: Duration = Duration::from_secs(60);

/// Most kinds of refusals counted at once. Beyond it, and beyond [`KINDS_OF_ONE`], what a caller is refused further counts as one kind: nobody makes a
/// record of every call by mixing faults, and nobody else's are written one by one for it.
const KINDS: usize = 1024;

/// Most kinds of one caller, and of each signer whose acts they carry: nobody has many of these.
const KINDS_OF_ONE: usize = 64;

/// What the operation and the stage of such a refusal are called.
const SEVERAL: &str = "several";

/// Most characters of a seal's name (`agent.toml`); what is longer names none.
const SEAL_CHARACTERS: usize = 128;

/// What was asked, as far as it is known when it is refused.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    operation: &'static str,
    caller: Option<Caller>,
    /// Of an act: its signer, and their name.
    signer: Option<(PersonId, String)>,
    origin: Origin,
    seal: Option<String>,
    token: Option<TokenSerial>,
    request: Option<RequestId>,
    use_id: Option<UseId>,
    document: Option<Digest>,
}

impl Subject {
    /// An operation of a known caller.
    pub(crate) fn new(operation: &'static str, caller: &Caller) -> Self {
        Subject { caller: Some(caller.clone()), ..Self::stranger(operation, caller.origin()) }
    }

    /// An act: who says it, and what it is about, is known once its signature was verified. Who carried it is not who is refused.
    pub(crate) fn about_act(self, act: &Act, signer_name: String) -> Self {
        Subject {
            signer: Some((act.claims().issuer.clone(), signer_name)),
            seal: act.seal().map(|seal| seal.as_str().to_owned()),
            request: act.request(),
            ..self
        }
    }

    /// An operation of somebody unknown.
    pub(crate) fn stranger(operation: &'static str, origin: Origin) -> Self {
        Subject {
            operation,
            caller: None,
            signer: None,
            origin,
            seal: None,
            token: None,
            request: None,
            use_id: None,
            document: None,
        }
    }

    /// With this seal, in the words of whoever asks.
    pub(crate) fn seal(mut self, seal: &str) -> Self {
        self.seal = seal.chars().nth(SEAL_CHARACTERS).is_none().then(|| seal.to_owned());
        self
    }

    /// Of this token.
    pub(crate) fn token(mut self, serial: &TokenSerial) -> Self {
        self.token = Some(serial.clone());
        self
    }

    /// For this request.
    pub(crate) fn request(mut self, request: RequestId) -> Self {
        self.request = Some(request);
        self
    }

    /// For this use.
    pub(crate) fn use_id(mut self, use_id: UseId) -> Self {
        self.use_id = Some(use_id);
        self
    }

    /// For this document.
    pub(crate) fn document(mut self, document: Digest) -> Self {
        self.document = Some(document);
        self
    }

    /// The caller, and nothing of what was asked.
    fn rest(self) -> Self {
        Subject { caller: self.caller, ..Self::stranger(SEVERAL, self.origin) }
    }

    /// As whom the caller shows themselves.
    fn sender(&self) -> Sender {
        self.caller.as_ref().map_or_else(|| self.origin.sender(), Caller::sender)
    }

    /// Forgets what is not true of another one as well. Of several addresses of one caller the first stands for all.
    fn keep_shared(&mut self, other: &Subject) {
        fn keep<T: PartialEq>(own: &mut Option<T>, other: &Option<T>) {
            if own != other {
                *own = None;
            }
        }
        keep(&mut self.seal, &other.seal);
        keep(&mut self.token, &other.token);
        keep(&mut self.request, &other.request);
        keep(&mut self.use_id, &other.use_id);
        keep(&mut self.document, &other.document);
    }
}

/// The refusals being counted.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<HashMap<Kind, Counted>>);

/// What makes two refusals equal: who, what, why. Not which document: a script that submits a thousand bad files is one story. Seal and token
/// stand here only if this agent has them: else a caller could make a kind of every call.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Kind {
    operation: &'static str,
    stage: &'static str,
    sender: Sender,
    is_remote: bool,
    signer: Option<PersonId>,
    seal: Option<SealId>,
    token: Option<TokenSerial>,
    reasons: Vec<Reason>,
}

impl Kind {
    /// What a caller has too many kinds of.
    fn rest(self) -> Self {
        let (signer, seal, token, reasons) = (None, None, None, Vec::new());
        Kind { operation: SEVERAL, stage: SEVERAL, signer, seal, token, reasons, ..self }
    }
}

struct Counted {
    window_ends_us: u64,
    count: u64,
    first_us: u64,
    last_us: u64,
    subject: Subject,
    refusal: Refusal,
}

impl Service {
    /// Ends a call that was stopped: a refusal goes on record, a fault into the log.
    pub(crate) async fn refuse(&self, subject: Subject, stop: Stop) -> Failure {
        let (stage, refusal) = match stop {
            Stop::Refused { stage, refusal } => (stage, refusal),
            Stop::OnRecord { refusal, seq } => {
                return Failure::Refused(Refused { refusal, journal_seq: Some(seq) });
            }
            Stop::Store(error) => {
                tracing::error!(%error, operation = subject.operation, "the store failed");
                return Failure::Fault(match error {
                    LedgerError::Read(_) => Reason::JournalUnreadable,
                    LedgerError::Closed(_) => Reason::JournalFailed,
                    LedgerError::Record(_) => Reason::Internal,
                });
            }
            Stop::Fault(error) => {
                tracing::error!(%error, operation = subject.operation, "fault");
                return Failure::Fault(Reason::Internal);
            }
        };
        tracing::info!(%refusal, stage, operation = subject.operation, "refused");
        let now = self.clock.now_us();
        let kind = Kind {
            operation: subject.operation,
            stage,
            sender: subject.sender(),
            is_remote: subject.origin.is_remote(),
            signer: subject.signer.as_ref().map(|(signer, _)| signer.clone()),
            seal: subject.seal.as_deref().and_then(|seal| self.registry.id_of(seal)),
            token: subject.token.clone().filter(|serial| self.is_configured(serial)),
            reasons: refusal.violations().map(|violation| violation.reason).collect(),
        };
        let Some((kind, subject, told)) = self.refusals.count(kind, subject, &refusal, now) else {
            return Failure::Refused(Refused { refusal, journal_seq: None });
        };
        let entry = self.refusal_entry(&kind, &subject, &told, 1, now, now);
        let written = match entry {
            Ok(entry) => self.ledger.append(entry).await,
            Err(error) => Err(error),
        };
        match written {
            Ok(committed) => Failure::Refused(Refused { refusal, journal_seq: Some(committed.seq) }),
            Err(error) => {
                tracing::error!(%error, "a refusal cannot be recorded");
                self.refusals.forget(&kind);
                Failure::Fault(Reason::JournalFailed)
            }
        }
    }

    /// Writes the counted refusals whose minute is over, or all of them when the agent stops.
    pub(crate) async fn flush_refusals(&self, all: bool) {
        for (kind, counted) in self.refusals.take(self.clock.now_us(), all) {
            if counted.count == 0 {
                continue;
            }
            let Counted { count, first_us, last_us, subject, refusal, .. } = counted;
            let written = match self.refusal_entry(&kind, &subject, &refusal, count, first_us, last_us) {
                Ok(entry) => self.ledger.append(entry).await.map(|_| ()),
                Err(error) => Err(error),
            };
            if let Err(error) = written {
                tracing::error!(%error, count, "counted refusals cannot be recorded");
            }
        }
    }

    fn is_configured(&self, serial: &TokenSerial) -> bool {
        self.registry.all().iter().any(|registered| registered.seal.key.serial == *serial)
    }

    fn refusal_entry(
        &self,
        kind: &Kind,
        subject: &Subject,
        refusal: &Refusal,
        count: u64,
        first_us: u64,
        last_us: u64,
    ) -> Result<Entry, LedgerError> {
        self.scribe.entry(|draft| {
            let violations = refusal.violations().map(|violation| {
                let clause = match violation.reason.clause() {
                    "" => None,
                    clause => Some(id(clause)?),
                };
                Ok(Violation { code: code(violation.reason.code())?, clause })
            });
            Ok(RecordBody::Refused(RefusedRecord {
                operation: code(subject.operation)?,
                stage: code(kind.stage)?,
                violations: violations.collect::<Result<_, LedgerError>>()?,
                person: match (&subject.signer, &subject.caller) {
                    (Some((signer, name)), _) => Some(draft.registered("person", signer, name)?),
                    (None, Some(caller)) => Some(draft.person("person", caller)?),
                    (None, None) => None,
                },
                from: draft.endpoint("from", subject.origin)?,
                // A seal that does not exist is named by whoever asks, so it may be anything but an identifier.
                seal: kind.seal.as_ref().map(|seal| id(seal.as_str())).transpose()?,
                token_serial: subject.token.as_ref().map(|serial| id(serial.as_str())).transpose()?,
                request_id: subject.request.map(RequestId::uuid),
                use_id: subject.use_id.map(UseId::uuid),
                document_sha256: subject.document.map(digest),
                count,
                first_us,
                last_us,
            }))
        })
    }
}

impl Refusals {
    /// The first of a kind, as it is to be written now, which opens the window; `None`: it was counted along with others of its kind.
    fn count(
        &self,
        kind: Kind,
        subject: Subject,
        refusal: &Refusal,
        now_us: u64,
    ) -> Option<(Kind, Subject, Refusal)> {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = !counted.contains_key(&kind);
        let is_ones = |known: &&Kind| known.sender == kind.sender && known.signer == kind.signer;
        let of_one = || counted.keys().filter(is_ones).count();
        let (kind, subject, refusal) = if is_new && (counted.len() >= KINDS || of_one() >= KINDS_OF_ONE) {
            (kind.rest(), subject.rest(), Reason::RefusalsSeveral.into())
        } else {
            (kind, subject, refusal.clone())
        };
        if let Some(open) = counted.get_mut(&kind) {
            if open.count == 0 {
                open.first_us = now_us;
                open.subject = subject;
                open.refusal = refusal;
            } else {
                open.subject.keep_shared(&subject);
            }
            open.count += 1;
            open.last_us = now_us;
            return None;
        }
        let window = u64::try_from(WINDOW.as_micros()).unwrap_or(u64::MAX);
        let opened = Counted {
            window_ends_us: now_us.saturating_add(window),
            count: 0,
            first_us: now_us,
            last_us: now_us,
            subject: subject.clone(),
            refusal: refusal.clone(),
        };
        counted.insert(kind.clone(), opened);
        Some((kind, subject, refusal))
    }

    /// The first of this kind could not be written, so none may be counted with it.
    fn forget(&self, kind: &Kind) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Counted { count: lost @ 1.., .. }) = counted.remove(kind) {
            tracing::error!(lost, "refusals counted with it are not on record either");
        }
    }

    fn take(&self, now_us: u64, all: bool) -> Vec<(Kind, Counted)> {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.extract_if(|_, open| all || open.window_ends_us <= now_us).collect()
    }
}
