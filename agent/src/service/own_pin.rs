//! Whether a token's PIN is its custodian's own (C2): who takes a token over gets a PIN of their own, and a one-time PIN is changed before it is used.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use sealkeeper_domain::{
    identity::{PersonId, TokenSerial},
    reason::Reason,
    refusal::Violation,
};
use sealkeeper_journal::RecordBody;

use super::Service;
use crate::pipeline::{identify::Custodian, ports::ledger::TokenPin};

/// What is known, by token. The ledger keeps it; a token it does not know is nobody's concern.
#[derive(Debug, Default)]
pub(crate) struct TokenPins(Mutex<BTreeMap<TokenSerial, TokenPin>>);

impl TokenPins {
    /// As kept.
    pub(super) fn new(kept: Vec<TokenPin>) -> Self {
        TokenPins(Mutex::new(kept.into_iter().map(|pin| (pin.serial.clone(), pin)).collect()))
    }

    /// Takes in what a record tells that is durable.
    pub(super) fn take(&self, body: &RecordBody) {
        if let Some(pin) = TokenPin::told_by(body) {
            self.held().insert(pin.serial.clone(), pin);
        }
    }

    /// Says what is known of a token's PIN; tells what was before.
    pub(super) fn set(&self, serial: &TokenSerial, pin: Option<TokenPin>) -> Option<TokenPin> {
        let mut held = self.held();
        match pin {
            Some(pin) => held.insert(serial.clone(), pin),
            None => held.remove(serial),
        }
    }

    /// A token changed hands.
    pub(super) fn leave_behind(&self, pin: TokenPin) {
        self.held().entry(pin.serial.clone()).or_insert(pin);
    }

    /// What stands against using this token's PIN for this person, or for whoever it may be.
    fn against(&self, serial: &TokenSerial, person: Option<&PersonId>) -> Option<Violation> {
        let held = self.held();
        let is_anothers = |pin: &TokenPin| person.is_some_and(|person| pin.person != *person);
        let pin = held.get(serial).filter(|pin| pin.one_time || is_anothers(pin))?;
        let whose = if pin.one_time { "one-time" } else { "another's" };
        Some(Violation::new(Reason::PinNotOwn).with("token-serial", serial).with("pin", whose))
    }

    fn held(&self) -> std::sync::MutexGuard<'_, BTreeMap<TokenSerial, TokenPin>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service {
    /// Nothing that takes a token's PIN is done for a custodian who has none of their own.
    pub(super) fn check_own_pin(&self, by: Custodian<'_>, serial: &TokenSerial) -> Result<(), Violation> {
        self.token_pins.against(serial, Some(&by.caller().person().id)).map_or(Ok(()), Err)
    }

    /// The same of whoever keeps the seals on the token.
    pub(crate) fn pin_not_own(&self, serial: &TokenSerial) -> Option<Violation> {
        let keeper = self.seals_on(serial).find_map(|registered| registered.custodian.clone());
        self.token_pins.against(serial, keeper.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_ones_own_where_nothing_else_is_known_of_it() {
        let pin = |person: &str, one_time| TokenPin {
            serial: "1".parse().unwrap(),
            person: person.parse().unwrap(),
            one_time,
        };
        let pins = TokenPins::default();
        let told = |pins: &TokenPins, person: &str| {
            let against = pins.against(&"1".parse().unwrap(), Some(&person.parse().unwrap()));
            against.map(|violation| violation.details["pin"].clone())
        };
        assert_eq!(told(&pins, "p-1"), None);
        pins.leave_behind(pin("p-1", false));
        assert_eq!((told(&pins, "p-1"), told(&pins, "p-2")), (None, Some("another's".to_owned())));
        // What is known of it already stays, a PIN that the next custodian set beforehand among it.
        let pins = TokenPins::new(vec![pin("p-2", true)]);
        pins.leave_behind(pin("p-1", false));
        assert_eq!(told(&pins, "p-2"), Some("one-time".to_owned()));
    }
}
