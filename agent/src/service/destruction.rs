//! The end of a seal's key (R2), when the second of the two acts that order it is filed.

use sealkeeper_domain::{identity::TokenSerial, reason::Reason, refusal::Violation};
use uuid::Uuid;

use super::Service;
use crate::pipeline::{At, Stop, destruction::KeyDestruction, ports::registry::RegisteredSeal};

impl Service {
    /// Destroys a seal's key on its unlocked token and looks for it again; tells whether it is gone, which alone makes it destroyed. Takes no
    /// use of the unlock. `act` is the `jti` of the act that orders it, `handed_in_by` the local system user who brought that. A key that is
    /// gone already is found gone, so that it can be asked again after a crash or a token's no. Once begun it should come to its end, whoever
    /// stops waiting. Whether the acts order it is for the caller to know, and the work permit the caller's to hold: a second one might never come.
    ///
    /// # Errors
    /// [`Reason::TokenLocked`], [`Reason::TokenAbsent`], [`Reason::KeyAmbiguous`], [`Reason::CertificateMismatch`],
    /// [`Reason::KeyDestructionRefused`] and whatever else the token says: the key may be gone all the same then, and is not on record as
    /// destroyed.
    pub(crate) async fn destroy_key_of(
        &self,
        registered: &RegisteredSeal,
        handed_in_by: u32,
        act: Uuid,
    ) -> Result<bool, Stop> {
        self.check_ledger()?;
        let (serial, seal) = (&registered.seal.key.serial, &registered.seal.id);
        self.check_unlocked(serial).await.at("destroy-key")?;
        let asked = KeyDestruction { registered, act, handed_in_by };
        let (order, outstanding) = asked.record(&*self.ledger, &self.scribe).await?;
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

    /// Whether a token is there and unlocked, whatever is on it.
    async fn check_unlocked(&self, serial: &TokenSerial) -> Result<(), Violation> {
        let listed = self.token.list(self.limits.token).await.map_err(|error| error.violation())?;
        let no = |reason: Reason| Err(Violation::new(reason).with("token-serial", serial));
        match listed.iter().find(|state| state.serial == *serial) {
            Some(state) if state.unlocked.is_some() => Ok(()),
            Some(_) => no(Reason::TokenLocked),
            None => no(Reason::TokenAbsent),
        }
    }
}
