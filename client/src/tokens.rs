//! Tokens and seals of an agent.
//!
//! Every PIN is consumed and sent once, and the message that carries it wipes it; nothing ever sends it again, a lost answer included.
//! Where a token has its own PIN pad none is given: the call then ends when the person has typed it there.

use sealkeeper_domain::pin::Pin;
use sealkeeper_proto::v1;

use crate::Agent;
use crate::connection::answered;
use crate::error::ClientError;

/// What is asked of an unlock beside token and PIN. The default asks for the least.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UnlockTerms {
    /// Signatures it is good for; 0: one.
    pub uses: u32,
    /// Milliseconds without use after which the token locks; 0: as the policy says.
    pub idle_ms: u64,
    /// Milliseconds after which the token locks whether it is used or not; 0: as the policy says.
    pub lifetime_ms: u64,
    /// Whether the PIN is tried although the token says that one try is left, or several wrong ones were given in a row. A wrong one
    /// then locks the token, so set it only because a person said so for this one try. Without it the agent refuses with
    /// `token-pin-final-try` or `token-pin-wrong-repeatedly`.
    pub final_try: bool,
}

/// The two PINs of a change. They have names, for one given in place of the other costs a try.
#[derive(Debug)]
pub struct PinChange {
    /// The one that is tried: the user PIN so far, or the security officer's.
    pub tried: Pin,
    /// The user PIN from then on.
    pub new: Pin,
}

impl Agent {
    /// The tokens present now.
    ///
    /// # Errors
    /// A fault, or a lost connection.
    pub async fn tokens(&self) -> Result<Vec<v1::Token>, ClientError> {
        let reply = self.token_service().list_tokens(v1::ListTokensRequest {}).await;
        Ok(answered(reply)?.tokens)
    }

    /// Unlocks a token. `pin` is None for a token with a PIN pad, and for no other.
    ///
    /// # Errors
    /// A fault, or a lost connection, after which the PIN may have been tried.
    pub async fn unlock(
        &self,
        token_serial: &str,
        pin: Option<Pin>,
        terms: UnlockTerms,
    ) -> Result<v1::Token, ClientError> {
        let UnlockTerms { uses, idle_ms, lifetime_ms, final_try } = terms;
        let token_serial = token_serial.to_owned();
        let request =
            v1::UnlockRequest { token_serial, pin: bytes(pin), uses, idle_ms, final_try, lifetime_ms };
        let token = answered(self.token_service().unlock(request).await)?.token;
        token.ok_or_else(|| ClientError::answer("an unlock without the token's state"))
    }

    /// Locks a token. Tells whether it was unlocked.
    ///
    /// # Errors
    /// A fault, or a lost connection.
    pub async fn lock(&self, token_serial: &str) -> Result<bool, ClientError> {
        let request = v1::LockRequest { token_serial: token_serial.to_owned() };
        Ok(answered(self.token_service().lock(request).await)?.was_unlocked)
    }

    /// Gives a token a new user PIN for the old one. `pins` is None for a token with a PIN pad, and for no other; `final_try` as in
    /// [`UnlockTerms`].
    ///
    /// # Errors
    /// A fault, or a lost connection, after which the PIN may have been changed.
    pub async fn change_pin(
        &self,
        token_serial: &str,
        pins: Option<PinChange>,
        final_try: bool,
    ) -> Result<v1::Token, ClientError> {
        let (old_pin, new_pin) = both(pins);
        let token_serial = token_serial.to_owned();
        let request = v1::ChangePinRequest { token_serial, old_pin, new_pin, final_try };
        let token = answered(self.token_service().change_pin(request).await)?.token;
        token.ok_or_else(|| ClientError::answer("a change of the PIN without the token's state"))
    }

    /// Gives a token a new user PIN by the security officer's, also where the user PIN is locked or was never set. The token is
    /// locked before it. `pins` is None for a token with a PIN pad, and for no other. `final_try` has the security officer's PIN tried although
    /// one try of it is left: a wrong one then locks it for good. A `one_time` PIN has to be changed by the custodian before anything else is done with it (C2).
    ///
    /// # Errors
    /// A fault, or a lost connection, after which the PIN may have been set.
    pub async fn set_pin(
        &self,
        token_serial: &str,
        pins: Option<PinChange>,
        final_try: bool,
        one_time: bool,
    ) -> Result<v1::Token, ClientError> {
        let (so_pin, new_pin) = both(pins);
        let token_serial = token_serial.to_owned();
        let request = v1::SetPinRequest { token_serial, so_pin, new_pin, final_try, one_time };
        let token = answered(self.token_service().set_pin(request).await)?.token;
        token.ok_or_else(|| ClientError::answer("a new PIN without the token's state"))
    }

    /// Inspects a token and the seals on it (C3) and has the findings put on record. `pin` is for the test signatures of keys that ask
    /// for it at each use; `final_try` as in [`UnlockTerms`].
    ///
    /// # Errors
    /// A fault, or a lost connection. A token that does not pass is none.
    pub async fn inspect_token(
        &self,
        token_serial: &str,
        pin: Option<Pin>,
        final_try: bool,
    ) -> Result<v1::InspectTokenReply, ClientError> {
        let token_serial = token_serial.to_owned();
        let request = v1::InspectTokenRequest { token_serial, pin: bytes(pin), final_try };
        answered(self.token_service().inspect_token(request).await)
    }

    /// The seals this agent keeps.
    ///
    /// # Errors
    /// A fault, or a lost connection.
    pub async fn seals(&self) -> Result<Vec<v1::Seal>, ClientError> {
        let reply = self.seal_service().list_seals(v1::ListSealsRequest {}).await;
        Ok(answered(reply)?.seals)
    }

    /// One seal by name or id, with its picture and certificates.
    ///
    /// # Errors
    /// A fault (`seal-unknown`), or a lost connection.
    pub async fn seal(&self, name_or_id: &str) -> Result<v1::ShowSealReply, ClientError> {
        let request = v1::ShowSealRequest { seal: name_or_id.to_owned() };
        answered(self.seal_service().show_seal(request).await)
    }
}

/// A PIN as it goes into a message; empty: typed on the token. The PIN itself is wiped here, the bytes when the message is dropped.
pub(crate) fn bytes(pin: Option<Pin>) -> Vec<u8> {
    pin.map(|pin| pin.expose().as_bytes().to_vec()).unwrap_or_default()
}

fn both(pins: Option<PinChange>) -> (Vec<u8>, Vec<u8>) {
    pins.map(|PinChange { tried, new }| (bytes(Some(tried)), bytes(Some(new)))).unwrap_or_default()
}
