//! The agent's pictures of pages: each two chunks long.

use sealkeeper_proto::v1::{self, pages_event, preview_event, preview_request};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use tonic::{Status, Streaming};

use super::{Service, Trouble};
use crate::agent::uses::refusal;

/// The picture of a page.
pub(crate) fn png(page: u32) -> Vec<u8> {
    [b"\x89PNG\r\n\x1a\n".as_slice(), format!("page {page}").as_bytes()].concat()
}

fn drawn(number: u32) -> v1::DrawnPage {
    v1::DrawnPage { number, width: 1240, height: 1754, dpi: 150.0, size: png(number).len() as u32 }
}

impl Service {
    pub(super) fn pages(&self, asked: v1::ShowPagesRequest) -> Vec<Result<v1::PagesEvent, Status>> {
        use pages_event::Event;
        let numbers: Vec<u32> = asked.pages.split(',').map(|number| number.parse().unwrap()).collect();
        self.state().pages_asked.push(asked);
        let changed = self.state().takes(Trouble::ChangeReviewed);
        let prepared_sha256 = if changed { vec![9; 32] } else { vec![8; 32] };
        let shown = v1::ShownPages { prepared_sha256, pages: numbers.clone(), ..Default::default() };
        let mut events = vec![Event::Shown(shown)];
        for number in numbers {
            if self.state().takes(Trouble::RefusePicture) {
                events.push(Event::Refused(refusal(&["document-too-hard-time"])));
                break;
            }
            events.push(Event::Page(drawn(number)));
            events.extend(png(number).chunks(9).map(|chunk| Event::Chunk(chunk.to_vec())));
        }
        if self.state().takes(Trouble::LosePicture) {
            events.pop();
        }
        events.into_iter().map(|event| Ok(v1::PagesEvent { event: Some(event) })).collect()
    }

    pub(super) async fn previewed(
        &self,
        mut parts: Streaming<v1::PreviewRequest>,
        events: &mpsc::Sender<Result<v1::PreviewEvent, Status>>,
    ) {
        use preview_event::Event;
        let send = async |event| events.send(Ok(v1::PreviewEvent { event: Some(event) })).await.unwrap();
        let Some(v1::PreviewRequest { part: Some(preview_request::Part::Header(header)) }) =
            parts.message().await.unwrap()
        else {
            panic!("no header");
        };
        let asked = header.asked.unwrap();
        send(Event::Upload(v1::Upload { wanted: true })).await;
        let mut document = Vec::new();
        while let Ok(Some(v1::PreviewRequest { part: Some(preview_request::Part::Chunk(chunk)) })) =
            parts.message().await
        {
            document.extend_from_slice(&chunk);
        }
        assert_eq!(Sha256::digest(&document)[..], asked.sha256[..]);
        let facts = v1::Facts { sha256: asked.sha256, pages: 2, ..Default::default() };
        let place = v1::Box { page: 2, left_um: 46_000, top_um: 68_000, width_um: 40_000, height_um: 40_000 };
        let previewed =
            v1::Previewed { facts: Some(facts), boxes: vec![place], pages: vec![2], ..Default::default() };
        send(Event::Previewed(previewed)).await;
        send(Event::Page(drawn(2))).await;
        for chunk in png(2).chunks(9) {
            send(Event::Chunk(chunk.to_vec())).await;
        }
    }
}
