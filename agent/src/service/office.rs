//! Acts come in: verified, judged, put on record with all they change, and only then in force.

use std::sync::Arc;

use sealkeeper_domain::{
    act::{Act, Statement},
    identity::{ActId, Digest, PersonId, RequestId, SealId},
    office::{Outside, SealEntry, SealLife},
    reason::Reason,
    refusal::{Refusal, Violation},
};
use sealkeeper_journal::{ActFiled, LockCause, RecordBody};

use super::{Failure, Permit, Service, Subject};
use crate::{
    office::{InForce, OfficeDesk, facts_of},
    pipeline::{
        At, Stop,
        identify::Caller,
        ports::ledger::{ActChoice, Committed, Entry, FileError, FiledAct, FiledRow, MAX_ATTACHMENT},
        ports::token::{OnePin, PinOrPad},
        scribe::{code, digest, id},
    },
};

/// Whether nothing but this stands against an act.
fn only<T>(judged: &Result<T, Refusal>, reason: Reason) -> bool {
    judged.as_ref().is_err_and(|refusal| refusal.violations().all(|violation| violation.reason == reason))
}

/// An act that is on record and in force.
#[derive(Debug)]
pub(crate) struct Filed {
    pub(crate) act: ActId,
    pub(crate) typ: &'static str,
    pub(crate) signer: PersonId,
    pub(crate) committed: Committed,
}

impl Service {
    /// The office; a solo journal has none.
    pub(crate) fn office(&self) -> Result<&Arc<OfficeDesk>, Reason> {
        self.office.as_ref().ok_or(Reason::JournalSolo)
    }

    /// Files an act that this system user carries here. Once begun it comes to its end, whoever stops waiting.
    pub(crate) async fn file_act(
        self: &Arc<Self>,
        uid: u32,
        text: String,
        attachment: Vec<u8>,
        permit: Permit,
    ) -> Result<Filed, Failure> {
        let service = self.clone();
        let filing = tokio::spawn(async move {
            // As long as it is worked on: whoever hangs up makes no room for another.
            let _permit = permit;
            let mut subject = Subject::stranger("file-act", uid);
            match service.filed(uid, &text, attachment, &mut subject).await {
                Ok(filed) => Ok(filed),
                Err(stop) => Err(service.refuse(subject, stop).await),
            }
        });
        filing.await.unwrap_or_else(|error| {
            tracing::error!(%error, "filing an act ended in a panic");
            Err(Failure::Fault(Reason::Internal))
        })
    }

    async fn filed(
        self: &Arc<Self>,
        uid: u32,
        text: &str,
        attachment: Vec<u8>,
        subject: &mut Subject,
    ) -> Result<Filed, Stop> {
        let desk = self.office().at("identify")?.clone();
        self.check_ledger()?;
        if attachment.len() > MAX_ATTACHMENT {
            let beyond = Violation::new(Reason::ActAttachmentWrong).with("size", attachment.len());
            return Err(beyond.with("limit", MAX_ATTACHMENT)).at("admit");
        }
        // What is no act of anybody's does not wait for its turn, nor make others wait.
        desk.now().office.authenticate(text, self.clock.now_us()).at("authenticate")?;
        let filing = desk.filing().await;
        // No permit of a use is taken: uses hold theirs while they wait for what is held here. The agent's stop waits for this by itself.
        if self.uses.is_closed() {
            return Err(Reason::AgentStopping).at("admit");
        }
        let (current, now_us) = (desk.now(), self.clock.now_us());
        let act = current.office.authenticate(text, now_us).at("authenticate")?;
        let signer = current.name_of(&act.claims().issuer);
        *subject = subject.clone().about_act(&act, signer);
        let request = match act.request() {
            Some(id) => self.ledger.request(id).await?,
            None => None,
        };
        let policy = self.policy.now();
        let mut outside = Outside::new(now_us, &policy);
        outside.request = request.as_ref().and_then(|kept| kept.facts.as_ref());
        outside.copies_used = request.as_ref().map_or(0, |kept| kept.copies_used);
        // The record's transaction decides; but who files an act again must hear of that, not of what it changed the first time.
        outside.is_known = self.ledger.knows_act(act.claims().id).await?;
        outside.attachment = (!attachment.is_empty()).then(|| Digest::of(&attachment));
        if let Statement::SealMake(made) = &act.claims().statement
            && let Some(entry) = current.office.seals.get(&made.seal)
            && !attachment.is_empty()
            && let Some((_, maker)) = current.office.owner_of(act.key())
        {
            outside.made = Some(facts_of(&attachment, made, entry, maker).at("judge")?);
        }
        self.look_outside(&current, &act, &mut outside, uid).await?;
        let change = current.office.judge(&act, &outside).at("judge")?;
        let entry = self.entry_of(&current, &act, outside.attachment, uid)?;
        let attachment = (!attachment.is_empty()).then_some(attachment);
        let policy_changed = matches!(act.claims().statement, Statement::Policy(_));
        let filed = FiledAct { entry, attachment, change: change.clone() };
        let committed = self.ledger.record_act(filed).await.map_err(|error| match error {
            FileError::Refused(reason) => Stop::Refused { stage: "record", refusal: reason.into() },
            FileError::Store(error) => Stop::Store(error),
        })?;
        // A crash here leaves an act on record that is in force from the next start on.
        filing.take_in(change, &*self.ledger).await;
        self.lock_what_changed_hands(&current, &desk.now()).await;
        drop(filing);
        let typ = act.claims().statement.typ();
        tracing::info!(typ, act = %act.claims().id, signer = %act.claims().issuer, "an act is in force");
        if policy_changed {
            self.reload_policy().await;
        }
        if let Some(request) = act.request() {
            self.request_changed(request);
        }
        Ok(Filed { act: act.claims().id, typ, signer: act.claims().issuer.clone(), committed })
    }

    /// Acts on record: seal office, auditor and custodians see all of them, others their own and those about them.
    pub(crate) async fn acts(
        &self,
        caller: &Caller,
        choice: ActChoice,
        from_seq: u64,
        limit: u32,
    ) -> Result<Vec<FiledRow>, Failure> {
        let subject = Subject::new("list-acts", caller);
        let listed = async {
            let current = self.office().at("identify")?.now();
            let own = &caller.person().id;
            // Others may ask for nothing but what concerns them.
            let choice = if current.oversees(own) {
                choice
            } else {
                ActChoice { person: Some(own.clone()), ..choice }
            };
            Ok(self.ledger.acts(choice, from_seq, limit).await?)
        };
        match listed.await {
            Ok(rows) => Ok(rows),
            Err(stop) => Err(self.refuse(subject, stop).await),
        }
    }

    /// A token whose seal has another custodian now, or may not be used any more, does not stay unlocked by whom it was (C2, C4).
    async fn lock_what_changed_hands(&self, before: &InForce, after: &InForce) {
        let used_by = |entry: &SealEntry| entry.life.active().ok().map(|active| active.custodian.clone());
        for (id, entry) in &before.office.seals {
            let (was, is) = (used_by(entry), after.office.seals.get(id).and_then(used_by));
            if was.is_none() || was == is {
                continue;
            }
            let Ok(registered) = before.made(id) else { continue };
            let serial = registered.seal.key.serial.clone();
            match self.token.lock(serial.clone(), self.limits.token).await {
                Ok(true) => self.record_locked(&serial, LockCause::Act).await,
                Ok(false) => {}
                Err(error) => {
                    tracing::error!(%error, %serial, "a token whose seal changed hands may stay unlocked")
                }
            }
        }
    }

    /// What the rules want to know of the world: the token's part of a receipt, a resumption, a destruction.
    async fn look_outside(
        self: &Arc<Self>,
        current: &InForce,
        act: &Act,
        outside: &mut Outside<'_>,
        uid: u32,
    ) -> Result<(), Stop> {
        let of_seal = |seal: &SealId| current.made(seal).ok();
        match &act.claims().statement {
            Statement::SealReceive(receipt) => {
                let found = current.office.judge(act, outside);
                if let (true, Some(registered)) =
                    (only(&found, Reason::TokenControlUnproved), of_seal(&receipt.seal))
                {
                    let caller = self.identify_uid(uid).at("identify")?;
                    let custodian = self.keeper(&caller, &registered.seal.key.serial).at("identify")?;
                    // A key that asks for a PIN each time can be proved where the PIN is typed on the token.
                    let pin = OnePin { pin: PinOrPad::Pad, final_try: false };
                    self.prove_control(&registered, custodian, pin).await?;
                    outside.control_proved = true;
                }
            }
            Statement::SealResume(resumed) => {
                if let Some(registered) = of_seal(&resumed.seal)
                    && let Some(entry) = current.office.seals.get(&resumed.seal)
                    && let SealLife::Suspended(suspended) = &entry.life
                {
                    let passed = self.last_passed_inspection_us(&registered.seal.key.serial);
                    outside.inspection_passed = passed.is_some_and(|passed| passed > suspended.by.at_us);
                }
            }
            Statement::SealDestroy(destruction) => {
                // What cannot be undone is done only where nothing but that is missing.
                let found = current.office.judge(act, outside);
                if let (true, Some(registered)) =
                    (only(&found, Reason::KeyStillThere), of_seal(&destruction.seal))
                {
                    outside.key_gone = self.destroy_key_of(&registered, uid, act.claims().id.uuid()).await?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The act's record.
    fn entry_of(
        &self,
        current: &InForce,
        act: &Act,
        attachment: Option<Digest>,
        uid: u32,
    ) -> Result<Entry, Stop> {
        let claims = act.claims();
        let (seal, person, request) = (act.seal(), act.person(), act.request());
        Ok(self.scribe.entry(|draft| {
            Ok(RecordBody::Act(ActFiled {
                act: claims.id.uuid(),
                typ: code(claims.statement.typ())?,
                signer: draft.registered("signer", &claims.issuer, &current.name_of(&claims.issuer))?,
                key: id(&act.key().to_string())?,
                issued_s: claims.issued_s,
                expires_s: claims.expires_s,
                text: draft.commit("text", act.text())?,
                attachment_sha256: attachment.map(digest),
                seal: seal.map(|seal| id(seal.as_str())).transpose()?,
                person: person.map(|person| id(person.as_str())).transpose()?,
                request: request.map(RequestId::uuid),
                from: draft.endpoint("from", uid)?,
            }))
        })?)
    }
}
