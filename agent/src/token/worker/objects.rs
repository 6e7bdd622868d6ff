//! Objects made on a token: key pairs, and the certificates that belong to them (A3).

use cryptoki::{
    mechanism::{Mechanism, MechanismType},
    object::{Attribute, AttributeType, CertificateType, ObjectClass},
    session::Session,
};
use sealkeeper_domain::reason::Reason;
use sealkeeper_pades::cms::PublicKey;
use sha2::{Digest, Sha256};
use x509_cert::{
    Certificate,
    der::{Decode, Encode},
};

use super::{
    fault::about,
    keys::{certificates_for, public_key},
    mechanism::KeyKind,
    module::{Module, serial_of},
};
use crate::token::wire::{Failed, GenerateKey, GeneratedKey, ImportCertificate, Imported};

/// The exponent of new RSA keys (FIPS 186-5 §5.1 asks for more than 2^16).
const RSA_EXPONENT: [u8; 3] = [1, 0, 1];

impl Module {
    /// C_GenerateKeyPair: the private half is sensitive, never extractable and made on the token, and can do nothing but sign.
    pub(super) fn generate_key(&self, wanted: &GenerateKey) -> Result<GeneratedKey, Failed> {
        let session = self.writing_session(&wanted.serial)?;
        let named = |class| vec![Attribute::Class(class), Attribute::Id(wanted.id.clone())];
        for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY, ObjectClass::CERTIFICATE] {
            if !session.find_objects(&named(class))?.is_empty() {
                return Err(Reason::KeyExists.into());
            }
        }
        let (mechanism, kind) = match wanted.kind.as_str() {
            "ec-p256" => {
                (Mechanism::EccKeyPairGen, vec![Attribute::EcParams(KeyKind::P256_PARAMETERS.to_vec())])
            }
            "ec-p384" => {
                (Mechanism::EccKeyPairGen, vec![Attribute::EcParams(KeyKind::P384_PARAMETERS.to_vec())])
            }
            "rsa-2048" => rsa(2048),
            "rsa-3072" => rsa(3072),
            "rsa-4096" => rsa(4096),
            _ => return Err(Reason::KeyAlgorithmUnsupported.into()),
        };
        let both = |own: &[Attribute]| {
            let label = Attribute::Label(wanted.label.clone().into_bytes());
            [&[Attribute::Token(true), Attribute::Id(wanted.id.clone()), label][..], own].concat()
        };
        let public = both(&[&[Attribute::Private(false), Attribute::Verify(true)][..], &kind].concat());
        let private = both(&[
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(true),
        ]);
        self.check_offered(&wanted.serial, mechanism.mechanism_type())?;
        let (public, private) = session.generate_key_pair(&mechanism, &public, &private)?;
        let made = public_key(&session, public).and_then(|made| {
            let made = made.ok_or(Reason::KeyGenerationRefused)?;
            made.to_der().map_err(|error| about(Reason::KeyGenerationRefused, error.to_string()))
        });
        // A key that nobody can be told of is none that may stay.
        let public_key = made.inspect_err(|_| {
            let _ = session.destroy_object(private);
            let _ = session.destroy_object(public);
        })?;
        Ok(GeneratedKey { public_key })
    }

    /// A token that lists its mechanisms makes no key by another one. Whether it knows the curve or length, only the call tells.
    fn check_offered(&self, serial: &str, wanted: MechanismType) -> Result<(), Failed> {
        let login = self.login_on(&serial_of(serial)?).ok_or(Reason::TokenLocked)?;
        let offered = self.pkcs11.get_mechanism_list(login.slot).unwrap_or_default();
        if offered.is_empty() || offered.contains(&wanted) {
            return Ok(());
        }
        Err(about(Reason::TokenMechanismMissing, wanted.to_string()))
    }

    /// Puts a certificate beside the key it is for, under the same CKA_ID.
    pub(super) fn import_certificate(&self, wanted: &ImportCertificate) -> Result<Imported, Failed> {
        let unreadable =
            |error: x509_cert::der::Error| about(Reason::CertificateUnreadable, error.to_string());
        let certificate = Certificate::from_der(&wanted.certificate).map_err(unreadable)?;
        let key = PublicKey::of_certificate(&wanted.certificate)
            .map_err(|error| about(Reason::CertificateKeyUnsupported, error.to_string()))?;
        let session = self.writing_session(&wanted.serial)?;
        let (key_id, label) = key_of(&session, &key)?;
        let same =
            vec![Attribute::Class(ObjectClass::CERTIFICATE), Attribute::Value(wanted.certificate.clone())];
        if !session.find_objects(&same)?.is_empty() {
            return Err(Reason::CertificateExists.into());
        }
        let others = certificates_for(&session, std::slice::from_ref(&key))?;
        if !others.is_empty() && !wanted.replace {
            return Err(about(Reason::CertificateExists, format!("{} for the same key", others.len())));
        }
        let tbs = certificate.tbs_certificate();
        let mut template = vec![
            Attribute::Class(ObjectClass::CERTIFICATE),
            Attribute::CertificateType(CertificateType::X_509),
            Attribute::Token(true),
            Attribute::Private(false),
            Attribute::Id(key_id.clone()),
            Attribute::Subject(tbs.subject().to_der().map_err(unreadable)?),
            Attribute::Issuer(tbs.issuer().to_der().map_err(unreadable)?),
            Attribute::SerialNumber(tbs.serial_number().to_der().map_err(unreadable)?),
            Attribute::Value(wanted.certificate.clone()),
        ];
        template.extend(label.map(Attribute::Label));
        // The new one first: whatever fails, the key has a certificate. From then on it is imported, and has to be on record as that.
        session.create_object(&template)?;
        let (mut replaced, mut left) = (Vec::new(), 0);
        for (handle, der) in others {
            match session.destroy_object(handle) {
                Ok(()) => replaced.push(Sha256::digest(der).to_vec()),
                Err(_) => left += 1,
            }
        }
        Ok(Imported { key_id, replaced, left })
    }

    /// A session that may write, on a token with a login.
    pub(super) fn writing_session(&self, serial: &str) -> Result<Session, Failed> {
        let serial = serial_of(serial)?;
        let login = self.login_on(&serial).ok_or(Reason::TokenLocked)?;
        Ok(self.pkcs11.open_rw_session(login.slot)?)
    }
}

/// CKA_ID and CKA_LABEL of the private key whose public half this is.
fn key_of(session: &Session, key: &PublicKey) -> Result<(Vec<u8>, Option<Vec<u8>>), Failed> {
    let asked = [AttributeType::Id, AttributeType::Label];
    let mut halves = session.find_objects(&[Attribute::Class(ObjectClass::PUBLIC_KEY)])?;
    // Some tokens keep no public half, and tell its values with the private one.
    halves.extend(session.find_objects(&[Attribute::Class(ObjectClass::PRIVATE_KEY)])?);
    for handle in halves {
        if public_key(session, handle)?.as_ref() != Some(key) {
            continue;
        }
        let (mut id, mut label) = (Vec::new(), None);
        for attribute in session.get_attributes(handle, &asked)? {
            match attribute {
                Attribute::Id(told) => id = told,
                Attribute::Label(told) if !told.is_empty() => label = Some(told),
                _ => {}
            }
        }
        let private = [Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::Id(id.clone())];
        if !id.is_empty() && !session.find_objects(&private)?.is_empty() {
            return Ok((id, label));
        }
    }
    Err(Reason::CertificateNotForKey.into())
}

fn rsa(bits: u64) -> (Mechanism<'static>, Vec<Attribute>) {
    let attributes = vec![
        Attribute::ModulusBits((bits as std::ffi::c_ulong).into()),
        Attribute::PublicExponent(RSA_EXPONENT.to_vec()),
    ];
    (Mechanism::RsaPkcsKeyPairGen, attributes)
}
