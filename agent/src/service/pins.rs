//! New PINs: changed by whoever knows the old one, or set anew by the security officer. Each PIN is tried once.

use sealkeeper_domain::{identity::TokenSerial, pin::Pin, reason::Reason};
use sealkeeper_journal::{PinChange as How, PinChanged, PinEntry, PinKind, RecordBody};

use super::{Failure, Service, Subject};
use crate::pipeline::{
    At, Stop,
    identify::{Caller, Custodian},
    ports::{
        ledger::{LedgerError, TokenPin},
        token::{PinChange, TokenState},
    },
    scribe::id,
};

/// A new PIN as it is asked for.
pub(crate) struct PinChangeAsked {
    /// Which token.
    pub(crate) serial: TokenSerial,
    /// Whose PIN allows it: the user's own old one, or the security officer's.
    pub(crate) by_officer: bool,
    /// That PIN and the new one, none where both are typed on the token, or why they are none.
    pub(crate) pins: Result<Option<(Pin, Pin)>, Reason>,
    /// Whether the first of them is tried although one try may be left.
    pub(crate) final_try: bool,
    /// Whether the new one has to be changed before anything else is done with it (C2). By the security officer only.
    pub(crate) one_time: bool,
}

impl Service {
    /// Gives a token a new user PIN; tells the token as it is then, if it still shows itself.
    pub(crate) async fn change_pin(
        &self,
        caller: &Caller,
        asked: PinChangeAsked,
    ) -> Result<Option<TokenState>, Failure> {
        let operation = if asked.by_officer { "set-pin" } else { "change-pin" };
        let serial = asked.serial.clone();
        let subject = Subject::new(operation, caller).token(&serial);
        if let Err(stop) = self.pin_changed(caller, asked, operation).await {
            return Err(self.refuse(subject, stop).await);
        }
        let tokens = self.token.list(self.limits.token).await;
        if let Err(error) = &tokens {
            tracing::warn!(%error, "a token does not show itself after its PIN was changed");
        }
        Ok(tokens.unwrap_or_default().into_iter().find(|token| token.serial == serial))
    }

    async fn pin_changed(
        &self,
        caller: &Caller,
        asked: PinChangeAsked,
        operation: &'static str,
    ) -> Result<(), Stop> {
        let custodian = self.keeper(caller, &asked.serial).at("identify")?;
        caller.origin().must_be_here().at("identify")?;
        self.check_ledger()?;
        let PinChangeAsked { serial, by_officer, pins, final_try, one_time } = asked;
        let pins = pins.at("admit")?;
        // Who gets a PIN that somebody else knows has none of their own by giving it once more.
        if let Some((old, new)) = &pins
            && !by_officer
            && old.expose() == new.expose()
        {
            self.check_own_pin(custodian, &serial).at("admit")?;
        }
        // In this order, as a use takes the two.
        let _in_progress = self.work_permit().await?;
        let _one_at_a_time = self.wrong_pins.one_at_a_time(&serial).await;
        if by_officer {
            self.check_wrong_so_pins(&serial, final_try).at(operation)?;
        } else {
            self.check_wrong_pins(&serial, final_try).at(operation)?;
        }
        let how = match (by_officer, one_time) {
            (false, _) => How::Changed,
            (true, false) => How::SetBySecurityOfficer,
            (true, true) => How::SetOneTime,
        };
        let (entry, deadline) = match pins {
            Some(_) => (PinEntry::Caller, self.limits.token),
            None => (PinEntry::PinPad, self.limits.pin_pad),
        };
        if by_officer || self.check_own_pin(custodian, &serial).is_err() {
            // The user's login and the security officer's cannot stand together (PKCS#11 v3.0 §5.6.8). And one that was made with a PIN that is not
            // the custodian's own was made by somebody else.
            let locked = self.token.lock(serial.clone(), self.limits.token).await;
            if locked.map_err(|error| error.violation()).at(operation)? {
                self.record_lock_asked(caller, &serial).await?;
            }
        }
        // On the store before the token has it: a crash in between leaves a PIN that has to be changed, not one that counts as somebody's own.
        let before = match how {
            How::SetOneTime => Some(self.order_one_time_pin(custodian, &serial).await?),
            _ => None,
        };
        let change = PinChange { serial: serial.clone(), by_officer, pins, final_try };
        let changed = self.token.change_pin(change, deadline).await;
        if let (Some(before), Err(error)) = (before, &changed)
            && error.left_pin_as_it_was()
        {
            self.take_back_order(&serial, before).await?;
        }
        match changed {
            Ok(()) => self.record_pin_changed(custodian, &serial, entry, how).await,
            Err(error) if error.pin_was_tried() => {
                let pin = if by_officer { PinKind::SecurityOfficer } else { PinKind::User };
                let left = error.tries_left();
                let seq = self.record_wrong_pin(custodian, &serial, entry, pin, left).await?;
                Err(Stop::OnRecord { refusal: error.violation().into(), seq })
            }
            Err(error) => Err(error.violation()).at(operation),
        }
    }

    /// Says that the token's PIN is about to be one that has to be changed; tells what was known of it before.
    async fn order_one_time_pin(
        &self,
        by: Custodian<'_>,
        serial: &TokenSerial,
    ) -> Result<Option<TokenPin>, LedgerError> {
        let ordered =
            TokenPin { serial: serial.clone(), person: by.caller().person().id.clone(), one_time: true };
        self.ledger.set_token_pin(serial.clone(), Some(ordered.clone())).await?;
        Ok(self.token_pins.set(serial, Some(ordered)))
    }

    /// The token has the PIN that it had.
    async fn take_back_order(
        &self,
        serial: &TokenSerial,
        before: Option<TokenPin>,
    ) -> Result<(), LedgerError> {
        self.ledger.set_token_pin(serial.clone(), before.clone()).await?;
        self.token_pins.set(serial, before);
        Ok(())
    }

    async fn record_pin_changed(
        &self,
        by: Custodian<'_>,
        serial: &TokenSerial,
        entry: PinEntry,
        how: How,
    ) -> Result<(), Stop> {
        let record = self.scribe.entry(|draft| {
            let (token_serial, by) = (id(serial.as_str())?, draft.actor("by", by.caller())?);
            Ok(RecordBody::PinChanged(PinChanged { token_serial, by, entry, how }))
        });
        let recorded = match record {
            Ok(record) => self.record_of_pin(record).await,
            Err(error) => Err(error),
        };
        // The agent keeps no PIN, so it cannot give the old one back.
        recorded.map(|_| ()).inspect_err(|_| {
            tracing::error!(token_serial = %serial, "the token has a new PIN, which is not on record");
        })?;
        Ok(())
    }
}
