//! `seal seals make`

use std::path::PathBuf;

use clap::Args;
use p256::ecdsa::{Signature, VerifyingKey};
use sealkeeper_client::output::{refuse_existing, write_new};
use sealkeeper_client::{ActSigner, certificate};
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::statement::{MadeSeal, PictureKind};
use sealkeeper_domain::identity::Digest;
use sealkeeper_domain::pkcs11_uri::{ObjectUri, UriError};
use sealkeeper_domain::reason::Reason;
use sealkeeper_proto::v1;
use sealkeeper_ses::{
    COMMON_NAME_CHARACTERS, CertificateList, MakerCertificate, OwnerKind, Particulars, Picture, PictureSize,
    SealObject, SealProperties, SesError,
};
use x509_cert::Certificate;
use x509_cert::der::{Decode as _, Encode as _};

use super::apply::{PICTURE_LIMIT, picture_kind};
use super::warnings;
use crate::act::bytes_of;
use crate::facts::{Row, with_note};
use crate::failure::Failure;
use crate::office::SealEntry;
use crate::screen::{self, millimetres};
use crate::signing::{SigningOptions, missing, now_s};
use crate::{Session, dates};

/// Who made the software that made the seal, as the seal object says.
const VENDOR: &str = "sealkeeper";

/// Make a seal (A3): sign the seal object that binds picture, size, validity and certificate; by the seal office
///
/// The key is on its token and certified already: see `seal token keygen`, `csr` and `import-cert`.
#[derive(Args)]
pub(super) struct Make {
    /// Id or name of the seal
    #[arg(value_name = "SEAL")]
    seal: String,

    /// The picture that was applied for
    #[arg(long, value_name = "FILE")]
    picture: PathBuf,

    /// The certificate, DER or PEM
    #[arg(long, value_name = "FILE")]
    certificate: PathBuf,

    /// The private key on its token: pkcs11:serial=…;id=…;type=private
    #[arg(long, value_name = "URI")]
    key_uri: String,

    /// The certificate on the same token: pkcs11:serial=…;id=…;type=cert
    #[arg(long, value_name = "URI")]
    certificate_uri: String,

    /// Last day of the seal's validity, 2027-12-31
    #[arg(long, value_name = "DATE", value_parser = dates::until)]
    valid_until: u64,

    /// Also write the seal object to this new file; needed with --out, to be attached when the act is filed
    #[arg(long, value_name = "SEAL.der")]
    object: Option<PathBuf>,

    #[command(flatten)]
    signing: SigningOptions,
}

impl Make {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        // Not by the parser of arguments: it would repeat what may hold a PIN.
        for uri in [&self.key_uri, &self.certificate_uri] {
            ObjectUri::parse(uri).map_err(|error| malformed(session, &error))?;
        }
        if self.signing.is_offline() && self.object.is_none() {
            return Err(missing(session, &["--object <SEAL.der>"]));
        }
        if let Some(path) = &self.object {
            refuse_existing(path)?;
        }
        let office = session.connect().await?.show_office().await?;
        let entry = SealEntry::among(office.seals, &self.seal)?;
        let picture = bytes_of(&self.picture, PICTURE_LIMIT)?;
        if Digest::of(&picture).0[..] != entry.told.picture_sha256[..] {
            return Err(other_picture(session));
        }
        let certificate = certificate::read(&self.certificate)?;
        let mut rows = self.rows(&entry, &picture, &certificate);
        rows.extend(warnings(session, &entry.told.findings));
        self.signing.confirm(session, &rows, "seal-make")?;

        let signer = self.signing.signer(session).await?;
        let properties = self.properties(session, &entry.told, picture, &certificate)?;
        let maker = maker_name(&office.people, signer.person.as_str());
        signer.key.announce(session);
        let object = sealed(signer.key.signer(), properties, &maker).map_err(Making::into_failure)?;
        if let Some(path) = &self.object {
            write_new(&object, path)?;
        }
        let made = MadeSeal {
            about: entry.about()?,
            object_sha256: Digest::of(&object),
            certificate_sha256: Digest::of(&certificate),
            key_sha256: key_digest(&certificate)?,
            key: self.key_uri,
            certificate: self.certificate_uri,
            seal: entry.id,
        };
        let act = self.signing.sign(session, &signer, Statement::SealMake(made), None).await?;
        self.signing.deliver(session, &act, object).await
    }

    fn rows(&self, entry: &SealEntry, picture: &[u8], certificate: &[u8]) -> Vec<Row> {
        let seal = &entry.told;
        let (width, height) = (millimetres(seal.width_um.into()), millimetres(seal.height_um.into()));
        vec![
            Row::new("印章", "seal", with_note(&seal.name, &seal.seal_id)),
            Row::new("单位", "unit", &*seal.unit),
            Row::new("尺寸", "size", format!("{width}×{height} mm")),
            Row::new("图片摘要", "picture SHA", Digest::of(picture).to_string()),
            Row::new("证书摘要", "cert digest", Digest::of(certificate).to_string()),
            Row::new("密钥", "key", &*self.key_uri),
            Row::new("证书", "certificate", &*self.certificate_uri),
            Row::new("有效至", "valid until", screen::time_s(self.valid_until)),
        ]
    }

    fn properties(
        &self,
        session: &Session,
        seal: &v1::OfficeSeal,
        picture: Vec<u8>,
        certificate: &[u8],
    ) -> Result<SealProperties, Failure> {
        let now_s = now_s()?;
        let size = PictureSize::from_um(seal.width_um, seal.height_um)
            .map_err(|error| Making::Seal(error).into_failure())?;
        let kind = match picture_kind(session, &picture)? {
            PictureKind::Png => sealkeeper_ses::PictureKind::Png,
            PictureKind::Jpeg => sealkeeper_ses::PictureKind::Jpg,
            PictureKind::Svg => sealkeeper_ses::PictureKind::Svg,
        };
        Ok(SealProperties {
            id: seal.seal_id.clone(),
            vid: VENDOR.to_owned(),
            kind: if seal.kind == "legal-representative" {
                OwnerKind::Person
            } else {
                OwnerKind::Organisation
            },
            name: seal.name.clone(),
            certificates: CertificateList::Whole(vec![certificate.to_vec()]),
            created_s: now_s,
            valid_from_s: now_s,
            valid_until_s: i64::try_from(self.valid_until).unwrap_or(i64::MAX),
            picture: Picture { kind, data: picture, size },
            particulars: Some(Particulars {
                unit: seal.unit.clone(),
                key: self.key_uri.clone(),
                certificate: self.certificate_uri.clone(),
            }),
            extensions: Vec::new(),
        })
    }
}

/// Why there is no seal object.
enum Making {
    Seal(SesError),
    Key(Failure),
}

impl From<SesError> for Making {
    fn from(error: SesError) -> Self {
        Self::Seal(error)
    }
}

impl Making {
    fn into_failure(self) -> Failure {
        match self {
            Self::Seal(error) => {
                Failure::local(Reason::BadArgument, format_args!("{error} ({})", error.code()))
            }
            Self::Key(failure) => failure,
        }
    }
}

/// The seal object, DER, signed with the office's key, whose certificate for itself goes along.
fn sealed(key: &dyn ActSigner, properties: SealProperties, maker: &str) -> Result<Vec<u8>, Making> {
    let point = p256_key(key)?;
    let (from_s, until_s) = (properties.valid_from_s, properties.valid_until_s);
    let statement = MakerCertificate::to_be_signed(maker, &point, from_s, until_s)?;
    let maker = MakerCertificate::assemble(&statement, &signed(key, &statement)?)?;
    let seal = SealObject::new(properties)?;
    let der = SealObject::assemble(seal.to_be_signed(), maker.der(), &signed(key, seal.to_be_signed())?)?;
    // Whoever reads it has to be able to, from the first time on.
    SealObject::verify(&der, &point)?;
    Ok(der)
}

fn p256_key(key: &dyn ActSigner) -> Result<VerifyingKey, Making> {
    use p256::pkcs8::DecodePublicKey as _;
    VerifyingKey::from_public_key_der(&key.public_key().spki_der())
        .map_err(|error| Making::Key(Failure::local(Reason::Internal, error)))
}

/// The signature over these bytes as SES has it (`Ecdsa-Sig-Value`, DER).
fn signed(key: &dyn ActSigner, bytes: &[u8]) -> Result<Vec<u8>, Making> {
    let raw = key.sign(bytes).map_err(|error| Making::Key(error.into()))?;
    let signature =
        Signature::from_slice(&raw).map_err(|error| Making::Key(Failure::local(Reason::Internal, error)))?;
    Ok(signature.to_der().as_bytes().to_vec())
}

/// The maker's name in their certificate: unit and name as registered, as far as they fit, else the id.
fn maker_name(people: &[v1::OfficePerson], person: &str) -> String {
    let registered = people.iter().find(|registered| registered.person_id == person);
    let names = registered.map(|registered| format!("{} {}", registered.unit, registered.name));
    names.filter(|names| names.chars().count() <= COMMON_NAME_CHARACTERS).unwrap_or_else(|| person.to_owned())
}

/// SHA-256 of the SubjectPublicKeyInfo of a certificate (RFC 5280 §4.1.2.7).
fn key_digest(certificate: &[u8]) -> Result<Digest, Failure> {
    let unreadable = |error: x509_cert::der::Error| Failure::local(Reason::CertificateUnreadable, error);
    let certificate = Certificate::from_der(certificate).map_err(unreadable)?;
    let key = certificate.tbs_certificate().subject_public_key_info().to_der().map_err(unreadable)?;
    Ok(Digest::of(&key))
}

fn malformed(session: &Session, error: &UriError) -> Failure {
    let (chinese, english) = (format!("URI 不对：{error}"), format!("the URI is malformed: {error}"));
    let example = "pkcs11:serial=0123456789abcdef;id=%02;type=private";
    let hint = format!("{} {example}", session.say("例如", "for example"));
    Failure::Arguments { text: session.say(&chinese, &english).to_owned(), hint }
}

fn other_picture(session: &Session) -> Failure {
    Failure::Arguments {
        text: session.say("图片不是申请时的那一张", "the picture is not the one applied for").to_owned(),
        hint: session
            .say("用 `seal seals history` 核对图片摘要", "compare its digest with `seal seals history`")
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use sealkeeper_client::PersonKey;

    use super::*;

    fn properties() -> SealProperties {
        SealProperties {
            id: "contract".into(),
            vid: VENDOR.into(),
            kind: OwnerKind::Organisation,
            name: "合同专用章".into(),
            certificates: CertificateList::Whole(vec![certificate()]),
            created_s: 1_750_000_000,
            valid_from_s: 1_750_000_000,
            valid_until_s: 1_850_000_000,
            picture: Picture {
                kind: sealkeeper_ses::PictureKind::Png,
                data: vec![0x89],
                size: PictureSize::from_um(45_500, 30_000).unwrap(),
            },
            particulars: Some(Particulars {
                unit: "示例科技".into(),
                key: "pkcs11:serial=1;id=%01;type=private".into(),
                certificate: "pkcs11:serial=1;id=%01;type=cert".into(),
            }),
            extensions: vec![],
        }
    }

    fn certificate() -> Vec<u8> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/files/certificate.pem");
        certificate::read(std::path::Path::new(path)).unwrap()
    }

    #[test]
    fn a_seal_object_is_the_offices_and_lists_the_certificate() {
        let key = PersonKey::generate().unwrap();
        let der = sealed(&key, properties(), "示例科技 王芳").map_err(Making::into_failure).unwrap();
        let point = p256_key(&key).map_err(Making::into_failure).unwrap();
        let verified = SealObject::verify(&der, &point).unwrap();
        verified.check_certificate(&certificate()).unwrap();
        assert_eq!(verified.properties().name, "合同专用章");
        let other = p256_key(&PersonKey::generate().unwrap()).map_err(Making::into_failure).unwrap();
        assert!(SealObject::verify(&der, &other).is_err());
        let disordered = SealProperties { valid_until_s: 1_700_000_000, ..properties() };
        assert!(matches!(sealed(&key, disordered, "x"), Err(Making::Seal(SesError::ValidityDisordered))));
    }

    #[test]
    fn the_maker_has_a_name_that_fits() {
        let person = |unit: &str| v1::OfficePerson {
            person_id: "wang".into(),
            name: "王芳".into(),
            unit: unit.into(),
            ..Default::default()
        };
        assert_eq!(maker_name(&[person("印章管理部门")], "wang"), "印章管理部门 王芳");
        assert_eq!(maker_name(&[person(&"长".repeat(64))], "wang"), "wang");
        assert_eq!(maker_name(&[person("印章管理部门")], "li"), "li");
    }

    #[test]
    fn the_digest_of_a_key_is_that_of_its_public_key_info() {
        // openssl x509 -in certificate.pem -pubkey -noout | openssl pkey -pubin -outform DER | sha256sum
        let digest = "40a2f85b77fc19f693da070248697c68d03d27c798cef542b60343ba08c957dc";
        assert_eq!(key_digest(&certificate()).unwrap().to_string(), digest);
        assert!(key_digest(b"no certificate").is_err());
    }
}
