//! Tokens: list, unlock, lock; logins that end by themselves.

use std::{sync::Arc, time::Duration};

use sealkeeper_domain::{
    identity::TokenSerial,
    pin::Pin,
    reason::Reason,
    refusal::{Refusal, Violation, Violations},
};
use sealkeeper_journal::{
    LockCause, PinEntry, PinKind, PinTries, RecordBody, TokenLocked, TokenUnlocked, WrongPin,
};

use super::{Failure, Service, Subject};
use crate::{
    pipeline::ports::ledger::LedgerError,
    pipeline::{
        At, Stop,
        identify::{Caller, Custodian},
        ports::{
            token::{Ended, LoginEnded, TokenState, Unlock, Unlocked},
            token_error::{PinFlags, TokenError},
        },
        scribe::{Scribe, id},
    },
};

/// An unlock as it is asked for, before the policy was applied to it.
pub(crate) struct UnlockAsked {
    /// Which token.
    pub(crate) serial: TokenSerial,
    /// The user PIN, or why it is none.
    pub(crate) pin: Result<Pin, Reason>,
    /// Signatures; 0: one.
    pub(crate) uses: u32,
    /// Time without use; zero: as the policy says.
    pub(crate) idle: Duration,
    /// Whether the PIN is tried although the token says that one try is left.
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
        let custodian = caller.as_custodian().at("identify")?;
        self.check_ledger()?;
        let unlock = self.within_policy(asked).at("admit")?;
        let (serial, uses, idle) = (unlock.serial.clone(), unlock.uses, unlock.idle);
        // The agent's stop waits for it as for a use, so that nothing is written of it after the stop locked everything.
        let Ok(_in_progress) = self.uses.clone().acquire_owned().await else {
            return Err(Reason::AgentStopping).at("admit");
        };
        let Unlocked { token, replaced } = match self.token.unlock(unlock, self.limits.token).await {
            Ok(unlocked) => unlocked,
            Err(error) => {
                if error.pin_was_tried() {
                    let seq = self.record_wrong_pin(custodian, &serial, error.pin).await?;
                    return Err(Stop::OnRecord { refusal: error.violation().into(), seq });
                }
                return Err(error.violation()).at("unlock");
            }
        };
        let recorded = self.record_unlocked(caller, &serial, uses, idle, replaced).await;
        if let Err(error) = recorded {
            // An unlock that is not on record does not stand.
            if let Err(error) = self.token.lock(serial, self.limits.token).await {
                tracing::error!(%error, "a token stays unlocked without a record until it stands idle");
            }
            return Err(Stop::Store(error));
        }
        Ok(token)
    }

    /// Records an unlock, and before it the end of the one it replaced.
    async fn record_unlocked(
        &self,
        by: &Caller,
        serial: &TokenSerial,
        uses: u32,
        idle: Duration,
        replaced: bool,
    ) -> Result<(), LedgerError> {
        if replaced {
            self.record_lock_asked(by, serial).await?;
        }
        let entry = self.scribe.entry(|draft| {
            Ok(RecordBody::TokenUnlocked(TokenUnlocked {
                token_serial: id(serial.as_str())?,
                by: draft.actor("by", by)?,
                entry: PinEntry::Caller,
                uses: Some(u64::from(uses)),
                idle_us: Some(u64::try_from(idle.as_micros()).unwrap_or(u64::MAX >> 11)),
                expires_us: None,
            }))
        });
        self.ledger.append(entry?).await?;
        Ok(())
    }

    fn within_policy(&self, asked: UnlockAsked) -> Result<Unlock, Refusal> {
        let UnlockAsked { serial, pin, uses, idle, final_try } = asked;
        let limits = self.policy.unlock;
        let uses = uses.max(1);
        let idle = if idle.is_zero() { Duration::from_millis(limits.default_idle_ms) } else { idle };
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
        let pin = violations.keep(pin.map_err(Refusal::from));
        violations.into_result()?;
        // `keep` left a violation behind if there is no PIN.
        let pin = pin.ok_or(Reason::TokenPinUnusable)?;
        Ok(Unlock { serial, pin, uses, idle, final_try })
    }

    async fn record_wrong_pin(
        &self,
        by: Custodian<'_>,
        serial: &TokenSerial,
        flags: Option<PinFlags>,
    ) -> Result<u64, LedgerError> {
        let tries = match flags {
            Some(PinFlags { locked: true, .. }) => PinTries::Locked,
            Some(PinFlags { final_try: true, .. }) => PinTries::Final,
            Some(PinFlags { count_low: true, .. }) => PinTries::Low,
            _ => PinTries::NotTold,
        };
        let entry = self.scribe.entry(|draft| {
            Ok(RecordBody::WrongPin(WrongPin {
                token_serial: id(serial.as_str())?,
                by: draft.actor("by", by.caller())?,
                entry: PinEntry::Caller,
                pin: PinKind::User,
                tries,
            }))
        })?;
        Ok(self.ledger.append(entry).await?.seq)
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

    async fn record_lock_asked(&self, by: &Caller, serial: &TokenSerial) -> Result<(), LedgerError> {
        let entry = self.scribe.entry(|draft| {
            let by = Some(draft.actor("by", by)?);
            let token_serial = id(serial.as_str())?;
            Ok(RecordBody::TokenLocked(TokenLocked { token_serial, cause: LockCause::Request, by }))
        })?;
        self.ledger.append(entry).await?;
        Ok(())
    }

    /// Records a login that ended by itself.
    pub(crate) async fn login_ended(&self, ended: LoginEnded) {
        let cause = match ended.why {
            Ended::UsesSpent => LockCause::UsesSpent,
            Ended::Idle => LockCause::Idle,
            Ended::Lost => LockCause::Removed,
            Ended::Failed => LockCause::Fault,
            Ended::Asked => LockCause::Request,
        };
        self.record_locked(&ended.serial, cause).await;
    }

    /// Records that a token was locked without anybody asking.
    pub(crate) async fn record_locked(&self, serial: &TokenSerial, cause: LockCause) {
        let entry = id(serial.as_str()).map(|token_serial| {
            Scribe::plain(RecordBody::TokenLocked(TokenLocked { token_serial, cause, by: None }))
        });
        let recorded = match entry {
            Ok(entry) => self.ledger.append(entry).await.map(|_| ()),
            Err(error) => Err(error),
        };
        if let Err(error) = recorded {
            tracing::error!(%error, %serial, "the end of an unlock cannot be recorded");
        }
    }
}
