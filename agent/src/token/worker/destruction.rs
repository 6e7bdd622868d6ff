//! The end of a key on a token (R2): destroyed with its public half and its certificate, then looked for again.

use cryptoki::{
    error::Error,
    object::{Attribute, AttributeType, ObjectClass, ObjectHandle},
    session::{Session, SessionState},
};
use sealkeeper_domain::reason::Reason;
use sealkeeper_pades::cms::PublicKey;

use super::{
    fault::about,
    keys::{named, objects_with_value, public_key, public_objects},
    module::{Module, serial_of},
};
use crate::token::wire::{DestroyKey, Destroyed, Failed};

/// What belongs to a key that is to go.
struct Belongings {
    /// `None`: gone already.
    private: Option<ObjectHandle>,
    /// CKA_ID of the private key; empty: it has none, or is gone.
    id: Vec<u8>,
    /// Its public halves.
    public: Vec<ObjectHandle>,
    /// Its certificates that are named.
    certificates: Vec<ObjectHandle>,
    /// Its public key, if anything there told.
    key: Option<PublicKey>,
}

impl Module {
    /// C_DestroyObject for the private key first, so that whatever is left after a crash still tells which key it was. What is gone already
    /// needs no destroying.
    pub(super) fn destroy_key(&self, wanted: &DestroyKey) -> Result<Destroyed, Failed> {
        let serial = serial_of(&wanted.key.serial)?;
        let (slot, info) = self.find_token(&serial)?;
        if wanted.key.token.as_ref().is_some_and(|label| info.label != *label) {
            return Err(Failed { logged_out: false, ..Failed::from(Reason::TokenAbsent) });
        }
        let session = self.writing_session(&wanted.key.serial)?;
        let belongings = belongings(&session, wanted)?;
        if let Some(login) = self.login_on(&serial) {
            login.sessions.forget_keys();
        }
        for handle in belongings.private.iter().chain(&belongings.public) {
            session.destroy_object(*handle).map_err(destruction_failed)?;
        }
        // One that stays is no key, and stands against nothing.
        let left = belongings.certificates.iter().filter(|handle| session.destroy_object(**handle).is_err());
        let certificates_left = u32::try_from(left.count()).unwrap_or(u32::MAX);
        drop(session);
        let session = self.pkcs11.open_ro_session(slot)?;
        let gone = is_gone(&session, wanted, belongings.key.as_ref())?;
        Ok(Destroyed { gone, key_id: belongings.id, certificates_left })
    }
}

/// What there is of the key that is named. Where it cannot be told from another one, nothing is.
fn belongings(session: &Session, wanted: &DestroyKey) -> Result<Belongings, Failed> {
    let private = match session.find_objects(&named(&wanted.key, ObjectClass::PRIVATE_KEY))?.as_slice() {
        [] => None,
        [one] => Some(*one),
        _ => return Err(Reason::KeyAmbiguous.into()),
    };
    let (mut id, mut keys) = (Vec::new(), Vec::new());
    if let Some(handle) = private {
        for attribute in session.get_attributes(handle, &[AttributeType::Id])? {
            if let Attribute::Id(told) = attribute {
                id = told;
            }
        }
        keys.extend(public_half(session, handle)?);
    }
    let public = public_objects(session, &wanted.key, &id)?;
    for handle in &public {
        keys.extend(public_key(session, *handle)?);
    }
    let certificates = objects_with_value(session, &named(&wanted.certificate, ObjectClass::CERTIFICATE))?;
    let certified = certificates
        .into_iter()
        .filter_map(|(handle, der)| Some((handle, PublicKey::of_certificate(&der).ok()?)))
        .collect::<Vec<_>>();
    let key = one_key(&keys, &certified, private.is_some())?;
    let certificates = certified
        .into_iter()
        .filter(|(_, certified)| Some(certified) == key.as_ref())
        .map(|(handle, _)| handle);
    Ok(Belongings { private, id, public, certificates: certificates.collect(), key })
}

/// The one public key that all agree on; `None`: nothing tells.
fn one_key(
    halves: &[PublicKey],
    certified: &[(ObjectHandle, PublicKey)],
    is_there: bool,
) -> Result<Option<PublicKey>, Failed> {
    if let Some((key, others)) = halves.split_first() {
        if others.iter().any(|other| other != key) {
            return Err(about(Reason::KeyAmbiguous, "public halves of different keys"));
        }
        // The seal's certificate is for another key: this one may be somebody else's.
        if !certified.is_empty() && certified.iter().all(|(_, certified)| certified != key) {
            return Err(Reason::CertificateMismatch.into());
        }
        return Ok(Some(key.clone()));
    }
    let Some(((_, key), others)) = certified.split_first() else { return Ok(None) };
    match others.iter().all(|(_, other)| other == key) {
        true => Ok(Some(key.clone())),
        false if is_there => Err(Reason::CertificateAmbiguous.into()),
        false => Ok(None),
    }
}

/// Whether neither a private key of that name nor any key object with that public key shows itself.
fn is_gone(session: &Session, wanted: &DestroyKey, key: Option<&PublicKey>) -> Result<bool, Failed> {
    // Private keys show only to who is logged in (PKCS#11 v3.0 §5.6.8): without a login nothing would be found, and prove nothing.
    let state = session.get_session_info()?.session_state();
    if !matches!(state, SessionState::RoUser | SessionState::RwUser) {
        return Err(Failed { logged_out: true, ..Failed::from(Reason::TokenLocked) });
    }
    if !session.find_objects(&named(&wanted.key, ObjectClass::PRIVATE_KEY))?.is_empty() {
        return Ok(false);
    }
    let Some(key) = key else { return Ok(true) };
    for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
        for handle in session.find_objects(&[Attribute::Class(class)])? {
            if public_half(session, handle)?.as_ref() == Some(key) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// What a key object tells of its public key: its values, or since v2.40 CKA_PUBLIC_KEY_INFO, the only thing a private key on a curve may tell.
fn public_half(session: &Session, handle: ObjectHandle) -> Result<Option<PublicKey>, Failed> {
    if let Some(key) = public_key(session, handle)? {
        return Ok(Some(key));
    }
    for attribute in session.get_attributes(handle, &[AttributeType::PublicKeyInfo])? {
        if let Attribute::PublicKeyInfo(info) = attribute {
            return Ok(PublicKey::from_der(&info).ok());
        }
    }
    Ok(None)
}

/// A key that may not be destroyed (CKA_DESTROYABLE) is barred from that, not from signing.
fn destruction_failed(error: Error) -> Failed {
    let failed = Failed::from(error);
    if failed.reason == Reason::KeyMayNotSign.code() {
        return Failed { reason: Reason::KeyDestructionRefused.code().into(), ..failed };
    }
    failed
}

#[cfg(test)]
mod tests {
    use cryptoki::{context::Function, error::RvError};

    use super::*;

    fn key(seed: u8) -> PublicKey {
        PublicKey::P256(vec![seed; 65])
    }

    #[test]
    fn a_key_that_may_not_be_destroyed_is_told_as_that_and_any_other_no_as_always() {
        let told =
            |rv| destruction_failed(Error::Pkcs11(rv, Function::DestroyObject)).into_error().to_string();
        let barred = "key-destruction-refused (C_DestroyObject returned CKR_ACTION_PROHIBITED)";
        assert_eq!(told(RvError::ActionProhibited), barred);
        let locked = "token-locked (C_DestroyObject returned CKR_USER_NOT_LOGGED_IN)";
        assert_eq!(told(RvError::UserNotLoggedIn), locked);
        let protected = "token-write-protected (C_DestroyObject returned CKR_TOKEN_WRITE_PROTECTED)";
        assert_eq!(told(RvError::TokenWriteProtected), protected);
    }

    #[test]
    fn halves_of_different_keys_destroy_nothing() {
        let no = one_key(&[key(1), key(2)], &[], true).unwrap_err();
        assert_eq!(no.reason, "key-ambiguous");
        assert_eq!(one_key(&[key(1), key(1)], &[], true).ok(), Some(Some(key(1))));
        assert_eq!(one_key(&[], &[], true).ok(), Some(None));
    }
}
