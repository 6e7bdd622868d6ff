//! What a document shows and holds (U4, U7, U8): the structure is read here, what is on its pages is asked of the workers. Found once for each
//! document, for its bytes never change, and kept while requests are likely to come back to it.

use std::{
    collections::VecDeque,
    ops::RangeInclusive,
    sync::{Arc, Mutex, PoisonError},
};

use sealkeeper_domain::{
    document::{Active, ActiveKind, Examined, External, ExternalKind, Hit, Named, Signature},
    identity::Digest,
    placement::PageChoice,
    policy::DocumentRules,
    reason::Reason,
    refusal::Violation,
    request,
};
use sealkeeper_pades::{
    Document, FoundHazard, Hazard, ReadError, hidden_layers, inspect,
    revision::InputDigest,
    scan,
    validate::{Verdict, validate},
};

use super::{Service, joined};
use crate::{
    pipeline::{
        At, Stop,
        inspect::{Content, unreadable},
        ports::document::{Looked, PageLook, Sought, Viewer},
    },
    spool::Spooled,
};

/// Documents whose content is kept.
const KEPT: usize = 256;

/// Who looks at documents, and what was found lately.
pub(crate) struct Documents {
    pub(super) viewer: Arc<dyn Viewer>,
    kept: Mutex<VecDeque<(LookedFor, Arc<Examined>)>>,
}

/// What was looked for in which document.
#[derive(Clone, PartialEq)]
struct LookedFor {
    sha256: Digest,
    /// The one page that is examined; `None`: every page.
    page: Option<PageChoice>,
    rules: DocumentRules,
}

/// What the structure tells: all of it but what is on the pages.
struct Held {
    examined: Examined,
    /// The pages to look at, from 1; none where the one to be stamped is not there.
    pages: Option<RangeInclusive<u32>>,
}

impl Documents {
    pub(crate) fn new(viewer: Arc<dyn Viewer>) -> Self {
        Documents { viewer, kept: Mutex::default() }
    }

    fn known(&self, asked: &LookedFor) -> Option<Arc<Examined>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(known, _)| known == asked).map(|(_, examined)| examined.clone())
    }

    fn keep(&self, asked: LookedFor, examined: Arc<Examined>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.truncate(KEPT - 1);
        kept.push_front((asked, examined));
    }
}

impl Service {
    /// The document of this digest from the spool, and its content as far as these rules want it.
    pub(super) async fn examined(
        self: &Arc<Self>,
        asked: &request::Asked,
        rules: DocumentRules,
    ) -> Result<(Spooled, InputDigest, Content), Stop> {
        let (service, sha256) = (self.clone(), asked.sha256);
        // An ask for no place, or for several, was refused before.
        let page = asked.placements.first().and_then(|placement| placement.as_ref().ok());
        let page = page.map_or(PageChoice::Last, |placement| placement.page);
        let all = rules.examine_all_pages;
        let looked_for = LookedFor { sha256, page: (!all).then_some(page), rules };
        if let Some(known) = self.documents.known(&looked_for) {
            let reading = tokio::task::spawn_blocking(move || service.document(sha256));
            let (spooled, input) = joined(reading.await)??;
            return Ok((spooled, input, Content::new(sha256, known)));
        }
        let reading = tokio::task::spawn_blocking(move || {
            let (spooled, input) = service.document(sha256)?;
            let held =
                Held::read(spooled.bytes(), page, all).map_err(|error| unreadable(&error)).at("inspect")?;
            Ok::<_, Stop>((spooled, input, held))
        });
        let (spooled, input, Held { mut examined, pages }) = joined(reading.await)??;
        let Some(pages) = pages else { return Ok((spooled, input, Content::new(sha256, examined.into()))) };
        let file = spooled.read_only().map_err(|error| Stop::Fault(format!("spool: {error}")))?;
        let sought = Sought { draft_words: looked_for.rules.draft_markers.clone(), keywords: Vec::new() };
        let looked =
            self.documents.viewer.look(file, pages, sought).await.map_err(Violation::from).at("inspect")?;
        if looked.page_count != examined.pages {
            // Readers would show different documents.
            let other =
                Violation::new(Reason::PdfDamaged).with("what", "page-count").with("seen", looked.page_count);
            return Err(other).at("inspect");
        }
        show(&mut examined, looked, &looked_for.rules);
        let examined = Arc::new(examined);
        self.documents.keep(looked_for, examined.clone());
        Ok((spooled, input, Content::new(sha256, examined)))
    }
}

impl Held {
    fn read(bytes: &[u8], page: PageChoice, all: bool) -> Result<Self, ReadError> {
        let document = Document::open(bytes)?;
        let facts = inspect(&document)?;
        let pages = u32::try_from(facts.pages).unwrap_or(u32::MAX);
        let mut examined = Examined { pages, xfa: facts.xfa, ..Examined::default() };
        for found in scan(&document)? {
            take(&mut examined, found);
        }
        let layers = hidden_layers(&document)?;
        examined.hidden_layers.extend(layers.into_iter().map(|layer| Named { page: None, name: layer.name }));
        examined.form_fields =
            facts.fillable_fields.into_iter().map(|name| Named { page: None, name }).collect();
        if !facts.signatures.is_empty() {
            let broken = validate(bytes)?.into_iter().filter_map(|report| match report.verdict {
                Verdict::Broken { why } => {
                    Some(Signature { field: report.field, why: why.code().to_owned() })
                }
                _ => None,
            });
            examined.broken_signatures = broken.collect();
        }
        let pages = match (page.index(pages), all) {
            // What is wrong with the page is told by whoever places the seal.
            _ if pages == 0 => None,
            (_, true) => Some(1..=pages),
            (Ok(index), false) => Some(index + 1..=index + 1),
            (Err(_), false) => None,
        };
        Ok(Held { examined, pages })
    }
}

/// Something that the structure holds.
fn take(examined: &mut Examined, found: FoundHazard) {
    let page = found.page.and_then(|index| u32::try_from(index + 1).ok());
    let mut acts = |kind| {
        examined.active.push(Active {
            page,
            kind,
            place: format!("object {} {}", found.object.number, found.object.generation),
        })
    };
    match found.hazard {
        Hazard::JavaScript => acts(ActiveKind::JavaScript),
        Hazard::Launch => acts(ActiveKind::Launch),
        Hazard::SubmitForm => acts(ActiveKind::SubmitForm),
        Hazard::ImportData => acts(ActiveKind::ImportData),
        Hazard::Multimedia => acts(ActiveKind::Multimedia),
        Hazard::PostScript => acts(ActiveKind::PostScript),
        Hazard::ViewAction => acts(ActiveKind::ViewAction),
        Hazard::ExternalStream => examined.external.push(External { page, kind: ExternalKind::Stream }),
        Hazard::ExternalContent => examined.external.push(External { page, kind: ExternalKind::Content }),
        Hazard::ExternalDocument => examined.external.push(External { page, kind: ExternalKind::Document }),
        Hazard::AlternateImage => examined.hidden_layers.push(Named { page, name: String::new() }),
        Hazard::EmbeddedFile | Hazard::Portfolio => {
            examined.embedded_files.push(Named { page, name: String::new() })
        }
        // Also what a later version of the reader finds: nobody here knows what it does.
        _ => acts(ActiveKind::Unreadable),
    }
}

/// What was seen of the pages.
fn show(examined: &mut Examined, looked: Looked, rules: &DocumentRules) {
    let every_page = looked.pages.len() == examined.pages as usize;
    examined.is_blank = every_page && looked.pages.iter().all(|page| page.blank);
    for PageLook { number: page, blank, missing_fonts, markers, placeholders, gaps, .. } in looked.pages {
        if blank {
            examined.blank_pages.push(page);
        }
        examined.draft_markers.extend(markers.into_iter().map(|marker| Hit { page, text: marker.word }));
        for placeholder in placeholders {
            let unfilled = rules.placeholders.iter().find(|brackets| brackets.open == placeholder.bracket);
            examined.placeholders.extend(unfilled.map(|brackets| Hit { page, text: brackets.to_string() }));
        }
        examined.underline_gaps.extend(gaps.iter().map(|_| Hit { page, text: "____".to_owned() }));
        for name in missing_fonts {
            if !examined.missing_fonts.iter().any(|known| known.name == name) {
                examined.missing_fonts.push(Named { page: Some(page), name });
            }
        }
    }
}
