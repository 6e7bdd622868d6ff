//! Acts come in: verified, judged, put on record with all they change, and only then in force.

use std::{sync::Arc, time::Duration};

use sealkeeper_domain::{
    act::{Act, Statement},
    identity::{ActId, Digest, PersonId, RequestId, SealId, TokenSerial},
    office::{Change, Outside, SealEntry, SealLife},
    reason::Reason,
    refusal::{Refusal, Violation},
};
use sealkeeper_journal::{ActFiled, LockCause, RecordBody};

use super::{Failure, Finding, Permit, Service, Sight, Subject};
use crate::{
    office::{InForce, OfficeDesk, facts_of, picture_facts},
    pipeline::{
        At, Stop,
        challenge::ControlProof,
        identify::{Caller, Origin},
        ports::ledger::{
            ActChoice, Committed, Entry, FileError, FiledAct, FiledRow, MAX_ATTACHMENT, TokenPin,
        },
        ports::token::OnePin,
        scribe::{code, digest, id},
    },
};

/// Whether nothing but this stands against an act.
fn only<T>(judged: &Result<T, Refusal>, reason: Reason) -> bool {
    judged.as_ref().is_err_and(|refusal| refusal.violations().all(|violation| violation.reason == reason))
}

/// The PIN that a token comes with which changes hands by this act: the outgoing custodian's, or that of whoever kept an earlier seal on it (C2).
/// It is left behind when the seal is issued, for its receipt takes a PIN already.
fn left_behind(current: &InForce, act: &Act) -> Option<TokenPin> {
    let office = &current.office;
    let token = |seal: &SealId| office.seals.get(seal)?.token();
    let (serial, person) = match &act.claims().statement {
        Statement::SealHandOver(said) => (token(&said.seal)?, &said.from),
        Statement::SealIssue(issue) => {
            let serial = token(&issue.seal)?;
            let person = office.kept_token_before(&serial, &issue.custodian)?;
            (serial, person)
        }
        // Of one that was issued before anybody looked.
        Statement::SealReceive(receipt) => {
            let serial = token(&receipt.seal)?;
            let person = office.kept_token_before(&serial, &act.claims().issuer)?;
            (serial, person)
        }
        _ => return None,
    };
    Some(TokenPin { serial, person: person.clone(), one_time: false })
}

/// How long who files an act waits for a token to be locked on its account. A token that is well takes a few milliseconds.
const LOCKING: Duration = Duration::from_secs(2);

/// Held as long as an act, or what follows from it, is in progress.
pub(super) type InProgress = tokio::sync::OwnedRwLockReadGuard<()>;

/// What a token did on an act's account.
#[derive(Debug, Default)]
struct TokensWord {
    /// Of a receipt (A6).
    proof: Option<ControlProof>,
    /// Of a destruction (R2): the key was looked for in vain.
    key_gone: bool,
}

/// Tokens of seals that have another custodian now, or may not be used any more: they do not stay unlocked by whom they were (C2, C4).
fn changed_hands(before: &InForce, after: &InForce) -> Vec<TokenSerial> {
    let used_by = |entry: &SealEntry| entry.life.active().ok().map(|active| active.custodian.clone());
    let kept_by = |entry: &SealEntry| entry.kept().map(|active| active.custodian.clone());
    let changed = before.office.seals.iter().filter(|(id, entry)| {
        let now = after.office.seals.get(id);
        let (used, keeps) = (used_by(entry), kept_by(entry));
        // A seal that is suspended changes hands as well.
        (used.is_some() && used != now.and_then(used_by))
            || (keeps.is_some() && keeps != now.and_then(kept_by))
    });
    changed.filter_map(|(id, _)| Some(before.made(id).ok()?.seal.key.serial.clone())).collect()
}

/// An act that is on record and in force.
#[derive(Debug)]
pub(crate) struct Filed {
    pub(crate) act: ActId,
    pub(crate) typ: &'static str,
    pub(crate) signer: PersonId,
    pub(crate) committed: Committed,
    /// What does not stand against it and is worth knowing all the same.
    pub(crate) findings: Vec<Finding>,
}

impl Service {
    /// The office; a solo journal has none.
    pub(crate) fn office(&self) -> Result<&Arc<OfficeDesk>, Reason> {
        self.office.as_ref().ok_or(Reason::JournalSolo)
    }

    /// Files an act that is carried here from there, with what it names by digest. The PIN is for a receipt of a seal whose key asks for it at each
    /// signature; any other act takes none. Once begun it comes to its end, whoever stops waiting.
    pub(crate) async fn file_act(
        self: &Arc<Self>,
        origin: Origin,
        (text, attachment): (String, Vec<u8>),
        pin: OnePin,
        permit: Permit,
    ) -> Result<Filed, Failure> {
        let service = self.clone();
        let filing = tokio::spawn(async move {
            // The agent's stop waits for it. No permit of a use is taken: what must be heard at once does not wait until one is free.
            let in_progress = Arc::new(service.acts.clone().read_owned().await);
            // As long as it is worked on: whoever hangs up makes no room for another.
            let _permit = permit;
            let mut subject = Subject::stranger("file-act", origin);
            match service.filed(origin, (&text, attachment), pin, &mut subject, in_progress).await {
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
        origin: Origin,
        (text, attachment): (&str, Vec<u8>),
        pin: OnePin,
        subject: &mut Subject,
        in_progress: Arc<InProgress>,
    ) -> Result<Filed, Stop> {
        let desk = self.office().at("identify")?.clone();
        self.check_ledger()?;
        if attachment.len() > MAX_ATTACHMENT {
            let beyond = Violation::new(Reason::ActAttachmentWrong).with("size", attachment.len());
            return Err(beyond.with("limit", MAX_ATTACHMENT)).at("admit");
        }
        // What is no act of anybody's does not wait for its turn, nor make others wait.
        let (act, _) = self.act_now(&desk.now(), text).at("authenticate")?;
        *subject = subject.clone().about_act(&act, desk.now().name_of(&act.claims().issuer));
        self.check_running()?;
        // Nor does anybody wait for what a token is asked on its account.
        let word = self.word_of_token(&desk, &act, origin, pin).await?;
        let filing = desk.filing().await;
        if !word.key_gone {
            self.check_running()?;
        }
        // As it is now: its signer may have left, or its time be over, since it was looked at.
        let current = desk.now();
        let (act, now_us) = self.act_now(&current, text).at("authenticate")?;
        let change = self.judged(&current, &act, now_us, &attachment, &word).await?.at("judge")?;
        let digest_of_attachment = (!attachment.is_empty()).then(|| Digest::of(&attachment));
        let entry = self.entry_of(&current, &act, digest_of_attachment, origin)?;
        let attachment = (!attachment.is_empty()).then_some(attachment);
        let policy_changed = matches!(act.claims().statement, Statement::Policy(_));
        let left_behind = left_behind(&current, &act);
        let filed = FiledAct { entry, attachment, change: change.clone(), left_behind: left_behind.clone() };
        let committed = self.ledger.record_act(filed).await.map_err(|error| match error {
            FileError::Refused(reason) => Stop::Refused { stage: "record", refusal: reason.into() },
            FileError::Store(error) => Stop::Store(error),
        })?;
        // Before the incoming custodian is the one who may do anything with it.
        if let Some(pin) = left_behind {
            self.token_pins.leave_behind(pin);
        }
        // A crash here leaves an act on record that is in force from the next start on.
        filing.take_in(change, &*self.ledger).await;
        self.office_changes.send_modify(|count| *count = count.wrapping_add(1));
        let changed_hands = changed_hands(&current, &desk.now());
        drop(filing);
        let typ = act.claims().statement.typ();
        tracing::info!(typ, act = %act.claims().id, signer = %act.claims().issuer, "an act is in force");
        if policy_changed {
            self.reload_policy().await;
        }
        if let Some(request) = act.request() {
            self.request_changed(request);
        }
        self.lock_what_changed_hands(changed_hands, in_progress).await;
        let findings = self.findings_of_act(typ, act.seal());
        Ok(Filed { act: act.claims().id, typ, signer: act.claims().issuer.clone(), committed, findings })
    }

    /// Acts on record: seal office and auditor see all of them, custodians those about the seals they keep, and everybody their own and those about
    /// them.
    pub(crate) async fn acts(
        &self,
        caller: &Caller,
        choice: ActChoice,
        from_seq: u64,
        limit: u32,
    ) -> Result<Vec<FiledRow>, Failure> {
        let subject = Subject::new("list-acts", caller);
        let listed = async {
            self.office().at("identify")?;
            // Who does not see everything may ask for nothing but what concerns them.
            let choice = match self.sight(caller) {
                Some(Sight::Everything) => choice,
                Some(Sight::Own { seen_by, .. }) => ActChoice { seen_by: Some(seen_by), ..choice },
                None => ActChoice { person: Some(caller.person().id.clone()), ..choice },
            };
            Ok(self.ledger.acts(choice, from_seq, limit).await?)
        };
        match listed.await {
            Ok(rows) => Ok(rows),
            Err(stop) => Err(self.refuse(subject, stop).await),
        }
    }

    /// Locks these tokens. Who files an act hears that it was done; but a token that hangs does not keep from them that the act is in force.
    async fn lock_what_changed_hands(
        self: &Arc<Self>,
        tokens: Vec<TokenSerial>,
        in_progress: Arc<InProgress>,
    ) {
        if tokens.is_empty() {
            return;
        }
        let service = self.clone();
        let locking = tokio::spawn(async move {
            let _in_progress = in_progress;
            for serial in tokens {
                match service.token.lock(serial.clone(), service.limits.token).await {
                    Ok(true) => service.record_locked(&serial, LockCause::Act).await,
                    Ok(false) => {}
                    Err(error) => {
                        tracing::error!(%error, %serial, "a token whose seal changed hands may stay unlocked");
                    }
                }
            }
        });
        if tokio::time::timeout(LOCKING, locking).await.is_err() {
            tracing::warn!("a token whose seal changed hands is not locked yet");
        }
    }

    /// Further acts are not begun once the agent stops.
    fn check_running(&self) -> Result<(), Stop> {
        if self.uses.is_closed() { Err(Reason::AgentStopping).at("admit") } else { Ok(()) }
    }

    /// What the rules say of an act over the office as it stands: what it changes, or what stands against it.
    async fn judged(
        &self,
        current: &InForce,
        act: &Act,
        now_us: u64,
        attachment: &[u8],
        word: &TokensWord,
    ) -> Result<Result<Change, Refusal>, Stop> {
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
        outside.attachment = (!attachment.is_empty()).then(|| Digest::of(attachment));
        match &act.claims().statement {
            Statement::SealApply(_) if !attachment.is_empty() => {
                outside.picture = Some(picture_facts(attachment));
            }
            Statement::SealMake(made) => {
                if let Some(entry) = current.office.seals.get(&made.seal)
                    && !attachment.is_empty()
                    && let Some((_, maker)) = current.office.owner_of(act.key())
                {
                    outside.made = Some(facts_of(attachment, made, entry, maker).at("judge")?);
                }
            }
            Statement::SealReceive(receipt) => {
                let proof = word.proof.as_ref();
                outside.control_proved =
                    proof.is_some_and(|proof| proof.is_of(receipt.object_sha256, &act.claims().issuer));
            }
            Statement::SealResume(resumed) => {
                if let Ok(registered) = current.made(&resumed.seal)
                    && let Some(entry) = current.office.seals.get(&resumed.seal)
                    && let SealLife::Suspended(suspended) = &entry.life
                {
                    let passed = self.last_passed_inspection_us(&registered.seal.key.serial);
                    outside.inspection_passed = passed.is_some_and(|passed| passed > suspended.by.at_us);
                }
            }
            Statement::SealDestroy(_) => outside.key_gone = word.key_gone,
            _ => {}
        }
        Ok(current.office.judge(act, &outside))
    }

    /// The token's part of a receipt or a destruction, asked for where nothing else is missing. The rules are asked again in the act's turn,
    /// whatever was said here.
    async fn word_of_token(
        self: &Arc<Self>,
        desk: &OfficeDesk,
        act: &Act,
        origin: Origin,
        pin: OnePin,
    ) -> Result<TokensWord, Stop> {
        let (mut word, current) = (TokensWord::default(), desk.now());
        let (seal, missing) = match &act.claims().statement {
            Statement::SealReceive(receipt) => (&receipt.seal, Reason::TokenControlUnproved),
            Statement::SealDestroy(destruction) => (&destruction.seal, Reason::KeyStillThere),
            _ => return Ok(word),
        };
        let judged = self.judged(&current, act, self.clock.now_us(), &[], &word).await?;
        let (true, Ok(registered)) = (only(&judged, missing), current.made(seal)) else { return Ok(word) };
        // What the token has to do is its custodian's, beside it.
        origin.must_be_here().at("identify")?;
        let serial = &registered.seal.key.serial;
        if missing == Reason::TokenControlUnproved {
            let caller = self.identify_origin(origin).at("identify")?;
            let custodian = self.keeper(&caller, serial).at("identify")?;
            word.proof = Some(self.prove_control(&registered, custodian, pin).await?);
            return Ok(word);
        }
        self.check_unlocked_here(serial).await.at("destroy-key")?;
        // What cannot be undone is ordered in the act's turn, where nothing but that is missing.
        let filing = desk.filing().await;
        let current = desk.now();
        let (act, now_us) = self.act_now(&current, act.text()).at("authenticate")?;
        let judged = self.judged(&current, &act, now_us, &[], &word).await?;
        if only(&judged, missing) {
            let ordered = self.order_destruction(&registered, origin, act.claims().id.uuid()).await?;
            // A crash from here on leaves an order on record whose key may be gone; so does an act that is filed before this one is, and stands
            // against it. The next act of destruction finds the key gone.
            drop(filing);
            word.key_gone = self.destroy_key(&registered, ordered).await?;
        }
        Ok(word)
    }

    /// The act's record.
    fn entry_of(
        &self,
        current: &InForce,
        act: &Act,
        attachment: Option<Digest>,
        origin: Origin,
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
                from: draft.endpoint("from", origin)?,
            }))
        })?)
    }
}
