//! What a document shows and holds (U4, U7, U8): the structure is read here, what is on its pages is asked of the workers. Found once for each
//! document, for its bytes never change, and kept while requests are likely to come back to it.

use std::{
    collections::VecDeque,
    mem,
    ops::RangeInclusive,
    sync::{Arc, Mutex, PoisonError},
};

use sealkeeper_domain::{
    document::{
        Active, ActiveKind, Damaged, DamagedKind, Examined, External, ExternalKind, Hit, Named, Signature,
    },
    identity::Digest,
    placement::PageChoice,
    policy::DocumentRules,
    reason::Reason,
    refusal::Violation,
    request,
};
use sealkeeper_pades::{
    Document, Facts, FoundHazard, Hazard, ReadError, hidden_layers, inspect,
    revision::InputDigest,
    scan,
    validate::{Coverage, Verdict, changed_since, validate},
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
    kept: Mutex<VecDeque<(LookedFor, Content)>>,
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
    facts: Facts,
    examined: Examined,
    /// The pages to look at, from 1; none where the one to be stamped is not there.
    pages: Option<RangeInclusive<u32>>,
    /// Width and height as seen of each page to look at, pt, where they are certain.
    sizes: Vec<Option<(f64, f64)>>,
}

impl Documents {
    pub(crate) fn new(viewer: Arc<dyn Viewer>) -> Self {
        Documents { viewer, kept: Mutex::default() }
    }

    fn known(&self, asked: &LookedFor) -> Option<Content> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(known, _)| known == asked).map(|(_, content)| content.clone())
    }

    fn keep(&self, asked: LookedFor, content: Content) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.truncate(KEPT - 1);
        kept.push_front((asked, content));
    }
}

impl Service {
    /// The document of this digest from the spool, and its content as far as these rules want it.
    pub(super) async fn examined(
        self: &Arc<Self>,
        asked: &request::Asked,
        rules: DocumentRules,
    ) -> Result<(Spooled, InputDigest, Content), Stop> {
        let sha256 = asked.sha256;
        self.examined_in(asked, rules, move |service| service.document(sha256)).await
    }

    /// The same of the document wherever it lies.
    pub(super) async fn examined_in(
        self: &Arc<Self>,
        asked: &request::Asked,
        rules: DocumentRules,
        open: impl FnOnce(&Service) -> Result<(Spooled, InputDigest), Stop> + Send + 'static,
    ) -> Result<(Spooled, InputDigest, Content), Stop> {
        let (service, sha256) = (self.clone(), asked.sha256);
        // An ask for no place, or for several, was refused before.
        let page = asked.placements.first().and_then(|placement| placement.as_ref().ok());
        let page = page.map_or(PageChoice::Last, |placement| placement.page);
        let all = rules.examine_all_pages;
        let looked_for = LookedFor { sha256, page: (!all).then_some(page), rules };
        if let Some(known) = self.documents.known(&looked_for) {
            let reading = tokio::task::spawn_blocking(move || open(&service));
            let (spooled, input) = joined(reading.await)??;
            return Ok((spooled, input, known));
        }
        let reading = tokio::task::spawn_blocking(move || {
            let (spooled, input) = open(&service)?;
            let held =
                Held::read(spooled.bytes(), page, all).map_err(|error| unreadable(&error)).at("inspect")?;
            Ok::<_, Stop>((spooled, input, held))
        });
        let (spooled, input, Held { facts, mut examined, pages, sizes }) = joined(reading.await)??;
        let content = |examined: Examined| Content { sha256, facts: facts.into(), examined: examined.into() };
        let Some(pages) = pages else { return Ok((spooled, input, content(examined))) };
        let file =
            spooled.read_only(examined.pages).map_err(|error| Stop::Fault(format!("spool: {error}")))?;
        let sought = Sought { draft_words: looked_for.rules.draft_markers.clone(), keywords: Vec::new() };
        // Readers would show different documents.
        let other = || Violation::new(Reason::PdfDamaged).with("what", "page-count");
        let looked = self.documents.viewer.look(file, pages, sought).await;
        let looked = looked.map_err(|unviewed| match unviewed.reason {
            Reason::PdfNoSuchPage => other(),
            _ => Violation::from(unviewed),
        });
        let looked = looked.at("inspect")?;
        if looked.page_count != examined.pages {
            return Err(other().with("seen", looked.page_count)).at("inspect");
        }
        compare(&mut examined, &looked, &sizes);
        show(&mut examined, looked, &looked_for.rules);
        let content = content(examined);
        self.documents.keep(looked_for, content.clone());
        Ok((spooled, input, content))
    }
}

impl Held {
    fn read(bytes: &[u8], page: PageChoice, all: bool) -> Result<Self, ReadError> {
        let document = Document::open(bytes)?;
        let mut facts = inspect(&document)?;
        let pages = u32::try_from(facts.pages).unwrap_or(u32::MAX);
        let mut examined = Examined { pages, xfa: facts.xfa, ..Examined::default() };
        for found in scan(&document)? {
            take(&mut examined, found);
        }
        let layers = hidden_layers(&document)?;
        examined.hidden_layers.extend(layers.into_iter().map(|layer| Named { page: None, name: layer.name }));
        examined.form_fields =
            // They may be many, and are not kept twice.
            mem::take(&mut facts.fillable_fields).into_iter().map(|name| Named { page: None, name }).collect();
        if !facts.signatures.is_empty() {
            for report in validate(bytes)? {
                let why = match (report.verdict, report.coverage) {
                    (Verdict::Broken { why }, _) => why.code(),
                    // Intact or not judged: a page that changed since is not what was signed.
                    (_, Some(Coverage::WholeRevision { end })) if changed_since(&document, end)? => {
                        Reason::SignatureChangedAfterwards.code()
                    }
                    _ => continue,
                };
                examined.broken_signatures.push(Signature { field: report.field, why: why.to_owned() });
            }
        }
        let pages = match (page.index(pages), all) {
            // What is wrong with the page is told by whoever places the seal.
            _ if pages == 0 => None,
            (_, true) => Some(1..=pages),
            (Ok(index), false) => Some(index + 1..=index + 1),
            (Err(_), false) => None,
        };
        let size = |index| Some(document.page(index).ok()?.geometry().ok()?.visible_size_um());
        let point = |um: u32| f64::from(um) * 72.0 / 25_400.0;
        let sizes = pages.clone().into_iter().flatten().map(|number| {
            let (width, height) = size(number as usize - 1)?;
            Some((point(width), point(height)))
        });
        let sizes = sizes.collect();
        Ok(Held { facts, examined, pages, sizes })
    }
}

/// Something that the structure holds.
fn take(examined: &mut Examined, found: FoundHazard) {
    let page = found.page.and_then(|index| u32::try_from(index + 1).ok());
    let place = format!("object {} {}", found.object.number, found.object.generation);
    let mut damaged = |kind| examined.damaged.push(Damaged { page, kind, place: place.clone() });
    let mut acts = |kind| examined.active.push(Active { page, kind, place: place.clone() });
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
        Hazard::AlternateImage | Hazard::InverseLayer => {
            examined.hidden_layers.push(Named { page, name: String::new() })
        }
        Hazard::EmbeddedFile | Hazard::Portfolio => {
            examined.embedded_files.push(Named { page, name: String::new() })
        }
        Hazard::StreamLength => damaged(DamagedKind::StreamLength),
        Hazard::Lost => damaged(DamagedKind::Lost),
        // Also what a later version of the reader finds: nobody here knows what it does.
        _ => damaged(DamagedKind::Unreadable),
    }
}

/// By how much two may differ on the length of a page's side and yet mean the same, pt.
const SAME: f64 = 1.0;

/// A page that the viewer draws in another size than it has is not what anybody confirms. `sizes` are those of the pages that were looked at.
fn compare(examined: &mut Examined, looked: &Looked, sizes: &[Option<(f64, f64)>]) {
    for (page, size) in looked.pages.iter().zip(sizes) {
        let Some((width, height)) = *size else { continue };
        let same = |one: f64, other: f64| (one - other).abs() <= SAME + other.abs() * 1e-3;
        if !same(page.width_pt, width) || !same(page.height_pt, height) {
            let place = String::new();
            examined.damaged.push(Damaged { page: Some(page.number), kind: DamagedKind::PageSize, place });
        }
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
