//! Pictures of pages with the seal in place: of what is about to be stamped, and, with the seal struck through, of what might be asked for.

use std::collections::VecDeque;

use sealkeeper_domain::reason::Reason;
use sealkeeper_proto::v1::{self, pages_event, preview_event, preview_request};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::connection::answered;
use crate::error::ClientError;
use crate::stamp::lost;
use crate::upload::Upload;
use crate::{Agent, Document, Order};

/// Which pages, and how fine.
#[derive(Debug, Clone, Default)]
pub struct Pictures {
    /// `1,3-5` or `all`; empty: those that bear a seal. An agent draws at most 32 pages at once.
    pub pages: String,
    /// Pixels to the inch, 36 to 300; 0: as many as the agent takes by default, 150.
    pub dpi: u32,
}

/// The picture of one page.
#[derive(Debug, Clone, PartialEq)]
pub struct PagePicture {
    /// Page, from 1.
    pub number: u32,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Pixels to the inch.
    pub dpi: f64,
    /// The PNG's bytes.
    pub png: Vec<u8>,
}

/// The most bytes an agent may tell of one picture.
const PICTURE_LIMIT: u32 = 64 << 20;
/// How a PNG begins (RFC 2083 §3.1).
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

impl Agent {
    /// Has pages of a request drawn as they would be stamped now, and gives each to `take` as it comes. `prepared_sha256` is what was reviewed: pages of
    /// anything else are an error.
    ///
    /// # Errors
    /// A refusal, [`Reason::ConfirmationMismatch`] where what is to be stamped changed since the review, whatever `take` tells, a fault.
    pub async fn show_pages(
        &self,
        request_id: &str,
        prepared_sha256: &[u8],
        wanted: &Pictures,
        mut take: impl FnMut(PagePicture) -> Result<(), ClientError>,
    ) -> Result<v1::ShownPages, ClientError> {
        use pages_event::Event;
        let Pictures { pages, dpi } = wanted.clone();
        let request = v1::ShowPagesRequest { request_id: request_id.to_owned(), pages, dpi };
        let mut events = answered(self.uses().show_pages(request).await)?;
        let (mut shown, mut coming) = (None, None);
        while let Some(v1::PagesEvent { event }) =
            events.message().await.map_err(|status| ClientError::from_status(&status))?
        {
            match event {
                Some(Event::Shown(first)) if shown.is_none() => {
                    if first.prepared_sha256 != prepared_sha256 {
                        return Err(ClientError::local(Reason::ConfirmationMismatch, request_id));
                    }
                    coming = Some(Coming::of(&first.pages));
                    shown = Some(first);
                }
                Some(Event::Page(page)) => begun(&mut coming)?.begin(&page)?,
                Some(Event::Chunk(chunk)) => {
                    begun(&mut coming)?.extend(&chunk).and_then(|whole| whole.map_or(Ok(()), &mut take))?
                }
                Some(Event::Refused(refusal)) => return Err(ClientError::Refused(Box::new(refusal))),
                Some(Event::Shown(_)) => return Err(out_of_order()),
                // An event of a later version.
                None => {}
            }
        }
        begun(&mut coming)?.check_whole()?;
        shown.ok_or_else(out_of_order)
    }

    /// Has pages of a document drawn as they would look if this were asked for, the seal struck through. Nothing is asked for by it, and nothing kept.
    ///
    /// # Errors
    /// A refusal, whatever `take` tells, [`Reason::InputUnreadable`], a fault.
    pub async fn preview(
        &self,
        document: &Document,
        order: &Order,
        wanted: &Pictures,
        take: impl FnMut(PagePicture) -> Result<(), ClientError>,
    ) -> Result<v1::Previewed, ClientError> {
        let (parts, receiver) = mpsc::channel(4);
        let Pictures { pages, dpi } = wanted.clone();
        let header = v1::PreviewHeader { asked: Some(order.header(document)), pages, dpi };
        let header = v1::PreviewRequest { part: Some(preview_request::Part::Header(header)) };
        parts.send(header).await.map_err(|_| lost("the upload was closed"))?;
        let events = answered(self.uses().preview(ReceiverStream::new(receiver)).await)?;
        let mut upload = Upload::Waiting(parts);
        let previewed = previewed(events, document, &mut upload, take).await;
        // As of a submission: what cannot be read explains any other answer.
        upload.end(document).await?;
        previewed
    }
}

async fn previewed(
    mut events: tonic::Streaming<v1::PreviewEvent>,
    document: &Document,
    upload: &mut Upload<v1::PreviewRequest>,
    mut take: impl FnMut(PagePicture) -> Result<(), ClientError>,
) -> Result<v1::Previewed, ClientError> {
    use preview_event::Event;
    let (mut previewed, mut coming) = (None, None);
    while let Some(v1::PreviewEvent { event }) =
        events.message().await.map_err(|status| ClientError::from_status(&status))?
    {
        match event {
            Some(Event::Upload(v1::Upload { wanted })) => {
                let waiting = std::mem::replace(upload, Upload::Done);
                *upload = waiting.begin(document, wanted, |chunk| v1::PreviewRequest {
                    part: Some(preview_request::Part::Chunk(chunk)),
                });
            }
            Some(Event::Previewed(first)) if previewed.is_none() => {
                if first.facts.as_ref().is_none_or(|facts| facts.sha256[..] != document.sha256()[..]) {
                    return Err(ClientError::answer("previewed another document"));
                }
                coming = Some(Coming::of(&first.pages));
                previewed = Some(first);
            }
            Some(Event::Page(page)) => begun(&mut coming)?.begin(&page)?,
            Some(Event::Chunk(chunk)) => {
                begun(&mut coming)?.extend(&chunk).and_then(|whole| whole.map_or(Ok(()), &mut take))?
            }
            Some(Event::Refused(refusal)) => return Err(ClientError::Refused(Box::new(refusal))),
            Some(Event::Previewed(_)) => return Err(out_of_order()),
            None => {}
        }
    }
    begun(&mut coming)?.check_whole()?;
    previewed.ok_or_else(out_of_order)
}

/// Pictures as they come, in the order that was told.
struct Coming {
    numbers: VecDeque<u32>,
    page: Option<(PagePicture, usize)>,
}

impl Coming {
    fn of(numbers: &[u32]) -> Self {
        Self { numbers: numbers.iter().copied().collect(), page: None }
    }

    fn begin(&mut self, page: &v1::DrawnPage) -> Result<(), ClientError> {
        let is_next = self.page.is_none() && self.numbers.pop_front() == Some(page.number);
        if !is_next || !(1..=PICTURE_LIMIT).contains(&page.size) {
            return Err(out_of_order());
        }
        let (number, width, height, dpi) = (page.number, page.width, page.height, page.dpi);
        // No more memory than has arrived: the size is only announced.
        self.page = Some((PagePicture { number, width, height, dpi, png: Vec::new() }, page.size as usize));
        Ok(())
    }

    /// The picture, once all of it is there.
    fn extend(&mut self, chunk: &[u8]) -> Result<Option<PagePicture>, ClientError> {
        let (mut picture, size) = self.page.take().ok_or_else(out_of_order)?;
        picture.png.extend_from_slice(chunk);
        if picture.png.len() < size {
            self.page = Some((picture, size));
            return Ok(None);
        }
        if picture.png.len() > size || !picture.png.starts_with(PNG) {
            return Err(out_of_order());
        }
        Ok(Some(picture))
    }

    fn check_whole(&self) -> Result<(), ClientError> {
        if self.page.is_none() && self.numbers.is_empty() {
            Ok(())
        } else {
            Err(lost("the pictures broke off"))
        }
    }
}

fn begun(coming: &mut Option<Coming>) -> Result<&mut Coming, ClientError> {
    coming.as_mut().ok_or_else(out_of_order)
}

fn out_of_order() -> ClientError {
    ClientError::answer("pictures of pages that are not as announced")
}
