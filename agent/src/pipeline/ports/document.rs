//! What a document shows. Whoever decodes a page may be crashed, hung or starved by it, so this is asked of somebody the document can do no more to
//! than end.

use std::{fmt, fs::File, ops::RangeInclusive, sync::Arc};

use async_trait::async_trait;
use sealkeeper_domain::{reason::Reason, refusal::Violation};
use sealkeeper_view::{Area, draft::Standing};

/// A document's file, open for reading only. The one handle among the ports: a document of a gigabyte is not handed on as bytes.
#[derive(Clone, Debug)]
pub(crate) struct DocumentFile {
    /// The file.
    pub(crate) file: Arc<File>,
    /// Its pages, as its structure has them.
    pub(crate) page_count: u32,
}

/// Shows what is on pages.
#[async_trait]
pub(crate) trait Viewer: Send + Sync {
    /// Looks at these pages, which count from 1. What fails on one page fails the whole: of a document that nobody has seen all of, nothing is known.
    async fn look(
        &self,
        document: DocumentFile,
        pages: RangeInclusive<u32>,
        sought: Sought,
    ) -> Result<Looked, Unviewed>;

    /// Draws one page, which counts from 1, on white, at `dpi` pixels to the inch or as many as a picture may have.
    async fn render(&self, document: DocumentFile, page: u32, dpi: u16) -> Result<Picture, Unviewed>;

    /// How well whoever looks is confined, by trying it.
    async fn confinement(&self) -> Result<Confinement, Unviewed>;
}

/// What was seen of a document.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Looked {
    /// Pages that the document shows in all. Where this is not what the structure says, readers see different documents. Whoever was shown parts of a
    /// long document tells what the structure says.
    pub(crate) page_count: u32,
    /// Those asked for, in their order.
    pub(crate) pages: Vec<PageLook>,
}

/// What is looked for in the text of the pages. The text itself stays where it was read: it may be long, and whose it is, is no affair of the agent's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sought {
    /// Words that mark a draft.
    pub(crate) draft_words: Vec<String>,
    /// Words whose places are wanted.
    pub(crate) keywords: Vec<String>,
}

/// What was seen of one page. Places are as a person sees them, from the top left of the visible page.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PageLook {
    /// From 1.
    pub(crate) number: u32,
    /// Width as it is seen, pt.
    pub(crate) width_pt: f64,
    /// Height as it is seen, pt.
    pub(crate) height_pt: f64,
    /// Whether nothing is to be seen.
    pub(crate) blank: bool,
    /// Part of the page that differs from its paper, in millionths, dust included.
    pub(crate) ink_ppm: u32,
    /// Fonts in use that a reader has to have of its own, by name.
    pub(crate) missing_fonts: Vec<String>,
    /// Visible glyphs of which the file does not say what they stand for: no word is found in these.
    pub(crate) undecoded: u32,
    /// Whether there was more text than is looked at.
    pub(crate) truncated: bool,
    /// Draft words that mark a draft.
    pub(crate) markers: Vec<Marker>,
    /// Brackets with nothing in them.
    pub(crate) placeholders: Vec<Placeholder>,
    /// Underlines to be filled in.
    pub(crate) gaps: Vec<Area>,
    /// Keywords, wherever they stand.
    pub(crate) hits: Vec<Hit>,
}

/// A draft word that marks a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Marker {
    /// Which of the draft words.
    pub(crate) word: String,
    /// How it stands there.
    pub(crate) standing: Standing,
    /// The box around it.
    pub(crate) area: Area,
}

/// Brackets with nothing in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placeholder {
    /// The opening one.
    pub(crate) bracket: char,
    /// The box around both.
    pub(crate) area: Area,
}

/// A keyword on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    /// Which of the keywords.
    pub(crate) keyword: String,
    /// The box around it.
    pub(crate) area: Area,
    /// The direction of writing as seen, in whole degrees clockwise, from -179 to 180.
    pub(crate) angle: i16,
}

/// A drawn page.
#[derive(Clone, PartialEq)]
pub(crate) struct Picture {
    /// Pixels.
    pub(crate) width: u32,
    /// Pixels.
    pub(crate) height: u32,
    /// Pixels to the inch, which may be fewer than were asked for.
    pub(crate) dpi: f64,
    /// Four bytes for each pixel, RGBA, alpha always 255, row after row from the top.
    pub(crate) rgba: Vec<u8>,
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({} × {})", self.width, self.height)
    }
}

/// What keeps whoever looks from anything but looking. Limits on memory, processor time and descriptors always stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Confinement {
    /// landlock(7): neither files nor the network.
    pub(crate) landlock: Landlock,
    /// seccomp(2): the few system calls that looking takes.
    pub(crate) seccomp: bool,
}

/// How much of landlock(7) the kernel offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Landlock {
    /// All that is asked of it.
    Full,
    /// An older one: files, not all of the rest.
    Partial,
    /// None.
    Absent,
}

impl Landlock {
    /// As diagnoses tell it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Landlock::Full => "full",
            Landlock::Partial => "partial",
            Landlock::Absent => "none",
        }
    }
}

impl Confinement {
    /// Whether the kernel lacks nothing of it. An older landlock keeps files away, and seccomp then keeps the rest away too.
    pub(crate) fn is_whole(self) -> bool {
        self.seccomp && self.landlock != Landlock::Absent
    }
}

/// Why nothing is known of what a document shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unviewed {
    /// Row of the reason table.
    pub(crate) reason: Reason,
    /// The page at which it came to that, from 1; `None`: none in particular.
    pub(crate) page: Option<u32>,
    /// What was said of it.
    pub(crate) about: Option<String>,
}

impl Unviewed {
    /// The bare reason.
    pub(crate) fn new(reason: Reason) -> Self {
        Unviewed { reason, page: None, about: None }
    }
}

impl From<Unviewed> for Violation {
    fn from(unviewed: Unviewed) -> Self {
        let mut violation = Violation::new(unviewed.reason);
        if let Some(page) = unviewed.page {
            violation = violation.with("page", page);
        }
        match unviewed.about {
            Some(about) => violation.with("what", about),
            None => violation,
        }
    }
}
