//! Attributes that are other than they are.

use cryptoki::{
    error::RvError,
    object::{Attribute, AttributeType, ObjectClass},
};
use cryptoki_sys::{CK_ATTRIBUTE, CK_UNAVAILABLE_INFORMATION, CKA_ID, CKA_LOCAL, CKR_BUFFER_TOO_SMALL};

use crate::{
    client::{Client, failure, functions, object},
    place::alone,
};

#[test]
fn values_are_replaced() {
    alone(|place| {
        let client = Client::new(place);
        let (session, key) = client.ready();
        let wanted =
            [AttributeType::Local, AttributeType::Sensitive, AttributeType::Id, AttributeType::KeyType];
        let before = session.get_attributes(key, &wanted).unwrap();
        assert_eq!(before[..2], [Attribute::Local(true), Attribute::Sensitive(true)]);
        place.set(concat!(
            "[[attribute]]\ntype = \"CKA_LOCAL\"\nvalue = false\n",
            "[[attribute]]\ntype = \"CKA_SENSITIVE\"\nvalue = false\n",
            "[[attribute]]\ntype = 0x102\nvalue = \"c0ffee\"\n",
            "[[attribute]]\ntype = \"CKA_CERTIFICATE_TYPE\"\nclass = \"certificate\"\nvalue = 1\n",
        ));
        let after = session.get_attributes(key, &wanted).unwrap();
        let id = Attribute::Id(vec![0xc0, 0xff, 0xee]);
        assert_eq!(after, [Attribute::Local(false), Attribute::Sensitive(false), id, before[3].clone()]);
        // Objects of other classes are as they were.
        let public = object(&session, ObjectClass::PUBLIC_KEY);
        assert_eq!(
            session.get_attributes(public, &[AttributeType::Local]).unwrap(),
            [Attribute::Local(true)]
        );
        let certificate = object(&session, ObjectClass::CERTIFICATE);
        let kind = session.get_attributes(certificate, &[AttributeType::CertificateType]).unwrap();
        assert_eq!(format!("{kind:?}"), "[CertificateType(CertificateType { val: 1 })]");
    });
}

#[test]
fn values_are_kept_back() {
    alone(|place| {
        let client = Client::new(place);
        let (session, key) = client.ready();
        place.set(concat!(
            "[[attribute]]\ntype = \"CKA_NEVER_EXTRACTABLE\"\nunavailable = \"CKR_ATTRIBUTE_TYPE_INVALID\"\n",
            "[[attribute]]\ntype = \"CKA_ID\"\nclass = \"any\"\nunavailable = \"CKR_DEVICE_ERROR\"\n",
        ));
        let wanted = [AttributeType::NeverExtractable, AttributeType::Local];
        assert_eq!(session.get_attributes(key, &wanted).unwrap(), [Attribute::Local(true)]);
        let public = object(&session, ObjectClass::PUBLIC_KEY);
        assert_eq!(failure(session.get_attributes(public, &[AttributeType::Id])), RvError::DeviceError);
    });
}

#[test]
fn buffers_are_respected() {
    alone(|place| {
        let client = Client::new(place);
        let (session, key) = client.ready();
        place.set("[[attribute]]\ntype = \"CKA_ID\"\nvalue = \"0102030405\"");
        let (mut id, mut local) = ([0xee_u8; 5], 0xee_u8);
        let mut template = [
            CK_ATTRIBUTE { type_: CKA_ID, pValue: id.as_mut_ptr().cast(), ulValueLen: 4 },
            CK_ATTRIBUTE { type_: CKA_LOCAL, pValue: (&raw mut local).cast(), ulValueLen: 1 },
        ];
        // SAFETY: two attributes with room for the lengths they say.
        let value = unsafe {
            functions().C_GetAttributeValue.unwrap()(session.handle(), key.handle(), template.as_mut_ptr(), 2)
        };
        assert_eq!(value, CKR_BUFFER_TOO_SMALL);
        assert_eq!(template[0].ulValueLen, CK_UNAVAILABLE_INFORMATION);
        assert_eq!((id, local), ([0xee; 5], 1), "what fits is there");
    });
}
