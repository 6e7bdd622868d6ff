//! Pages shown before a stamp (U5), and before a request: pictures one by one, as they are asked for.

use std::{collections::VecDeque, sync::Arc};

use sealkeeper_domain::{
    identity::{Digest, RequestId, UseId},
    reason::Reason,
    refusal::Violation,
    request::Asked,
    viewing::{PageSet, Resolution},
};
use sealkeeper_pades::revision::InputDigest;
use tokio::sync::OwnedSemaphorePermit;

use super::{
    DocumentFacts, Failure, Finding, Service, Subject, Upload, disk, joined,
    submit::{check_size, other_digest},
};
use crate::{
    pipeline::{
        At, Stop,
        identify::Caller,
        inspect::Content,
        pictures::{DrawnPage, Pages},
        ports::document::DocumentFile,
    },
    policy::Thresholds,
    spool::{Incoming, Reservation, Spool, Spooled},
};

/// Calls that show pages at once, further ones wait: each has a copy of its document on the disk.
pub(super) const AT_ONCE: usize = 4;
/// Most bytes of all pictures of one call.
const MOST_BYTES: usize = 256 << 20;

/// What is to be seen, and how fine.
#[derive(Clone)]
pub(crate) struct Wanted {
    pub(crate) pages: PageSet,
    pub(crate) resolution: Resolution,
}

impl Wanted {
    /// As the contract names them.
    pub(crate) fn new(pages: &str, dpi: u32) -> Result<Self, Violation> {
        Ok(Wanted { pages: PageSet::parse(pages)?, resolution: Resolution::new(dpi)? })
    }
}

/// Pages that are being shown. Dropped, it leaves nothing of the document.
pub(crate) struct Drawing {
    service: Arc<Service>,
    subject: Subject,
    pages: Pages,
    left: VecDeque<u32>,
    resolution: Resolution,
    /// Bytes that further pictures may have.
    pub(super) room: usize,
    _turn: OwnedSemaphorePermit,
    /// A document that is here for this only, and the room in the spool that it takes.
    _brought: Option<(Incoming, Reservation)>,
}

/// What a preview tells beside its pictures.
pub(crate) struct Previewed {
    pub(crate) document: DocumentFacts,
    pub(crate) findings: Vec<Finding>,
}

impl Drawing {
    /// What there is to draw.
    pub(crate) fn pages(&self) -> &Pages {
        &self.pages
    }

    /// Numbers of the pages still to come.
    pub(crate) fn numbers(&self) -> Vec<u32> {
        self.left.iter().copied().collect()
    }

    /// The next picture; `None` after the last. What stands against one is on record, and ends it.
    pub(crate) async fn next(&mut self) -> Option<Result<DrawnPage, Failure>> {
        let number = self.left.pop_front()?;
        let viewer = &*self.service.documents.viewer;
        let drawn = self.pages.draw(viewer, number, self.resolution).await;
        let drawn = drawn.and_then(|drawn| {
            let large =
                || Violation::new(Reason::PicturesTooLarge).with("page", number).with("limit", MOST_BYTES);
            self.room = self.room.checked_sub(drawn.png.len()).ok_or_else(large).at("review")?;
            Ok(drawn)
        });
        match drawn {
            Ok(drawn) => Some(Ok(drawn)),
            Err(stop) => {
                self.left.clear();
                Some(Err(self.service.refuse(self.subject.clone(), stop).await))
            }
        }
    }
}

impl Service {
    /// The pages of the revision as it would be stamped now, for whoever may review it, with the digest that is confirmed.
    pub(crate) async fn show_pages(
        self: &Arc<Self>,
        caller: &Caller,
        id: RequestId,
        wanted: Result<Wanted, Violation>,
    ) -> Result<(Digest, Drawing), Failure> {
        let subject = self.with_request(Subject::new("show-pages", caller).request(id), id).await;
        match self.shown_pages(caller, id, wanted, subject.clone()).await {
            Ok(shown) => Ok(shown),
            Err(stop) => Err(self.refuse(subject, stop).await),
        }
    }

    async fn shown_pages(
        self: &Arc<Self>,
        caller: &Caller,
        id: RequestId,
        wanted: Result<Wanted, Violation>,
        subject: Subject,
    ) -> Result<(Digest, Drawing), Stop> {
        self.check_visible(caller, id).await?;
        let wanted = wanted.at("review")?;
        let kept = self.open_request(id).await?;
        let turn = self.turn_to_draw().await?;
        let ready = self.prepare(caller, &kept, UseId::new(uuid::Uuid::new_v4())).await?;
        let spool = self.spool.clone();
        let writing = tokio::task::spawn_blocking(move || {
            let page_count = u32::try_from(ready.document.facts.pages).unwrap_or(u32::MAX);
            ready.prepared.shown(page_count, |appended, page_count| {
                revised(&spool, &ready.spooled, appended, page_count)
            })
        });
        let shown = joined(writing.await)??;
        let drawing = self.drawing(subject, shown.pages, &wanted, turn, None)?;
        Ok((shown.digest, drawing))
    }

    /// As a submission begins, but that nothing is kept of it: for the caller's own use, and with the document in any case, for one that is here is
    /// somebody's.
    pub(crate) async fn begin_preview(
        &self,
        caller: Caller,
        asked: Asked,
        seal: String,
        applicant: &str,
        wanted: Result<Wanted, Violation>,
    ) -> Result<(Upload, Wanted), Failure> {
        let subject = Subject::new("preview", &caller).seal(&seal).document(asked.sha256);
        let begun = async {
            if !applicant.is_empty() && applicant != caller.person().id.as_str() {
                return Err(Violation::new(Reason::PreviewForAnother).with("person", applicant)).at("admit");
            }
            let wanted = wanted.at("admit")?;
            let applicant = caller.person().id.clone();
            self.admitted(&asked, &seal, applicant.clone(), &self.policy.now())?;
            // Nothing is kept of it; but the room it takes meanwhile is theirs.
            let reservation = self.share_of(&applicant, asked.size, None).await?;
            Ok((applicant, self.receive(asked.size)?, reservation, wanted))
        };
        match begun.await {
            Ok((applicant, incoming, reservation, wanted)) => {
                let (arrival, due) = (self.spool.arrive(asked.sha256), self.due(asked.size));
                let incoming = Some(incoming);
                let upload =
                    Upload { caller, applicant, asked, seal, subject, incoming, arrival, reservation, due };
                Ok((upload, wanted))
            }
            Err(stop) => Err(self.refuse(subject, stop).await),
        }
    }

    /// The document is there: judged as at its submission, and shown with the seal struck through.
    pub(crate) async fn finish_preview(
        self: &Arc<Self>,
        upload: Upload,
        wanted: Wanted,
    ) -> Result<(Previewed, Drawing), Failure> {
        let subject = upload.subject.clone();
        match self.previewed(upload, wanted).await {
            Ok(previewed) => Ok(previewed),
            Err(stop) => Err(self.refuse(subject, stop).await),
        }
    }

    async fn previewed(
        self: &Arc<Self>,
        upload: Upload,
        wanted: Wanted,
    ) -> Result<(Previewed, Drawing), Stop> {
        let Upload { caller, asked, seal, subject, incoming, reservation, .. } = upload;
        let incoming = incoming.ok_or_else(|| Stop::Fault("a preview without its document".into()))?;
        let policy = self.policy.now();
        let turn = self.turn_to_draw().await?;
        let checking = tokio::task::spawn_blocking(move || {
            check_size(&incoming, &asked)?;
            let spooled = incoming.whole(asked.sha256).map_err(|error| disk("upload", &error))?;
            Ok::<_, Stop>((spooled.map_err(other_digest).at("upload")?, incoming, asked))
        });
        let (spooled, incoming, asked) = joined(checking.await)??;
        let read = self
            .examined_in(&asked, policy.document.clone(), move |_| {
                let input = InputDigest::of(spooled.bytes());
                Ok((spooled, input))
            })
            .await?;
        let service = self.clone();
        let sketching =
            tokio::task::spawn_blocking(move || service.sketched(&caller, (&asked, &seal), read, &policy));
        let (pages, previewed) = joined(sketching.await)??;
        let drawing = self.drawing(subject, pages, &wanted, turn, Some((incoming, reservation)))?;
        Ok((previewed, drawing))
    }

    /// All that is judged at a submission, and the pages as they would look.
    fn sketched(
        &self,
        caller: &Caller,
        (asked, seal): (&Asked, &str),
        (spooled, input, content): (Spooled, InputDigest, Content),
        policy: &Thresholds,
    ) -> Result<(Pages, Previewed), Stop> {
        let applicant = caller.person().id.clone();
        let read = (&spooled, input, content);
        let (placed, document) = self.place(asked, seal, applicant.clone(), read, policy)?;
        // Of a request that is not made.
        let id = RequestId::new(uuid::Uuid::new_v4());
        let expires_us = self.clock.now_us().saturating_add(policy.request_lifetime_ms.saturating_mul(1000));
        if self.drafted(&placed, id, caller, &applicant, expires_us, policy)?.is_none() {
            placed.admissible_solo(policy).at("approve")?;
        }
        let of_token = self.inspection_warning(&placed.terms().seal);
        let findings = of_token.into_iter().chain(Finding::of_document(placed.findings())).collect();
        let pages =
            placed.sketched(|appended, page_count| revised(&self.spool, &spooled, appended, page_count))?;
        Ok((pages, Previewed { document, findings }))
    }

    async fn turn_to_draw(&self) -> Result<OwnedSemaphorePermit, Stop> {
        // It is never closed.
        self.drawings.clone().acquire_owned().await.map_err(|error| Stop::Fault(error.to_string()))
    }

    fn drawing(
        self: &Arc<Self>,
        subject: Subject,
        pages: Pages,
        wanted: &Wanted,
        turn: OwnedSemaphorePermit,
        brought: Option<(Incoming, Reservation)>,
    ) -> Result<Drawing, Stop> {
        let left = pages.numbers(&wanted.pages).at("review")?.into();
        Ok(Drawing {
            service: self.clone(),
            subject,
            pages,
            left,
            resolution: wanted.resolution,
            room: MOST_BYTES,
            _turn: turn,
            _brought: brought,
        })
    }
}

/// The document followed by these bytes, in a nameless file: copied by the kernel, or not at all where the file system shares what is the same. Whoever
/// draws it gets one file, as for any other document, and a stamp needs the same room on the disk.
fn revised(
    spool: &Spool,
    document: &Spooled,
    appended: &[u8],
    page_count: u32,
) -> Result<DocumentFile, Stop> {
    let whole = spool.copy(document).and_then(|copied| copied.with_appended(appended));
    whole.and_then(|whole| whole.read_only(page_count)).map_err(|error| disk("prepare", &error))
}
