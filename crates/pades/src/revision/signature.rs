//! The signature dictionary (ISO 32000-2 §12.8.1, Table 255), in which everything that differs from use to use has a
//! fixed width.

use std::ops::Range;
use std::time::Duration;

use lopdf::{Object, StringFormat, Writer};

use super::appendix::MAX_OFFSET;
use super::error::RevisionError;

/// What the signature dictionary says.
#[derive(Debug, Clone)]
pub struct SignatureDictionary {
    /// /Name: who signs; the seal's name, or the company's.
    pub name: String,
    /// /Reason: what for.
    pub reason: Option<String>,
    /// /M: when, in seconds since 1970-01-01T00:00:00Z. Written in UTC; years 1970 to 9999.
    pub modified: u64,
    /// /XXSealkeeper: the journal as durable before this use.
    pub witness: JournalWitness,
    /// Room in /Contents, in bytes of the CMS structure: [`crate::cms::contents_capacity`].
    pub contents_capacity: usize,
}

/// The state of the journal that a stamped file bears witness to (see [`crate::revision`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalWitness {
    /// The journal's origin (C2SP tlog-checkpoint): printable ASCII.
    pub origin: String,
    /// The id of this use.
    pub use_id: UseId,
    /// Number of leaves.
    pub tree_size: u64,
    /// RFC 6962 root hash over them.
    pub root: [u8; 32],
}

/// A UUID in its text form of 36 characters (RFC 9562 §4).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UseId(String);

impl UseId {
    /// Takes `text` if it has the form `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` in hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<UseId> {
        let groups: Vec<&str> = text.split('-').collect();
        let lengths = groups.iter().map(|group| group.len());
        let well_formed = lengths.eq([8, 4, 4, 4, 12])
            && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()));
        well_formed.then(|| UseId(text.to_owned()))
    }

    /// The text form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Digits of the largest /TreeSize.
const TREE_SIZE_WIDTH: usize = 20;

/// A signature dictionary as written, and where in it the parts stand that are filled in or differ from use to use.
#[derive(Debug)]
pub(super) struct SignatureObject {
    body: Vec<u8>,
    layout: Layout,
}

/// Ranges of the parts of a signature dictionary.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// The value of /ByteRange with the space left for it.
    pub(super) byte_range: Range<usize>,
    /// The hexadecimal string of /Contents, delimiters included.
    pub(super) contents: Range<usize>,
    /// /M and the values of the journal entry.
    pub(super) variables: Vec<Range<usize>>,
}

impl SignatureObject {
    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// The layout, if the body begins at `at`.
    pub(super) fn layout(&self, at: usize) -> Layout {
        let moved = |range: &Range<usize>| range.start + at..range.end + at;
        Layout {
            byte_range: moved(&self.layout.byte_range),
            contents: moved(&self.layout.contents),
            variables: self.layout.variables.iter().map(moved).collect(),
        }
    }
}

/// Writes the dictionary with empty /ByteRange and /Contents.
pub(super) fn object(signature: &SignatureDictionary) -> Result<SignatureObject, RevisionError> {
    let witness = &signature.witness;
    if witness.origin.is_empty() || !witness.origin.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return Err(RevisionError::Unwritable("a journal origin that is not printable ASCII"));
    }
    let mut body =
        b"<<\n/Type /Sig\n/Filter /Adobe.PPKLite\n/SubFilter /ETSI.CAdES.detached\n/ByteRange ".to_vec();
    let byte_range = push(&mut body, &vec![b' '; byte_range_text([MAX_OFFSET; 3]).len()]);
    body.extend_from_slice(b"\n/Contents ");
    let mut empty = vec![b'0'; 2 * signature.contents_capacity + 2];
    if let [first, .., last] = empty.as_mut_slice() {
        (*first, *last) = (b'<', b'>');
    }
    let contents = push(&mut body, &empty);
    body.extend_from_slice(b"\n/Name ");
    push_object(&mut body, &text_string(&signature.name))?;
    if let Some(reason) = &signature.reason {
        body.extend_from_slice(b"\n/Reason ");
        push_object(&mut body, &text_string(reason))?;
    }
    body.extend_from_slice(b"\n/M ");
    let mut variables = vec![push(&mut body, date(signature.modified)?.as_bytes())];
    body.extend_from_slice(b"\n/XXSealkeeper <<\n/Origin ");
    variables.push(push_object(&mut body, &ascii_string(&witness.origin))?);
    body.extend_from_slice(b"\n/UseID ");
    variables.push(push_object(&mut body, &ascii_string(witness.use_id.as_str()))?);
    body.extend_from_slice(b"\n/TreeSize ");
    let tree_size = format!("{:<TREE_SIZE_WIDTH$}", witness.tree_size);
    variables.push(push(&mut body, tree_size.as_bytes()));
    body.extend_from_slice(b"\n/RootHash ");
    let root = Object::String(witness.root.to_vec(), StringFormat::Hexadecimal);
    variables.push(push_object(&mut body, &root)?);
    body.extend_from_slice(b"\n>>\n>>");
    Ok(SignatureObject { body, layout: Layout { byte_range, contents, variables } })
}

/// /ByteRange as text: from 0, with the given first length, second offset and second length.
pub(super) fn byte_range_text([first_len, second, second_len]: [u64; 3]) -> String {
    format!("[0 {first_len} {second} {second_len}]")
}

fn push(body: &mut Vec<u8>, bytes: &[u8]) -> Range<usize> {
    let start = body.len();
    body.extend_from_slice(bytes);
    start..body.len()
}

fn push_object(body: &mut Vec<u8>, object: &Object) -> Result<Range<usize>, RevisionError> {
    let start = body.len();
    Writer::write_object(body, object)?;
    Ok(start..body.len())
}

fn ascii_string(text: &str) -> Object {
    Object::String(text.as_bytes().to_vec(), StringFormat::Literal)
}

/// A text string (ISO 32000-2 §7.9.2.2): printable ASCII as it is, else UTF-16BE, which every reader knows.
pub(super) fn text_string(text: &str) -> Object {
    if text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return ascii_string(text);
    }
    let mut encoded = Vec::new();
    lopdf::encode_utf16_be(text, &mut encoded);
    Object::String(encoded, StringFormat::Hexadecimal)
}

/// A date (ISO 32000-2 §7.9.4) in UTC.
fn date(seconds: u64) -> Result<String, RevisionError> {
    let date = der::DateTime::from_unix_duration(Duration::from_secs(seconds))
        .map_err(|_| RevisionError::Unwritable("a time after the year 9999"))?;
    Ok(format!(
        "(D:{:04}{:02}{:02}{:02}{:02}{:02}Z)",
        date.year(),
        date.month(),
        date.day(),
        date.hour(),
        date.minutes(),
        date.seconds()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_in_utc() {
        assert_eq!(date(0).unwrap(), "(D:19700101000000Z)");
        assert_eq!(date(1_709_210_096).unwrap(), "(D:20240229123456Z)");
        assert_eq!(date(u64::MAX).unwrap_err().code(), "internal");
    }

    #[test]
    fn use_ids_are_uuids_in_text_form() {
        assert!(UseId::parse("123e4567-e89b-12d3-a456-426614174000").is_some());
        for wrong in ["", "123e4567e89b12d3a456426614174000", "123e4567-e89b-12d3-a456-42661417400g"] {
            assert!(UseId::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn text_outside_ascii_becomes_utf_16() {
        let mut body = Vec::new();
        push_object(&mut body, &text_string("a(b\\")).unwrap();
        push_object(&mut body, &text_string("章")).unwrap();
        assert_eq!(body, b"(a\\(b\\\\)<FEFF7AE0>");
    }
}
