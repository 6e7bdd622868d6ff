//! From a seal that was made to one that the pipeline can use: its object is read, verified, and taken apart.

use std::sync::Arc;

use p256::{ecdsa::VerifyingKey, pkcs8::DecodePublicKey};
use sealkeeper_domain::{
    act::{key::ActKey, statement::MadeSeal},
    identity::Digest,
    office::{Made, MadeFacts, PictureFacts, SealEntry},
    pkcs11_uri::ObjectUri,
    reason::Reason,
    refusal::Violation,
    seal::{Seal, SealSize},
};
use sealkeeper_pades::picture::SealPicture;
use sealkeeper_ses::{CertificateList, PictureKind, SealObject, VerifiedSeal};
use x509_cert::{
    Certificate,
    der::{Decode, Encode},
};

use crate::{
    config::OfficeSeals,
    pipeline::ports::{
        ledger::{Ledger, LedgerError},
        registry::{RegisteredSeal, SealForm},
    },
};

/// Makes seals ready by what the configuration says of all of them.
pub(crate) struct Sealed(pub(crate) OfficeSeals);

impl Sealed {
    /// The seal with its object, if it was made; the reason, if what was made of it is not what its acts say.
    pub(super) async fn ready(
        &self,
        entry: &SealEntry,
        ledger: &dyn Ledger,
    ) -> Result<Option<Result<Arc<RegisteredSeal>, Reason>>, LedgerError> {
        let Some(made) = entry.life.made() else { return Ok(None) };
        let Some(object) = ledger.attachment(made.seal.object_sha256).await? else {
            return Ok(Some(Err(Reason::SealObjectUnverified)));
        };
        let ready = self.registered(entry, made, object);
        if let Err(violation) = &ready {
            tracing::error!(seal = %entry.id(), ?violation, "a seal cannot be used");
        }
        Ok(Some(ready.map(Arc::new).map_err(|violation| violation.reason)))
    }

    fn registered(
        &self,
        entry: &SealEntry,
        made: &Made,
        object: Vec<u8>,
    ) -> Result<RegisteredSeal, Violation> {
        let digest = Digest::of(&object);
        if digest != made.seal.object_sha256 {
            return Err(Violation::new(Reason::SealObjectUnverified).with("object-sha256", digest));
        }
        let maker = verifying_key(&made.maker)?;
        let verified = verified(&object, &maker)?;
        let properties = verified.properties();
        let size = properties.picture.size;
        let size = SealSize::new(size.width_um(), size.height_um()).ok_or(Reason::SealSizeBad)?;
        let uri = |text: &str| {
            ObjectUri::parse(text).map_err(|error| Violation::new(Reason::SealUriBad).with("what", error))
        };
        let certificates = match &properties.certificates {
            CertificateList::Whole(certificates) => certificates.clone(),
            CertificateList::Digests(_) => Vec::new(),
        };
        let custodian = entry.custodian().unwrap_or(&entry.application.custodian).clone();
        Ok(RegisteredSeal {
            seal: Seal {
                id: entry.id().clone(),
                name: entry.application.name.clone(),
                unit: entry.application.unit.clone(),
                size,
                key: uri(&made.seal.key)?,
                certificate: uri(&made.seal.certificate)?,
            },
            picture_digest: Digest::of(&properties.picture.data),
            picture: picture(&verified)?,
            picture_file: properties.picture.data.clone(),
            unreported_accepted: self.0.unreported_accepted.clone(),
            issuers: certificates.first().map(|own| self.chain(own)).unwrap_or_default(),
            custodian: Some(custodian),
            form: SealForm::Signed { object, maker: Box::new(maker) },
        })
    }

    /// The issuers of a certificate as far as they are known, nearest first.
    fn chain(&self, certificate: &[u8]) -> Vec<Vec<u8>> {
        let mut chain: Vec<Vec<u8>> = Vec::new();
        let issuer_of = |der: &[u8]| {
            let certificate = Certificate::from_der(der).ok()?;
            let issuer = certificate.tbs_certificate().issuer().to_der().ok()?;
            let named = |der: &&Vec<u8>| {
                Certificate::from_der(der)
                    .ok()
                    .and_then(|issuer| issuer.tbs_certificate().subject().to_der().ok())
                    .is_some_and(|subject| subject == issuer)
            };
            self.0.issuers.iter().find(named).cloned()
        };
        let mut last = certificate.to_vec();
        // One that names itself ends it; so does a circle.
        while let Some(issuer) = issuer_of(&last).filter(|issuer| *issuer != last && !chain.contains(issuer))
        {
            last.clone_from(&issuer);
            chain.push(issuer);
        }
        chain
    }
}

fn verifying_key(key: &ActKey) -> Result<VerifyingKey, Violation> {
    VerifyingKey::from_public_key_der(&key.spki_der()).map_err(|_| Violation::new(Reason::ActKeyUnfit))
}

/// The object, verified with its maker's key.
pub(crate) fn verified(object: &[u8], maker: &VerifyingKey) -> Result<VerifiedSeal, Violation> {
    SealObject::verify(object, maker).map_err(|error| {
        Violation::new(Reason::SealObjectUnverified).with("what", error.code()).with("why", error)
    })
}

fn picture(verified: &VerifiedSeal) -> Result<SealPicture, Violation> {
    let picture = &verified.properties().picture;
    match picture.kind {
        PictureKind::Png => SealPicture::from_png(&picture.data)
            .map_err(|error| Violation::new(Reason::SealPictureBad).with("what", error)),
        other => {
            Err(Violation::new(Reason::SealPictureBad)
                .with("what", format!("{} is not drawn yet", other.name())))
        }
    }
}

/// What a picture is, before anybody draws it.
pub(crate) fn picture_facts(file: &[u8]) -> PictureFacts {
    PictureFacts { bytes: file.len() as u64, pixels: SealPicture::pixels_of_png(file).ok() }
}

/// What an object that is filed with its making tells the rules; `maker` is the key that signed the act. What the act says beside it, the
/// object says too: unit, key and certificate.
pub(crate) fn facts_of(
    object: &[u8],
    made: &MadeSeal,
    entry: &SealEntry,
    maker: &ActKey,
) -> Result<MadeFacts, Violation> {
    let verified = verified(object, &verifying_key(maker)?)?;
    // Found out now, not when somebody wants to stamp with it.
    picture(&verified)?;
    let properties = verified.properties();
    let CertificateList::Whole(certificates) = &properties.certificates else {
        return Err(
            Violation::new(Reason::SealObjectUnverified).with("what", "its certificate is a digest only")
        );
    };
    let [certificate] = certificates.as_slice() else {
        return Err(Violation::new(Reason::SealObjectUnverified).with("what", "not exactly one certificate"));
    };
    let bad = |error| Violation::new(Reason::CertificateBad).with("what", error);
    let parsed = Certificate::from_der(certificate).map_err(|error| bad(error.to_string()))?;
    let key = parsed.tbs_certificate().subject_public_key_info().to_der();
    let validity = parsed.tbs_certificate().validity();
    let differs = |what: &str| Violation::new(Reason::SealObjectDiffers).with("what", what);
    let particulars = properties.particulars.as_ref().ok_or_else(|| differs("particulars"))?;
    for (what, of_object, of_act) in [
        ("unit", &particulars.unit, &entry.application.unit),
        ("key", &particulars.key, &made.key),
        ("certificate", &particulars.certificate, &made.certificate),
    ] {
        if of_object != of_act {
            return Err(differs(what));
        }
    }
    let id = properties.id.parse().map_err(|_| differs("id"))?;
    let us = |s: i64| u64::try_from(s).unwrap_or(0).saturating_mul(1_000_000);
    let whole_us = |time: std::time::Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let size = properties.picture.size;
    Ok(MadeFacts {
        id,
        name: properties.name.clone(),
        width_um: size.width_um(),
        height_um: size.height_um(),
        picture_sha256: Digest::of(&properties.picture.data),
        picture: picture_facts(&properties.picture.data),
        certificate_sha256: Digest::of(certificate),
        key_sha256: Digest::of(&key.map_err(|error| bad(error.to_string()))?),
        valid_from_us: us(properties.valid_from_s).max(whole_us(validity.not_before.to_unix_duration())),
        valid_until_us: us(properties.valid_until_s).min(whole_us(validity.not_after.to_unix_duration())),
        maker: maker.clone(),
    })
}
