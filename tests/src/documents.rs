//! Documents to stamp, small and each with its own digest.

use std::{fs, process::Command};

use crate::{repository, token::succeed};

/// An A4 page of text with a classic cross-reference table.
pub fn page(text: &str) -> Vec<u8> {
    file(&[], &page_objects(text, ""))
}

/// The same with a page after it that shows nothing.
pub fn page_before_a_blank_one(text: &str) -> Vec<u8> {
    let mut objects = page_objects(text, "");
    objects[1] = "<< /Type /Pages /Kids [3 0 R 6 0 R] /Count 2 >>".to_owned();
    objects.push("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << >> >>".to_owned());
    file(&[], &objects)
}

/// A page that shows nothing: white on white is nothing either.
pub fn blank() -> Vec<u8> {
    let mut objects = page_objects("", "");
    let content = "1 g 0 0 595 842 re f BT /F1 14 Tf 72 760 Td (white) Tj ET";
    objects[3] = format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len());
    file(&[], &objects)
}

/// A page with a watermark across it in this word, as word processors make them.
pub fn watermarked(text: &str, mark: &str) -> Vec<u8> {
    let mut objects = page_objects("", "");
    let content = format!(
        "BT /F1 14 Tf 72 760 Td ({text}) Tj ET\n\
         q 0.85 g BT /F1 90 Tf 0.7071 0.7071 -0.7071 0.7071 150 250 Tm ({mark}) Tj ET Q"
    );
    objects[3] = format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len());
    file(&[], &objects)
}

/// A page with this line in Chinese.
pub fn chinese_page(line: &str) -> Vec<u8> {
    let digits: String = line.encode_utf16().map(|unit| format!("{unit:04X}")).collect();
    let content = format!("BT /F1 14 Tf 72 760 Td <{digits}> Tj ET");
    let mut objects = page_objects("", "");
    objects[3] = format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len());
    objects[4] = "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [6 0 R] >>".to_owned();
    objects.push(
        "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /FontDescriptor 7 0 R /DW 1000 /W [1 95 500]\n\
         /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> >>"
            .to_owned(),
    );
    objects.push(
        "<< /Type /FontDescriptor /FontName /STSong-Light /Flags 4 /ItalicAngle 0 /StemV 80 /CapHeight 700\n\
         /Ascent 880 /Descent -120 /FontBBox [0 -120 1000 880] >>"
            .to_owned(),
    );
    file(&[], &objects)
}

/// A page that runs a script when it is opened.
pub fn page_with_script(text: &str) -> Vec<u8> {
    file(&["/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>"], &page_objects(text, ""))
}

/// The same, to be shown turned clockwise by so many degrees.
pub fn rotated_page(text: &str, degrees: u32) -> Vec<u8> {
    file(&[], &page_objects(text, &format!("/Rotate {degrees}")))
}

/// A page certified by somebody else at this DocMDP level (ISO 32000-2 Table 257). The signature's value is no
/// signature; what it says of later changes is what counts here.
pub fn certified_page(text: &str, level: u8) -> Vec<u8> {
    let mut objects = page_objects(text, "/Annots [6 0 R]");
    objects.push(
        "<< /Type /Annot /Subtype /Widget /FT /Sig /T (Certified) /Rect [0 0 0 0] /F 132 /P 3 0 R /V 7 0 R >>".to_owned(),
    );
    objects.push(format!(
        "<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange [0 10 20 10] /Contents <00>\n\
         /Reference [<< /Type /SigRef /TransformMethod /DocMDP /TransformParams << /Type /TransformParams /V /1.2 /P {level} >> >>] >>"
    ));
    file(&["/AcroForm << /Fields [6 0 R] /SigFlags 3 >>", "/Perms << /DocMDP 7 0 R >>"], &objects)
}

/// A page, and a stream of so many bytes beside it that no page shows.
pub fn page_with_attachment(text: &str, length: usize) -> Vec<u8> {
    let mut objects = page_objects(text, "");
    objects.push(format!("<< /Length {length} >>\nstream\n{}\nendstream", "x".repeat(length)));
    file(&[], &objects)
}

/// The same document with cross-reference and object streams.
pub fn with_xref_stream(document: &[u8]) -> Vec<u8> {
    let out = rewritten(document, &["--object-streams=generate", "--static-id"]);
    assert!(!out.windows(8).any(|window| window == b"\ntrailer"), "no table is left");
    out
}

/// The same document, to be opened without a password and yet encrypted.
pub fn encrypted(document: &[u8]) -> Vec<u8> {
    rewritten(document, &["--encrypt", "", "owner", "256", "--"])
}

/// The same document with a cross-reference table whose entries point where nothing is.
pub fn damaged(document: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(document.to_vec()).unwrap();
    let table = text.rfind("65535 f \n").unwrap() + "65535 f \n".len();
    format!("{}0000000003{}", &text[..table], &text[table + 10..]).into_bytes()
}

/// The contract of the demo: A4, several pages.
pub fn contract() -> Vec<u8> {
    fs::read(repository().join("softhsm-setup/demo/contract.pdf")).unwrap()
}

/// A page somebody else has signed.
pub fn signed_by_another() -> Vec<u8> {
    fs::read(repository().join("client/tests/files/intact.pdf")).unwrap()
}

fn page_objects(text: &str, page_entries: &str) -> Vec<String> {
    let content = format!("BT /F1 14 Tf 72 760 Td ({text}) Tj ET");
    vec![
        String::new(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R\n\
             /Resources << /Font << /F1 5 0 R >> >> {page_entries} >>"
        ),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ]
}

/// A file of these objects; the first is made here: the catalog with these entries.
fn file(catalog_entries: &[&str], objects: &[String]) -> Vec<u8> {
    let catalog = format!("<< /Type /Catalog /Pages 2 0 R {} >>", catalog_entries.join(" "));
    let mut text = String::from("%PDF-1.7\n%\u{e9}\u{e9}\n");
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    let bodies = std::iter::once(&catalog).chain(&objects[1..]);
    for (number, body) in (1..).zip(bodies) {
        table += &format!("{:010} 00000 n \n", text.len());
        text += &format!("{number} 0 obj\n{body}\nendobj\n");
    }
    let start = text.len();
    let size = objects.len() + 1;
    let trailer = format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n");
    (text + &table + &trailer).into_bytes()
}

fn rewritten(document: &[u8], options: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (before, after) = (folder.path().join("before.pdf"), folder.path().join("after.pdf"));
    fs::write(&before, document).unwrap();
    succeed(Command::new("qpdf").args(options).arg(before).arg(&after));
    fs::read(after).unwrap()
}
