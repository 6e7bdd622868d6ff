//! What whoever reads documents tells of one. Pages count from 1.

/// A document as it was found. Of what was not looked for, because only the pages to be stamped were, nothing is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examined {
    /// How many pages it has.
    pub pages: u32,
    /// Whether no page of it shows anything. Where not every page was looked at, it is not known to be.
    pub is_blank: bool,
    /// Pages that show nothing, of those that were looked at.
    pub blank_pages: Vec<u32>,
    /// Pages a seal would stand on, but for edge seals, which leave blank pages out by themselves.
    pub stamped_pages: Vec<u32>,
    /// Words that mark a draft.
    pub draft_markers: Vec<Hit>,
    /// Brackets that were not filled in.
    pub placeholders: Vec<Hit>,
    /// Underlines that were not filled in.
    pub underline_gaps: Vec<Hit>,
    /// Content that acts.
    pub active: Vec<Active>,
    /// Parts on which readers that repair them may differ.
    pub damaged: Vec<Damaged>,
    /// Whether the form has an XFA part (ISO 32000-1 §12.7.8).
    pub xfa: bool,
    /// Layers that can be hidden, or are (optional content, ISO 32000-2 §8.11), and images that are others in print (§8.9.5.4).
    pub hidden_layers: Vec<Named>,
    /// Files within the file (ISO 32000-2 §7.11.4); a portfolio of files (§12.3.5) counts as one.
    pub embedded_files: Vec<Named>,
    /// Content that is shown from outside the file.
    pub external: Vec<External>,
    /// Fonts that are used and not embedded (ISO 32000-2 §9.9).
    pub missing_fonts: Vec<Named>,
    /// Form fields that can be filled in; signature fields are none of them (ISO 32000-2 §12.7).
    pub form_fields: Vec<Named>,
    /// Earlier signatures that do not verify.
    pub broken_signatures: Vec<Signature>,
}

/// A text on a page.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// Where.
    pub page: u32,
    /// What stands there.
    pub text: String,
}

/// Something with a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// Where it was first found; `None`: it belongs to no page, or nobody looked.
    pub page: Option<u32>,
    /// Its name in the file, which may be empty.
    pub name: String,
}

/// Content that acts (ISO 32000-2 §12.6).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Active {
    /// The page it belongs to; `None`: the document.
    pub page: Option<u32>,
    /// What it does.
    pub kind: ActiveKind,
    /// Where it is in the file, e.g. `object 12 0`; may be empty.
    pub place: String,
}

/// What active content does. A plain jump, on opening too, is none of these, nor is a link to a web page that a person has to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActiveKind {
    /// Runs a script (§12.6.4.17).
    JavaScript,
    /// Launches a program or opens a file with one (§12.6.4.6).
    Launch,
    /// Sends the form's data (§12.7.6.2).
    SubmitForm,
    /// Sets the form's data from a file (§12.7.6.4).
    ImportData,
    /// Plays sound, film, a scene of three dimensions or rich media (§13).
    Multimedia,
    /// Is a program that printers run (ISO 32000-1 §8.8.2).
    PostScript,
    /// Shows or hides fields or layers, or sets the form back (§12.6.4.11, §12.6.4.13, §12.7.6.3).
    ViewAction,
}

impl ActiveKind {
    /// As findings write it.
    pub fn code(self) -> &'static str {
        match self {
            ActiveKind::JavaScript => "javascript",
            ActiveKind::Launch => "launch",
            ActiveKind::SubmitForm => "submit-form",
            ActiveKind::ImportData => "import-data",
            ActiveKind::Multimedia => "multimedia",
            ActiveKind::PostScript => "postscript",
            ActiveKind::ViewAction => "view-action",
        }
    }
}

/// A part of the file that not all readers take alike, though its structure is sound.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Damaged {
    /// The page it belongs to; `None`: the document.
    pub page: Option<u32>,
    /// What is wrong.
    pub kind: DamagedKind,
    /// Where it is in the file, e.g. `object 12 0`; may be empty.
    pub place: String,
}

/// What is wrong with a part of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DamagedKind {
    /// An object cannot be read; a reader that repairs it may find anything, also what acts.
    Unreadable,
    /// A stream does not end where it says, and readers search for its end (ISO 32000-2 §7.3.8.2).
    StreamLength,
    /// An object is named that is not there, and yet is in the file; readers that search for it show it (§7.3.10).
    Lost,
    /// A page is not drawn in the size it has, for its boxes are not what readers expect.
    PageSize,
}

impl DamagedKind {
    /// As findings write it.
    pub fn code(self) -> &'static str {
        match self {
            DamagedKind::Unreadable => "unreadable",
            DamagedKind::StreamLength => "stream-length",
            DamagedKind::Lost => "lost-object",
            DamagedKind::PageSize => "page-size",
        }
    }
}

/// Content that is shown from outside the file, or a way to another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct External {
    /// The page it belongs to; `None`: it belongs to no page, or nobody looked.
    pub page: Option<u32>,
    /// What comes from outside.
    pub kind: ExternalKind,
}

/// What comes from outside the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExternalKind {
    /// The data of a stream, such as an image (ISO 32000-2 §7.3.8.2, `F`).
    Stream,
    /// Content of another file (reference XObject, ISO 32000-2 §8.10.4), or of an OPI server (ISO 32000-1 §14.11.7).
    Content,
    /// Another document that an action goes to (§12.6.4.3, §12.6.4.4).
    Document,
}

impl ExternalKind {
    /// As findings write it.
    pub fn code(self) -> &'static str {
        match self {
            ExternalKind::Stream => "stream",
            ExternalKind::Content => "content",
            ExternalKind::Document => "document",
        }
    }
}

/// An earlier signature that does not verify.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signature {
    /// The name of its field.
    pub field: String,
    /// Why, as a code of the reason table: `signature-digest-mismatch`.
    pub why: String,
}
