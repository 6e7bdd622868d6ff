//! What the agent does for a caller, call by call: joins the pipeline's stages, keeps requests between calls, and puts every refusal on record.

mod approval;
mod asking_pin;
mod backup;
mod callers;
mod clock;
mod content;
mod destruction;
mod diagnosis;
mod hashing;
mod inspect;
mod inspections;
mod journal;
mod key_signature;
mod keys;
mod office;
mod own_pin;
mod pictures;
mod pins;
mod presence;
mod recall;
mod refusals;
mod requests;
mod retention;
mod seals;
mod stamp;
mod submit;
#[cfg(test)]
mod tests;
mod tokens;
mod versions;
mod wrong_pins;

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sealkeeper_domain::{
    identity::{Digest, PersonId, RequestId, TokenSerial, UseId},
    office::RequestState,
    policy::Policy,
    reason::Reason,
    refusal::{Refusal, Violation},
    request::Asked,
};
use sealkeeper_pades::{Facts, revision::InputDigest};
use tokio::sync::{Semaphore, broadcast, watch};

pub(crate) use self::{
    asking_pin::AskingPin,
    backup::Backup,
    callers::{Callers, Permit},
    content::Documents,
    diagnosis::{Check, Found, Surroundings},
    inspect::findings::Finding,
    inspections::Inspections,
    journal::Sight,
    keys::{KeyAsked, RequestAsked},
    office::Filed,
    own_pin::TokenPins,
    pictures::{Drawing, Wanted},
    pins::PinChangeAsked,
    presence::{TokenChange, TokenEvent},
    recall::Recalled,
    refusals::{Refusals, Subject},
    requests::{SeenRequest, Which},
    seals::{KnownSeal, named},
    stamp::{Reviewed, StampOutcome},
    submit::{Submitted, Upload},
    tokens::UnlockAsked,
    versions::Versions,
    wrong_pins::WrongPins,
};
use crate::{
    config::Limits,
    office::OfficeDesk,
    pipeline::{
        At, Stop,
        admit::{Admitted, admit},
        identify::{Caller, Custodian, Origin, People, Sender, identify},
        inspect::{Content, Hashed},
        kept::KeptRequest,
        place::Placed,
        ports::{
            clock::Clock,
            ledger::{Ledger, LedgerError},
            registry::SealRegistry,
            token::Token,
        },
        scribe::Scribe,
    },
    policy::{PolicyInForce, ReloadError},
    socket::Peer,
    spool::{Spool, Spooled},
};

/// Everything a call needs.
pub(crate) struct Service {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) token: Arc<dyn Token>,
    pub(crate) registry: Arc<dyn SealRegistry>,
    pub(crate) people: Arc<dyn People>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) scribe: Scribe,
    pub(crate) policy: Arc<PolicyInForce>,
    pub(crate) limits: Limits,
    pub(crate) spool: Spool,
    pub(crate) refusals: Refusals,
    /// What each caller has in progress.
    pub(crate) callers: Callers,
    /// Wrong PINs in a row, as the journal tells.
    pub(crate) wrong_pins: WrongPins,
    /// When tokens were inspected, as the journal tells.
    pub(crate) inspections: Inspections,
    /// Whose PIN tokens have, as the ledger tells.
    token_pins: TokenPins,
    /// What versions are on record.
    versions: Versions,
    /// Held while a copy of the journal is made and handed out.
    backing_up: Arc<tokio::sync::Mutex<()>>,
    /// Seals whose key asks for the PIN at each signature, as far as it is known.
    pub(crate) asking_pin: AskingPin,
    /// Who looks at documents.
    documents: Documents,
    /// Where the agent runs, for whoever asks what is wrong.
    surroundings: Surroundings,
    /// What acts have made; `None` in a solo journal.
    office: Option<Arc<OfficeDesk>>,
    /// How often acts changed the office, for whoever watches as somebody who may be one no longer.
    office_changes: watch::Sender<u64>,
    /// Requests that changed, for whoever watches.
    request_events: broadcast::Sender<RequestId>,
    /// What happens to tokens, for whoever watches.
    token_events: broadcast::Sender<TokenEvent>,
    /// Held while the spool is tidied: what arrives meanwhile is told by the spool's own books.
    tidying: tokio::sync::Mutex<()>,
    /// Uses in progress, so that the same use_id waits for its own outcome instead of being begun twice.
    in_progress: Mutex<HashMap<UseId, Arc<tokio::sync::Mutex<()>>>>,
    /// One permit per use in progress; all of them together mean that none is.
    uses: Arc<Semaphore>,
    /// One permit per call that shows pages.
    drawings: Arc<Semaphore>,
    /// Held shared by each act in progress; whoever has it alone knows that none is.
    acts: Arc<tokio::sync::RwLock<()>>,
    /// Whether the agent was told to stop.
    stopping: watch::Sender<bool>,
}

/// A refusal as told to the caller, and where it stands in the journal.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) refusal: Refusal,
    /// Its record; `None` if it was coalesced into one that follows.
    pub(crate) journal_seq: Option<u64>,
}

/// Why a call has no answer of its own.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Rules stand against it, and the refusal is on record.
    Refused(Refused),
    /// The agent cannot do it: journal, disk, or a fault. Told by its reason; the particulars are in the log.
    Fault(Reason),
}

impl Service {
    /// Puts the parts together.
    #[allow(clippy::too_many_arguments, reason = "called once, by the wiring, with one of each kind")]
    pub(crate) fn new(
        ledger: Arc<dyn Ledger>,
        token: Arc<dyn Token>,
        registry: Arc<dyn SealRegistry>,
        people: Arc<dyn People>,
        office: Option<Arc<OfficeDesk>>,
        clock: Arc<dyn Clock>,
        scribe: Scribe,
        policy: Arc<PolicyInForce>,
        limits: Limits,
        spool: Spool,
        recalled: Recalled,
        documents: Documents,
        surroundings: Surroundings,
    ) -> Self {
        let uses = Arc::new(Semaphore::new(limits.uses_at_once as usize));
        let refusals = Refusals::default();
        let callers = Callers::new(&limits);
        let service = Service {
            ledger,
            token,
            registry,
            people,
            clock,
            scribe,
            policy,
            limits,
            spool,
            refusals,
            callers,
            wrong_pins: recalled.wrong_pins,
            inspections: recalled.inspections,
            token_pins: recalled.token_pins,
            versions: recalled.versions,
            backing_up: Arc::default(),
            asking_pin: AskingPin::default(),
            documents,
            surroundings,
            office,
            office_changes: watch::Sender::default(),
            request_events: broadcast::Sender::new(requests::EVENTS_KEPT),
            token_events: broadcast::Sender::new(presence::EVENTS_KEPT),
            tidying: tokio::sync::Mutex::default(),
            in_progress: Mutex::default(),
            uses,
            drawings: Arc::new(Semaphore::new(pictures::AT_ONCE)),
            acts: Arc::default(),
            stopping: watch::Sender::new(false),
        };
        service.follow_policy();
        service
    }

    /// Who calls; a stranger's refusal is on record as well.
    pub(crate) async fn identify(&self, peer: Peer, operation: &'static str) -> Result<Caller, Failure> {
        let Some(origin) = peer.origin else {
            tracing::warn!("the system does not tell who calls");
            return Err(Failure::Fault(Reason::PersonUnknown));
        };
        match identify(origin, &*self.people) {
            Ok(caller) => Ok(caller),
            Err(reason) => {
                let subject = Subject::stranger(operation, origin);
                Err(self.refuse(subject, Stop::Refused { stage: "identify", refusal: reason.into() }).await)
            }
        }
    }

    /// The caller as the custodian of this token: of every seal on it, where there are any (C1, C2).
    pub(crate) fn keeper<'c>(
        &self,
        caller: &'c Caller,
        serial: &TokenSerial,
    ) -> Result<Custodian<'c>, Violation> {
        let custodian = caller.as_custodian()?;
        let own = &caller.person().id;
        match self.seals_on(serial).find(|seal| seal.custodian.as_ref().is_some_and(|keeps| keeps != own)) {
            None => Ok(custodian),
            Some(kept) => Err(Violation::new(Reason::NotCustodian).with("seal", &kept.seal.id)),
        }
    }

    /// Who carries something for whoever signed it. On this machine that is anybody who may open the socket; from afar it is a registered person,
    /// or the refusal is on record.
    pub(crate) async fn carrier(
        &self,
        peer: Peer,
        operation: &'static str,
    ) -> Result<(Origin, Sender), Failure> {
        match peer.origin {
            Some(origin @ Origin::Local { .. }) => {
                let known = identify(origin, &*self.people);
                Ok((origin, known.map_or_else(|_| origin.sender(), |caller| caller.sender())))
            }
            _ => self.identify(peer, operation).await.map(|caller| (caller.origin(), caller.sender())),
        }
    }

    /// Waits until this caller would no longer be let in as who they are: they left, or the system user or certificate they call with is no longer
    /// theirs (U6). What they would be told then.
    pub(crate) async fn until_unknown(&self, caller: &Caller) -> Reason {
        // Before it is looked at the first time, so that nothing changes in between unseen.
        let mut changes = self.office_changes.subscribe();
        loop {
            match identify(caller.origin(), &*self.people) {
                Ok(now) if now.person().id == caller.person().id => {}
                Ok(_) => return Reason::PersonUnknown,
                Err(reason) => return reason,
            }
            if changes.changed().await.is_err() {
                return Reason::AgentStopping;
            }
        }
    }

    /// The registered person behind a call that came without asking who it is.
    pub(super) fn identify_origin(&self, origin: Origin) -> Result<Caller, Reason> {
        identify(origin, &*self.people)
    }

    /// The request with this id, while it is open.
    async fn open_request(&self, id: RequestId) -> Result<KeptRequest, Stop> {
        let refused = |reason: Reason| Stop::Refused { stage: "admit", refusal: reason.into() };
        let kept = self.ledger.request(id).await?.ok_or_else(|| refused(Reason::RequestUnknown))?;
        if kept.expires_us <= self.clock.now_us() {
            return Err(refused(Reason::RequestExpired));
        }
        // Its document may be gone already, which is not what its reader wants to hear.
        let ended = kept.facts.as_ref().and_then(|facts| match &facts.state {
            RequestState::Rejected(_) => Some(Reason::RequestRejected),
            RequestState::Withdrawn(_) => Some(Reason::RequestWithdrawn),
            _ => (kept.copies_used >= kept.asked.copies).then_some(Reason::CopiesUsedUp),
        });
        match ended {
            Some(reason) => Err(refused(reason)),
            None => Ok(kept),
        }
    }

    /// Nothing is asked of a token while the journal cannot be written: neither a signature nor a PIN's try could be put on record.
    fn check_ledger(&self) -> Result<(), Stop> {
        if self.ledger.is_open() {
            Ok(())
        } else {
            Err(LedgerError::Closed("since an earlier failure".into()).into())
        }
    }

    /// The request's document, from the spool, with the state of SHA-256 after all of it. What is not the document that its name tells of, as a
    /// power cut leaves it, is removed, so that it can be sent again.
    fn document(&self, sha256: Digest) -> Result<(Spooled, InputDigest), Stop> {
        let fault = |error| Stop::Fault(format!("spool: {error}"));
        if let Some(spooled) = self.spool.find(sha256).map_err(fault)? {
            let input = InputDigest::of(spooled.bytes());
            if Digest(input.sha256()) == sha256 {
                return Ok((spooled, input));
            }
            tracing::warn!(%sha256, "a document in the spool is damaged; it is removed");
            self.spool.remove_damaged(sha256, &spooled).map_err(fault)?;
        }
        Err(Stop::Refused { stage: "inspect", refusal: Reason::DocumentGone.into() })
    }

    /// What is asked, held against registry, policy, limits and the last inspection of the seal's token.
    fn admitted(
        &self,
        asked: &Asked,
        seal: &str,
        applicant: PersonId,
        policy: &Policy,
    ) -> Result<Admitted, Stop> {
        let limit = self.limits.document;
        let inspected = |serial: &TokenSerial| self.check_inspection(serial);
        admit(asked.clone(), seal, applicant, &*self.registry, policy, limit, inspected).at("admit")
    }

    /// The stages up to the placement, over the document in the spool: the same when a request is made and when it is taken up again.
    fn place<'f>(
        &self,
        asked: &Asked,
        seal: &str,
        applicant: PersonId,
        (spooled, input, content): (&'f Spooled, InputDigest, Content),
        policy: &Policy,
    ) -> Result<(Placed<'f>, DocumentFacts), Stop> {
        let placed = self
            .admitted(asked, seal, applicant, policy)?
            .inspect(Hashed::new(spooled.bytes(), input), content)
            .at("inspect")?
            .place(&policy.document)
            .at("place")?;
        let facts = DocumentFacts { size: asked.size, sha256: asked.sha256, facts: placed.facts().clone() };
        Ok((placed, facts))
    }

    /// Removes what no open request needs any more: expired requests and their documents.
    pub(crate) async fn tidy(&self) {
        let _only_one = self.tidying.lock().await;
        self.spool.begin_tidying();
        let needed = match self.ledger.expire_requests().await {
            Ok(needed) => needed,
            Err(error) => return tracing::warn!(%error, "expired requests cannot be removed"),
        };
        if let Err(error) = self.spool.keep_only(&needed) {
            tracing::warn!(%error, "the spool cannot be tidied");
        }
    }

    /// Takes policy.toml as it is now, where it may come into force. What it does not take is on record and in the log.
    pub(crate) async fn reload_policy(&self) {
        if let Err(ReloadError::Store(error)) = self.policy.reload().await {
            tracing::error!(%error, "the policy cannot be put on record; the last one stays in force");
        }
        self.follow_policy();
    }

    /// The agent was told to stop: uploads end, for nothing of them is lost that could not be sent again.
    pub(crate) fn stop_uploads(&self) {
        self.stopping.send_replace(true);
    }

    /// Returns once the agent was told to stop.
    pub(crate) async fn told_to_stop(&self) {
        // The sender lives as long as this, so there is always an answer.
        let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }

    /// Waits until no use is in progress, but not for ever. Further uses do not begin.
    pub(crate) async fn drain(&self, longest: Duration) {
        let by = tokio::time::Instant::now() + longest;
        let all = tokio::time::timeout_at(by, self.uses.acquire_many(self.limits.uses_at_once)).await;
        if all.is_err() {
            tracing::warn!("uses are still in progress; they will be closed as abandoned at the next start");
        }
        // Closed while all permits are held: no use that waited can begin in between.
        self.uses.close();
        // Acts in progress come to their end too; the next one finds the uses closed.
        if tokio::time::timeout_at(by, self.acts.write()).await.is_err() {
            tracing::warn!("an act is still being filed");
        }
    }

    /// The lock of one use_id.
    fn use_lock(&self, use_id: UseId) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self.in_progress.lock().unwrap_or_else(PoisonError::into_inner);
        // Locks nobody holds are of uses that ended.
        locks.retain(|_, lock| Arc::strong_count(lock) > 1);
        locks.entry(use_id).or_default().clone()
    }
}

/// What the document is, with its size and digest.
#[derive(Debug)]
pub(crate) struct DocumentFacts {
    pub(crate) size: u64,
    pub(crate) sha256: Digest,
    pub(crate) facts: Facts,
}

/// A broken promise within the agent, told as such.
fn joined<T>(done: Result<T, tokio::task::JoinError>) -> Result<T, Stop> {
    done.map_err(|error| Stop::Fault(format!("a task ended early: {error}")))
}

/// What the disk said: a full one, or a quota that is used up, is for somebody else to see to.
fn disk(stage: &'static str, error: &io::Error) -> Stop {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Stop::Refused { stage, refusal: Reason::SpoolFull.into() }
        }
        _ => Stop::Fault(format!("spool: {error}")),
    }
}
