//! What documents hold beside the marks on their pages, wherever it hangs.

use crate::seed::Seed;
use sealkeeper_pades::{Document, Hazard, hidden_layers, scan};

/// What is found in a document of one page whose catalog has these entries, beside these further objects from number 4 on.
fn found(catalog: &str, page: &str, objects: &[&str]) -> Vec<(Hazard, u32, Option<usize>)> {
    let mut seed = Seed::new()
        .object(1, &format!("<</Type/Catalog/Pages 2 0 R{catalog}>>"))
        .object(2, "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]>>")
        .object(3, &format!("<</Type/Page/Parent 2 0 R{page}>>"));
    for (number, object) in (4..).zip(objects) {
        seed = seed.object(number, object);
    }
    let bytes = seed.table("/Size 99/Root 1 0 R");
    let document = Document::open(&bytes).unwrap();
    let found = scan(&document).unwrap();
    found.into_iter().map(|found| (found.hazard, found.object.number, found.page)).collect()
}

#[test]
fn a_plain_page_holds_nothing_else() {
    assert_eq!(
        found("/OpenAction[3 0 R/Fit]/PageLabels<</Nums[0<</S/D>>]>>", "/Group<</S/Transparency>>", &[]),
        []
    );
    assert_eq!(found("/OpenAction<</S/GoTo/D[3 0 R/Fit]>>", "", &[]), []);
    assert_eq!(
        found("", "/Annots[<</Subtype/Link/Rect[0 0 1 1]/A<</S/URI/URI(https://example.org)>>>>]", &[]),
        []
    );
}

#[test]
fn scripts_are_found_wherever_they_hang() {
    const SCRIPT: &str = "<</S/JavaScript/JS(app.alert\\(1\\))>>";
    let cases = [
        ("on opening", "/OpenAction 4 0 R", "", None),
        ("in the catalog's additional actions", "/AA<</WC 4 0 R>>", "", None),
        ("by name", "/Names<</JavaScript<</Names[(a) 4 0 R]>>>>", "", None),
        ("in an outline", "/Outlines<</First<</Title(a)/A 4 0 R>>>>", "", None),
        ("in a field", "/AcroForm<</Fields[<</T(a)/FT/Tx/AA<</K 4 0 R>>>>]>>", "", None),
        ("on a page", "", "/AA<</O 4 0 R>>", Some(0)),
        ("on an annotation", "", "/Annots[<</Subtype/Link/Rect[0 0 1 1]/A 4 0 R>>]", Some(0)),
        ("after another action", "/OpenAction<</S/GoTo/D[3 0 R/Fit]/Next[4 0 R]>>", "", None),
    ];
    for (name, catalog, page, on) in cases {
        assert_eq!(found(catalog, page, &[SCRIPT]), [(Hazard::JavaScript, 4, on)], "{name}");
    }
    // Written with escapes, as a stream, or under a key that is there twice.
    assert_eq!(found("/OpenAction 4 0 R", "", &["<</#53/J#61vaScript>>"]), [(Hazard::JavaScript, 4, None)]);
    assert_eq!(
        found("/OpenAction 4 0 R", "", &["<</S/Rendition/JS 9 0 R>>"]).first().map(|found| found.0),
        Some(Hazard::JavaScript)
    );
    assert_eq!(
        found("/OpenAction 4 0 R", "", &["<</S/GoTo/S/JavaScript>>"]),
        [(Hazard::JavaScript, 4, None)]
    );
}

#[test]
fn what_nothing_leads_to_is_nobodys_concern() {
    assert_eq!(found("", "", &["<</S/JavaScript/JS(x)>>"]), []);
    assert_eq!(found("", "", &["<</S/JavaScript/JS ]>>"]), []);
}

#[test]
fn each_kind_is_told_by_its_name() {
    let cases = [
        (Hazard::Launch, "<</S/Launch/F(calc.exe)>>"),
        (Hazard::SubmitForm, "<</S/SubmitForm/F(https://example.org)>>"),
        (Hazard::ImportData, "<</S/ImportData/F(a.fdf)>>"),
        (Hazard::Multimedia, "<</Subtype/RichMedia/Rect[0 0 1 1]>>"),
        (Hazard::Multimedia, "<</S/Movie>>"),
        (Hazard::PostScript, "<</Subtype/PS/Length 0>>\nstream\n\nendstream"),
        (Hazard::ViewAction, "<</S/Hide/T(a)>>"),
        (Hazard::ExternalStream, "<</F(a.bin)/Length 0>>\nstream\n\nendstream"),
        (Hazard::ExternalContent, "<</Subtype/Form/Ref<</F(a.pdf)/Page 0>>/Length 0>>\nstream\n\nendstream"),
        (Hazard::ExternalDocument, "<</S/GoToR/F(a.pdf)/D[0/Fit]>>"),
        (
            Hazard::AlternateImage,
            "<</Subtype/Image/Alternates[<</Image 9 0 R>>]/Length 0>>\nstream\n\nendstream",
        ),
        (Hazard::EmbeddedFile, "<</Type/Filespec/F(a.txt)/EF<</F 9 0 R>>>>"),
        (Hazard::Unreadable, "<</A ]>>"),
    ];
    for (hazard, object) in cases {
        assert_eq!(found("/Extension 4 0 R", "", &[object]), [(hazard, 4, None)], "{hazard}");
    }
    assert_eq!(found("/Collection<<>>", "", &[]), [(Hazard::Portfolio, 1, None)]);
    let mut names: Vec<_> = Hazard::ALL.iter().map(|hazard| hazard.name()).collect();
    names.dedup();
    assert_eq!(names.len(), Hazard::ALL.len());
}

#[test]
fn thousands_of_one_kind_are_told_up_to_a_limit() {
    let fields = "<</S/Launch>>".repeat(20);
    let objects: Vec<String> = (0..500).map(|_| format!("[{fields}]")).collect();
    let kids: String = (4..504).map(|number| format!("{number} 0 R ")).collect();
    let found =
        found(&format!("/Extension[{kids}]"), "", &objects.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(found.len(), 100);
}

#[test]
fn layers_that_are_off_on_the_screen_or_in_print_are_hidden() {
    let cases = [
        ("", "", None),
        ("/OFF[4 0 R]", "", Some((true, true))),
        ("/BaseState/OFF", "", Some((true, true))),
        ("/BaseState/OFF/ON[4 0 R]", "", None),
        ("/OFF[]/ON[4 0 R]", "/Usage<</Print<</PrintState/OFF>>>>", None),
        (
            "/AS[<</Event/Print/Category[/Print]/OCGs[4 0 R]>>]",
            "/Usage<</Print<</PrintState/OFF>>>>",
            Some((false, true)),
        ),
        (
            "/AS[<</Event/View/Category[/View]/OCGs[4 0 R]>>]",
            "/Usage<</View<</ViewState/OFF>>>>",
            Some((true, false)),
        ),
        (
            "/OFF[4 0 R]/AS[<</Event/View/Category[/View]/OCGs[4 0 R]>>]",
            "/Usage<</View<</ViewState/ON>>>>",
            Some((false, true)),
        ),
        ("/AS[<</Event/View/Category[/Zoom]/OCGs[4 0 R]>>]", "/Usage<</View<</ViewState/OFF>>>>", None),
        // Who looks closely enough sees it, others do not.
        ("/AS[<</Event/View/Category[/Zoom]/OCGs[4 0 R]>>]", "/Usage<</Zoom<</min 4>>>>", Some((true, true))),
    ];
    for (default, usage, expected) in cases {
        let seed = Seed::new()
            .object(1, &format!("<</Type/Catalog/Pages 2 0 R/OCProperties<</OCGs[4 0 R]/D<<{default}>>>>>>"))
            .object(2, "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]>>")
            .object(3, "<</Type/Page/Parent 2 0 R>>")
            .object(4, &format!("<</Type/OCG/Name(watermark){usage}>>"));
        let bytes = seed.table("/Size 5/Root 1 0 R");
        let found = hidden_layers(&Document::open(&bytes).unwrap()).unwrap();
        let told: Vec<_> = found.iter().map(|layer| (layer.on_screen, layer.in_print)).collect();
        assert_eq!(told, expected.into_iter().collect::<Vec<_>>(), "{default} {usage}");
        assert!(found.iter().all(|layer| layer.name == "watermark"));
    }
}

#[test]
fn what_is_freed_and_named_all_the_same_is_lost() {
    let update = |bytes: Vec<u8>, number: u32| {
        let mut seed = Seed::update(bytes);
        // At offset 0 an entry is free.
        seed.places.push((number, crate::seed::Place::Offset(0)));
        seed.table("/Size 99/Root 1 0 R")
    };
    let first = |page: &str, catalog: &str| {
        Seed::new()
            .object(1, &format!("<</Type/Catalog/Pages 2 0 R{catalog}>>"))
            .object(2, "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]>>")
            .object(3, &format!("<</Type/Page/Parent 2 0 R{page}>>"))
            .stream(4, "", b"0 0 9 9 re f")
            .table("/Size 99/Root 1 0 R")
    };
    let lost = |bytes: Vec<u8>| {
        let document = Document::open(&bytes).unwrap();
        scan(&document)
            .unwrap()
            .into_iter()
            .map(|found| (found.hazard, found.object.number))
            .collect::<Vec<_>>()
    };
    assert_eq!(lost(first("/Contents 4 0 R", "")), []);
    assert_eq!(lost(update(first("/Contents 4 0 R", ""), 4)), [(Hazard::Lost, 3)]);
    // Nobody sees a difference: nothing leads there, or no page does.
    assert_eq!(lost(update(first("", ""), 4)), []);
    assert_eq!(lost(update(first("", "/Outlines 4 0 R"), 4)), []);
    // Where a link leads is not shown, whatever else belongs to an annotation; how it looks, and what a page inherits, is.
    for entry in ["/Dest[4 0 R/Fit]", "/A<</S/GoTo/D[4 0 R/Fit]>>", "/Popup 4 0 R", "/V 4 0 R", "/P 4 0 R"] {
        let annotation = format!("/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 9 9]{entry}>>]");
        assert_eq!(lost(update(first(&annotation, ""), 4)), [], "{entry}");
    }
    for shown in ["/Annots[<</Subtype/Stamp/AP<</N 4 0 R>>>>]", "/Annots[4 0 R]", "/Annots 4 0 R"] {
        assert_eq!(lost(update(first(shown, ""), 4)), [(Hazard::Lost, 3)], "{shown}");
    }
    let inherits = String::from_utf8(first("", "")).unwrap();
    let inherits = inherits.replace("/MediaBox[0 0 595 842]", "/Resources 4 0 R      ");
    assert_eq!(lost(update(inherits.into_bytes(), 4)), [(Hazard::Lost, 3)]);
    // Never in the cross references at all, but in the file.
    let hidden = first("/Contents 44 0 R", "");
    assert_eq!(lost(hidden.clone()), []);
    let text = String::from_utf8(hidden).unwrap().replace("%%EOF", "%%EOF\n44 0 obj\n<<>>\nendobj");
    assert_eq!(lost(text.into_bytes()), [(Hazard::Lost, 3)]);
}

#[test]
fn a_stream_that_does_not_end_where_it_says_is_told() {
    for (dictionary, wrong) in [
        ("/Length 12", false),
        ("/Length 5 0 R", false),
        ("/Length 11", true),
        ("/Length 13", false),
        ("/Length 14", true),
        ("/Length -1", true),
        ("/Length 2 0 R", true),
        ("", true),
        ("/Length 12/F(elsewhere)", false),
    ] {
        let stream = format!("<<{dictionary}>>stream\n0 0 9 9 re f\nendstream");
        let kinds: Vec<Hazard> =
            found("", "/Contents 4 0 R", &[&stream, "12"]).into_iter().map(|found| found.0).collect();
        assert_eq!(kinds.contains(&Hazard::StreamLength), wrong, "{dictionary}: {kinds:?}");
    }
}

#[test]
fn memberships_that_turn_layers_about_are_told() {
    for (membership, told) in [
        ("<</Type/OCMD/OCGs 5 0 R>>", false),
        ("<</Type/OCMD/OCGs 5 0 R/P/AllOn>>", false),
        ("<</Type/OCMD/OCGs 5 0 R/P/AllOff>>", true),
        ("<</Type/OCMD/OCGs 5 0 R/P/AnyOff>>", true),
        ("<</Type/OCMD/VE[/And 5 0 R 5 0 R]>>", false),
        ("<</Type/OCMD/VE[/And 5 0 R[/Not 5 0 R]]>>", true),
        ("<</Type/OCMD/VE 6 0 R>>", true),
        ("<</Type/Other/P/AllOff/VE[/Not]>>", false),
    ] {
        let objects = [membership, "<</Type/OCG/Name(a)>>"];
        let kinds: Vec<Hazard> = found("", "/Resources<</Properties<</L 4 0 R>>>>", &objects)
            .into_iter()
            .map(|found| found.0)
            .collect();
        assert_eq!(kinds == [Hazard::InverseLayer], told, "{membership}: {kinds:?}");
    }
}
