//! A seal's key and certificate among the objects of a token, and whether they are what the regulation demands (A3).

use cryptoki::{
    mechanism::MechanismType,
    object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle},
    session::Session,
};
use sealkeeper_domain::reason::Reason;
use sealkeeper_pades::cms::{PublicKey, SignatureAlgorithm};
use x509_cert::{Certificate, der::Decode};

use super::{
    fault::about,
    mechanism::{KeyKind, algorithms},
};
use crate::token::wire::{Failed, Object};

/// A private key that was found and is fit. Its handle dies with the session it was found in.
pub(super) struct FoundKey {
    pub(super) handle: ObjectHandle,
    /// What it can sign with, the preferred first; never empty.
    pub(super) algorithms: Vec<SignatureAlgorithm>,
    /// CKA_ALWAYS_AUTHENTICATE.
    pub(super) asks_pin: bool,
    /// CKA_ID; empty where it has none.
    pub(super) id: Vec<u8>,
    /// Attributes it should have and does not tell of.
    pub(super) unreported: Vec<String>,
    /// Its public halves on the token: one, if all is well.
    public: Vec<PublicKey>,
}

/// A certificate that was found.
pub(super) struct FoundCertificate {
    /// DER.
    pub(super) der: Vec<u8>,
    /// How many there are for the same key.
    pub(super) of: u32,
}

/// What a key must be, with the names of the standard (PKCS#11 v3.0 §4.9): not readable, never readable, and made on the token.
const DEMANDED: [(&str, AttributeType, Attribute); 5] = [
    ("CKA_SENSITIVE", AttributeType::Sensitive, Attribute::Sensitive(true)),
    ("CKA_EXTRACTABLE", AttributeType::Extractable, Attribute::Extractable(false)),
    ("CKA_ALWAYS_SENSITIVE", AttributeType::AlwaysSensitive, Attribute::AlwaysSensitive(true)),
    ("CKA_NEVER_EXTRACTABLE", AttributeType::NeverExtractable, Attribute::NeverExtractable(true)),
    ("CKA_LOCAL", AttributeType::Local, Attribute::Local(true)),
];

/// Finds the one private key that is meant, and checks it. Attributes that the token does not report are accepted if they are named.
pub(super) fn find_key(
    session: &Session,
    wanted: &Object,
    offered: &[MechanismType],
    unreported_accepted: &[String],
) -> Result<FoundKey, Failed> {
    let handles = session.find_objects(&named(wanted, ObjectClass::PRIVATE_KEY))?;
    let handle = match handles.as_slice() {
        [one] => *one,
        [] => return Err(Reason::KeyAbsent.into()),
        _ => return Err(Reason::KeyAmbiguous.into()),
    };
    let unreported = check_attributes(session, handle, unreported_accepted)?;
    let (mut key_type, mut parameters, mut bits) = (None, Vec::new(), 0);
    let (mut id, mut asks_pin) = (Vec::new(), false);
    let asked = [
        AttributeType::KeyType,
        AttributeType::EcParams,
        AttributeType::Modulus,
        AttributeType::Id,
        AttributeType::AlwaysAuthenticate,
        AttributeType::Sign,
    ];
    for attribute in session.get_attributes(handle, &asked)? {
        match attribute {
            Attribute::KeyType(told) => key_type = Some(told),
            Attribute::EcParams(told) => parameters = told,
            Attribute::Modulus(told) => bits = bit_length(&told),
            Attribute::Id(told) => id = told,
            Attribute::AlwaysAuthenticate(told) => asks_pin = told,
            Attribute::Sign(false) => return Err(about(Reason::KeyUnfit, "CKA_SIGN is false")),
            _ => {}
        }
    }
    let kind = key_type.and_then(|told| KeyKind::of(told, &parameters, bits));
    let kind = kind.ok_or_else(|| about(Reason::KeyAlgorithmUnsupported, kind_told(key_type, bits)))?;
    let algorithms = algorithms(&kind, offered);
    if algorithms.is_empty() {
        return Err(Reason::TokenMechanismMissing.into());
    }
    let mut public = public_halves(session, wanted, &id)?;
    if public.is_empty() {
        // Some tokens keep no public half, and tell its values with the private one.
        public.extend(public_key(session, handle)?);
    }
    Ok(FoundKey { handle, algorithms, asks_pin, id, unreported, public })
}

/// The public halves that lie beside a key: under its CKA_ID, or where it is named by label only, under that. They show without a login.
pub(super) fn public_halves(session: &Session, key: &Object, id: &[u8]) -> Result<Vec<PublicKey>, Failed> {
    let mut halves = Vec::new();
    for handle in public_objects(session, key, id)? {
        halves.extend(public_key(session, handle)?);
    }
    Ok(halves)
}

/// The same as objects, of whatever type they are.
pub(super) fn public_objects(
    session: &Session,
    key: &Object,
    id: &[u8],
) -> Result<Vec<ObjectHandle>, Failed> {
    let mut template = vec![Attribute::Class(ObjectClass::PUBLIC_KEY)];
    match (id, &key.id, &key.label) {
        ([], Some(id), _) => template.push(Attribute::Id(id.clone())),
        ([], None, Some(label)) => template.push(Attribute::Label(label.clone().into_bytes())),
        ([], None, None) => return Ok(Vec::new()),
        (id, ..) => template.push(Attribute::Id(id.to_vec())),
    }
    Ok(session.find_objects(&template)?)
}

/// What a public key object holds. `None`: of no type that is supported.
pub(super) fn public_key(session: &Session, handle: ObjectHandle) -> Result<Option<PublicKey>, Failed> {
    let asked = [
        AttributeType::KeyType,
        AttributeType::EcPoint,
        AttributeType::Modulus,
        AttributeType::PublicExponent,
    ];
    let (mut point, mut modulus, mut exponent) = (Vec::new(), Vec::new(), Vec::new());
    for attribute in session.get_attributes(handle, &asked)? {
        match attribute {
            Attribute::EcPoint(told) => point = told,
            Attribute::Modulus(told) => modulus = told,
            Attribute::PublicExponent(told) => exponent = told,
            _ => {}
        }
    }
    Ok(if modulus.is_empty() {
        PublicKey::from_ec_point(&point)
    } else {
        PublicKey::from_rsa(&modulus, &exponent)
    })
}

/// Finds the certificate that is meant: under its CKA_ID or label, or where there is none, by the key's public half. Of several for one key,
/// the newest one that is valid at `now_us` counts.
pub(super) fn find_certificate(
    session: &Session,
    wanted: &Object,
    halves: &[PublicKey],
    now_us: u64,
) -> Result<FoundCertificate, Failed> {
    let mut found = certificates(session, &named(wanted, ObjectClass::CERTIFICATE))?;
    if found.is_empty() && !halves.is_empty() {
        found = certificates(session, &[Attribute::Class(ObjectClass::CERTIFICATE)])?;
        found.retain(|der| is_for(der, halves));
    }
    let there_are = !found.is_empty();
    let readable = found.iter().any(|der| Certificate::from_der(der).is_ok());
    if !halves.is_empty() {
        found.retain(|der| is_for(der, halves));
    }
    match found.as_slice() {
        [] if there_are && !readable => Err(Reason::CertificateNotDer.into()),
        [] if there_are => Err(Reason::CertificateMismatch.into()),
        [] => Err(Reason::CertificateAbsent.into()),
        [only] => Ok(FoundCertificate { der: only.clone(), of: 1 }),
        several => newest(several, now_us),
    }
}

impl FoundKey {
    /// Its public halves.
    pub(super) fn public(&self) -> &[PublicKey] {
        &self.public
    }
}

/// The certificates for this key that the token holds.
pub(super) fn certificates_for(
    session: &Session,
    halves: &[PublicKey],
) -> Result<Vec<(ObjectHandle, Vec<u8>)>, Failed> {
    let mut found = objects_with_value(session, &[Attribute::Class(ObjectClass::CERTIFICATE)])?;
    found.retain(|(_, der)| is_for(der, halves));
    Ok(found)
}

fn check_attributes(
    session: &Session,
    key: ObjectHandle,
    accepted: &[String],
) -> Result<Vec<String>, Failed> {
    let told = session.get_attributes(key, &DEMANDED.map(|(_, asked, _)| asked))?;
    let mut unreported = Vec::new();
    for (name, asked, demanded) in DEMANDED {
        match told.iter().find(|attribute| attribute.attribute_type() == asked) {
            Some(attribute) if *attribute == demanded => {}
            Some(_) => return Err(about(Reason::KeyUnfit, format!("{name} is not as it must be"))),
            None if accepted.iter().any(|accepted| accepted == name) => unreported.push(name.to_owned()),
            None => return Err(about(Reason::KeyUnfit, format!("{name} is not reported"))),
        }
    }
    Ok(unreported)
}

fn certificates(session: &Session, template: &[Attribute]) -> Result<Vec<Vec<u8>>, Failed> {
    let mut found = Vec::new();
    for (_, der) in objects_with_value(session, template)? {
        // Some tokens show one certificate as two objects.
        if !found.contains(&der) {
            found.push(der);
        }
    }
    Ok(found)
}

pub(super) fn objects_with_value(
    session: &Session,
    template: &[Attribute],
) -> Result<Vec<(ObjectHandle, Vec<u8>)>, Failed> {
    let mut found = Vec::new();
    for handle in session.find_objects(template)? {
        for attribute in session.get_attributes(handle, &[AttributeType::Value])? {
            if let Attribute::Value(der) = attribute {
                found.push((handle, der));
            }
        }
    }
    Ok(found)
}

/// Whether a certificate is for a key. Where a token keeps several public halves under one id, it is for all of them or for none.
fn is_for(der: &[u8], halves: &[PublicKey]) -> bool {
    PublicKey::of_certificate(der).is_ok_and(|key| halves.iter().all(|half| *half == key))
}

/// Of several certificates for one key, the newest that is valid now; if none is, the newest. Those for different keys cannot be told apart.
fn newest(several: &[Vec<u8>], now_us: u64) -> Result<FoundCertificate, Failed> {
    let mut read: Vec<_> = several
        .iter()
        .filter_map(|der| Some((Certificate::from_der(der).ok()?, PublicKey::of_certificate(der).ok()?, der)))
        .collect();
    let of = u32::try_from(read.len()).unwrap_or(u32::MAX);
    let one_key = read.iter().all(|(_, key, _)| read.first().is_some_and(|(_, first, _)| first == key));
    let from =
        |certificate: &Certificate| certificate.tbs_certificate().validity().not_before.to_unix_duration();
    read.sort_by_key(|(certificate, ..)| {
        let until = certificate.tbs_certificate().validity().not_after.to_unix_duration();
        let now = std::time::Duration::from_micros(now_us);
        (from(certificate) <= now && now <= until, from(certificate))
    });
    match read.last() {
        Some((_, _, der)) if one_key => Ok(FoundCertificate { der: der.to_vec(), of }),
        Some(_) => Err(Reason::CertificateAmbiguous.into()),
        None => Err(Reason::CertificateNotDer.into()),
    }
}

/// Class, CKA_ID and CKA_LABEL as the URI names them.
pub(super) fn named(object: &Object, class: ObjectClass) -> Vec<Attribute> {
    let mut template = vec![Attribute::Class(class)];
    template.extend(object.id.clone().map(Attribute::Id));
    template.extend(object.label.clone().map(|label| Attribute::Label(label.into_bytes())));
    template
}

fn bit_length(modulus: &[u8]) -> usize {
    let significant = modulus.iter().skip_while(|byte| **byte == 0);
    let first = significant.clone().next().map_or(0, |byte| byte.leading_zeros() as usize);
    significant.count() * 8 - first
}

fn kind_told(key_type: Option<KeyType>, bits: usize) -> String {
    match key_type {
        Some(KeyType::RSA) => format!("RSA with {bits} bits"),
        Some(KeyType::EC) => "a curve other than P-256 and P-384".to_owned(),
        Some(other) => format!("{other}"),
        None => "a key that does not tell its type".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_modulus_counts_from_its_first_bit() {
        assert_eq!(bit_length(&[0, 0x80, 0]), 16);
        assert_eq!(bit_length(&[1, 0]), 9);
        assert_eq!(bit_length(&[]), 0);
    }
}
