//! Seal objects (GB/T 38540): what verifies is in its one encoding, and what may be signed can be.

use std::sync::OnceLock;

use p256::ecdsa::{SigningKey, VerifyingKey};
use sealkeeper_ses::{MakerCertificate, SealObject};

use crate::Reach;

/// A seal object, or what its maker signs.
pub(crate) fn run(input: &[u8]) -> Reach {
    let (key, maker) = office();
    if let Ok(certificate) = MakerCertificate::read(input) {
        assert_eq!(certificate.der(), input, "a certificate is kept as it stands");
    }
    if let Ok(seal) = SealObject::verify(input, &VerifyingKey::from(key)) {
        let again = SealObject::read(seal.to_be_signed()).expect("what was signed can be read");
        assert_eq!(again.properties(), seal.properties(), "and says the same");
        return Reach::Accepted;
    }
    let Ok(object) = SealObject::read(input) else { return Reach::Refused };
    assert_eq!(object.to_be_signed(), input, "what is signed is what was read");
    let again =
        SealObject::new(object.properties().clone()).expect("properties that were read keep to the rules");
    assert_eq!(again.to_be_signed(), input, "and have one encoding");
    let signed = object.sign_with(key, maker).expect("what may be signed can be signed");
    let seal = SealObject::verify(&signed, &VerifyingKey::from(key)).expect("and verifies");
    assert_eq!(seal.to_be_signed(), input);
    let from_s = seal.properties().valid_from_s;
    assert!(seal.check_now(from_s).is_ok() && seal.check_now(from_s.saturating_sub(1)).is_err(), "it begins");
    Reach::Accepted
}

/// The maker of all seals here; its key protects nothing.
fn office() -> &'static (SigningKey, MakerCertificate) {
    static OFFICE: OnceLock<(SigningKey, MakerCertificate)> = OnceLock::new();
    OFFICE.get_or_init(|| {
        let key = SigningKey::from_slice(&[7; 32]).expect("a scalar of the curve");
        let maker = MakerCertificate::self_signed("印章管理部门", &key, 1_767_225_600, 1_924_992_000);
        let maker = maker.expect("a certificate can be made");
        (key, maker)
    })
}
