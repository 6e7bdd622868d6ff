//! The end of a seal's key (R2), when the second of the two acts that order it is filed.

use sealkeeper_domain::{identity::TokenSerial, reason::Reason, refusal::Violation};
use uuid::Uuid;

use super::Service;
use crate::pipeline::{
    At, Stop,
    destruction::{DestructionOrder, KeyDestruction, Outstanding},
    identify::{Holder, Origin},
    ports::registry::RegisteredSeal,
};

impl Service {
    /// Puts the order to destroy a seal's key on record, without asking the token for anything. `act` is the `jti` of the act that orders it,
    /// `handed_in_by` from where that was brought. Whether the acts order it is for the caller to know.
    pub(crate) async fn order_destruction(
        &self,
        registered: &RegisteredSeal,
        handed_in_by: Origin,
        act: Uuid,
    ) -> Result<(DestructionOrder, Outstanding), Stop> {
        self.check_ledger()?;
        let asked = KeyDestruction { registered, act, handed_in_by };
        Ok(asked.record(&*self.ledger, &self.scribe).await?)
    }

    /// Destroys a key that was ordered to be, and looks for it again; tells whether it is gone, which alone makes it destroyed. Takes no use of the
    /// unlock. A key that is gone already is found gone, so that it can be asked again after a crash or a token's no. Once begun it should come to
    /// its end, whoever stops waiting.
    ///
    /// # Errors
    /// [`Reason::TokenLocked`], [`Reason::TokenAbsent`], [`Reason::KeyAmbiguous`], [`Reason::CertificateMismatch`],
    /// [`Reason::KeyDestructionRefused`] and whatever else the token says: the key may be gone all the same then, and is not on record as
    /// destroyed.
    pub(crate) async fn destroy_key(
        &self,
        registered: &RegisteredSeal,
        (order, outstanding): (DestructionOrder, Outstanding),
    ) -> Result<bool, Stop> {
        let (serial, seal) = (&registered.seal.key.serial, &registered.seal.id);
        let destroyed = self.token.destroy_key(order, self.limits.token).await;
        let destroyed = destroyed.map_err(|error| error.violation()).at("destroy-key")?;
        if !destroyed.gone {
            tracing::error!(%seal, token_serial = %serial, "a destroyed key is still found on its token");
        }
        if destroyed.certificates_left > 0 {
            let left = destroyed.certificates_left;
            tracing::warn!(%seal, token_serial = %serial, left, "certificates of a destroyed key stay on its token");
        }
        outstanding.record(&destroyed, &*self.ledger).await.inspect_err(|_| {
            tracing::error!(%seal, token_serial = %serial, "what became of a key is not on record");
        })?;
        Ok(destroyed.gone)
    }

    /// Whether a token is there and was unlocked on this machine, whatever is on it.
    pub(super) async fn check_unlocked_here(&self, serial: &TokenSerial) -> Result<(), Violation> {
        let listed = self.token.list(self.limits.token).await.map_err(|error| error.violation())?;
        let no = |reason: Reason| Err(Violation::new(reason).with("token-serial", serial));
        match listed.iter().find(|state| state.serial == *serial) {
            Some(state) if state.unlocked_for(Holder::Local).is_some() => Ok(()),
            Some(_) => no(Reason::TokenLocked),
            None => no(Reason::TokenAbsent),
        }
    }
}
