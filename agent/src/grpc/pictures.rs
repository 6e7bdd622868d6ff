//! Pages on their way to whoever looks at them: one picture after another, each drawn once the one before was sent.

use std::sync::Arc;

use sealkeeper_domain::{identity::RequestId, reason::Reason};
use sealkeeper_proto::{
    FETCH_CHUNK,
    v1::{
        DrawnPage, PagesEvent, PreviewEvent, PreviewHeader, PreviewRequest, Previewed, Refusal,
        ShowPagesRequest, ShownPages, Upload, pages_event, preview_event, preview_request::Part,
    },
};
use tokio::sync::mpsc;
use tonic::{Status, Streaming};

use super::{
    Admitted,
    upload::{Ending, chunks, next},
    wire,
};
use crate::{
    pipeline::identify::Caller,
    service::{Drawing, Refused, Service, Wanted},
};

/// Events sent ahead of a caller who reads slowly.
const AHEAD: usize = 4;

/// An event that tells of pages.
trait Telling: Sized + Send + 'static {
    fn page(page: DrawnPage) -> Self;
    fn chunk(chunk: Vec<u8>) -> Self;
    fn refused(refusal: Refusal) -> Self;
}

impl Telling for PagesEvent {
    fn page(page: DrawnPage) -> Self {
        PagesEvent { event: Some(pages_event::Event::Page(page)) }
    }
    fn chunk(chunk: Vec<u8>) -> Self {
        PagesEvent { event: Some(pages_event::Event::Chunk(chunk)) }
    }
    fn refused(refusal: Refusal) -> Self {
        PagesEvent { event: Some(pages_event::Event::Refused(refusal)) }
    }
}

impl Telling for PreviewEvent {
    fn page(page: DrawnPage) -> Self {
        PreviewEvent { event: Some(preview_event::Event::Page(page)) }
    }
    fn chunk(chunk: Vec<u8>) -> Self {
        PreviewEvent { event: Some(preview_event::Event::Chunk(chunk)) }
    }
    fn refused(refusal: Refusal) -> Self {
        PreviewEvent { event: Some(preview_event::Event::Refused(refusal)) }
    }
}

type EventSender<E> = mpsc::Sender<Result<E, Status>>;
type EventReceiver<E> = mpsc::Receiver<Result<E, Status>>;

/// The pages of a request as they would be stamped.
pub(super) fn show(
    service: Arc<Service>,
    call: Admitted,
    id: RequestId,
    asked: ShowPagesRequest,
) -> EventReceiver<PagesEvent> {
    let (to, events) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        let Admitted { caller, permit } = call;
        let showing = async {
            let wanted = Wanted::new(&asked.pages, asked.dpi);
            let (digest, drawing) = service.show_pages(&caller, id, wanted).await?;
            let pages = drawing.pages();
            let shown = ShownPages {
                prepared_sha256: digest.0.to_vec(),
                page_count: pages.count(),
                boxes: vec![wire::seal_box(pages.seal_box())],
                pages: drawing.numbers(),
            };
            send(&to, PagesEvent { event: Some(pages_event::Event::Shown(shown)) }).await?;
            tell(drawing, &to).await
        };
        let shown = tokio::time::timeout(service.limits.call, showing).await;
        drop(permit);
        end(shown.unwrap_or_else(|_| Err(Ending::of(Reason::CallTimeout))), &to).await;
    });
    events
}

/// The pages of a document as they would look, were it asked for.
pub(super) fn preview(
    service: Arc<Service>,
    call: Admitted,
    mut parts: Streaming<PreviewRequest>,
) -> EventReceiver<PreviewEvent> {
    let (to, events) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        let Admitted { caller, permit } = call;
        let told = async {
            // As long as it takes, as any upload; what comes after it no longer than a call.
            let (upload, wanted) = upload(&service, caller, &mut parts, &to).await?;
            let finished = async {
                let (previewed, drawing) = service.finish_preview(upload, wanted).await?;
                let previewed = Previewed {
                    facts: Some(wire::facts(&previewed.document)),
                    findings: previewed.findings.iter().map(super::inspection::finding).collect(),
                    boxes: vec![wire::seal_box(drawing.pages().seal_box())],
                    pages: drawing.numbers(),
                };
                send(&to, PreviewEvent { event: Some(preview_event::Event::Previewed(previewed)) }).await?;
                tell(drawing, &to).await
            };
            let finished = tokio::time::timeout(service.limits.call, finished).await;
            finished.unwrap_or_else(|_| Err(Ending::of(Reason::CallTimeout)))
        };
        let told = told.await;
        // Before the caller hears of the end: the next one may follow at once.
        drop(permit);
        end(told, &to).await;
    });
    events
}

/// Header and document.
async fn upload(
    service: &Service,
    caller: Caller,
    parts: &mut Streaming<PreviewRequest>,
    to: &EventSender<PreviewEvent>,
) -> Result<(crate::service::Upload, Wanted), Ending> {
    let Some(PreviewRequest { part: Some(Part::Header(PreviewHeader { asked: Some(asked), pages, dpi })) }) =
        next(service, parts).await?
    else {
        return Err(Ending::of(Reason::UploadOutOfOrder));
    };
    let applicant = asked.applicant.clone();
    let (asked, seal) = wire::asked(asked).map_err(|status| Ending::Status(Box::new(status)))?;
    let wanted = Wanted::new(&pages, dpi);
    let (upload, wanted) = service.begin_preview(caller, asked, seal, &applicant, wanted).await?;
    let begun = preview_event::Event::Upload(Upload { wanted: true });
    send(to, PreviewEvent { event: Some(begun) }).await?;
    Ok((chunks(service, upload, parts).await?, wanted))
}

async fn tell<E: Telling>(mut drawing: Drawing, to: &EventSender<E>) -> Result<(), Ending> {
    while let Some(drawn) = drawing.next().await {
        let drawn = drawn?;
        send(to, E::page(wire::drawn_page(&drawn))).await?;
        for chunk in drawn.png.chunks(FETCH_CHUNK) {
            send(to, E::chunk(chunk.to_vec())).await?;
        }
    }
    Ok(())
}

async fn send<E>(to: &EventSender<E>, event: E) -> Result<(), Ending> {
    to.send(Ok(event)).await.map_err(|_| Ending::Gone)
}

async fn end<E: Telling>(told: Result<(), Ending>, to: &EventSender<E>) {
    let refused = |refused: &Refused| E::refused(wire::refused(refused));
    if let Some(last) = told.err().and_then(|ending| ending.last(refused)) {
        let _ = to.send(last).await;
    }
}
