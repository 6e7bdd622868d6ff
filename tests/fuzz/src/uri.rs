//! URIs of objects on tokens (RFC 7512).

use sealkeeper_domain::pkcs11_uri::ObjectUri;

use crate::Reach;

pub(crate) fn run(input: &[u8]) -> Reach {
    let Ok(text) = std::str::from_utf8(input) else { return Reach::Refused };
    let Ok(uri) = ObjectUri::parse(text) else { return Reach::Refused };
    assert_eq!(uri.to_string(), text, "a URI is told as it was written");
    assert!(uri.id.is_some() || uri.label.is_some(), "it names an object");
    if let (Some(id), Some(kind)) = (&uri.id, uri.kind) {
        let ours = ObjectUri::of(&uri.serial, id, kind);
        // An id can be so long that our way of writing it has more than the 1024 characters allowed.
        match ObjectUri::parse(&ours.to_string()) {
            Ok(read) => assert_eq!(read, ours, "our own form is read as it is written"),
            Err(error) => assert!(ours.to_string().len() > 1024, "{error}"),
        }
    }
    Reach::Accepted
}
