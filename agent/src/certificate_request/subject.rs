//! A subject's name as a person writes it (RFC 4514) and as a certificate request carries it (RFC 5280 §4.1.2.4).
//!
//! Stricter than readers are: a name goes into a certificate for years, so what is not certainly meant is refused, with the place.

use std::{collections::BTreeSet, iter::Peekable, str::Chars};

use x509_cert::{
    attr::AttributeTypeAndValue,
    der::{
        Decode, Encode, Tag,
        asn1::{Any, ObjectIdentifier},
    },
    name::{Name, RdnSequence, RelativeDistinguishedName},
};

/// A name, not empty, each part within its bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subject(Name);

/// Why a text is no subject.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SubjectError {
    /// Empty or too long.
    #[error("1 to {MOST_CHARACTERS} characters of RFC 4514, such as CN=合同专用章,O=示例科技有限公司,C=CN")]
    Length,
    /// Not `type=value`.
    #[error("{0:?} is no TYPE=VALUE")]
    Pair(String),
    /// A type that has no name here and is no OID.
    #[error("{0:?} is no attribute type: {SHORT_NAMES}, or a numeric OID")]
    Type(String),
    /// A character that stands for something else unless it is escaped.
    #[error("{character:?} in the value of {of} must be escaped with a backslash")]
    Bare {
        /// The attribute type.
        of: String,
        /// The character.
        character: char,
    },
    /// A backslash before anything but a special character or two hex digits.
    #[error("a backslash in the value of {0} escapes nothing")]
    Escape(String),
    /// A value that the attribute does not take.
    #[error("the value of {of} must be {rule}")]
    Value {
        /// The attribute type.
        of: String,
        /// What it must be.
        rule: String,
    },
    /// One attribute twice in one part of the name.
    #[error("attribute {0} stands twice in one part of the name")]
    Twice(String),
}

/// Most characters of the text.
const MOST_CHARACTERS: usize = 1000;

/// What a value of an attribute may be.
struct AttributeRule {
    name: &'static str,
    oid: ObjectIdentifier,
    kind: Kind,
    /// Most characters (RFC 5280 Appendix A.1, X.520 Annex C).
    most: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// UTF8String, as RFC 5280 §4.1.2.4 demands wherever it leaves the choice.
    Utf8,
    /// PrintableString.
    Printable,
    /// IA5String.
    Ascii,
    /// Two capital letters of ISO 3166-1, PrintableString.
    Country,
}

const fn rule(name: &'static str, oid: &'static str, kind: Kind, most: usize) -> AttributeRule {
    AttributeRule { name, oid: ObjectIdentifier::new_unwrap(oid), kind, most }
}

/// The names of RFC 4514 §3, and those that seals' certificates have beside them.
const ATTRIBUTES: [AttributeRule; 15] = [
    rule("CN", "2.5.4.3", Kind::Utf8, 64),
    rule("O", "2.5.4.10", Kind::Utf8, 64),
    rule("OU", "2.5.4.11", Kind::Utf8, 64),
    rule("C", "2.5.4.6", Kind::Country, 2),
    rule("ST", "2.5.4.8", Kind::Utf8, 128),
    rule("L", "2.5.4.7", Kind::Utf8, 128),
    rule("STREET", "2.5.4.9", Kind::Utf8, 128),
    rule("DC", "0.9.2342.19200300.100.1.25", Kind::Ascii, 63),
    rule("UID", "0.9.2342.19200300.100.1.1", Kind::Utf8, 256),
    rule("SN", "2.5.4.4", Kind::Utf8, 64),
    rule("GN", "2.5.4.42", Kind::Utf8, 64),
    rule("title", "2.5.4.12", Kind::Utf8, 64),
    rule("serialNumber", "2.5.4.5", Kind::Printable, 64),
    rule("organizationIdentifier", "2.5.4.97", Kind::Utf8, 256),
    rule("emailAddress", "1.2.840.113549.1.9.1", Kind::Ascii, 255),
];
const SHORT_NAMES: &str =
    "CN, O, OU, C, ST, L, STREET, DC, UID, SN, GN, title, serialNumber, organizationIdentifier, emailAddress";
/// Most characters of an attribute that is named by its OID.
const MOST_OF_OTHERS: usize = 256;

impl Subject {
    /// Reads a name. Spaces around types, values and separators do not count, as in RFC 1779 and what people write.
    pub(crate) fn parse(text: &str) -> Result<Self, SubjectError> {
        if text.trim().is_empty() || text.chars().count() > MOST_CHARACTERS {
            return Err(SubjectError::Length);
        }
        let mut rest = text.chars().peekable();
        let mut parts = Vec::new();
        let mut together = Vec::new();
        loop {
            let (pair, ended_by) = pair(&mut rest)?;
            together.push(pair);
            if ended_by != Some('+') {
                parts.push(part(std::mem::take(&mut together))?);
            }
            if ended_by.is_none() {
                break;
            }
        }
        // RFC 4514 §2.1: the text begins with the last one.
        parts.reverse();
        let name = RdnSequence::from(parts).to_der().and_then(|der| Name::from_der(&der));
        name.map(Subject).map_err(|_| SubjectError::Length)
    }

    /// For a certificate or a request.
    pub(crate) fn name(&self) -> &Name {
        &self.0
    }
}

/// One attribute with its value, and what ended it: `,`, `+`, or the end of the text.
fn pair(rest: &mut Peekable<Chars<'_>>) -> Result<(AttributeTypeAndValue, Option<char>), SubjectError> {
    let mut named = String::new();
    loop {
        match rest.next() {
            Some('=') => break,
            Some(character) if !matches!(character, ',' | '+') => named.push(character),
            _ => return Err(SubjectError::Pair(named)),
        }
    }
    let (named, (oid, kind, most)) = {
        let named = named.trim();
        (named.to_owned(), attribute(named)?)
    };
    while rest.next_if_eq(&' ').is_some() {}
    let value = |tag, bytes: &[u8]| Any::new(tag, bytes).map_err(|_| SubjectError::Length);
    let (value, ended_by) = if rest.next_if_eq(&'#').is_some() {
        hex_value(rest, &named, &oid)?
    } else {
        let (text, ended_by) = string(rest, &named)?;
        check(&text, &named, kind, most)?;
        let tag = match kind {
            Kind::Utf8 => Tag::Utf8String,
            Kind::Printable | Kind::Country => Tag::PrintableString,
            Kind::Ascii => Tag::Ia5String,
        };
        (value(tag, text.as_bytes())?, ended_by)
    };
    Ok((AttributeTypeAndValue { oid, value }, ended_by))
}

fn attribute(named: &str) -> Result<(ObjectIdentifier, Kind, usize), SubjectError> {
    let by_name = ATTRIBUTES.iter().find(|rule| rule.name.eq_ignore_ascii_case(named));
    if let Some(rule) = by_name {
        return Ok((rule.oid, rule.kind, rule.most));
    }
    let oid = ObjectIdentifier::new(named).map_err(|_| SubjectError::Type(named.to_owned()))?;
    let known = ATTRIBUTES.iter().find(|rule| rule.oid == oid);
    Ok(known.map_or((oid, Kind::Utf8, MOST_OF_OTHERS), |rule| (oid, rule.kind, rule.most)))
}

/// `#` and the value's DER in hexadecimal (RFC 4514 §2.4): only for what has no rule of its own here.
fn hex_value(
    rest: &mut Peekable<Chars<'_>>,
    named: &str,
    oid: &ObjectIdentifier,
) -> Result<(Any, Option<char>), SubjectError> {
    let mut digits = String::new();
    let ended_by = loop {
        match rest.next() {
            end @ (None | Some(',' | '+')) => break end,
            Some(digit) => digits.push(digit),
        }
    };
    let rule = |rule: &str| SubjectError::Value { of: named.to_owned(), rule: rule.to_owned() };
    if ATTRIBUTES.iter().any(|known| known.oid == *oid) {
        return Err(rule("text, not hexadecimal (a leading # must be escaped)"));
    }
    let bytes = hex::decode(digits.trim()).ok();
    let value = bytes.filter(|bytes| bytes.len() <= MOST_OF_OTHERS).and_then(|der| Any::from_der(&der).ok());
    Ok((value.ok_or_else(|| rule("# and DER in hexadecimal"))?, ended_by))
}

/// A value written as text (RFC 4514 §3), with its escapes undone.
fn string(rest: &mut Peekable<Chars<'_>>, named: &str) -> Result<(String, Option<char>), SubjectError> {
    let mut bytes = Vec::new();
    // Bytes up to the last one that is no bare space.
    let mut counts = 0;
    let ended_by = loop {
        match rest.next() {
            end @ (None | Some(',' | '+')) => break end,
            Some('\\') => {
                bytes.extend(escaped(rest, named)?);
                counts = bytes.len();
            }
            Some(character @ ('"' | ';' | '<' | '>')) => {
                return Err(SubjectError::Bare { of: named.to_owned(), character });
            }
            Some(character) => {
                bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                if character != ' ' {
                    counts = bytes.len();
                }
            }
        }
    };
    bytes.truncate(counts);
    let text = String::from_utf8(bytes).map_err(|_| SubjectError::Escape(named.to_owned()))?;
    Ok((text, ended_by))
}

/// What a backslash stands before: a special character, or two hex digits of one byte (RFC 4514 §3, pair).
fn escaped(rest: &mut Peekable<Chars<'_>>, named: &str) -> Result<Vec<u8>, SubjectError> {
    let nothing = || SubjectError::Escape(named.to_owned());
    let first = rest.next().ok_or_else(nothing)?;
    if " \"#+,;<=>\\".contains(first) {
        return Ok(first.to_string().into_bytes());
    }
    let second = rest.next().ok_or_else(nothing)?;
    hex::decode(format!("{first}{second}")).map_err(|_| nothing())
}

fn check(text: &str, named: &str, kind: Kind, most: usize) -> Result<(), SubjectError> {
    let refused = |rule: String| Err(SubjectError::Value { of: named.to_owned(), rule });
    if kind == Kind::Country && !(text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())) {
        return refused("two capital letters, such as CN (ISO 3166-1)".to_owned());
    }
    let length = text.chars().count();
    if length == 0 || length > most || text.chars().any(char::is_control) {
        return refused(format!("1 to {most} characters, none of them control characters"));
    }
    let printable = |c: char| c.is_ascii_alphanumeric() || " '()+,-./:=?".contains(c);
    match kind {
        Kind::Printable if !text.chars().all(printable) => {
            refused("of letters, digits and ' ( ) + , - . / : = ? and space".to_owned())
        }
        Kind::Ascii if !text.is_ascii() => refused("of ASCII characters".to_owned()),
        _ => Ok(()),
    }
}

/// What stands together in one part of a name: attributes of different types (X.501 §9.3).
fn part(pairs: Vec<AttributeTypeAndValue>) -> Result<RelativeDistinguishedName, SubjectError> {
    let mut seen = BTreeSet::new();
    if let Some(twice) = pairs.iter().find(|pair| !seen.insert(pair.oid)) {
        return Err(SubjectError::Twice(twice.oid.to_string()));
    }
    RelativeDistinguishedName::try_from(pairs).map_err(|_| SubjectError::Length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use x509_cert::der::Tagged;

    use super::*;

    fn der(text: &str) -> Vec<u8> {
        Subject::parse(text).unwrap().name().to_der().unwrap()
    }

    fn refused(text: &str) -> String {
        Subject::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn the_last_part_of_the_text_comes_first_in_the_name() {
        let name = Subject::parse("CN=合同专用章,O=示例科技有限公司,C=CN").unwrap();
        let oids: Vec<_> = name.name().iter().map(|pair| pair.oid.to_string()).collect();
        assert_eq!(oids, ["2.5.4.6", "2.5.4.10", "2.5.4.3"]);
        let tags: Vec<_> = name.name().iter().map(|pair| Tagged::tag(&pair.value)).collect();
        assert_eq!(tags, [Tag::PrintableString, Tag::Utf8String, Tag::Utf8String]);
    }

    #[test]
    fn what_people_write_means_what_the_standard_says() {
        assert_eq!(der("cn = Jo , C=CN"), der("CN=Jo,C=CN"));
        assert_eq!(der("2.5.4.3=Jo"), der("CN=Jo"));
        assert_eq!(der(r"CN=Lu\C4\8Di\C4\87"), der("CN=Lučić"), "the example of RFC 4514 §4");
        assert_eq!(der(r"CN=A\, \+ B"), der(r"CN=A\2c \2b B"));
        let kept = Subject::parse(r"CN=\ both ends\ ").unwrap();
        assert_eq!(kept.name().iter().next().unwrap().value.value(), b" both ends ");
        let several = Subject::parse("OU=Sales+CN=J.  Smith,DC=example,DC=net").unwrap();
        assert_eq!((several.name().len(), several.name().iter().count()), (3, 4));
        assert_eq!(der("1.3.6.1.4.1.1466.0=#04024869")[16..], *b"\x04\x02Hi");
    }

    #[test]
    fn what_is_not_certainly_meant_is_told() {
        for empty in ["", "  ", &"CN=".repeat(400)] {
            assert!(refused(empty).starts_with("1 to 1000 characters"), "{empty}");
        }
        assert_eq!(refused("合同专用章"), "\"合同专用章\" is no TYPE=VALUE");
        assert_eq!(refused("CN=a,"), "\"\" is no TYPE=VALUE");
        assert!(refused("NAME=x").starts_with("\"NAME\" is no attribute type: CN, O"));
        assert_eq!(refused("CN=a;O=b"), "';' in the value of CN must be escaped with a backslash");
        assert_eq!(refused(r"CN=a\"), "a backslash in the value of CN escapes nothing");
        assert_eq!(refused(r"CN=a\zz"), "a backslash in the value of CN escapes nothing");
        assert_eq!(refused(r"CN=\ff"), "a backslash in the value of CN escapes nothing");
        let sixty_five = format!("O={}", "长".repeat(65));
        let within = "1 to 64 characters, none of them control characters";
        for text in [sixty_five.as_str(), "O=", r"O=a\0ab"] {
            assert_eq!(refused(text), format!("the value of O must be {within}"), "{text}");
        }
        assert!(refused("C=China").contains("two capital letters"));
        assert!(refused("serialNumber=一").contains("letters, digits"));
        assert!(refused("emailAddress=章@example.cn").contains("ASCII"));
        assert!(refused("CN=#0c0141").contains("not hexadecimal"));
        assert!(refused("1.2.3=#0c02").contains("DER in hexadecimal"));
        assert_eq!(refused("CN=a+CN=b"), "attribute 2.5.4.3 stands twice in one part of the name");
    }

    proptest! {
        #[test]
        fn any_text_is_a_name_or_refused(text in "((CN|O|C|2\\.5)? ?=?[ -~一-龥]{0,12}[,+]?){0,6}") {
            if let Ok(subject) = Subject::parse(&text) {
                prop_assert!(!subject.name().is_empty());
            }
        }

        #[test]
        fn every_value_can_be_written(value in "[ -~一-龥]{1,64}") {
            let escaped: String = value.chars().map(|c| if c.is_ascii() { format!("\\{:02x}", c as u8) } else { c.into() }).collect();
            let subject = Subject::parse(&format!("CN={escaped}")).unwrap();
            prop_assert_eq!(subject.name().iter().next().unwrap().value.value(), value.as_bytes());
        }
    }
}
