//! Tokens: list, unlock, lock; logins that end by themselves.

use std::{sync::Arc, time::Duration};

use sealkeeper_domain::{
    channel::Channel,
    identity::TokenSerial,
    office::Role,
    policy::{Policy, RemoteTerms, UnlockLimits},
    reason::Reason,
    refusal::{Refusal, Violation, Violations},
};
use sealkeeper_journal::{
    LockCause, PinEntry, PinKind, PinTries, RecordBody, TokenLocked, TokenUnlocked, WrongPin,
};
use tokio::sync::OwnedSemaphorePermit;

use super::{Failure, Service, Subject};
use crate::{
    pipeline::ports::ledger::{Entry, LedgerError},
    pipeline::{
        At, Stop,
        identify::{Caller, Custodian},
        ports::{
            token::{PinOrPad, TokenState, Unlock, Unlocked},
            token_error::{TokenError, TriesLeft},
        },
        scribe::id,
    },
};

/// An unlock as it is asked for, before the policy was applied to it.
pub(crate) struct UnlockAsked {
    /// Which token.
    pub(crate) serial: TokenSerial,
    /// The user PIN, or why it is none.
    pub(crate) pin: Result<PinOrPad, Reason>,
    /// Signatures; 0: one.
    pub(crate) uses: u32,
    /// Time without use; zero: as the policy says.
    pub(crate) idle: Duration,
    /// Time in any case; zero: as the policy says.
    pub(crate) lifetime: Duration,
    /// Whether the PIN is tried although one try may be left.
    pub(crate) final_try: bool,
}

impl Service {
    /// The tokens present now.
    pub(crate) async fn tokens(&self) -> Result<Vec<TokenState>, TokenError> {
        self.token.list(self.limits.token).await
    }

    /// Unlocks a token for so many uses and so long an idle time, within the policy. The PIN is tried once.
    pub(crate) async fn unlock(&self, caller: &Caller, asked: UnlockAsked) -> Result<TokenState, Failure> {
        let subject = Subject::new("unlock", caller).token(&asked.serial);
        match self.unlocked(caller, asked).await {
            Ok(state) => Ok(state),
            Err(stop) => Err(self.refuse(subject, stop).await),
        }
    }

    async fn unlocked(&self, caller: &Caller, asked: UnlockAsked) -> Result<TokenState, Stop> {
        let custodian = self.keeper(caller, &asked.serial).at("identify")?;
        self.check_ledger()?;
        self.check_clock().at("admit")?;
        self.check_own_pin(custodian, &asked.serial).at("identify")?;
        let unlock = within_policy(&self.policy.now(), asked, caller).at("admit")?;
        // The agent's stop waits for it as for a use, so that nothing is written of it after the stop locked everything. Before the turn of its PIN,
        // as a use takes the two: else unlocks and uses could wait for each other.
        let _in_progress = self.work_permit().await?;
        let _one_at_a_time = self.wrong_pins.one_at_a_time(&unlock.serial).await;
        self.check_wrong_pins(&unlock.serial, unlock.final_try).at("unlock")?;
        let (serial, terms) = (unlock.serial.clone(), UnlockTerms::of(&unlock));
        let deadline = self.pin_deadline(&unlock.pin);
        let Unlocked { token, replaced } = match self.token.unlock(unlock, deadline).await {
            Ok(unlocked) => unlocked,
            Err(error) => {
                if error.pin_was_tried() {
                    let seq = self
                        .record_wrong_pin(custodian, &serial, terms.entry, PinKind::User, error.tries_left())
                        .await?;
                    return Err(Stop::OnRecord { refusal: error.violation().into(), seq });
                }
                return Err(error.violation()).at("unlock");
            }
        };
        let recorded = self.record_unlocked(caller, &serial, terms, replaced).await;
        if let Err(error) = recorded {
            // An unlock that is not on record does not stand.
            if let Err(error) = self.token.lock(serial, self.limits.token).await {
                tracing::error!(%error, "a token stays unlocked without a record until it stands idle");
            }
            return Err(Stop::Store(error));
        }
        self.learn_of_keys(&serial).await;
        // Before it is answered: whoever unlocked for one use does not meet the inspection in the middle of it.
        Ok(match self.inspect_if_due(&serial).await {
            Some(inspection) => inspection.token.unwrap_or(TokenState { unlocked: None, ..token }),
            None => token,
        })
    }

    /// A permit to begin something that the agent's stop waits for.
    pub(super) async fn work_permit(&self) -> Result<OwnedSemaphorePermit, Stop> {
        self.uses.clone().acquire_owned().await.map_err(|_| Reason::AgentStopping).at("admit")
    }

    /// Looks at the keys that now show themselves.
    async fn learn_of_keys(&self, serial: &TokenSerial) {
        for registered in self.seals_on(serial) {
            let wanted = registered.on_token(self.clock.now_us());
            // One that cannot be used is told when it is to be used.
            if let Ok(key) = self.token.describe(wanted, self.limits.token).await {
                self.asking_pin.learn(&registered.seal.id, &key);
            }
        }
    }

    /// When this token is due for inspection, µs since the Unix epoch; 0 where no seal lies on it.
    pub(crate) fn inspection_due_us(&self, serial: &TokenSerial) -> u64 {
        let due = self.inspections.of(serial).due_us(&self.policy.now().inspection);
        due.filter(|_| self.seals_on(serial).next().is_some()).unwrap_or(0)
    }

    /// Records an unlock, and before it the end of the one it replaced.
    async fn record_unlocked(
        &self,
        by: &Caller,
        serial: &TokenSerial,
        terms: UnlockTerms,
        replaced: bool,
    ) -> Result<(), LedgerError> {
        if replaced {
            self.record_lock_asked(by, serial).await?;
        }
        let entry = self.scribe.entry(|draft| {
            Ok(RecordBody::TokenUnlocked(TokenUnlocked {
                token_serial: id(serial.as_str())?,
                by: draft.actor("by", by)?,
                entry: terms.entry,
                uses: Some(u64::from(terms.uses)),
                idle_us: Some(microseconds(terms.idle)),
                expires_us: Some(self.clock.now_us().saturating_add(microseconds(terms.lifetime))),
            }))
        });
        self.record_of_pin(entry?).await?;
        Ok(())
    }

    /// A token that does not tell how many tries are left is not given one more wrong PIN by somebody who does not know that there were some.
    pub(super) fn check_wrong_pins(&self, serial: &TokenSerial, final_try: bool) -> Result<(), Violation> {
        self.caution(self.wrong_pins.of(serial), final_try)
    }

    /// The same of the security officer's PIN: once that is locked, nobody can free the user's.
    pub(super) fn check_wrong_so_pins(&self, serial: &TokenSerial, final_try: bool) -> Result<(), Violation> {
        self.caution(self.wrong_pins.of_officer(serial), final_try)
    }

    fn caution(&self, wrong: u32, final_try: bool) -> Result<(), Violation> {
        if final_try || wrong < self.policy.now().unlock.wrong_pins_before_caution {
            return Ok(());
        }
        Err(Violation::new(Reason::TokenPinWrongRepeatedly).with("wrong-pins", wrong))
    }

    /// How long a login may take: a person types on the token, or a program has sent the PIN.
    pub(super) fn pin_deadline(&self, pin: &PinOrPad) -> Duration {
        match pin {
            PinOrPad::Pin(_) => self.limits.token,
            PinOrPad::Pad => self.limits.pin_pad,
        }
    }

    /// Records what became of a PIN, and keeps count.
    pub(super) async fn record_of_pin(&self, entry: Entry) -> Result<u64, LedgerError> {
        let body = entry.body.clone();
        let seq = self.ledger.append(entry).await?.seq;
        self.wrong_pins.count(&body);
        self.token_pins.take(&body);
        Ok(seq)
    }

    pub(super) async fn record_wrong_pin(
        &self,
        by: Custodian<'_>,
        serial: &TokenSerial,
        entry: PinEntry,
        pin: PinKind,
        left: Option<TriesLeft>,
    ) -> Result<u64, LedgerError> {
        let tries = match left {
            Some(TriesLeft::None) => PinTries::Locked,
            Some(TriesLeft::One) => PinTries::Final,
            Some(TriesLeft::Few) => PinTries::Low,
            Some(TriesLeft::NotTold) | None => PinTries::NotTold,
        };
        let record = self.scribe.entry(|draft| {
            let (token_serial, by) = (id(serial.as_str())?, draft.actor("by", by.caller())?);
            Ok(RecordBody::WrongPin(WrongPin { token_serial, by, entry, pin, tries }))
        })?;
        self.record_of_pin(record).await
    }

    /// Locks a token; tells whether it was unlocked. Once begun it comes to its end and its record, whoever stops waiting.
    pub(crate) async fn lock(
        self: &Arc<Self>,
        caller: &Caller,
        serial: TokenSerial,
    ) -> Result<bool, Failure> {
        let (service, caller) = (self.clone(), caller.clone());
        let locking = tokio::spawn(async move {
            let subject = Subject::new("lock", &caller).token(&serial);
            match service.locked(&caller, serial).await {
                Ok(was_unlocked) => Ok(was_unlocked),
                Err(stop) => Err(service.refuse(subject, stop).await),
            }
        });
        locking.await.unwrap_or_else(|error| {
            tracing::error!(%error, "locking a token ended in a panic");
            Err(Failure::Fault(Reason::Internal))
        })
    }

    async fn locked(&self, caller: &Caller, serial: TokenSerial) -> Result<bool, Stop> {
        self.check_may_lock(caller, &serial).at("identify")?;
        let was_unlocked = self
            .token
            .lock(serial.clone(), self.limits.token)
            .await
            .map_err(|error| error.violation())
            .at("lock")?;
        if was_unlocked {
            self.record_lock_asked(caller, &serial).await?;
        }
        Ok(was_unlocked)
    }

    /// A token is locked by who keeps it, or by the seal office: anybody else would end uses that are none of their business (C1). Who has to stop one
    /// reports it, which locks the token as well (C4).
    fn check_may_lock(&self, caller: &Caller, serial: &TokenSerial) -> Result<(), Violation> {
        if let Ok(desk) = self.office() {
            let (current, own) = (desk.now(), &caller.person().id);
            if current.office.people.get(own).is_some_and(|person| person.is(Role::SealOffice)) {
                return Ok(());
            }
        }
        self.keeper(caller, serial).map(|_| ())
    }

    pub(super) async fn record_lock_asked(
        &self,
        by: &Caller,
        serial: &TokenSerial,
    ) -> Result<(), LedgerError> {
        let entry = self.scribe.entry(|draft| {
            let by = Some(draft.actor("by", by)?);
            let token_serial = id(serial.as_str())?;
            Ok(RecordBody::TokenLocked(TokenLocked { token_serial, cause: LockCause::Request, by }))
        })?;
        self.ledger.append(entry).await?;
        Ok(())
    }
}

/// The unlock as it is asked for here or from afar, where the policy allows it.
pub(super) fn within_policy(policy: &Policy, asked: UnlockAsked, caller: &Caller) -> Result<Unlock, Refusal> {
    let UnlockAsked { serial, pin, uses, idle, lifetime, final_try } = asked;
    let limits = match caller.origin().channel() {
        Channel::Local => policy.unlock,
        Channel::Remote if !policy.remote.allowed => return Err(Reason::RemoteNotAllowed.into()),
        Channel::Remote => from_afar(policy.unlock, &policy.remote),
    };
    // Nobody at the token's pad is the caller.
    if matches!(pin, Ok(PinOrPad::Pad)) {
        caller.origin().must_be_here()?;
    }
    let uses = uses.max(1);
    let or_default = |asked: Duration, ms| if asked.is_zero() { Duration::from_millis(ms) } else { asked };
    let idle = or_default(idle, limits.default_idle_ms);
    let lifetime = or_default(lifetime, limits.default_lifetime_ms);
    let mut violations = Violations::new();
    if uses > limits.max_uses {
        violations.push(
            Violation::new(Reason::UnlockBeyondPolicy).with("uses", uses).with("limit", limits.max_uses),
        );
    }
    if idle > Duration::from_millis(limits.max_idle_ms) {
        let beyond = Violation::new(Reason::UnlockBeyondPolicy).with("idle-ms", idle.as_millis());
        violations.push(beyond.with("limit", limits.max_idle_ms));
    }
    if lifetime > Duration::from_millis(limits.max_lifetime_ms) {
        let beyond = Violation::new(Reason::UnlockBeyondPolicy).with("lifetime-ms", lifetime.as_millis());
        violations.push(beyond.with("limit", limits.max_lifetime_ms));
    }
    let pin = violations.keep(pin.map_err(Refusal::from));
    violations.into_result()?;
    // `keep` left a violation behind if there is no PIN.
    let pin = pin.ok_or(Reason::TokenPinUnusable)?;
    Ok(Unlock { serial, holder: caller.holder(), pin, uses, idle, lifetime, final_try })
}

/// What an unlock from afar may be asked for: a PIN is fresh for one use, and not for long (U10).
fn from_afar(unlock: UnlockLimits, remote: &RemoteTerms) -> UnlockLimits {
    let fresh_ms = remote.pin_s.saturating_mul(1000);
    UnlockLimits {
        max_uses: 1,
        max_idle_ms: unlock.max_idle_ms.min(fresh_ms),
        default_idle_ms: unlock.default_idle_ms.min(fresh_ms),
        max_lifetime_ms: unlock.max_lifetime_ms.min(fresh_ms),
        default_lifetime_ms: unlock.default_lifetime_ms.min(fresh_ms),
        ..unlock
    }
}

/// What a login that was made is good for, for its record.
#[derive(Clone, Copy)]
struct UnlockTerms {
    entry: PinEntry,
    uses: u32,
    idle: Duration,
    lifetime: Duration,
}

impl UnlockTerms {
    fn of(unlock: &Unlock) -> Self {
        UnlockTerms {
            entry: entry_of(&unlock.pin),
            uses: unlock.uses,
            idle: unlock.idle,
            lifetime: unlock.lifetime,
        }
    }
}

/// How a PIN comes to the token, for its record.
pub(super) fn entry_of(pin: &PinOrPad) -> PinEntry {
    match pin {
        PinOrPad::Pin(_) => PinEntry::Caller,
        PinOrPad::Pad => PinEntry::PinPad,
    }
}

/// As records tell it: below 2^53.
fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX).min((1 << 53) - 1)
}
