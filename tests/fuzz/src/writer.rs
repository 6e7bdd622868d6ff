//! The revision writer: what it appends is read by our reader as a revision that adds the seal and changes nothing else.

use std::sync::OnceLock;

use sealkeeper_pades::cms::{DigestAlgorithm, MessageDigest};
use sealkeeper_pades::picture::SealPicture;
use sealkeeper_pades::revision::{
    InputDigest, JournalWitness, Prepared, SignatureDictionary, UseId, VisibleSeal, prepare,
};
use sealkeeper_pades::validate::{Broken, Coverage, SignatureReport, Verdict, validate};
use sealkeeper_pades::{Attribute, Document, Object, ReadError, Reference, inspect};
use sha2::{Digest, Sha256};

use crate::Reach;
use crate::pdf::{self, ENOUGH, is_limit};

/// The seal's side, µm, where the page has room for it.
const SIDE_UM: u32 = 20_000;
/// Objects that a seal may change: the catalog or its form, /Fields, the page, /Annots.
const MOST_CHANGED: usize = 4;
/// Objects that are compared.
const COMPARED: u32 = 16 * ENOUGH as u32;

/// The last byte chooses the page.
pub(crate) fn run(input: &[u8]) -> Reach {
    let file = pdf::file(input);
    let page = usize::from(input.last().copied().unwrap_or_default());
    let Some(sealed) = sealed(&file, page) else { return Reach::Refused };
    // What was stamped can be stamped again, and both seals stand, if the signatures that were there can be judged at all.
    if let Some(twice) = self::sealed(&sealed, page)
        && validate(&file).is_ok()
    {
        let reports = validate(&twice);
        let ours = |report: &&SignatureReport| report.witness.as_ref() == Some(&dictionary(0).witness);
        assert!(reports.iter().flatten().filter(ours).count() >= 2 || reports.is_err_and(|e| is_limit(&e)));
    }
    Reach::Accepted
}

/// The file with a seal on the page, whose signature is not made yet; `None` if it must not be stamped.
fn sealed(file: &[u8], page: usize) -> Option<Vec<u8>> {
    let document = Document::open(file).ok()?;
    let page = page.checked_rem(document.page_count().ok()?)?;
    let prepared = prepared(&document, page, 0)?;
    let whole = [file, prepared.appended()].concat();
    let fresh = Document::open(file).expect("a file that opened opens");
    match Document::open(&whole) {
        Ok(stamped) => {
            assert_eq!(stamped.xref_style(), fresh.xref_style(), "cross references go on in their style");
            assert_eq!(stamped.startxref() + stamped.offset_base(), section_of(&whole));
            objects(&fresh, &stamped);
            pages(&fresh, &stamped, page);
            facts(&fresh, &stamped);
        }
        Err(error) => assert!(is_limit(&error), "what we wrote does not open: {error}"),
    }
    digests(&prepared, &document, page, &whole);
    signatures(file, &whole, &prepared);
    Some(whole)
}

fn prepared(document: &Document<'_>, page: usize, modified: u64) -> Option<Prepared> {
    let geometry = document.page(page).ok()?.geometry().ok()?;
    let (width, height) = geometry.visible_size_um();
    let side = SIDE_UM.min(width).min(height);
    let placed = geometry.place(i64::from(width / 2), i64::from(height / 2), side, side).ok()?;
    assert!(placed.rect.iter().chain(&placed.page_matrix()).all(|number| number.is_finite()));
    let seal = VisibleSeal { page, placed, picture: picture() };
    prepare(document, &InputDigest::of(document.bytes()), &seal, &dictionary(modified)).ok()
}

/// The offset in the file of its last cross-reference section, found from behind.
fn section_of(whole: &[u8]) -> u64 {
    let document = Document::open(whole).expect("it opened before");
    let revisions = document.revisions();
    let last = revisions.last().expect("what we wrote ends as a revision does");
    assert_eq!(last.end, whole.len() as u64, "our revision ends the file");
    last.startxref + document.offset_base()
}

/// Nothing that was there is another one now, but for the few objects that the new field hangs on.
fn objects(before: &Document<'_>, after: &Document<'_>) {
    let appended = before.bytes().len() as u64;
    let mut changed = 0;
    for number in 0..before.next_free_number().min(COMPARED) {
        let reference = Reference { number, generation: 0 };
        let Ok(old) = before.object(reference) else { continue };
        let new = match after.object(reference) {
            Err(error) if is_limit(&error) => continue,
            other => other,
        };
        if new.as_ref() != Ok(&old) {
            let offset = match &new {
                Ok(Object::Dictionary(dictionary)) => dictionary.offset(),
                Ok(Object::Array(array)) => array.offset(),
                other => panic!("object {number} was {old:?} and is {other:?}"),
            };
            assert!(offset >= appended, "object {number} was {old:?} and is {new:?}");
            changed += 1;
        }
    }
    assert!(changed <= MOST_CHANGED, "{changed} objects were changed");
}

fn pages(before: &Document<'_>, after: &Document<'_>, sealed: usize) {
    let same =
        |a: Result<usize, ReadError>, b: Result<usize, ReadError>| a == b || b.is_err_and(|e| is_limit(&e));
    assert!(same(before.page_count(), after.page_count()), "a seal adds no page");
    let appended = before.bytes().len() as u64;
    for index in pdf::pages(after) {
        let (old, new) = (before.page(index).expect("counted"), after.page(index).expect("counted"));
        assert_eq!(old.reference, new.reference, "page {index} is another one");
        if index != sealed {
            assert_eq!(old.dictionary.raw(), new.dictionary.raw(), "page {index} was changed");
        }
        for attribute in Attribute::ALL {
            let (old, new) = (old.attribute(attribute), new.attribute(attribute));
            assert!(is_same(&old, &new, appended), "page {index} {attribute:?} was {old:?} and is {new:?}");
        }
        assert_eq!(old.geometry().ok(), new.geometry().ok(), "page {index}");
    }
}

/// Whether two values are written alike, wherever they stand; errors differ by where they were met. A dictionary, which is nothing for a page
/// to inherit but resources, may be one of those that the seal changes.
fn is_same(old: &Result<Object<'_>, ReadError>, new: &Result<Object<'_>, ReadError>, appended: u64) -> bool {
    match (old, new) {
        (Ok(Object::Dictionary(old)), Ok(Object::Dictionary(new))) => {
            old.raw() == new.raw() || new.offset() >= appended
        }
        (Ok(Object::Array(old)), Ok(Object::Array(new))) => old.raw() == new.raw(),
        (Err(old), Err(new)) => old.code() == new.code() || is_limit(new),
        (old, new) => old == new,
    }
}

fn facts(before: &Document<'_>, after: &Document<'_>) {
    let old = inspect(before).expect("what was stamped was inspected");
    let new = match inspect(after) {
        Err(error) if is_limit(&error) => return,
        other => other.expect("what we wrote can be inspected"),
    };
    assert_eq!(new.signatures.len(), old.signatures.len() + 1, "there is one signature more");
    assert_eq!(new.empty_signature_fields, old.empty_signature_fields);
    assert_eq!(new.fillable_fields, old.fillable_fields);
    assert_eq!((new.pdf_a, new.tagged, new.version), (old.pdf_a, old.tagged, old.version));
    assert!(new.form, "there is a form now");
}

/// What is to be signed is what stands in the file; and another time of signing shows the same.
fn digests(prepared: &Prepared, document: &Document<'_>, page: usize, whole: &[u8]) {
    let [start, first, second, last] =
        prepared.byte_range().map(|n| usize::try_from(n).expect("in the file"));
    assert_eq!((start, second + last), (0, whole.len()), "everything is covered");
    let covered = whole.get(..first).zip(whole.get(second..)).expect("in the file");
    let digest = Sha256::new().chain_update(covered.0).chain_update(covered.1).finalize().into();
    let stated = prepared.byte_range_digest(DigestAlgorithm::Sha256, document.bytes());
    assert_eq!(stated.ok(), Some(MessageDigest::Sha256(digest)));
    if let Some(later) = self::prepared(document, page, 1) {
        assert_eq!(later.digest_without_variables(), prepared.digest_without_variables());
        assert_ne!(later.appended(), prepared.appended());
    }
}

/// The new signature covers everything but itself, and the others say what they said.
fn signatures(file: &[u8], whole: &[u8], prepared: &Prepared) {
    let Ok(before) = validate(file) else { return };
    let after = match validate(whole) {
        Err(error) if is_limit(&error) => return,
        other => other.expect("signatures that could be judged can be judged"),
    };
    let (new, old): (Vec<_>, Vec<_>) =
        after.into_iter().partition(|report| report.byte_range == Some(prepared.byte_range()));
    let [new] = new.as_slice() else { panic!("there is one new signature: {new:?}") };
    assert_eq!(new.coverage, Some(Coverage::WholeFile));
    assert!(matches!(new.verdict, Verdict::Broken { why: Broken::Cms(_) }), "{new:?} is not signed yet");
    assert_eq!(new.witness.as_ref(), Some(&dictionary(0).witness));
    assert_eq!(new.reason.as_deref(), Some("采购 (final)"));
    assert_eq!(old.len(), before.len(), "no signature is lost");
    for (old, before) in old.iter().zip(&before) {
        assert_eq!((&old.field, old.byte_range), (&before.field, before.byte_range));
        assert_eq!(said(&old.verdict), said(&before.verdict), "{:?}", old.verdict);
        assert_eq!(old.coverage.is_some(), before.coverage.is_some());
    }
}

/// A verdict without its text: what lies beyond the end of a file may lie within the longer one, and is wrong for another reason.
fn said(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Intact => "intact",
        Verdict::Broken { why } => why.code(),
        Verdict::NotJudged { why } => why.code(),
    }
}

fn dictionary(modified: u64) -> SignatureDictionary {
    SignatureDictionary {
        name: "示例有限公司".to_owned(),
        reason: Some("采购 (final)".to_owned()),
        modified,
        witness: JournalWitness {
            origin: "example.com/seal-journal/4f0c".to_owned(),
            use_id: UseId::parse("123e4567-e89b-12d3-a456-426614174000").expect("a UUID"),
            tree_size: 42,
            root: [0xAB; 32],
        },
        contents_capacity: 64,
    }
}

/// A square with a transparent hole.
fn picture() -> &'static SealPicture {
    static PICTURE: OnceLock<SealPicture> = OnceLock::new();
    PICTURE.get_or_init(|| {
        SealPicture::from_png(include_bytes!("../template/seal.png")).expect("a seal's picture")
    })
}
