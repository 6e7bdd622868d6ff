//! `[document]`: how grave is what is found in a document (U4, U7, U8), and which words and brackets make it unfinished.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{PolicyError, raw};

/// How grave a finding is, rising.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Told.
    Note,
    /// Warned of.
    Warn,
    /// Not stamped.
    Refuse,
}

/// What is found in documents, and how grave it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentRules {
    /// No page shows anything.
    pub blank_document: Severity,
    /// A seal would stand on a page that shows nothing.
    pub stamp_on_blank_page: Severity,
    /// A word that marks a draft.
    pub draft_marker: Severity,
    /// Brackets that were not filled in.
    pub placeholder: Severity,
    /// Underlines that were not filled in.
    pub underline_gap: Severity,
    /// Content that acts.
    pub active_content: Severity,
    /// An XFA form.
    pub xfa: Severity,
    /// Layers that can be hidden.
    pub hidden_layer: Severity,
    /// Files within the file.
    pub embedded_file: Severity,
    /// Content from outside the file.
    pub external_content: Severity,
    /// A font that is not embedded.
    pub font_missing: Severity,
    /// Form fields.
    pub form: Severity,
    /// An earlier signature that does not verify.
    pub broken_signature: Severity,
    /// Words that mark a draft, as written.
    pub draft_markers: Vec<String>,
    /// Brackets that are to be filled in.
    pub placeholders: Vec<Brackets>,
    /// Whether every page is examined, or only those that are stamped.
    pub examine_all_pages: bool,
}

/// An opening and a closing bracket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brackets {
    /// The opening one.
    pub open: char,
    /// The closing one, another character.
    pub close: char,
}

impl Severity {
    /// As the policy file writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warn => "warn",
            Severity::Refuse => "refuse",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Brackets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.open, self.close)
    }
}

impl DocumentRules {
    /// The marker of a draft that this line is, whole: white space and the case of A to Z do not matter (水印 are often spaced out).
    pub fn marker_in<'a>(&'a self, line: &str) -> Option<&'a str> {
        let line = bare(line);
        self.draft_markers.iter().find(|marker| bare(marker) == line).map(String::as_str)
    }

    /// The brackets that stand empty in this text, each as often as it does; white space between them does not fill them.
    pub fn placeholders_in<'a>(&'a self, text: &'a str) -> impl Iterator<Item = Brackets> + 'a {
        let mut opened: Option<Brackets> = None;
        text.chars().filter(|c| !c.is_whitespace()).filter_map(move |c| {
            let empty = opened.take().filter(|brackets| brackets.close == c);
            if empty.is_none() {
                opened = self.placeholders.iter().find(|brackets| brackets.open == c).copied();
            }
            empty
        })
    }
}

/// Without white space, A to Z as small letters.
fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_lowercase()).collect()
}

/// As written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDocument {
    blank_document: Severity,
    stamp_on_blank_page: Severity,
    draft_marker: Severity,
    placeholder: Severity,
    underline_gap: Severity,
    active_content: Severity,
    xfa: Severity,
    hidden_layer: Severity,
    embedded_file: Severity,
    external_content: Severity,
    font_missing: Severity,
    form: Severity,
    broken_signature: Severity,
    draft_markers: Vec<String>,
    placeholders: Vec<String>,
    examine_all_pages: bool,
}

/// Most markers.
const MARKERS: usize = 64;
/// Most characters of one.
const MARKER_CHARACTERS: usize = 32;
/// Most kinds of brackets.
const PLACEHOLDERS: usize = 16;

impl RawDocument {
    pub(super) fn resolved(self) -> Result<DocumentRules, PolicyError> {
        let good = |marker: &String| {
            let length = marker.chars().count();
            !bare(marker).is_empty() && length <= MARKER_CHARACTERS && !marker.chars().any(char::is_control)
        };
        if self.draft_markers.len() > MARKERS || !self.draft_markers.iter().all(good) {
            return Err(raw::range(
                "document.draft_markers",
                "at most 64 words of 1 to 32 characters, no control characters",
            ));
        }
        let brackets: Option<Vec<_>> = self.placeholders.iter().map(|text| brackets(text)).collect();
        let placeholders = brackets.filter(|all| all.len() <= PLACEHOLDERS).ok_or_else(|| {
            raw::range("document.placeholders", "at most 16 pairs of an opening and a closing bracket")
        })?;
        Ok(DocumentRules {
            blank_document: self.blank_document,
            stamp_on_blank_page: self.stamp_on_blank_page,
            draft_marker: self.draft_marker,
            placeholder: self.placeholder,
            underline_gap: self.underline_gap,
            active_content: self.active_content,
            xfa: self.xfa,
            hidden_layer: self.hidden_layer,
            embedded_file: self.embedded_file,
            external_content: self.external_content,
            font_missing: self.font_missing,
            form: self.form,
            broken_signature: self.broken_signature,
            draft_markers: self.draft_markers,
            placeholders,
            examine_all_pages: self.examine_all_pages,
        })
    }
}

/// Two characters, not the same, with or without white space between.
fn brackets(text: &str) -> Option<Brackets> {
    let mut characters = text.chars().filter(|c| !c.is_whitespace());
    match (characters.next(), characters.next(), characters.next()) {
        (Some(open), Some(close), None) if open != close && !open.is_control() && !close.is_control() => {
            Some(Brackets { open, close })
        }
        _ => None,
    }
}
