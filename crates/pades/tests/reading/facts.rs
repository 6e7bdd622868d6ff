//! What is known about a file before it is stamped.

use crate::seed::{Seed, TRAILER, damage, one_page};
use sealkeeper_pades::{Damage, DocMdp, Document, Facts, Limit, PdfAClaim, ReadError, inspect};

fn facts(bytes: &[u8]) -> Facts {
    inspect(&Document::open(bytes).unwrap()).unwrap()
}

/// One page with this in the catalog.
fn catalog(entries: &str) -> Seed {
    Seed::new()
        .object(1, &format!("<</Type/Catalog/Pages 2 0 R{entries}>>"))
        .object(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>")
        .object(3, "<</Type/Page/Parent 2 0 R/Annots[11 0 R]>>")
}

/// With a form that has the signed field 10 and the empty field 11.
fn signed(catalog_entries: &str, field: &str, value: &str) -> Vec<u8> {
    catalog(&format!("/AcroForm<</SigFlags 3/Fields[10 0 R 12 0 R]>>{catalog_entries}"))
        .object(10, &format!("<</FT/Sig/T(First)/V 20 0 R/P 3 0 R/Subtype/Widget/Rect[1 2 3 4]{field}>>"))
        .object(11, "<</T(b)/Parent 12 0 R/Subtype/Widget/Rect[0 0 0 0]>>")
        .object(12, "<</T(a)/FT/Sig/Kids[11 0 R]>>")
        .object(20, &format!("<</Type/Sig/SubFilter/ETSI.CAdES.detached/ByteRange[0 10 20 30]{value}>>"))
        .table(TRAILER)
}

#[test]
fn a_plain_file() {
    let facts = facts(&one_page().table(TRAILER));
    assert_eq!((facts.version, facts.pages, facts.revisions), ((1, 7), 1, 1));
    assert_eq!(facts.pdf_a, PdfAClaim::None);
    assert!(!facts.tagged && !facts.form && !facts.xfa && !facts.usage_rights);
    assert!(facts.signatures.is_empty() && facts.empty_signature_fields.is_empty());
    assert_eq!(facts.new_field(), Ok(()));
}

#[test]
fn claims_in_the_catalog() {
    let xmp =
        "<x xmlns:p='http://www.aiim.org/pdfa/ns/id/'><p:part>1</p:part><p:conformance>A</p:conformance></x>";
    let entries =
        "/Version/2.0/MarkInfo<</Marked true>>/AcroForm<</XFA 9 0 R>>/Metadata 8 0 R/Perms<</UR3 9 0 R>>";
    let facts =
        facts(&catalog(entries).object(9, "<<>>").stream(8, "/Type/Metadata", xmp.as_bytes()).table(TRAILER));
    assert_eq!(facts.version, (2, 0));
    assert_eq!(facts.pdf_a, PdfAClaim::Part { part: 1, conformance: Some("A".to_owned()) });
    assert!(facts.tagged && facts.form && facts.xfa && facts.usage_rights);
}

#[test]
fn metadata_that_nobody_can_decode_claim_nothing() {
    let seed =
        catalog("/Metadata 8 0 R").stream(8, "/Filter/FlateDecode", b"http://www.aiim.org/pdfa/ns/id/");
    assert_eq!(facts(&seed.table(TRAILER)).pdf_a, PdfAClaim::None);
}

#[test]
fn signed_and_empty_fields() {
    let facts = facts(&signed("", "", ""));
    let [signature] = facts.signatures.as_slice() else { panic!("{facts:?}") };
    assert_eq!(signature.field.name, "First");
    assert_eq!((signature.field.page, signature.field.rect), (Some(0), Some([1.0, 2.0, 3.0, 4.0])));
    assert_eq!(signature.byte_range, Some([0, 10, 20, 30]));
    assert_eq!(signature.sub_filter.as_deref(), Some("ETSI.CAdES.detached"));
    assert!(!signature.time_stamp);
    let [empty] = facts.empty_signature_fields.as_slice() else { panic!("{facts:?}") };
    // Its page is found through the page's annotations, its type from the parent.
    assert_eq!((empty.name.as_str(), empty.page), ("a.b", Some(0)));
    assert_eq!(facts.certification, None);
    assert_eq!(facts.new_field(), Ok(()));
}

#[test]
fn certifications_forbid_new_fields() {
    let transform = |parameters: &str| format!("/Reference[<</TransformMethod/DocMDP{parameters}>>]");
    let cases = [
        ("", "", transform("/TransformParams<</P 1>>"), DocMdp::NoChanges),
        ("", "", transform("/TransformParams<</P 2>>"), DocMdp::FillForms),
        ("", "", transform("/TransformParams<</P 3>>"), DocMdp::Annotate),
        ("", "", transform(""), DocMdp::FillForms),
        ("", "", transform("/TransformParams<</P 9>>"), DocMdp::NoChanges),
        ("/Perms<</DocMDP 20 0 R>>", "", String::new(), DocMdp::NoChanges),
        ("/Perms<</DocMDP 20 0 R>>", "", transform("/TransformParams<</P 3>>"), DocMdp::Annotate),
        ("", "/Lock<</Action/All/P 1>>", transform("/TransformParams<</P 3>>"), DocMdp::NoChanges),
    ];
    for (catalog_entries, field, value, level) in cases {
        let facts = facts(&signed(catalog_entries, field, &value));
        assert_eq!(facts.certification, Some(level), "{catalog_entries} {field} {value}");
        let error = facts.new_field().unwrap_err();
        assert_eq!((error.level, error.code()), (level, "pdf-certified"));
        assert_eq!(facts.may_sign_existing_field(), level != DocMdp::NoChanges);
    }
    // A lock of other fields only is no limit on the document.
    assert_eq!(facts(&signed("", "/Lock<</Action/All>>", "")).certification, None);
}

#[test]
fn form_trees_must_be_trees() {
    let looping = catalog("/AcroForm<</Fields[10 0 R]>>")
        .object(10, "<</T(a)/Kids[12 0 R]>>")
        .object(12, "<</T(b)/Kids[13 0 R]>>")
        .object(13, "<</T(c)/Kids[12 0 R]>>")
        .table(TRAILER);
    assert_eq!(damage(&looping), Damage::Form);
    let doubling =
        catalog("/AcroForm<</Fields[10 0 R]>>").object(10, "<</Kids[12 0 R 12 0 R]>>").object(12, "<<>>");
    assert_eq!(damage(&doubling.table(TRAILER)), Damage::Form);
    // Listed twice, once as a kid too: counted once.
    let twice = catalog("/AcroForm<</Fields[10 0 R 10 0 R 12 0 R]>>")
        .object(10, "<</T(a)/Kids[12 0 R]>>")
        .object(12, "<</T(b)/FT/Sig>>")
        .table(TRAILER);
    assert_eq!(facts(&twice).empty_signature_fields.len(), 1);
    assert_eq!(damage(&catalog("/AcroForm 3").table(TRAILER)), Damage::Form);
    let odd = catalog("/AcroForm<</Fields[77 0 R 5 null]>>").table(TRAILER);
    assert!(facts(&odd).form);
    let mut deep = catalog("/AcroForm<</Fields[100 0 R]>>");
    for number in 100..400 {
        deep = deep.object(number, &format!("<</T(x)/Kids[{} 0 R]>>", number + 1));
    }
    let deep = deep.object(400, "<</T(x)>>").table(TRAILER);
    let error = inspect(&Document::open(&deep).unwrap()).unwrap_err();
    assert!(matches!(error, ReadError::TooComplex { what: Limit::Fields, .. }));
}
