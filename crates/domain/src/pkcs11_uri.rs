//! PKCS#11 URIs (RFC 7512), path attributes only.
//!
//! Query attributes are refused: `module-path` would load code, `pin-value` and `pin-source` would put a PIN into a file. Slots are refused
//! too, since slot numbers change with every plugging.

use std::fmt;

use crate::identity::TokenSerial;

/// A URI that names one object on one token: the token by serial at least, the object by id or label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectUri {
    /// `serial`
    pub serial: TokenSerial,
    /// `token`: CKA label of the token, checked as well when given.
    pub token: Option<String>,
    /// `id`: CKA_ID, raw bytes.
    pub id: Option<Vec<u8>>,
    /// `object`: CKA_LABEL.
    pub label: Option<String>,
    /// `type`
    pub kind: Option<ObjectKind>,
    text: String,
}

/// The `type` attribute (RFC 7512 §2.3), as far as a seal needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    /// `private`
    Private,
    /// `public`
    Public,
    /// `cert`
    Certificate,
}

/// What is wrong with a PKCS#11 URI.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// Not `pkcs11:` at all.
    #[error("does not begin with \"pkcs11:\"")]
    Scheme,
    /// Longer than 1024 characters.
    #[error("longer than 1024 characters")]
    TooLong,
    /// A query part.
    #[error(
        "query attributes (module-path, pin-value, pin-source …) are not accepted; modules are named in the configuration, PINs are typed"
    )]
    Query,
    /// An attribute that may not stand here.
    #[error("attribute {0:?} is not accepted here")]
    Attribute(String),
    /// An attribute that stands twice.
    #[error("attribute {0:?} stands twice")]
    Twice(String),
    /// A value that is not what the attribute takes.
    #[error("value of {0:?} is malformed")]
    Value(String),
    /// No serial.
    #[error("no serial: tokens are found by their serial number")]
    NoSerial,
    /// Neither id nor object.
    #[error("neither id nor object: the URI names no object")]
    NoObject,
}

impl ObjectUri {
    /// Reads a URI. Vendor attributes and unknown ones are refused, for a name that is not understood cannot be checked.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        if text.len() > 1024 {
            return Err(UriError::TooLong);
        }
        let path = text.strip_prefix("pkcs11:").ok_or(UriError::Scheme)?;
        if path.contains('?') {
            return Err(UriError::Query);
        }
        let (mut serial, mut token, mut id, mut label, mut kind) = (None, None, None, None, None);
        for attribute in path.split(';').filter(|a| !a.is_empty()) {
            let (name, raw) =
                attribute.split_once('=').ok_or_else(|| UriError::Attribute(attribute.to_owned()))?;
            let malformed = || UriError::Value(name.to_owned());
            let bytes = percent_decode(raw).ok_or_else(malformed)?;
            let as_text = || String::from_utf8(bytes.clone()).map_err(|_| malformed());
            let twice = match name {
                "serial" => {
                    serial.replace(as_text()?.parse::<TokenSerial>().map_err(|_| malformed())?).is_some()
                }
                "token" => token.replace(as_text()?).is_some(),
                "object" => label.replace(as_text()?).is_some(),
                "id" if !bytes.is_empty() => id.replace(bytes).is_some(),
                "type" => kind
                    .replace(match raw {
                        "private" => ObjectKind::Private,
                        "public" => ObjectKind::Public,
                        "cert" => ObjectKind::Certificate,
                        _ => return Err(malformed()),
                    })
                    .is_some(),
                // Descriptive attributes that p11tool prints: harmless, and the serial decides.
                "model" | "manufacturer" => as_text().map(|_| false)?,
                "id" => return Err(malformed()),
                _ => return Err(UriError::Attribute(name.to_owned())),
            };
            if twice {
                return Err(UriError::Twice(name.to_owned()));
            }
        }
        if id.is_none() && label.is_none() {
            return Err(UriError::NoObject);
        }
        Ok(ObjectUri {
            serial: serial.ok_or(UriError::NoSerial)?,
            token,
            id,
            label,
            kind,
            text: text.to_owned(),
        })
    }
}

impl ObjectUri {
    /// The URI of an object found or made on a token, by the token's serial and its CKA_ID, which must not be empty.
    pub fn of(serial: &TokenSerial, id: &[u8], kind: ObjectKind) -> Self {
        let named = match kind {
            ObjectKind::Private => "private",
            ObjectKind::Public => "public",
            ObjectKind::Certificate => "cert",
        };
        // Of the serial only what may not stand as it is (RFC 3986 §2.3), of the id every byte, as p11-kit and OpenSC write it.
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
        let text = format!(
            "pkcs11:serial={};id={};type={named}",
            percent_encode(serial.as_str().as_bytes(), plain),
            percent_encode(id, |_| false)
        );
        ObjectUri {
            serial: serial.clone(),
            token: None,
            id: Some(id.to_vec()),
            label: None,
            kind: Some(kind),
            text,
        }
    }
}

/// The URI as it was written.
impl fmt::Display for ObjectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// RFC 3986 §2.1: what is not `plain` as `%` and two hex digits.
fn percent_encode(bytes: &[u8], plain: impl Fn(&u8) -> bool) -> String {
    let mut text = String::new();
    for byte in bytes {
        if plain(byte) {
            text.push(char::from(*byte));
        } else {
            text.push('%');
            text.push_str(&hex::encode([*byte]));
        }
    }
    text
}

/// RFC 3986 §2.1; `None` where a `%` is not followed by two hex digits or a byte may not stand unescaped.
fn percent_decode(raw: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(raw.len());
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let pair = [bytes.next()?, bytes.next()?];
                let mut one = [0];
                hex::decode_to_slice(pair, &mut one).ok()?;
                out.extend(one);
            }
            b'!'..=b'~' if !b"\"#<>\\^`{|}/".contains(&byte) => out.push(byte),
            _ => return None,
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_an_object_by_serial_and_id() {
        let uri = ObjectUri::parse(
            "pkcs11:model=SoftHSM%20v2;token=dev;serial=d1a2;id=%01%ab;object=seal%201;type=private",
        )
        .unwrap();
        assert_eq!(uri.serial.as_str(), "d1a2");
        assert_eq!(uri.id.as_deref(), Some(&[1, 0xab][..]));
        assert_eq!(uri.label.as_deref(), Some("seal 1"));
        assert_eq!(uri.kind, Some(ObjectKind::Private));
        assert_eq!(uri.token.as_deref(), Some("dev"));
    }

    #[test]
    fn refuses_what_it_cannot_or_must_not_follow() {
        let error = |text: &str| ObjectUri::parse(text).unwrap_err();
        assert_eq!(error("http:x"), UriError::Scheme);
        assert_eq!(error("pkcs11:serial=1;id=%01?pin-value=1234"), UriError::Query);
        assert_eq!(error("pkcs11:serial=1;id=%01?module-path=/x.so"), UriError::Query);
        assert_eq!(error("pkcs11:serial=1;slot-id=3;id=%01"), UriError::Attribute("slot-id".into()));
        assert_eq!(error("pkcs11:serial=1;id=%01;id=%02"), UriError::Twice("id".into()));
        assert_eq!(error("pkcs11:serial=1;id=%0"), UriError::Value("id".into()));
        assert_eq!(error("pkcs11:serial=1;id="), UriError::Value("id".into()));
        assert_eq!(error("pkcs11:id=%01"), UriError::NoSerial);
        assert_eq!(error("pkcs11:serial=1"), UriError::NoObject);
    }

    #[test]
    fn what_is_made_on_a_token_is_named_by_serial_and_id() {
        let serial: TokenSerial = "AB 12/x".parse().unwrap();
        let uri = ObjectUri::of(&serial, &[0x01, 0xab], ObjectKind::Certificate);
        assert_eq!(uri.to_string(), "pkcs11:serial=AB%2012%2fx;id=%01%ab;type=cert");
    }

    proptest! {
        #[test]
        fn a_uri_of_ones_own_reads_as_what_it_names(serial in "[!-~]([ -~]{0,14}[!-~])?", id in prop::collection::vec(any::<u8>(), 1..65)) {
            let serial: TokenSerial = serial.parse().unwrap();
            let uri = ObjectUri::of(&serial, &id, ObjectKind::Private);
            prop_assert_eq!(ObjectUri::parse(&uri.to_string()), Ok(uri));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(pkcs11:)?[ -~]{0,80}") {
            if let Ok(uri) = ObjectUri::parse(&text) {
                prop_assert_eq!(uri.to_string(), text);
            }
        }
    }
}
