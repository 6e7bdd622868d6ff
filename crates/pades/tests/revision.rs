//! The incremental revision: in every shape a document can have, judged by other readers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use proptest::prelude::*;
use sealkeeper_pades::cms::{DigestAlgorithm, SignatureAlgorithm};
use sealkeeper_pades::picture::SealPicture;
use sealkeeper_pades::revision::{
    InputDigest, JournalWitness, Prepared, RevisionError, UseId, VisibleSeal, prepare,
};
use sealkeeper_pades::validate::{Coverage, Verdict, validate};
use sealkeeper_pades::{Document, Object, Reference, XrefStyle};
use sha2::{Digest, Sha256, Sha384};
use std::process::Command;
use support::cms_by;
use support::pdf::Pdf;
use support::stamp::{dictionary, middle_of, picture, prepared, stamped, stamped_on};

const FIELD: &str = "8 0 obj\n<</FT/Tx/T(Old)/Type/Annot/Subtype/Widget/Rect[0 0 9 9]>>";

/// A name, an addition to a dictionary, and further objects that it needs.
type Variant = (&'static str, &'static str, &'static [(u32, &'static str)]);

/// Each way in which catalog and page can have form and annotations: additions to catalog and page, and further objects.
fn shapes() -> Vec<(String, Pdf)> {
    let forms: [Variant; 10] = [
        ("no form", "", &[]),
        ("null form", "/AcroForm null", &[]),
        ("indirect null form", "/AcroForm 5 0 R", &[(5, "null")]),
        ("missing form", "/AcroForm 55 0 R", &[]),
        ("direct form", "/AcroForm<</Fields[8 0 R]/DA(/F 0 Tf)>>", &[]),
        ("direct form, no fields", "/AcroForm<</SigFlags 1>>", &[]),
        ("indirect form", "/AcroForm 5 0 R", &[(5, "<</Fields [ 8 0 R ]/SigFlags 3>>")]),
        (
            "indirect form and fields",
            "/AcroForm 5 0 R",
            &[(5, "<</Fields 6 0 R/X(%>>)>>"), (6, "[8 0 R % note\n]")],
        ),
        ("null fields", "/AcroForm 5 0 R", &[(5, "<</Fields null>>")]),
        ("indirect null fields", "/AcroForm 5 0 R", &[(5, "<</Fields 6 0 R>>"), (6, "null")]),
    ];
    let annotations: [Variant; 6] = [
        ("no annotations", "", &[]),
        ("null annotations", "/Annots null", &[]),
        ("direct annotations", "/Annots[8 0 R]", &[]),
        ("empty annotations", "/Annots[]", &[]),
        ("indirect annotations", "/Annots 7 0 R", &[(7, "[8 0 R]")]),
        ("missing annotations", "/Annots 77 0 R", &[]),
    ];
    let mut shapes = Vec::new();
    for (form, catalog, form_objects) in forms {
        for (annotation, page, annotation_objects) in annotations {
            let mut pdf = Pdf::new().one_page(catalog, page).object(8, FIELD.split_once('\n').unwrap().1);
            for (number, body) in form_objects.iter().chain(annotation_objects) {
                pdf = pdf.object(*number, body);
            }
            shapes.push((format!("{form}, {annotation}"), pdf));
        }
    }
    shapes
}

#[test]
fn every_shape_is_stamped_and_keeps_its_style() {
    for style in [XrefStyle::Table, XrefStyle::Stream] {
        for (shape, pdf) in shapes() {
            let file = if style == XrefStyle::Table { pdf.table() } else { pdf.stream() };
            let stamped = stamped(&file, "signer");
            assert!(stamped.starts_with(&file), "{shape}: the input is not changed");
            let document = Document::open(&stamped).unwrap();
            assert_eq!(document.xref_style(), style, "{shape}");
            assert_eq!(document.trailer().get("Prev").unwrap().as_integer(), startxref(&file), "{shape}");

            let field = sole_new_field(&document, &shape);
            let Object::Dictionary(widget) = document.object(field).unwrap() else { panic!("{shape}") };
            assert_eq!(widget.get("F").unwrap().as_integer(), Some(132));
            let page = document.page(0).unwrap();
            assert_eq!(widget.get("P").unwrap().as_reference(), Some(page.reference));
            let Object::Array(annotations) = document.value(&page.dictionary, "Annots").unwrap() else {
                panic!("{shape}")
            };
            let last = annotations.iter().last().unwrap().unwrap();
            assert_eq!(last.as_reference(), Some(field), "{shape}");
            let [report] = validate(&stamped).unwrap().try_into().unwrap_or_else(|_| panic!("{shape}"));
            assert_eq!(
                (report.verdict, report.coverage),
                (Verdict::Intact, Some(Coverage::WholeFile)),
                "{shape}"
            );
        }
    }
}

/// The last element of /Fields; also checks /SigFlags.
fn sole_new_field(document: &Document<'_>, shape: &str) -> Reference {
    let (_, catalog) = document.catalog().unwrap();
    let Object::Dictionary(form) = document.value(&catalog, "AcroForm").unwrap() else { panic!("{shape}") };
    assert_eq!(form.get("SigFlags").unwrap().as_integer(), Some(3), "{shape}");
    let Object::Array(fields) = document.value(&form, "Fields").unwrap() else { panic!("{shape}") };
    fields.iter().last().unwrap().unwrap().as_reference().unwrap()
}

fn startxref(file: &[u8]) -> Option<i64> {
    let text = String::from_utf8_lossy(file);
    text.rsplit("startxref\n").next()?.lines().next()?.parse().ok()
}

#[test]
fn only_what_the_field_hangs_on_is_written_anew() {
    let shape = |name: &str| shapes().into_iter().find(|(shape, _)| shape == name).unwrap().1.table();
    let rewritten = |name: &str| {
        let file = shape(name);
        let whole = stamped(&file, "signer");
        let text = String::from_utf8_lossy(&whole[file.len()..]).into_owned();
        (1..9).filter(|n| text.contains(&format!("\n{n} 0 obj\n"))).collect::<Vec<u32>>()
    };
    assert_eq!(rewritten("no form, no annotations"), [1, 3], "catalog and page");
    assert_eq!(rewritten("direct form, direct annotations"), [1, 3]);
    assert_eq!(rewritten("indirect form, direct annotations"), [3, 5], "page and form");
    assert_eq!(
        rewritten("indirect form and fields, indirect annotations"),
        [5, 6, 7],
        "/SigFlags needs the form"
    );
    assert_eq!(rewritten("indirect null form, indirect annotations"), [1, 7]);
}

#[test]
fn untouched_entries_keep_their_bytes() {
    let odd = "/Odd [ 1.50 +7 <6f 6> (a\\\r\nb) /N#61me ] /Null null";
    let file = Pdf::new().one_page(odd, odd).table();
    let whole = stamped(&file, "signer");
    let appended = String::from_utf8_lossy(&whole[file.len()..]).into_owned();
    assert_eq!(appended.matches("[ 1.50 +7 <6f 6> (a\\\r\nb) /N#61me ]").count(), 2);
    assert_eq!(appended.matches("\n/Null null").count(), 2);
}

#[test]
fn the_trailer_is_carried_on_and_the_identifier_renewed() {
    let file =
        Pdf::new().one_page("", "").trailer("/Info 9 0 R/ID[(a\\)b)<00>]/Own[1]").object(9, "<<>>").table();
    let whole = stamped(&file, "signer");
    let document = Document::open(&whole).unwrap();
    let trailer = document.trailer();
    assert_eq!(trailer.get_raw("Info"), Some(b"9 0 R".as_slice()));
    assert_eq!(trailer.get_raw("Own"), Some(b"[1]".as_slice()));
    let id: Vec<_> = trailer.get("ID").unwrap().as_array().unwrap().iter_raw().collect();
    assert_eq!(id[0], b"(a\\)b)");
    assert!(id[1] != b"<00>" && id[1].len() == 34);
    let without = Pdf::new().one_page("", "").table();
    let whole = stamped(&without, "signer");
    let document = Document::open(&whole).unwrap();
    let id: Vec<_> = document.trailer().get("ID").unwrap().as_array().unwrap().iter_raw().collect();
    assert_eq!(id[0], id[1], "a file without identifier gets one");
}

#[test]
fn stream_entries_of_an_old_section_are_not_carried() {
    let file = Pdf::new().one_page("", "").stream();
    let whole = stamped(&file, "signer");
    let document = Document::open(&whole).unwrap();
    assert_eq!(document.trailer().get_raw("W"), Some(b"[1 4 2]".as_slice()));
    assert!(!document.trailer().contains("XRefStm"));
}

#[test]
fn offsets_count_from_the_header_and_the_byte_range_from_the_start() {
    for style in [XrefStyle::Table, XrefStyle::Stream] {
        let pdf = Pdf::after(b"some junk\r\n").one_page("", "");
        let file = if style == XrefStyle::Table { pdf.table() } else { pdf.stream() };
        let whole = stamped(&file, "signer");
        let [report] = validate(&whole).unwrap().try_into().unwrap();
        assert_eq!((report.verdict, report.coverage), (Verdict::Intact, Some(Coverage::WholeFile)));
        assert_eq!(report.byte_range.unwrap()[0], 0);
    }
}

#[test]
fn three_seals_leave_each_other_valid() {
    for (shape, pdf) in shapes().into_iter().step_by(7) {
        let mut file = pdf.table();
        let mut ends = Vec::new();
        for who in ["signer", "second", "signer"] {
            file = stamped(&file, who);
            ends.push(file.len() as u64);
        }
        let reports = validate(&file).unwrap();
        let names: Vec<_> = reports.iter().map(|report| report.field.as_str()).collect();
        assert_eq!(names, ["Seal1", "Seal2", "Seal3"], "{shape}");
        for (report, end) in reports.iter().zip(&ends) {
            assert_eq!(report.verdict, Verdict::Intact, "{shape}");
            let whole_file = *end == file.len() as u64;
            let coverage =
                if whole_file { Coverage::WholeFile } else { Coverage::WholeRevision { end: *end } };
            assert_eq!(report.coverage, Some(coverage), "{shape}");
        }
    }
}

#[test]
fn field_names_are_new_wherever_the_old_ones_stand() {
    let catalog = "/AcroForm<</Fields[5 0 R 6 0 R 9 0 R]>>";
    let file = Pdf::new()
        .one_page(catalog, "")
        .object(5, "<</FT/Tx/T<feff005300650061006c0031>>>")
        .object(6, "<</Kids[7 0 R]>>")
        .object(7, "<</FT/Tx/T(Seal2)/Parent 6 0 R>>")
        .object(9, "<</T(Seal3)/Kids[10 0 R]>>")
        .object(10, "<</FT/Tx/T(x)/Parent 9 0 R>>")
        .table();
    assert_eq!(validate(&stamped(&file, "signer")).unwrap()[0].field, "Seal4");
}

#[test]
fn the_seal_shows_on_no_other_page_that_shares_annotations() {
    let file = Pdf::new()
        .object(1, "<</Type/Catalog/Pages 2 0 R>>")
        .object(2, "<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2/MediaBox[0 0 400 600]/Resources<<>>>>")
        .object(3, "<</Type/Page/Parent 2 0 R/Annots 5 0 R>>")
        .object(4, "<</Type/Page/Parent 2 0 R/Annots 5 0 R>>")
        .object(5, "[]")
        .table();
    let whole = stamped_on(&file, 1, "signer");
    let document = Document::open(&whole).unwrap();
    let count = |page| {
        let page = document.page(page).unwrap();
        document.value(&page.dictionary, "Annots").unwrap().as_array().unwrap().len()
    };
    assert_eq!((count(0), count(1)), (0, 1));
}

#[test]
fn the_seal_shows_nowhere_that_names_objects_which_are_missing() {
    let missing = (5..40).map(|number| format!("{number} 0 R ")).collect::<String>();
    let file = Pdf::new()
        .object(1, "<</Type/Catalog/Pages 2 0 R/OpenAction 7 0 R>>")
        .object(2, "<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2/MediaBox[0 0 400 600]>>")
        .object(3, "<</Type/Page/Parent 2 0 R>>")
        .object(4, &format!("<</Type/Page/Parent 2 0 R/Annots[{missing}]>>"))
        .trailer("/Info 40 0 R")
        .table();
    let stamped = stamped(&file, "signer");
    let document = Document::open(&stamped).unwrap();
    for number in 5..=40 {
        let reference = Reference { number, generation: 0 };
        assert_eq!(document.object(reference).unwrap(), Object::Null, "object {number}");
    }
    assert_eq!(validate(&stamped).unwrap()[0].verdict, Verdict::Intact);
}

#[test]
fn an_array_that_serves_as_something_else_too_does_not_grow() {
    for (catalog, page) in
        [("", "/Annots 7 0 R"), ("", "/Annots 8 0 R/X 8 0 R"), ("/AcroForm<</Fields 7 0 R>>", "")]
    {
        let file = Pdf::new()
            .one_page(catalog, &format!("/CropBox 7 0 R{page}"))
            .object(7, "[0 0 400 600]")
            .object(8, "7 0 R")
            .table();
        let stamped = stamped(&file, "signer");
        let (before, after) = (Document::open(&file).unwrap(), Document::open(&stamped).unwrap());
        let array = Reference { number: 7, generation: 0 };
        assert_eq!(after.object(array), before.object(array), "{catalog}{page}");
        assert_eq!(after.page(0).unwrap().geometry(), before.page(0).unwrap().geometry());
        sole_new_field(&after, page);
    }
}

#[test]
fn one_array_for_fields_and_annotations_gets_the_field_once() {
    let file = Pdf::new()
        .one_page("/AcroForm<</Fields 5 0 R>>", "/Annots 5 0 R")
        .object(5, "[6 0 R]")
        .object(6, "<</FT/Tx/T(Old)/Type/Annot/Subtype/Widget/Rect[0 0 9 9]>>")
        .table();
    let whole = stamped(&file, "signer");
    let document = Document::open(&whole).unwrap();
    let field = sole_new_field(&document, "one array");
    let annotations = document.value(&document.page(0).unwrap().dictionary, "Annots").unwrap();
    let annotations = annotations.as_array().unwrap();
    assert_eq!((annotations.len(), annotations.iter().last()), (2, Some(Ok(Object::Reference(field)))));
    assert_eq!(sealkeeper_pades::inspect(&document).unwrap().signatures.len(), 1);
}

#[test]
fn the_digests_are_those_of_the_bytes() {
    let file = Pdf::new().one_page("", "").table();
    let prepared = prepared(&file, 0, &dictionary("signer")).unwrap();
    let [start, first, second, rest] = prepared.byte_range().map(|n| usize::try_from(n).unwrap());
    let digest = |algorithm| prepared.byte_range_digest(algorithm, &file).unwrap();
    let (sha256, sha384) = (digest(DigestAlgorithm::Sha256), digest(DigestAlgorithm::Sha384));
    let cms = cms_by("signer", SignatureAlgorithm::EcdsaP256Sha256, sha256);
    let revision = prepared.embed(&cms).unwrap();
    let whole = [file.as_slice(), &revision.appended].concat();
    assert_eq!((start, second + rest), (0, whole.len()));
    assert_eq!((whole[first], whole[second - 1]), (b'<', b'>'));
    let covered = [&whole[..first], &whole[second..]].concat();
    assert_eq!(sha256.as_bytes(), Sha256::digest(&covered).as_slice());
    assert_eq!(sha384.as_bytes(), Sha384::digest(&covered).as_slice());
    assert_eq!(revision.sha256_of_whole, <[u8; 32]>::from(Sha256::digest(&whole)));
}

proptest! {
    /// What was reviewed stays recognisable, whatever the use, the journal and the time turn out to be.
    #[test]
    fn the_reviewed_digest_does_not_depend_on_the_variables(
        modified in 0_u64..253_402_300_800,
        origin_tail in "[0-9a-f]{4}",
        use_id in "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        tree_size in any::<u64>(),
        root in any::<[u8; 32]>(),
        stream in any::<bool>(),
    ) {
        let pdf = Pdf::new().one_page("", "");
        let file = if stream { pdf.stream() } else { pdf.table() };
        let reviewed = prepared(&file, 0, &dictionary("signer")).unwrap();
        let mut other = dictionary("signer");
        other.modified = modified;
        let origin = format!("example.com/seal-journal/{origin_tail}");
        other.witness = JournalWitness { origin, use_id: UseId::parse(&use_id).unwrap(), tree_size, root };
        let stamped = prepared(&file, 0, &other).unwrap();
        prop_assert_eq!(reviewed.digest_without_variables(), stamped.digest_without_variables());
        prop_assert_eq!(reviewed.byte_range(), stamped.byte_range());
        for algorithm in [DigestAlgorithm::Sha256, DigestAlgorithm::Sha384] {
            let digest = |prepared: &Prepared| prepared.byte_range_digest(algorithm, &file).unwrap();
            prop_assert_ne!(digest(&reviewed), digest(&stamped));
        }
    }
}

#[test]
fn the_byte_range_is_not_hashed_over_another_document() {
    let file = Pdf::new().one_page("", "").table();
    let prepared = prepared(&file, 0, &dictionary("signer")).unwrap();
    for algorithm in [DigestAlgorithm::Sha256, DigestAlgorithm::Sha384] {
        let refusal = prepared.byte_range_digest(algorithm, &file[1..]).unwrap_err();
        assert!(matches!(refusal, RevisionError::InputMismatch), "{refusal}");
    }
}

#[test]
fn the_reviewed_digest_depends_on_all_that_is_seen_or_said() {
    let file = Pdf::new().one_page("", "").table();
    let digest = |file: &[u8], change: &dyn Fn(&mut sealkeeper_pades::revision::SignatureDictionary)| {
        let mut dictionary = dictionary("signer");
        change(&mut dictionary);
        prepared(file, 0, &dictionary).unwrap().digest_without_variables()
    };
    let reviewed = digest(&file, &|_| {});
    assert_ne!(reviewed, digest(&file, &|d| d.reason = Some("contract (draft)".to_owned())));
    assert_ne!(reviewed, digest(&file, &|d| d.name = "Other".to_owned()));
    assert_ne!(reviewed, digest(&Pdf::new().one_page("", "/Rotate 0").table(), &|_| {}));
    let document = Document::open(&file).unwrap();
    let geometry = document.page(0).unwrap().geometry().unwrap();
    let placed = geometry.place(50_000, 50_000, 20_000, 20_000).unwrap();
    let seal = VisibleSeal { page: 0, placed, picture: &picture() };
    let moved = prepare(&document, &InputDigest::of(&file), &seal, &dictionary("signer")).unwrap();
    assert_ne!(reviewed, moved.digest_without_variables());
}

#[test]
fn what_must_not_be_stamped_is_refused() {
    let certified = "/Perms<</DocMDP 5 0 R>>";
    let transform = "<</Type/Sig/Reference[<</TransformMethod/DocMDP/TransformParams<</P 2>>>>]>>";
    let locked = "<</Type/Sig/Reference[<</TransformMethod/FieldMDP/TransformParams<</Action/All>>>>]>>";
    let unlocked = "<</Type/Sig/Reference[<</TransformMethod/FieldMDP/TransformParams<</Action/Include/Fields[(x)]>>>>]>>";
    let field = |value: u32| format!("/AcroForm<</Fields[<</FT/Sig/T(Signed)/V {value} 0 R>>]>>");
    let xmp = "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\
               <rdf:Description xmlns:pdfaid='http://www.aiim.org/pdfa/ns/id/' pdfaid:part='1' pdfaid:conformance='B'/>\
               </rdf:RDF></x:xmpmeta>";
    let metadata = format!("<</Type/Metadata/Subtype/XML/Length {}>>\nstream\n{xmp}\nendstream", xmp.len());
    let cases = [
        (certified.to_owned(), transform, "pdf-certified"),
        (field(5), transform, "pdf-certified"),
        (field(5), locked, "pdf-certified"),
        (field(5), unlocked, ""),
        ("/AcroForm<</XFA 5 0 R>>".to_owned(), "[]", "pdf-xfa"),
        ("/Metadata 5 0 R".to_owned(), metadata.as_str(), "pdf-a1-transparency"),
        ("/AcroForm[]".to_owned(), "null", "pdf-damaged"),
    ];
    for (catalog, object, code) in cases {
        let file = Pdf::new().one_page(&catalog, "").object(5, object).table();
        let refusal = prepared(&file, 0, &dictionary("signer")).err();
        assert_eq!(refusal.map_or("", |refusal| refusal.code()), code, "{catalog} {object}");
    }
}

#[test]
fn a_seal_placed_for_another_page_is_refused() {
    let small = Pdf::new().one_page("", "/CropBox[0 0 100 100]").table();
    let turned = Pdf::new().one_page("", "/Rotate 90").table();
    let upright = Pdf::new().one_page("", "").table();
    let document = Document::open(&upright).unwrap();
    let placed = middle_of(&document, 0);
    let picture = picture();
    for file in [small, turned] {
        let document = Document::open(&file).unwrap();
        let seal = VisibleSeal { page: 0, placed, picture: &picture };
        let refusal = prepare(&document, &InputDigest::of(&file), &seal, &dictionary("signer")).unwrap_err();
        assert_eq!(refusal.code(), "placement-outside-page");
    }
    let seal = VisibleSeal { page: 7, placed, picture: &picture };
    let refusal = prepare(&document, &InputDigest::of(&upright), &seal, &dictionary("signer")).unwrap_err();
    assert_eq!(refusal.code(), "pdf-no-such-page");
}

#[test]
fn a_caller_cannot_make_a_broken_revision() {
    let file = Pdf::new().one_page("", "").table();
    let document = Document::open(&file).unwrap();
    let picture: SealPicture = picture();
    let seal = VisibleSeal { page: 0, placed: middle_of(&document, 0), picture: &picture };
    let wrong = prepare(&document, &InputDigest::of(&file[1..]), &seal, &dictionary("signer"));
    assert!(matches!(wrong, Err(RevisionError::InputMismatch)));
    let mut origin = dictionary("signer");
    origin.witness.origin = "日记".to_owned();
    assert!(matches!(prepared(&file, 0, &origin), Err(RevisionError::Unwritable(_))));
    let capacity = dictionary("signer").contents_capacity;
    let full = prepared(&file, 0, &dictionary("signer")).unwrap().embed(&vec![7; capacity]);
    assert!(full.is_ok());
    let over = prepared(&file, 0, &dictionary("signer")).unwrap().embed(&vec![7; capacity + 1]);
    assert!(matches!(over, Err(RevisionError::ContentsTooSmall { .. })));
}

/// qpdf finds nothing wrong and poppler finds every signature valid, in every shape.
#[test]
fn qpdf_and_poppler_agree() {
    let directory = std::env::temp_dir().join(format!("sealkeeper-revision-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    for (index, (shape, pdf)) in shapes().into_iter().enumerate().step_by(3) {
        let file = if index % 2 == 0 { pdf.table() } else { pdf.stream() };
        let twice = stamped(&stamped(&file, "signer"), "second");
        let path = directory.join(format!("{index}.pdf"));
        std::fs::write(&path, &twice).unwrap();
        let run = |program: &str, arguments: &[&str]| {
            let output = Command::new(program).args(arguments).arg(&path).output();
            let output = output.unwrap_or_else(|_| panic!("{program} is needed (qpdf, poppler-utils)"));
            (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
        };
        let (clean, text) = run("qpdf", &["--check"]);
        assert!(clean, "{shape}: {text}");
        let (_, text) = run("pdfsig", &["-nocert"]);
        assert_eq!(text.matches("Signature is Valid").count(), 2, "{shape}: {text}");
        assert_eq!(text.matches("Total document signed").count(), 1, "{shape}: {text}");
    }
    std::fs::remove_dir_all(directory).unwrap();
}
