//! The end of a seal's key (R2): on record before the token is asked, for nothing brings it back.

use sealkeeper_domain::{identity::SealId, pkcs11_uri::ObjectUri};
use sealkeeper_journal::{Id, KeyDestroyed, KeyDestructionOrdered, KeySearch, RecordBody};
use uuid::Uuid;

use super::{
    identify::Origin,
    scribe::{Scribe, id},
};
use crate::pipeline::ports::{
    ledger::{Ledger, LedgerError},
    registry::RegisteredSeal,
    token::DestroyedKey,
};

/// A seal's key that acts want destroyed.
pub(crate) struct KeyDestruction<'s> {
    /// Whose key.
    pub(crate) registered: &'s RegisteredSeal,
    /// The `jti` of the act that orders it: the second of the two.
    pub(crate) act: Uuid,
    /// From where that act was handed in.
    pub(crate) handed_in_by: Origin,
}

/// The order to destroy one key, once. Only [`KeyDestruction::record`] makes one.
#[derive(Debug)]
pub(crate) struct DestructionOrder {
    key: ObjectUri,
    certificate: ObjectUri,
}

/// An order that went to the token: what is left of it for its outcome.
pub(crate) struct Outstanding {
    key: ObjectUri,
    seal: SealId,
    act: Uuid,
}

impl KeyDestruction<'_> {
    /// Writes that the token is about to be asked. A crash after the commit returned leaves an order whose key may be gone or may not be,
    /// which the next order finds out.
    pub(crate) async fn record(
        self,
        ledger: &dyn Ledger,
        scribe: &Scribe,
    ) -> Result<(DestructionOrder, Outstanding), LedgerError> {
        let KeyDestruction { registered, act, handed_in_by } = self;
        let seal = &registered.seal;
        let entry = scribe.entry(|draft| {
            Ok(RecordBody::KeyDestructionOrdered(KeyDestructionOrdered {
                token_serial: id(seal.key.serial.as_str())?,
                key_id: in_hex(seal.key.id.as_deref())?,
                seal: id(seal.id.as_str())?,
                act,
                from: draft.endpoint("from", handed_in_by)?,
            }))
        })?;
        ledger.append(entry).await?;
        let (key, certificate) = (seal.key.clone(), seal.certificate.clone());
        let outstanding = Outstanding { key: key.clone(), seal: seal.id.clone(), act };
        Ok((DestructionOrder { key, certificate }, outstanding))
    }
}

impl DestructionOrder {
    /// The private key.
    pub(crate) fn key(&self) -> &ObjectUri {
        &self.key
    }

    /// The certificate that goes with it.
    pub(crate) fn certificate(&self) -> &ObjectUri {
        &self.certificate
    }
}

impl Outstanding {
    /// Writes what became of it. A crash before the commit returned leaves an order without an outcome.
    pub(crate) async fn record(
        self,
        destroyed: &DestroyedKey,
        ledger: &dyn Ledger,
    ) -> Result<(), LedgerError> {
        let Outstanding { key, seal, act } = self;
        // As the token told it, or as it is named where the key was gone already.
        let key_id = destroyed.key_id.as_deref().or(key.id.as_deref());
        let body = RecordBody::KeyDestroyed(KeyDestroyed {
            token_serial: id(key.serial.as_str())?,
            key_id: in_hex(key_id)?,
            seal: id(seal.as_str())?,
            act,
            found: if destroyed.gone { KeySearch::Gone } else { KeySearch::Present },
        });
        ledger.append(Scribe::plain(body)).await.map(|_| ())
    }
}

fn in_hex(key_id: Option<&[u8]>) -> Result<Option<Id>, LedgerError> {
    key_id.filter(|bytes| !bytes.is_empty()).map(|bytes| id(&hex::encode(bytes))).transpose()
}
