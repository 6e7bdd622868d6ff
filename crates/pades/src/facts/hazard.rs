//! What a single dictionary is that does more than put marks on a page.

use std::fmt;

/// Something a document can do, or hold, beside what its pages show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Hazard {
    /// A script (ISO 32000-2 §12.6.4.17), or a dictionary that carries one.
    JavaScript,
    /// An action that starts a program or opens a file with one (§12.6.4.6).
    Launch,
    /// An action that sends form data away (§12.7.6.2).
    SubmitForm,
    /// An action that fills the form from a file (§12.7.6.4).
    ImportData,
    /// Sound, film, 3D or rich media, as annotation or action (§13).
    Multimedia,
    /// A PostScript XObject, which printers run as a program (ISO 32000-1 §8.8.2).
    PostScript,
    /// An action that hides or shows fields or layers, or resets a form (§12.6.4.11, §12.6.4.13, §12.7.6.3).
    ViewAction,
    /// A stream whose data are in another file (§7.3.8.2).
    ExternalStream,
    /// A page content of another document (§8.10.4), or other content by an OPI server (ISO 32000-1 §14.11.7).
    ExternalContent,
    /// An action that goes to another document (§12.6.4.3, §12.6.4.4).
    ExternalDocument,
    /// An image that is replaced by another one in print (§8.9.5.4).
    AlternateImage,
    /// Content that is hidden while layers are shown: a membership that turns them about (§8.11.2.2).
    InverseLayer,
    /// A file within the file (§7.11.4).
    EmbeddedFile,
    /// The document is a portfolio of files (§12.3.5).
    Portfolio,
    /// An object that cannot be read, though something leads to it. What a reader that repairs it makes of it nobody knows.
    Unreadable,
    /// A stream whose data do not end where its /Length says (§7.3.8.2).
    StreamLength,
    /// Names an object that the cross references do not have, though the file does.
    Lost,
}

impl Hazard {
    /// Every kind there is.
    pub const ALL: [Hazard; 17] = [
        Hazard::JavaScript,
        Hazard::Launch,
        Hazard::SubmitForm,
        Hazard::ImportData,
        Hazard::Multimedia,
        Hazard::PostScript,
        Hazard::ViewAction,
        Hazard::ExternalStream,
        Hazard::ExternalContent,
        Hazard::ExternalDocument,
        Hazard::AlternateImage,
        Hazard::InverseLayer,
        Hazard::EmbeddedFile,
        Hazard::Portfolio,
        Hazard::Unreadable,
        Hazard::StreamLength,
        Hazard::Lost,
    ];

    /// A stable kebab-case name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Hazard::JavaScript => "javascript",
            Hazard::Launch => "launch",
            Hazard::SubmitForm => "submit-form",
            Hazard::ImportData => "import-data",
            Hazard::Multimedia => "multimedia",
            Hazard::PostScript => "postscript",
            Hazard::ViewAction => "view-action",
            Hazard::ExternalStream => "external-stream",
            Hazard::ExternalContent => "external-content",
            Hazard::ExternalDocument => "external-document",
            Hazard::AlternateImage => "alternate-image",
            Hazard::InverseLayer => "inverse-layer",
            Hazard::EmbeddedFile => "embedded-file",
            Hazard::Portfolio => "portfolio",
            Hazard::Unreadable => "unreadable",
            Hazard::StreamLength => "stream-length",
            Hazard::Lost => "lost-object",
        }
    }
}

impl fmt::Display for Hazard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Keys that say something by being there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Subtype,
    S,
    Type,
    P,
    Expression,
    Other,
}

/// What a dictionary's keys and names say of it, as far as they were read.
#[derive(Debug)]
pub(super) struct Traits<'a> {
    wants_key: bool,
    key: Key,
    /// Names as values of /S, /Subtype or /Type.
    said: Vec<(Key, &'a [u8])>,
    rect: bool,
    script: bool,
    external_data: bool,
    length: bool,
    reference: bool,
    opi: bool,
    alternates: bool,
    embedded: bool,
    collection: bool,
    pages: bool,
    /// Whether a visibility expression says "not", or stands where it is not read.
    negated: bool,
}

impl Default for Traits<'_> {
    fn default() -> Self {
        Traits {
            wants_key: true,
            key: Key::Other,
            said: Vec::new(),
            rect: false,
            script: false,
            external_data: false,
            length: false,
            reference: false,
            opi: false,
            alternates: false,
            embedded: false,
            collection: false,
            pages: false,
            negated: false,
        }
    }
}

impl<'a> Traits<'a> {
    pub(super) fn wants_key(&self) -> bool {
        self.wants_key
    }

    /// A key; its value follows.
    pub(super) fn key(&mut self, raw: &[u8]) {
        self.wants_key = false;
        self.key = Key::Other;
        let plain;
        let name: &[u8] = if raw.contains(&b'#') {
            plain = crate::object::Name::new(raw).bytes().into_owned();
            &plain
        } else {
            raw
        };
        match name {
            b"S" => self.key = Key::S,
            b"Subtype" => self.key = Key::Subtype,
            b"Type" => self.key = Key::Type,
            b"P" => self.key = Key::P,
            b"VE" => self.key = Key::Expression,
            b"Rect" => self.rect = true,
            b"JS" => self.script = true,
            b"F" => self.external_data = true,
            b"Length" => self.length = true,
            b"Ref" => self.reference = true,
            b"OPI" => self.opi = true,
            b"Alternates" => self.alternates = true,
            b"EF" => self.embedded = true,
            b"Collection" => self.collection = true,
            b"Pages" => self.pages = true,
            _ => {}
        }
    }

    /// A name as a value.
    pub(super) fn name(&mut self, raw: &'a [u8]) {
        if self.key != Key::Other {
            self.said.push((self.key, raw));
        }
    }

    /// A name in an array that is, or is part of, a value.
    pub(super) fn listed(&mut self, raw: &[u8]) {
        self.negated |= self.key == Key::Expression && crate::object::Name::new(raw).is("Not");
    }

    /// A reference as a value.
    pub(super) fn refers(&mut self) {
        self.negated |= self.key == Key::Expression;
    }

    /// A value is complete.
    pub(super) fn value_ends(&mut self) {
        self.wants_key = true;
    }

    fn says(&self, key: Key, names: &[&str]) -> bool {
        self.said.iter().any(|(said, raw)| {
            *said == key && names.iter().any(|name| crate::object::Name::new(raw).is(name))
        })
    }

    /// What it is; `stream`: whether it is a stream's own dictionary.
    pub(super) fn hazards(&self, stream: bool) -> impl Iterator<Item = Hazard> {
        let form = self.says(Key::Subtype, &["Form"]);
        let annotation = self.rect;
        let media = ["RichMedia", "3D", "Movie", "Sound", "Screen"];
        let playing = ["Rendition", "Movie", "Sound", "RichMediaExecute", "GoTo3DView"];
        [
            (Hazard::JavaScript, self.script || self.says(Key::S, &["JavaScript"])),
            (Hazard::Launch, self.says(Key::S, &["Launch"])),
            (Hazard::SubmitForm, self.says(Key::S, &["SubmitForm"])),
            (Hazard::ImportData, self.says(Key::S, &["ImportData"])),
            (
                Hazard::Multimedia,
                annotation && self.says(Key::Subtype, &media) || self.says(Key::S, &playing),
            ),
            (Hazard::PostScript, stream && self.says(Key::Subtype, &["PS"])),
            (Hazard::ViewAction, self.says(Key::S, &["Hide", "SetOCGState", "ResetForm"])),
            (Hazard::ExternalStream, stream && self.external_data && self.length),
            (Hazard::ExternalContent, stream && (form && self.reference || self.opi)),
            (Hazard::ExternalDocument, self.says(Key::S, &["GoToR", "GoToE"])),
            (Hazard::AlternateImage, stream && self.alternates),
            (
                Hazard::InverseLayer,
                self.says(Key::Type, &["OCMD"]) && (self.negated || self.says(Key::P, &["AllOff", "AnyOff"])),
            ),
            (
                Hazard::EmbeddedFile,
                self.embedded || annotation && self.says(Key::Subtype, &["FileAttachment"]),
            ),
            (Hazard::Portfolio, self.collection && self.pages),
        ]
        .into_iter()
        .filter_map(|(hazard, is)| is.then_some(hazard))
    }
}
