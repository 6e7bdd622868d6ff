//! The PIN's way to a use: it unlocks the seal's token, and goes with the stamp where the key asks for it at each use. Nobody
//! is asked twice for what they typed just now, and no PIN is sent twice for one thing.

use sealkeeper_client::{Agent, Stamping, UnlockTerms};
use sealkeeper_domain::pin::Pin;
use sealkeeper_domain::reason::Reason;
use sealkeeper_proto::v1;

use crate::failure::Failure;
use crate::pin::{OnPad, PinAsked, PinKind, PinSource};
use crate::{Session, token};

/// The seal's token, unlocked as far as that could be done, and what is left of the PIN.
pub(crate) struct UsePin<'a> {
    session: &'a Session,
    prepared: &'a v1::Prepared,
    /// None where it is not present: the agent then refuses the use, on record.
    token: Option<v1::Token>,
    source: Option<&'a mut PinSource>,
    /// As typed for the unlock of just now, for a key that asks again. Wiped on drop.
    typed: Option<Pin>,
}

impl<'a> UsePin<'a> {
    /// Unlocks the seal's token for so many uses, unless it is unlocked already or there is nobody to give the PIN.
    pub(crate) async fn unlock(
        session: &'a Session,
        agent: &Agent,
        stamping: &'a Stamping,
        source: Option<&'a mut PinSource>,
        uses: u32,
    ) -> Result<Self, Failure> {
        let prepared = stamping.prepared();
        let serial = agent.seal(&prepared.seal_id).await?.seal.unwrap_or_default().token_serial;
        let token = agent.tokens().await?.into_iter().find(|token| token.serial == serial);
        let mut this = Self { session, prepared, token, source, typed: None };
        let Some(token) = this.token.take_if(|token| !token.unlocked) else { return Ok(this) };
        let terms = UnlockTerms { uses, ..UnlockTerms::default() };
        this.token = Some(if token.protected_authentication_path {
            token::check_pin(&token, false)?;
            OnPad::Pin.wait(session, &token, agent.unlock(&serial, None, terms)).await?
        } else if let Some(pin) = this.ask(&token).await? {
            this.typed = Some(copy(&pin)?);
            agent.unlock(&serial, Some(pin), terms).await?
        } else {
            token
        });
        Ok(this)
    }

    /// The PIN to go with the stamp, if the token says that the key will ask for it: the one typed for the unlock, else one asked
    /// for now.
    pub(crate) async fn for_stamp(&mut self) -> Result<Option<Pin>, Failure> {
        match self.token.clone() {
            Some(token) if token.seals_asking_pin.contains(&self.prepared.seal_name) => {
                if token.protected_authentication_path {
                    OnPad::Pin.tell(self.session, &token);
                    return Ok(None);
                }
                self.typed_or_asked(&token).await
            }
            _ => Ok(None),
        }
    }

    /// The same once a stamp without it was refused because the key asks for it; None where nobody is there to give it.
    pub(crate) async fn after_refusal(&mut self) -> Result<Option<Pin>, Failure> {
        match self.token.clone() {
            Some(token) if !token.protected_authentication_path => self.typed_or_asked(&token).await,
            _ => Ok(None),
        }
    }

    async fn typed_or_asked(&mut self, token: &v1::Token) -> Result<Option<Pin>, Failure> {
        match self.typed.take() {
            Some(pin) => Ok(Some(pin)),
            None => self.ask(token).await,
        }
    }

    async fn ask(&mut self, token: &v1::Token) -> Result<Option<Pin>, Failure> {
        let Some(source) = &mut self.source else { return Ok(None) };
        token::check_pin(token, false)?;
        let asked = PinAsked {
            which: PinKind::User,
            token,
            seal: Some(&self.prepared.seal_name),
            document: Some(&self.prepared.file_name),
        };
        Ok(Some(source.ask(self.session, &asked).await?))
    }
}

/// A second one of its kind, wiped like the first.
fn copy(pin: &Pin) -> Result<Pin, Reason> {
    Pin::new(pin.expose().as_bytes().to_vec())
}
