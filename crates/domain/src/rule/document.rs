//! Rules on what is found in a document (U4, U7, U8). How grave each is, the policy says; each is told, and those it refuses for together.

use std::collections::BTreeMap;

use super::Rule;
use crate::{
    document::{Examined, Finding, Findings, Hit, Named},
    policy::{DocumentRules, Severity},
    reason::Reason,
    refusal::Violation,
};

/// A check of a document: what is to be told of it, by page, with its particulars.
pub type Check = fn(&Examined) -> Vec<(Option<u32>, Violation)>;

/// How grave what a rule finds is.
type Grave = fn(&DocumentRules) -> Severity;

/// Holds a document against every rule.
pub fn examine(document: &Examined, rules: &DocumentRules) -> Findings {
    let mut findings = Findings::new();
    for (rule, grave) in RULES {
        let found = limited((rule.check)(document));
        for (page, violation) in found {
            let violation = match page {
                Some(page) => violation.with("page", page),
                None => violation,
            };
            findings.push(Finding { severity: grave(rules), page, violation });
        }
    }
    findings
}

pub(super) const RULES: &[(Rule<Check>, Grave)] = &[
    (
        Rule::new(
            "U4.blank-document",
            "U4",
            &[Reason::BlankDocument],
            "crates/domain/src/document/tests.rs::nothing_blank_is_stamped",
            |document| match document.is_blank {
                true => {
                    vec![(None, Violation::new(Reason::BlankDocument).with("pages", document.pages))]
                }
                false => Vec::new(),
            },
        ),
        |rules| rules.blank_document,
    ),
    (
        Rule::new(
            "U4.blank-page",
            "U4",
            &[Reason::StampOnBlankPage],
            "crates/domain/src/document/tests.rs::nothing_blank_is_stamped",
            |document| {
                let mut stamped = document.stamped_pages.clone();
                stamped.sort_unstable();
                stamped.dedup();
                let blank = stamped.into_iter().filter(|page| document.blank_pages.contains(page));
                blank.map(|page| (Some(page), Violation::new(Reason::StampOnBlankPage))).collect()
            },
        ),
        |rules| rules.stamp_on_blank_page,
    ),
    (
        Rule::new(
            "U4.draft-marker",
            "U4",
            &[Reason::DraftMarker],
            "crates/domain/src/document/tests.rs::what_is_not_final_is_told_by_page_and_text",
            |document| texts(Reason::DraftMarker, &document.draft_markers),
        ),
        |rules| rules.draft_marker,
    ),
    (
        Rule::new(
            "U4.placeholder",
            "U4",
            &[Reason::Placeholder],
            "crates/domain/src/document/tests.rs::what_is_not_final_is_told_by_page_and_text",
            |document| texts(Reason::Placeholder, &document.placeholders),
        ),
        |rules| rules.placeholder,
    ),
    (
        Rule::new(
            "U4.underline-gap",
            "U4",
            &[Reason::UnderlineGap],
            "crates/domain/src/document/tests.rs::what_is_not_final_is_told_by_page_and_text",
            |document| texts(Reason::UnderlineGap, &document.underline_gaps),
        ),
        |rules| rules.underline_gap,
    ),
    (
        Rule::new(
            "U4.active-content",
            "U4",
            &[Reason::ActiveContent],
            "crates/domain/src/document/tests.rs::what_acts_or_can_change_is_told_with_where_it_hangs",
            |document| {
                let told = document.active.iter().map(|active| {
                    (active.page, vec![("kind", active.kind.code()), ("place", active.place.as_str())])
                });
                counted(Reason::ActiveContent, told)
            },
        ),
        |rules| rules.active_content,
    ),
    // As grave as content that acts: a reader that repairs it may find just that.
    (
        Rule::new(
            "U4.damaged-part",
            "U4",
            &[Reason::PdfDamaged],
            "crates/domain/src/document/tests.rs::what_acts_or_can_change_is_told_with_where_it_hangs",
            |document| {
                let told = document.damaged.iter().map(|damaged| {
                    (damaged.page, vec![("what", damaged.kind.code()), ("place", damaged.place.as_str())])
                });
                counted(Reason::PdfDamaged, told)
            },
        ),
        |rules| rules.active_content,
    ),
    (
        Rule::new(
            "U4.xfa",
            "U4",
            &[Reason::PdfXfa],
            "crates/domain/src/document/tests.rs::what_acts_or_can_change_is_told_with_where_it_hangs",
            |document| match document.xfa {
                true => vec![(None, Violation::new(Reason::PdfXfa))],
                false => Vec::new(),
            },
        ),
        |rules| rules.xfa,
    ),
    (
        Rule::new(
            "U4.hidden-layer",
            "U4",
            &[Reason::HiddenLayer],
            "crates/domain/src/document/tests.rs::what_acts_or_can_change_is_told_with_where_it_hangs",
            |document| names(Reason::HiddenLayer, &document.hidden_layers),
        ),
        |rules| rules.hidden_layer,
    ),
    (
        Rule::new(
            "U4.embedded-file",
            "U4",
            &[Reason::EmbeddedFile],
            "crates/domain/src/document/tests.rs::what_acts_or_can_change_is_told_with_where_it_hangs",
            |document| names(Reason::EmbeddedFile, &document.embedded_files),
        ),
        |rules| rules.embedded_file,
    ),
    (
        Rule::new(
            "U4.external-content",
            "U4",
            &[Reason::ExternalContent],
            "crates/domain/src/document/tests.rs::what_acts_or_can_change_is_told_with_where_it_hangs",
            |document| {
                let told = document
                    .external
                    .iter()
                    .map(|external| (external.page, vec![("kind", external.kind.code())]));
                counted(Reason::ExternalContent, told)
            },
        ),
        |rules| rules.external_content,
    ),
    (
        Rule::new(
            "U7.fonts",
            "U7",
            &[Reason::FontMissing],
            "crates/domain/src/document/tests.rs::a_layout_that_is_not_fixed_is_told",
            |document| names(Reason::FontMissing, &document.missing_fonts),
        ),
        |rules| rules.font_missing,
    ),
    (
        Rule::new(
            "U7.form",
            "U7",
            &[Reason::FormFields],
            "crates/domain/src/document/tests.rs::a_layout_that_is_not_fixed_is_told",
            |document| match document.form_fields.len() {
                0 => Vec::new(),
                // One finding for all: a form may have thousands.
                fields => {
                    let mut told = Violation::new(Reason::FormFields).with("fields", fields);
                    if let Some(first) = document.form_fields.first().filter(|field| !field.name.is_empty()) {
                        told = told.with("first", &first.name);
                    }
                    vec![(None, told)]
                }
            },
        ),
        |rules| rules.form,
    ),
    (
        Rule::new(
            "U8.broken-signature",
            "U8",
            &[Reason::BrokenSignature],
            "crates/domain/src/document/tests.rs::an_earlier_signature_that_does_not_verify_is_told_with_its_field",
            |document| {
                let told = document.broken_signatures.iter().map(|signature| {
                    (None, vec![("field", signature.field.as_str()), ("why", signature.why.as_str())])
                });
                counted(Reason::BrokenSignature, told)
            },
        ),
        |rules| rules.broken_signature,
    ),
];

fn texts(reason: Reason, hits: &[Hit]) -> Vec<(Option<u32>, Violation)> {
    counted(reason, hits.iter().map(|hit| (Some(hit.page), vec![("text", hit.text.as_str())])))
}

fn names(reason: Reason, named: &[Named]) -> Vec<(Option<u32>, Violation)> {
    counted(reason, named.iter().map(|one| (one.page, vec![("name", one.name.as_str())])))
}

/// What was found several times on one page is told once, with how often; the document first, then page by page.
fn counted<'a>(
    reason: Reason,
    found: impl Iterator<Item = (Option<u32>, Vec<(&'static str, &'a str)>)>,
) -> Vec<(Option<u32>, Violation)> {
    let mut times: BTreeMap<_, usize> = BTreeMap::new();
    for one in found {
        *times.entry(one).or_default() += 1;
    }
    let told = times.into_iter().map(|((page, details), times)| {
        let mut violation = Violation::new(reason);
        for (key, value) in details.into_iter().filter(|(_, value)| !value.is_empty()) {
            violation = violation.with(key, value);
        }
        (page, if times > 1 { violation.with("times", times) } else { violation })
    });
    told.collect()
}

/// Most findings of one rule: nobody reads more, and records and answers stay small.
const FINDINGS: usize = 16;

/// The first of them; the last one told says how many more there are.
fn limited(mut found: Vec<(Option<u32>, Violation)>) -> Vec<(Option<u32>, Violation)> {
    let more = found.len().saturating_sub(FINDINGS);
    found.truncate(FINDINGS);
    if more > 0
        && let Some((page, last)) = found.pop()
    {
        found.push((page, last.with("more", more)));
    }
    found
}
