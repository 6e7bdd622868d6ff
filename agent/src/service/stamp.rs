//! Review, stamp, fetch, acknowledge.

use std::{sync::Arc, time::Duration};

use sealkeeper_domain::{
    identity::{Digest, RequestId, UseId},
    placement::SealBox,
    reason::Reason,
};
use sealkeeper_journal::{Mode, PinKind, TreeHead};
use sealkeeper_pades::revision::InputDigest;

use super::{DocumentFacts, Failure, Finding, Service, Subject, disk, joined, tokens::entry_of};
use crate::{
    pipeline::{
        At, Stop,
        identify::Caller,
        inspect::Content,
        kept::{KeptRequest, KeptUse, UseState},
        ports::{key::SigningKey, token::OnePin},
        prepare::{Prepared, Signer, UseMarks},
        receipt::Receipt,
        record::Recorded,
        release::Released,
        unfinished::{OpenUse, Unfinished},
    },
    spool::{Copied, Spooled},
};

/// What the custodian is shown and confirms.
pub(crate) struct Reviewed {
    pub(crate) prepared: Digest,
    pub(crate) document: DocumentFacts,
    /// What is worth knowing and no reason to refuse.
    pub(crate) findings: Vec<Finding>,
    pub(crate) seal_box: SealBox,
    pub(crate) seal_object: Digest,
    pub(crate) kept: KeptRequest,
    pub(crate) seal_name: String,
    pub(crate) applicant: String,
    /// Names of those whose tickets it has.
    pub(crate) approvers: Vec<String>,
}

/// How a stamping ended.
#[derive(Debug)]
pub(crate) enum StampOutcome {
    /// With a result to fetch.
    Complete(Box<Receipt>),
    /// Without one; `abandoned` if the token may have signed.
    NotDone { abandoned: bool, reason: Reason, intent_seq: u64, outcome_seq: u64 },
}

impl Service {
    /// Prepares the revision as it would be stamped now.
    pub(crate) async fn review(
        self: &Arc<Self>,
        caller: &Caller,
        id: RequestId,
    ) -> Result<Reviewed, Failure> {
        let subject = Subject::new("review", caller).request(id);
        match self.reviewed(caller, id).await {
            Ok(reviewed) => Ok(reviewed),
            Err(stop) => Err(self.refuse(self.with_request(subject, id).await, stop).await),
        }
    }

    async fn reviewed(self: &Arc<Self>, caller: &Caller, id: RequestId) -> Result<Reviewed, Stop> {
        self.check_visible(caller, id).await?;
        let kept = self.open_request(id).await?;
        // Before the document is read and a revision prepared for who could confirm neither (C1).
        self.check_confirms(caller, &kept.seal).at("identify")?;
        // A review has no use of its own; any id will do, for it is not part of what is confirmed.
        let ready = self.prepare(caller, &kept, UseId::new(uuid::Uuid::new_v4())).await?;
        let seal_name =
            self.registry.by_id(&kept.seal).map(|found| found.seal.name.clone()).unwrap_or_default();
        let findings = self.inspection_warning(&kept.seal).into_iter().chain(ready.findings).collect();
        Ok(Reviewed {
            prepared: ready.prepared.digest(),
            document: ready.document,
            findings,
            seal_box: ready.seal_box,
            seal_object: ready.prepared.seal_object(),
            seal_name,
            applicant: self.name_of_applicant(&kept, caller),
            approvers: self.names_of_approvers(&kept),
            kept,
        })
    }

    /// Stamps one copy. The same `use_id` for the same request gives the same outcome, and never signs twice.
    ///
    /// Spawned by its caller, so that a client that goes away does not stop it half-way.
    pub(crate) async fn stamp(
        self: Arc<Self>,
        caller: Caller,
        id: RequestId,
        use_id: UseId,
        confirmed: Digest,
        pin: OnePin,
    ) -> Result<StampOutcome, Failure> {
        let subject = Subject::new("stamp", &caller).request(id).use_id(use_id);
        let lock = self.use_lock(use_id);
        let _only_one = lock.lock().await;
        let outcome = match self.known_outcome(&caller, id, use_id).await {
            Ok(Some(known)) => return Ok(known),
            Ok(None) => match self.uses.clone().acquire_owned().await {
                Ok(_in_progress) => self.stamped(&caller, id, use_id, confirmed, pin).await,
                Err(_) => return Err(Failure::Fault(Reason::AgentStopping)),
            },
            Err(stop) => Err(stop),
        };
        match outcome {
            Ok(outcome) => Ok(outcome),
            Err(stop) => Err(self.refuse(self.with_request(subject, id).await, stop).await),
        }
    }

    /// The outcome of a use that was recorded before. Its lock is held, so nothing works on one that is open: its outcome could not be
    /// written, and is written now.
    async fn known_outcome(
        &self,
        caller: &Caller,
        id: RequestId,
        use_id: UseId,
    ) -> Result<Option<StampOutcome>, Stop> {
        caller.as_custodian().at("identify")?;
        let Some(known) = self.ledger.find_use(use_id).await? else { return Ok(None) };
        // Who keeps another seal learns nothing of this one's uses.
        if !self.may_stamp(caller, &known) {
            return Err(Reason::NotCustodian).at("identify");
        }
        if known.request_id != id {
            return Err(Reason::UseIdTaken).at("admit");
        }
        let intent_seq = known.intent_seq;
        Ok(Some(match known.state {
            UseState::Complete { receipt, .. } => StampOutcome::Complete(receipt),
            UseState::Failed { outcome_seq, reason } => {
                StampOutcome::NotDone { abandoned: false, reason, intent_seq, outcome_seq }
            }
            UseState::Abandoned { outcome_seq, reason } => {
                StampOutcome::NotDone { abandoned: true, reason, intent_seq, outcome_seq }
            }
            UseState::Open => self.close(Unfinished::fault(OpenUse { use_id, intent_seq })).await?,
        }))
    }

    /// What is known of a request, for the record of its refusal: the request's own row goes when it expires.
    pub(super) async fn with_request(&self, subject: Subject, id: RequestId) -> Subject {
        match self.ledger.request(id).await {
            Ok(Some(kept)) => subject.seal(kept.seal.as_str()).document(kept.asked.sha256),
            _ => subject,
        }
    }

    async fn stamped(
        self: &Arc<Self>,
        caller: &Caller,
        id: RequestId,
        use_id: UseId,
        confirmed: Digest,
        pin: OnePin,
    ) -> Result<StampOutcome, Stop> {
        let custodian = caller.as_custodian().at("identify")?;
        self.check_ledger()?;
        self.check_visible(caller, id).await?;
        let kept = self.open_request(id).await?;
        if kept.copies_used >= kept.asked.copies {
            return Err(Reason::CopiesUsedUp).at("admit");
        }
        // Whatever takes time, or asks a token, comes before this use's turn: one that hangs makes no act wait, and no other use.
        let ready = self.prepare(caller, &kept, use_id).await?;
        let reviewed = ready.prepared.review(confirmed, pin, caller).at("review")?;
        let serial = reviewed.token_serial().clone();
        self.check_own_pin(custodian, &serial).at("review")?;
        let _one_at_a_time = match reviewed.pin() {
            Some(_) => Some(self.wrong_pins.one_at_a_time(&serial).await),
            None => None,
        };
        if let Some(one) = reviewed.pin() {
            self.check_wrong_pins(&serial, one.final_try).at("review")?;
        }
        let entry = reviewed.pin().map(|one| entry_of(&one.pin));
        let deadline = self.sign_deadline(reviewed.pin());
        // Whatever can fail for want of room fails before the token is asked.
        let spool = self.spool.clone();
        let copied = joined(tokio::task::spawn_blocking(move || spool.copy(&ready.spooled)).await)?;
        let copied = copied.map_err(|error| disk("prepare", &error))?;

        let (allowed, kept) = self.allowed(reviewed, caller, id).await?;
        let applicant = self.name_of_applicant(&kept, caller);
        let recorded =
            allowed.record_intent(&kept, &applicant, custodian, &*self.ledger, &self.scribe).await?;
        // From here on every way out writes an outcome, a panic of ours too.
        let open = recorded.open;
        let finishing = tokio::spawn(self.clone().finish_use(recorded, copied, deadline));
        let unfinished = match finishing.await {
            Ok(Ok(receipt)) => {
                tracing::info!(%use_id, intent_seq = open.intent_seq, "stamped");
                self.request_changed(id);
                if entry.is_some() {
                    self.wrong_pins.was_right(&serial);
                }
                return Ok(StampOutcome::Complete(Box::new(receipt?)));
            }
            Ok(Err(unfinished)) => unfinished,
            Err(error) => {
                tracing::error!(%error, %use_id, "a use ended in a panic");
                Unfinished::fault(open)
            }
        };
        let refused_pin = unfinished.token.clone().filter(|error| error.pin_was_tried());
        let outcome = self.close(unfinished).await?;
        if let (Some(error), Some(entry)) = (refused_pin, entry) {
            let (kind, left) = (PinKind::ContextSpecific, error.tries_left());
            // The use has its outcome, which is told whatever becomes of this.
            if let Err(error) = self.record_wrong_pin(custodian, &serial, entry, kind, left).await {
                tracing::error!(%error, %use_id, "a wrong PIN is not on record");
            }
        }
        Ok(outcome)
    }

    /// From the recorded intent to the recorded outcome. Without a signature, or with a result that is not valid, there is no receipt; the inner
    /// error is of the ledger, and leaves the use open until its id is sent again or the agent is started again.
    async fn finish_use(
        self: Arc<Self>,
        recorded: Recorded,
        copied: Copied,
        deadline: Duration,
    ) -> Result<Result<Receipt, Stop>, Unfinished> {
        let signed = recorded.sign(&*self.token, deadline).await?;
        let open = signed.open();
        let validated = tokio::task::spawn_blocking(move || {
            let embedded = signed.embed()?;
            let whole = copied.with_appended(embedded.appended());
            embedded.validate(whole.as_ref().map(Spooled::bytes))
        });
        let validated = validated.await.unwrap_or_else(|error| {
            tracing::error!(%error, use_id = %open.use_id, "embedding or validation ended in a panic");
            Err(Unfinished::fault(open))
        })?;
        let solo = self.ledger.identity().mode() == Mode::Solo;
        let released = validated.record_outcome(&*self.ledger, solo).await;
        Ok(released.map(Released::into_receipt).map_err(Stop::from))
    }

    async fn close(&self, unfinished: Unfinished) -> Result<StampOutcome, Stop> {
        let committed = unfinished.record(&*self.ledger).await?;
        if let Some(error) = &unfinished.token {
            tracing::warn!(%error, use_id = %unfinished.open.use_id, "the token did not sign as asked");
        }
        Ok(StampOutcome::NotDone {
            abandoned: unfinished.is_abandoned(),
            reason: unfinished.how.reason(),
            intent_seq: unfinished.open.intent_seq,
            outcome_seq: committed.seq,
        })
    }

    /// Every stage up to the prepared revision, all rules anew.
    pub(super) async fn prepare(
        self: &Arc<Self>,
        caller: &Caller,
        kept: &KeptRequest,
        use_id: UseId,
    ) -> Result<Ready, Stop> {
        self.check_clock().at("admit")?;
        let registered = self.registry.by_id(&kept.seal).at("admit")?;
        let key = self
            .token
            .describe(registered.on_token(self.clock.now_us()), self.limits.token)
            .await
            .map_err(|error| error.violation())
            .at("prepare")?;
        self.asking_pin.learn(&registered.seal.id, &key);
        let marks = UseMarks {
            use_id,
            origin: self.ledger.identity().origin.clone(),
            journal: self.ledger.head(),
            now_us: self.clock.now_us(),
        };
        let used_today = self.used_today(kept).await?;
        let rules = self.policy.now().document.clone();
        let read = self.examined(&kept.asked, rules).await?;
        let (service, caller, kept) = (self.clone(), caller.clone(), kept.clone());
        let preparing = tokio::task::spawn_blocking(move || {
            service.prepare_now(&caller, &kept, key, marks, used_today, read)
        });
        joined(preparing.await)?
    }

    fn prepare_now(
        &self,
        caller: &Caller,
        kept: &KeptRequest,
        key: SigningKey,
        marks: UseMarks,
        used_today: u32,
        (spooled, input, content): (Spooled, InputDigest, Content),
    ) -> Result<Ready, Stop> {
        let applicant = kept.applicant.clone();
        let (policy, read) = (self.policy.now(), (&spooled, input, content));
        let (placed, document) = self.place(&kept.asked, kept.seal.as_str(), applicant, read, &policy)?;
        let findings = Finding::of_document(placed.findings());
        let seal_box = placed.seal_box();
        let approved = self.approved(placed, kept, caller, &policy, used_today)?;
        let signer = Signer::new(&approved, key, marks.now_us).at("prepare")?;
        let prepared = approved.prepare(signer, marks)?;
        Ok(Ready { prepared, document, seal_box, spooled, findings })
    }

    /// The receipt and the bytes of a completed use.
    pub(crate) async fn fetch(&self, caller: &Caller, use_id: UseId) -> Result<(Receipt, Vec<u8>), Failure> {
        let subject = Subject::new("fetch", caller).use_id(use_id);
        match self.fetched(caller, use_id).await {
            Ok(fetched) => Ok(fetched),
            Err(stop) => Err(self.refuse(subject, stop).await),
        }
    }

    /// A use the caller has to do with: of anybody else's they learn nothing.
    async fn use_of(&self, caller: &Caller, use_id: UseId) -> Result<KeptUse, Stop> {
        let known = self.ledger.find_use(use_id).await?;
        let known = known.filter(|known| self.may_fetch(caller, known));
        known.ok_or(Reason::UseUnknown).at("release")
    }

    async fn fetched(&self, caller: &Caller, use_id: UseId) -> Result<(Receipt, Vec<u8>), Stop> {
        let known = self.use_of(caller, use_id).await?;
        match known.state {
            UseState::Complete { receipt, acknowledged: false } => {
                let appended =
                    self.ledger.appended(use_id).await?.ok_or(Reason::UseAcknowledged).at("release")?;
                Ok((*receipt, appended))
            }
            UseState::Complete { .. } => Err(Reason::UseAcknowledged).at("release"),
            _ => Err(Reason::UseNotComplete).at("release"),
        }
    }

    /// The caller has the result safe; the bytes need not be kept. Acknowledging again is no error.
    pub(crate) async fn acknowledge(&self, caller: &Caller, use_id: UseId) -> Result<(), Failure> {
        let subject = Subject::new("acknowledge", caller).use_id(use_id);
        let done = async {
            let known = self.use_of(caller, use_id).await?;
            match known.state {
                UseState::Complete { acknowledged: true, .. } => Ok(()),
                UseState::Complete { .. } => Ok(self.ledger.acknowledge(use_id).await?),
                _ => Err(Reason::UseNotComplete).at("release"),
            }
        };
        match done.await {
            Ok(()) => Ok(()),
            Err(stop) => Err(self.refuse(subject, stop).await),
        }
    }

    /// The journal as durable now.
    pub(crate) fn head(&self) -> TreeHead {
        self.ledger.head()
    }
}

/// A prepared revision with the document it belongs to.
pub(super) struct Ready {
    pub(super) prepared: Prepared,
    pub(super) document: DocumentFacts,
    seal_box: SealBox,
    pub(super) spooled: Spooled,
    findings: Vec<Finding>,
}
