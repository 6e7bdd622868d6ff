//! New keys: generated on the token, certified by request, their certificate put beside them. None of it makes a seal.

use std::time::Duration;

use sealkeeper_domain::{
    identity::{Digest, TokenSerial},
    pkcs11_uri::{ObjectKind, ObjectUri},
    reason::Reason,
    refusal::Violation,
};
use sealkeeper_journal::{CertificateImported, KeyGenerated, KeyPurpose, RecordBody};
use x509_cert::{Certificate, der::Decode};

use super::{Failure, Service, Subject, key_signature::KeySignature};
use crate::{
    certificate_request::{RequestInfo, Subject as Name},
    pipeline::{
        At, Stop,
        identify::{Caller, Custodian},
        ports::token::{NewCertificate, NewKey, OnePin, TokenState},
        scribe::{code, digest, id},
    },
};

/// Most bytes of a certificate.
const CERTIFICATE_BYTES: usize = 64 << 10;
/// Bytes of a CKA_ID that the agent chooses: at random, so that no id of a key that is gone comes back to another.
const CHOSEN_ID_BYTES: usize = 8;

/// A key as it is asked for.
pub(crate) struct KeyAsked {
    /// Which token.
    pub(crate) serial: TokenSerial,
    /// `ec-p256`, `ec-p384`, `rsa-2048`, `rsa-3072`, `rsa-4096`.
    pub(crate) kind: &'static str,
    /// CKA_LABEL.
    pub(crate) label: String,
    /// CKA_ID; empty: one is chosen.
    pub(crate) id: Vec<u8>,
}

/// A key that was made.
pub(crate) struct KeyMade {
    /// The private key.
    pub(crate) key: ObjectUri,
    /// SubjectPublicKeyInfo, DER.
    pub(crate) public_key: Vec<u8>,
    /// Its record.
    pub(crate) seq: u64,
}

/// A certificate request as it is asked for.
pub(crate) struct RequestAsked {
    /// The private key.
    pub(crate) key: ObjectUri,
    /// Whose.
    pub(crate) subject: Name,
    /// The PIN, for a key that asks for it at each signature, or why it is none.
    pub(crate) pin: Result<OnePin, Reason>,
}

/// A certificate request that was signed.
pub(crate) struct Requested {
    /// DER.
    pub(crate) request: Vec<u8>,
    /// The record of the key's use.
    pub(crate) seq: u64,
}

/// A certificate that was put beside its key.
pub(crate) struct Imported {
    pub(crate) certificate: ObjectUri,
    pub(crate) key: ObjectUri,
    /// What is worth knowing of it.
    pub(crate) warnings: Vec<Violation>,
    /// Its record.
    pub(crate) seq: u64,
}

impl Service {
    /// Makes a key pair on an unlocked token (A3).
    pub(crate) async fn generate_key(&self, caller: &Caller, asked: KeyAsked) -> Result<KeyMade, Failure> {
        let subject = Subject::new("generate-key", caller).token(&asked.serial);
        match self.key_generated(caller, asked).await {
            Ok(made) => Ok(made),
            Err(stop) => Err(self.refuse(subject, stop).await),
        }
    }

    async fn key_generated(&self, caller: &Caller, asked: KeyAsked) -> Result<KeyMade, Stop> {
        let custodian = self.keeper(caller, &asked.serial).at("identify")?;
        caller.origin().must_be_here().at("identify")?;
        self.check_ledger()?;
        self.check_own_pin(custodian, &asked.serial).at("identify")?;
        let KeyAsked { serial, kind, label, id: mut key_id } = asked;
        if key_id.is_empty() {
            key_id = chosen_id()?;
        }
        let _in_progress = self.work_permit().await?;
        self.check_own_login(caller, &serial).await.at("generate-key")?;
        let wanted = NewKey { serial: serial.clone(), kind, id: key_id.clone(), label };
        // Some tokens take minutes over RSA, which is no sign of trouble: it may take as long as the call.
        let made = self.token.generate_key(wanted, self.limits.call.max(self.limits.token)).await;
        let public_key = made.map_err(|error| error.violation()).at("generate-key")?;
        let recorded = self.record_generated(custodian, &serial, kind, &key_id, &public_key).await;
        let seq = recorded.inspect_err(|_| {
            tracing::error!(token_serial = %serial, key_id = hex::encode(&key_id), "a new key is not on record");
        })?;
        Ok(KeyMade { key: ObjectUri::of(&serial, &key_id, ObjectKind::Private), public_key, seq })
    }

    async fn record_generated(
        &self,
        by: Custodian<'_>,
        serial: &TokenSerial,
        kind: &'static str,
        key_id: &[u8],
        public_key: &[u8],
    ) -> Result<u64, Stop> {
        let entry = self.scribe.entry(|draft| {
            Ok(RecordBody::KeyGenerated(KeyGenerated {
                token_serial: id(serial.as_str())?,
                by: draft.actor("by", by.caller())?,
                key_id: id(&hex::encode(key_id))?,
                algorithm: code(kind)?,
                public_key_sha256: digest(Digest::of(public_key)),
            }))
        })?;
        Ok(self.ledger.append(entry).await?.seq)
    }

    /// Has a key sign a request for its certificate; takes one use of the unlock.
    pub(crate) async fn request_certificate(
        &self,
        caller: &Caller,
        asked: RequestAsked,
    ) -> Result<Requested, Failure> {
        let subject = Subject::new("request-certificate", caller).token(&asked.key.serial);
        match self.certificate_requested(caller, asked).await {
            Ok(requested) => Ok(requested),
            Err(stop) => Err(self.refuse(subject, stop).await),
        }
    }

    async fn certificate_requested(&self, caller: &Caller, asked: RequestAsked) -> Result<Requested, Stop> {
        let custodian = self.keeper(caller, &asked.key.serial).at("identify")?;
        caller.origin().must_be_here().at("identify")?;
        self.check_ledger()?;
        self.check_own_pin(custodian, &asked.key.serial).at("identify")?;
        let RequestAsked { key, subject, pin } = asked;
        let pin = pin.at("admit")?;
        let _in_progress = self.work_permit().await?;
        let serial = key.serial.clone();
        let found = self.token.find_key(key.clone(), self.limits.token).await;
        let found = found.map_err(|error| error.violation()).at("prepare")?;
        let Some(&algorithm) = found.algorithms.first().filter(|_| found.ready) else {
            return Err(Violation::new(Reason::TokenLocked).with("token-serial", &serial)).at("prepare");
        };
        let info = RequestInfo::new(&subject, found.public_key)
            .map_err(|error| Stop::Fault(format!("certificate request: {error}")))?;
        let wanted = KeySignature {
            key,
            key_id: found.key_id,
            algorithm,
            asks_pin: found.asks_pin,
            has_pad: found.has_pad,
            purpose: KeyPurpose::CertificateRequest,
            message: info.der().to_vec(),
        };
        let (raw, seq) = self.signed_by_key(custodian, wanted, pin).await?;
        let request = info.signed(algorithm, &raw).map_err(|error| {
            tracing::error!(%error, token_serial = %serial, "the token's signature is not its key's");
            Violation::new(Reason::TokenFault).with("what", error)
        });
        Ok(Requested { request: request.at("sign")?, seq })
    }

    /// Puts a certificate beside its key on an unlocked token.
    pub(crate) async fn import_certificate(
        &self,
        caller: &Caller,
        wanted: NewCertificate,
    ) -> Result<Imported, Failure> {
        let subject = Subject::new("import-certificate", caller).token(&wanted.serial);
        match self.certificate_imported(caller, wanted).await {
            Ok(imported) => Ok(imported),
            Err(stop) => Err(self.refuse(subject, stop).await),
        }
    }

    async fn certificate_imported(&self, caller: &Caller, wanted: NewCertificate) -> Result<Imported, Stop> {
        let custodian = self.keeper(caller, &wanted.serial).at("identify")?;
        caller.origin().must_be_here().at("identify")?;
        self.check_ledger()?;
        self.check_own_pin(custodian, &wanted.serial).at("identify")?;
        let mut warnings = self.looked_at(&wanted.certificate).at("admit")?;
        let _in_progress = self.work_permit().await?;
        self.check_own_login(caller, &wanted.serial).await.at("import-certificate")?;
        let (serial, certificate_sha256) = (wanted.serial.clone(), Digest::of(&wanted.certificate));
        let done = self.token.import_certificate(wanted, self.limits.token).await;
        let done = done.map_err(|error| error.violation()).at("import-certificate")?;
        let entry = self.scribe.entry(|draft| {
            Ok(RecordBody::CertificateImported(CertificateImported {
                token_serial: id(serial.as_str())?,
                by: draft.actor("by", custodian.caller())?,
                key_id: id(&hex::encode(&done.key_id))?,
                certificate_sha256: digest(certificate_sha256),
                replaced_sha256: done.replaced.iter().map(|replaced| (*replaced).into()).collect(),
            }))
        });
        let seq = match entry {
            Ok(entry) => self.ledger.append(entry).await.map(|committed| committed.seq),
            Err(error) => Err(error),
        };
        let seq = seq.inspect_err(|_| {
            tracing::error!(token_serial = %serial, %certificate_sha256, "an imported certificate is not on record");
        })?;
        if done.left > 0 {
            warnings.push(Violation::new(Reason::CertificateSeveral).with("left", done.left));
        }
        let named = |kind| ObjectUri::of(&serial, &done.key_id, kind);
        let (certificate, key) = (named(ObjectKind::Certificate), named(ObjectKind::Private));
        Ok(Imported { certificate, key, warnings, seq })
    }

    /// A login that somebody made from afar makes no key here (U10). Whether there is one at all the token tells.
    async fn check_own_login(&self, caller: &Caller, serial: &TokenSerial) -> Result<(), Violation> {
        let listed = self.token.list(self.limits.token).await.map_err(|error| error.violation())?;
        let is_anothers = |state: &TokenState| {
            state.serial == *serial
                && state.unlocked.is_some()
                && state.unlocked_for(caller.holder()).is_none()
        };
        if listed.iter().any(is_anothers) {
            return Err(Violation::new(Reason::TokenLocked).with("token-serial", serial));
        }
        Ok(())
    }

    /// Whether it is a certificate at all, and what is worth knowing of it.
    fn looked_at(&self, der: &[u8]) -> Result<Vec<Violation>, Violation> {
        let unreadable = |what: String| Violation::new(Reason::CertificateUnreadable).with("what", what);
        if der.len() > CERTIFICATE_BYTES {
            return Err(unreadable(format!("{} bytes, more than {CERTIFICATE_BYTES}", der.len())));
        }
        let certificate = Certificate::from_der(der).map_err(|error| unreadable(error.to_string()))?;
        let validity = certificate.tbs_certificate().validity();
        let now = Duration::from_micros(self.clock.now_us());
        let soon = now + Duration::from_millis(self.policy.now().inspection.certificate_warning_ms);
        let (from, until) = (validity.not_before.to_unix_duration(), validity.not_after.to_unix_duration());
        let mut warnings = Vec::new();
        if now < from {
            warnings
                .push(Violation::new(Reason::CertificateNotYetValid).with("not-before", validity.not_before));
        }
        if until < now {
            warnings.push(Violation::new(Reason::CertificateExpired).with("not-after", validity.not_after));
        } else if until < soon {
            warnings
                .push(Violation::new(Reason::CertificateExpiresSoon).with("not-after", validity.not_after));
        }
        Ok(warnings)
    }
}

fn chosen_id() -> Result<Vec<u8>, Stop> {
    let mut id = vec![0; CHOSEN_ID_BYTES];
    getrandom::fill(&mut id)
        .map_err(|error| Stop::Fault(format!("no randomness for a key's id: {error}")))?;
    Ok(id)
}
