//! What is asked: one document, one seal, a place, a class, copies, a reason, an applicant.

use crate::{
    identity::{Digest, PersonId, SealId},
    placement::Placement,
    policy::Policy,
    reason::Reason,
    refusal::{Refusal, Violation, Violations},
};

/// What an applicant sent, before any rule has seen it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Last component of the file's name.
    pub file_name: String,
    /// Announced size, bytes.
    pub size: u64,
    /// Announced SHA-256.
    pub sha256: Digest,
    /// Why.
    pub reason: String,
    /// Document class; empty for the policy's default.
    pub document_class: String,
    /// Copies; 0 for one.
    pub copies: u32,
    /// Where; malformed or unsupported ones carry their reason.
    pub placements: Vec<Result<Placement, Reason>>,
    /// Number of tickets sent along.
    pub tickets: usize,
    /// Whether an edge seal is asked for.
    pub edge_seal: bool,
}

/// What is asked, within the policy: only [`Terms::admit`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The seal.
    pub seal: SealId,
    /// Who asks.
    pub applicant: PersonId,
    /// The document's name.
    pub file_name: String,
    /// The document's size, bytes.
    pub size: u64,
    /// The document's SHA-256.
    pub sha256: Digest,
    /// Why.
    pub reason: String,
    /// Class of the policy.
    pub document_class: String,
    /// At least 1.
    pub copies: u32,
    /// Where.
    pub placement: Placement,
}

/// What was admitted, to be asked again: with defaults filled in, so that a change of the policy's defaults changes no request.
impl From<Terms> for Asked {
    fn from(terms: Terms) -> Self {
        Asked {
            file_name: terms.file_name,
            size: terms.size,
            sha256: terms.sha256,
            reason: terms.reason,
            document_class: terms.document_class,
            copies: terms.copies,
            placements: vec![Ok(terms.placement)],
            tickets: 0,
            edge_seal: false,
        }
    }
}

/// Most characters of a reason.
const REASON_CHARACTERS: usize = 1000;
/// Most bytes of a file name.
const FILE_NAME_BYTES: usize = 255;

impl Terms {
    /// Holds what is asked against the policy and the limit on documents; names all that stands against it.
    pub fn admit(
        asked: Asked,
        seal: SealId,
        applicant: PersonId,
        policy: &Policy,
        max_document: u64,
    ) -> Result<Terms, Refusal> {
        let mut violations = Violations::new();
        if asked.reason.trim().is_empty() {
            violations.push(Reason::ReasonMissing);
        } else if asked.reason.chars().count() > REASON_CHARACTERS {
            violations.push(Reason::ReasonTooLong);
        } else if asked.reason.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
            violations.push(Violation::new(Reason::BadArgument).with("field", "reason"));
        }
        let name = &asked.file_name;
        if name.is_empty()
            || name.len() > FILE_NAME_BYTES
            || name.contains(['/', '\\'])
            || name.chars().any(char::is_control)
        {
            violations.push(Reason::FileNameBad);
        }
        if asked.size == 0 {
            violations.push(Reason::DocumentEmpty);
        } else if asked.size > max_document {
            violations.push(
                Violation::new(Reason::DocumentTooLarge).with("size", asked.size).with("limit", max_document),
            );
        }
        let document_class =
            if asked.document_class.is_empty() { policy.default_class.clone() } else { asked.document_class };
        if !policy.classes.contains_key(&document_class) {
            violations.push(Violation::new(Reason::ClassUnknown).with("class", &document_class));
        }
        let copies = asked.copies.max(1);
        if copies > policy.copies_per_request {
            violations.push(
                Violation::new(Reason::CopiesOutOfRange)
                    .with("copies", copies)
                    .with("limit", policy.copies_per_request),
            );
        }
        if asked.tickets > 0 {
            violations.push(Reason::TicketsUnsupported);
        }
        if asked.edge_seal {
            violations.push(Reason::EdgeSealUnsupported);
        }
        let mut places = asked.placements.into_iter();
        let placement = match (places.next(), places.next()) {
            (None, _) => Err(Reason::PlacementMissing),
            (Some(_), Some(_)) => Err(Reason::SeveralPlacementsUnsupported),
            (Some(one), None) => one,
        };
        match placement {
            Err(reason) => {
                violations.push(reason);
                violations.into_result().and_then(|()| Err(reason.into()))
            }
            Ok(placement) => violations.into_result().map(|()| Terms {
                seal,
                applicant,
                file_name: asked.file_name,
                size: asked.size,
                sha256: asked.sha256,
                reason: asked.reason,
                document_class,
                copies,
                placement,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{placement::PageChoice, policy::Authority};

    fn asked() -> Asked {
        Asked {
            file_name: "合同.pdf".into(),
            size: 10,
            sha256: Digest([0; 32]),
            reason: "采购合同".into(),
            document_class: String::new(),
            copies: 0,
            placements: vec![Placement::new(PageChoice::Last, 1, 1)],
            tickets: 0,
            edge_seal: false,
        }
    }

    fn admit(asked: Asked) -> Result<Terms, Refusal> {
        let policy = Policy::from_toml(Policy::SOLO_TOML, Authority::Solo).unwrap();
        Terms::admit(asked, "contract".parse().unwrap(), "p1".parse().unwrap(), &policy, 100)
    }

    #[test]
    fn defaults_are_filled_in() {
        let terms = admit(asked()).unwrap();
        assert_eq!((terms.copies, terms.document_class.as_str()), (1, "ordinary"));
        assert_eq!(admit(terms.clone().into()).unwrap(), terms, "asked again, admitted the same");
    }

    #[test]
    fn everything_against_it_is_named_at_once() {
        let refusal = admit(Asked {
            file_name: "a/b".into(),
            size: 101,
            reason: " ".into(),
            document_class: "secret".into(),
            copies: 101,
            tickets: 1,
            edge_seal: true,
            placements: vec![Err(Reason::KeywordUnsupported)],
            ..asked()
        })
        .unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "reason-missing, file-name-bad, document-too-large, class-unknown, copies-out-of-range, tickets-unsupported, \
             edge-seal-unsupported, keyword-unsupported"
        );
    }

    #[test]
    fn one_placement_exactly() {
        let place = Placement::new(PageChoice::Last, 1, 1);
        assert_eq!(
            admit(Asked { placements: vec![], ..asked() }).unwrap_err().to_string(),
            "placement-missing"
        );
        assert_eq!(
            admit(Asked { placements: vec![place; 2], ..asked() }).unwrap_err().to_string(),
            "several-placements-unsupported"
        );
    }
}
