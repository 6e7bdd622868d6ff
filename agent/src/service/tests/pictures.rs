//! Pages shown before a stamp and before a request: of which bytes, to whom, and what is left of them.

use std::{
    io::{Read as _, Seek as _},
    ops::RangeInclusive,
    sync::Mutex,
};

use super::{diagnosis::Confined, office::Bureau, *};
use crate::{
    pipeline::{
        pictures::DrawnPage,
        ports::document::{Confinement, DocumentFile, Looked, Picture, Sought, Unviewed, Viewer},
    },
    service::pictures::Drawing,
};

/// Draws white pages, and keeps the bytes that it was given.
#[derive(Default)]
pub(super) struct Drawer {
    given: Mutex<Vec<(Vec<u8>, u32)>>,
}

#[async_trait]
impl Viewer for Drawer {
    async fn look(
        &self,
        document: DocumentFile,
        pages: RangeInclusive<u32>,
        sought: Sought,
    ) -> Result<Looked, Unviewed> {
        Confined::wholly().look(document, pages, sought).await
    }

    async fn render(&self, document: DocumentFile, page: u32, dpi: u16) -> Result<Picture, Unviewed> {
        let (mut file, mut bytes) = (&*document.file, Vec::new());
        file.rewind().unwrap();
        file.read_to_end(&mut bytes).unwrap();
        self.given.lock().unwrap().push((bytes, page));
        let pixels = |points: u32| points * u32::from(dpi) / 72;
        let (width, height) = (pixels(595), pixels(842));
        Ok(Picture { width, height, dpi: dpi.into(), rgba: vec![255; (width * height * 4) as usize] })
    }

    async fn confinement(&self) -> Result<Confinement, Unviewed> {
        Confined::wholly().confinement().await
    }
}

/// In place of the house's own.
fn drawer(house: &mut House) -> Arc<Drawer> {
    let drawer = Arc::new(Drawer::default());
    Arc::get_mut(&mut house.service).unwrap().documents.viewer = drawer.clone();
    drawer
}

async fn all(mut drawing: Drawing) -> Vec<DrawnPage> {
    let mut drawn = Vec::new();
    while let Some(page) = drawing.next().await {
        drawn.push(page.unwrap());
    }
    drawn
}

impl House {
    async fn shown(&self, request: RequestId, pages: &str, dpi: u32) -> Result<(Digest, Drawing), Failure> {
        self.service.show_pages(&self.caller, request, Wanted::new(pages, dpi)).await
    }

    /// What this caller would be shown of a document, for themselves or somebody else.
    async fn previewed(&self, caller: &Caller, applicant: &str) -> Result<Drawing, Failure> {
        let (service, seal) = (&self.service, "contract".into());
        let wanted = Wanted::new("", 72);
        let begun =
            service.begin_preview(caller.clone(), asked_for(&document()), seal, applicant, wanted).await;
        let (upload, wanted) = begun?;
        assert!(upload.wanted(), "whoever previews has the document");
        let upload = service.take_chunk(upload, document()).await?;
        Ok(service.finish_preview(upload, wanted).await?.1)
    }
}

/// The colour of a pixel.
fn pixel(page: &DrawnPage, x: u32, y: u32) -> [u8; 3] {
    let mut reader = png::Decoder::new(std::io::Cursor::new(&page.png)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    pixels[(3 * (y * page.width + x)) as usize..][..3].try_into().unwrap()
}

#[tokio::test]
async fn what_is_drawn_is_what_is_confirmed_and_stamped() {
    let mut house = house(Manner::Signs);
    let drawer = drawer(&mut house);
    let request = house.submit(1).await;
    let (digest, drawing) = house.shown(request, "", 0).await.unwrap();
    assert_eq!(digest, house.service.review(&house.caller, request).await.unwrap().prepared);
    assert_eq!((drawing.numbers(), drawing.pages().count()), (vec![1], 1));
    let drawn = all(drawing).await;
    assert_eq!((drawn[0].number, drawn[0].width, drawn[0].dpi), (1, 1239, 150.0));
    assert_eq!(pixel(&drawn[0], 590, 1181), [255; 3], "what is confirmed is shown as it is");
    let (given, page) = drawer.given.lock().unwrap().remove(0);
    assert_eq!(page, 1);

    let use_id = new_use();
    let stamp = house.service.clone().stamp(house.caller.clone(), request, use_id, digest, no_pin());
    assert!(matches!(stamp.await.unwrap(), StampOutcome::Complete(_)));
    let (_, appended) = house.service.fetch(&house.caller, use_id).await.unwrap();
    let stamped = [document(), appended].concat();
    // They differ in nothing but the fields of the one use, whose lengths are fixed: /M, /ID, the journal entry, and /Contents.
    assert_eq!(given.len(), stamped.len());
    let differing = given.iter().zip(&stamped).filter(|(drawn, stamped)| drawn != stamped).count();
    assert!(given.starts_with(&document()) && differing < 8_000, "{differing} of {}", given.len());
    let start = |bytes: &[u8]| bytes.windows(9).position(|window| window == b"/Contents").unwrap();
    let contents = start(&given);
    assert_eq!(contents, start(&stamped));
}

#[tokio::test]
async fn another_place_is_another_digest() {
    let mut house = house(Manner::Signs);
    drawer(&mut house);
    let first = house.submit(1).await;
    let asked = Asked {
        placements: vec![Placement::new(PageChoice::Last, 100_001, 200_000)],
        ..asked_for(&document())
    };
    let upload =
        house.service.begin_submit(house.caller.clone(), asked, "contract".into(), "").await.unwrap();
    let second = house.service.finish_submit(upload).await.unwrap().request;
    let (first, _) = house.shown(first, "", 0).await.unwrap();
    let (other, _) = house.shown(second, "", 0).await.unwrap();
    assert_ne!(first, other);
    let stamp = house.service.clone().stamp(house.caller.clone(), second, new_use(), first, no_pin());
    assert_eq!(reasons(stamp.await.unwrap_err()), "confirmation-mismatch");
}

#[tokio::test]
async fn what_cannot_be_shown_is_refused_by_its_reason() {
    let mut house = house(Manner::Signs);
    drawer(&mut house);
    let request = house.submit(1).await;
    for (pages, dpi, reason) in [
        ("1,x", 0, "pages-bad"),
        ("2", 0, "page-unknown"),
        ("", 301, "dpi-out-of-range"),
        ("", 35, "dpi-out-of-range"),
    ] {
        assert_eq!(reasons(house.shown(request, pages, dpi).await.err().unwrap()), reason);
    }
    assert!(house.types().await.iter().all(|typ| *typ == "refused"), "on record");
    let (_, mut drawing) = house.shown(request, "all", 0).await.unwrap();
    drawing.room = 10;
    assert_eq!(reasons(drawing.next().await.unwrap().err().unwrap()), "pictures-too-large");
    assert!(drawing.next().await.is_none(), "there is no more after a refusal");
    let visitor = visitor();
    let refused = house.service.show_pages(&visitor, request, Wanted::new("", 0)).await;
    assert_eq!(reasons(refused.err().unwrap()), "request-unknown");
}

#[tokio::test]
async fn pages_are_shown_by_a_few_calls_at_once_and_the_others_wait() {
    let mut house = house(Manner::Signs);
    drawer(&mut house);
    let request = house.submit(1).await;
    let mut shown = Vec::new();
    for _ in 0..crate::service::pictures::AT_ONCE {
        shown.push(house.shown(request, "", 72).await.unwrap());
    }
    let waits = tokio::time::timeout(Duration::from_millis(200), house.shown(request, "", 72)).await;
    assert!(waits.is_err());
    shown.pop();
    assert!(house.shown(request, "", 72).await.is_ok());
}

#[tokio::test]
async fn a_preview_is_struck_through_and_leaves_nothing() {
    let mut house = house(Manner::Signs);
    let drawer = drawer(&mut house);
    let caller = house.caller.clone();
    let drawing = house.previewed(&caller, "").await.unwrap();
    assert_eq!((drawing.numbers(), drawing.pages().seal_box().left_um), (vec![1], 80_000));
    let drawn = all(drawing).await;
    // At 72 dpi: the corner of the frame, 80 mm from the left and 180 mm from the top, and the paper beside it.
    assert_eq!((pixel(&drawn[0], 227, 511), pixel(&drawn[0], 224, 511)), ([0x1f, 0x4f, 0xc8], [255; 3]));
    assert!(drawer.given.lock().unwrap()[0].0.starts_with(&document()));
    assert_eq!((house.types().await.len(), house.service.spool.used().unwrap()), (0, 0));
    assert_eq!(std::fs::read_dir(house.directory.path().join("spool")).unwrap().count(), 0);
    assert!(!house.service.ledger.knows_document(Digest::of(&document()), None).await.unwrap());
}

#[tokio::test]
async fn the_seal_is_shown_to_its_custodian_and_in_previews_to_whom_it_is_granted() {
    let mut bureau = Bureau::with_seal().await;
    drawer(&mut bureau.house);
    let id = bureau.brought("clerk", "").await;
    let shown = async |who: &str| {
        let caller = bureau.who(who);
        let shown = bureau.house.service.show_pages(&caller, id, Wanted::new("", 72)).await;
        shown.map(|_| ()).map_err(reasons)
    };
    for (who, reason) in
        [("partner", "request-unknown"), ("auditor", "not-custodian"), ("clerk", "not-custodian")]
    {
        let refused = shown(who).await.unwrap_err();
        assert!(refused.contains(reason), "{who}: {refused}");
    }
    let unfiled = shown("keeper").await.unwrap_err();
    assert!(unfiled.contains("request-not-filed"), "{unfiled}");

    let house = &bureau.house;
    assert!(house.previewed(&bureau.who("clerk"), "").await.is_ok(), "who was granted the seal");
    assert_eq!(reasons(house.previewed(&bureau.who("auditor"), "").await.err().unwrap()), "grant-missing");
    let refused = house.previewed(&bureau.who("partner"), "clerk").await.err().unwrap();
    assert_eq!(reasons(refused), "preview-for-another");
}
