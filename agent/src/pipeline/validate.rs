//! The whole result is read again and verified as anyone would, before its outcome is recorded.

use sealkeeper_journal::AbandonCause;
use sealkeeper_pades::{
    revision::SealedRevision,
    validate::{Coverage, Verdict, validate},
};

use super::{
    embed::{Embedded, Finished},
    unfinished::{How, Unfinished},
};

/// A result that verified.
pub(crate) struct Validated {
    pub(super) parts: Finished,
    pub(super) revision: SealedRevision,
}

impl Embedded {
    /// The bytes to append to the document.
    pub(crate) fn appended(&self) -> &[u8] {
        &self.revision.appended
    }

    /// `whole` is the document with the appended bytes. Its newest signature must be this use's own, intact, and cover all of the file.
    pub(crate) fn validate(self, whole: Result<&[u8], &std::io::Error>) -> Result<Validated, Unfinished> {
        let (problem, cause) = match whole {
            Ok(whole) => match self.problem(whole) {
                None => return Ok(Validated { parts: self.parts, revision: self.revision }),
                Some(problem) => (problem, AbandonCause::InvalidResult),
            },
            Err(error) => (format!("the result cannot be laid out: {error}"), AbandonCause::Fault),
        };
        let open = self.parts.open;
        tracing::error!(problem, use_id = %open.use_id, "the finished document cannot be released");
        Err(Unfinished { open, how: How::Abandoned(cause), token: None })
    }

    fn problem(&self, whole: &[u8]) -> Option<String> {
        let reports = match validate(whole) {
            Ok(reports) => reports,
            Err(error) => return Some(error.to_string()),
        };
        let use_id = self.parts.open.use_id.to_string();
        let own = reports
            .iter()
            .find(|report| report.witness.as_ref().is_some_and(|witness| witness.use_id.as_str() == use_id));
        match own {
            None => Some("the new signature is not found".into()),
            Some(own) if own.verdict != Verdict::Intact => Some(format!("{:?}", own.verdict)),
            Some(own) if own.coverage != Some(Coverage::WholeFile) => Some(format!("{:?}", own.coverage)),
            Some(_) => None,
        }
    }
}
