//! Requests as files: what an approver needs who has no connection to the agent.
//!
//! ```json
//! {
//!   "origin": "example.org/seal-journal/…",
//!   "binding": { "request": "…", "document_sha256": "…", … },
//!   "seal_name": "合同专用章", "applicant_name": "李四", "importance": "ordinary", "secrecy": "internal",
//!   "expires": 1800000000
//! }
//! ```
//!
//! Only `binding` and, as audience, `origin` are signed. The names and the rest are for reading: whoever signs, signs the ids beside them.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use sealkeeper_domain::act::statement::Binding;
use sealkeeper_domain::reason::Reason;
use sealkeeper_proto::v1;
use serde::{Deserialize, Serialize};

use crate::error::ClientError;

/// Longest file that is read, bytes: an act is at most 16 KiB, so is what it binds.
const FILE_LIMIT: u64 = 64 << 10;

/// A request to be approved anywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestFile {
    /// Origin of the journal: the audience of the ticket.
    pub origin: String,
    /// What is signed.
    pub binding: Binding,
    /// Name of the seal.
    pub seal_name: String,
    /// Name of the applicant.
    pub applicant_name: String,
    /// Importance of the class: `ordinary`, `important`, `major`.
    pub importance: String,
    /// Secrecy of the class: `public`, `internal`, `confidential`, `secret`.
    pub secrecy: String,
    /// When the request ends, seconds since the Unix epoch.
    pub expires: u64,
}

impl RequestFile {
    /// A kept request of the journal with this origin.
    ///
    /// # Errors
    /// [`Reason::AnswerBad`] where its binding is none, or that of another request.
    pub fn of(origin: &str, kept: &v1::KeptRequest) -> Result<Self, ClientError> {
        Ok(Self {
            origin: origin.to_owned(),
            binding: binding(&kept.request_id, &kept.binding)?,
            seal_name: kept.seal_name.clone(),
            applicant_name: kept.applicant_name.clone(),
            importance: kept.importance.clone(),
            secrecy: kept.secrecy.clone(),
            expires: kept.expires_us / 1_000_000,
        })
    }

    /// Reads a file. Blocks.
    ///
    /// # Errors
    /// [`Reason::InputUnreadable`], and [`Reason::BadArgument`] where it is no request.
    pub fn read(path: &Path) -> Result<Self, ClientError> {
        let unreadable = |error: io::Error| ClientError::at_path(Reason::InputUnreadable, path, &error);
        let mut text = String::new();
        File::open(path)
            .and_then(|file| file.take(FILE_LIMIT).read_to_string(&mut text))
            .map_err(unreadable)?;
        Self::parse(&text).map_err(|error| ClientError::at_path(Reason::BadArgument, path, &error))
    }

    fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Its text, one line a member.
    ///
    /// # Errors
    /// None that can be caused from outside: [`Reason::Internal`].
    pub fn text(&self) -> Result<String, ClientError> {
        let text = serde_json::to_string_pretty(self);
        text.map(|text| text + "\n").map_err(|error| ClientError::local(Reason::Internal, error))
    }
}

/// The binding that came for this request.
///
/// # Errors
/// [`Reason::AnswerBad`] where it is none, or that of another request.
pub fn binding(request_id: &str, text: &str) -> Result<Binding, ClientError> {
    let read: Binding = serde_json::from_str(text)
        .map_err(|error| ClientError::local(Reason::AnswerBad, format_args!("binding: {error}")))?;
    if read.request.to_string() == request_id.to_ascii_lowercase() {
        Ok(read)
    } else {
        Err(ClientError::answer("the binding of another request"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";

    fn kept() -> v1::KeptRequest {
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let binding = format!(
            r#"{{"request":"{ID}","document_sha256":"{digest}","file_name":"合同.pdf","seal":"contract",
            "seal_object_sha256":"{digest}","boxes":[{{"page":5,"left_um":46000,"top_um":68000,"width_um":40000,
            "height_um":40000}}],"class":"contract","copies":2,"reason":"年度采购","applicant":"li"}}"#
        );
        v1::KeptRequest {
            request_id: ID.into(),
            binding,
            seal_name: "合同专用章".into(),
            applicant_name: "李四".into(),
            importance: "important".into(),
            secrecy: "internal".into(),
            expires_us: 1_800_000_000_000_000,
            ..Default::default()
        }
    }

    #[test]
    fn a_request_comes_back_from_its_file() {
        let request = RequestFile::of("example.org/seal-journal/1", &kept()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("request.json");
        std::fs::write(&path, request.text().unwrap()).unwrap();
        let read = RequestFile::read(&path).unwrap();
        assert_eq!(read, request);
        assert_eq!((read.binding.copies, read.expires), (2, 1_800_000_000));
        assert_eq!(read.binding.applicant.as_str(), "li");
    }

    #[test]
    fn what_is_no_request_is_told() {
        let text = RequestFile::of("o", &kept()).unwrap().text().unwrap();
        for wrong in [
            String::new(),
            "{}".into(),
            text.replace("\"origin\"", "\"orgin\""),
            text.replacen('{', "{\"more\": 1,", 1),
            text.replace(ID, "1"),
        ] {
            assert!(RequestFile::parse(&wrong).is_err(), "{wrong}");
        }
        let absent = RequestFile::read(Path::new("/nowhere/request.json")).unwrap_err();
        assert!(matches!(absent, ClientError::Local { reason: Reason::InputUnreadable, .. }), "{absent}");
    }

    #[test]
    fn the_binding_of_another_request_is_not_taken() {
        let other = ID.replace("6f", "7f");
        let error = binding(&other, &kept().binding).unwrap_err();
        assert!(matches!(error, ClientError::Local { reason: Reason::AnswerBad, .. }), "{error}");
        assert!(binding(&ID.to_uppercase(), &kept().binding).is_ok());
    }
}
