//! What the document's XMP metadata claim (ISO 32000-2 §14.3.2, ISO 16684-1, ISO 19005-1 §6.7.11).

use crate::document::Document;
use crate::error::ReadError;
use crate::object::{Dictionary, Object, utf16};
use roxmltree::{Node, ParsingOptions};

/// Metadata beyond this are not looked at.
const MAX_DECODED: usize = 16 << 20;
const MAX_NODES: u32 = 1_000_000;

/// The namespace of the PDF/A identification schema.
const PDF_A: &str = "http://www.aiim.org/pdfa/ns/id/";

/// Whether, and how, a file says that it is PDF/A.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PdfAClaim {
    /// It does not.
    None,
    /// It does.
    Part {
        /// The part of ISO 19005: 1 to 4.
        part: u8,
        /// The level of conformance, such as `B`; missing in part 4.
        conformance: Option<String>,
    },
    /// The metadata speak of PDF/A, but not so that everyone reads the same.
    Unclear,
}

/// Reads the claim. Metadata that cannot be decoded claim nothing: no reader sees them.
pub(super) fn pdf_a_claim(document: &Document<'_>, catalog: &Dictionary<'_>) -> Result<PdfAClaim, ReadError> {
    let Object::Stream(stream) = document.value(catalog, "Metadata")? else { return Ok(PdfAClaim::None) };
    match document.decode(&stream, MAX_DECODED) {
        Ok(packet) => Ok(claim(&packet)),
        Err(ReadError::TooComplex { .. }) => Ok(PdfAClaim::Unclear),
        Err(_) => Ok(PdfAClaim::None),
    }
}

fn claim(packet: &[u8]) -> PdfAClaim {
    let text = text(packet);
    if !text.contains(PDF_A) {
        return PdfAClaim::None;
    }
    // No entities are expanded beyond the predefined ones, for no document type is allowed.
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    let Ok(xml) = roxmltree::Document::parse_with_options(
        text.trim_matches(['\u{FEFF}', '\0', ' ', '\r', '\n']),
        options,
    ) else {
        return PdfAClaim::Unclear;
    };
    let (parts, levels) = (values(&xml, "part"), values(&xml, "conformance"));
    match (parts.as_slice(), levels.as_slice()) {
        ([], []) => PdfAClaim::None,
        ([part], [] | [_]) => match part.parse() {
            Ok(part) => PdfAClaim::Part { part, conformance: levels.first().cloned() },
            Err(_) => PdfAClaim::Unclear,
        },
        _ => PdfAClaim::Unclear,
    }
}

/// The distinct values of a property of the schema, be it written as an element or as an attribute.
fn values(xml: &roxmltree::Document<'_>, property: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for node in xml.descendants().filter(Node::is_element) {
        let element = node.has_tag_name((PDF_A, property)).then(|| node.text().unwrap_or_default());
        for value in element.into_iter().chain(node.attribute((PDF_A, property))) {
            let value = value.trim().to_owned();
            if !found.contains(&value) {
                found.push(value);
            }
        }
    }
    found
}

/// The packet as text: UTF-16 by its byte order mark, else UTF-8.
fn text(packet: &[u8]) -> String {
    match packet {
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        other => String::from_utf8_lossy(other).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(properties: &str) -> String {
        format!(
            "<?xpacket begin=\"\u{FEFF}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\
             <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">{properties}</rdf:RDF></x:xmpmeta>\n   \n\
             <?xpacket end=\"w\"?>"
        )
    }

    #[test]
    fn claims_as_elements_and_as_attributes() {
        let elements = packet(
            "<rdf:Description xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\"><pdfaid:part>1</pdfaid:part>\
             <pdfaid:conformance>B</pdfaid:conformance></rdf:Description>",
        );
        let expected = PdfAClaim::Part { part: 1, conformance: Some("B".to_owned()) };
        assert_eq!(claim(elements.as_bytes()), expected);
        let attributes = packet(
            "<rdf:Description xmlns:q='http://www.aiim.org/pdfa/ns/id/' q:part='1' q:conformance='B'/>",
        );
        assert_eq!(claim(attributes.as_bytes()), expected);
        let wide: Vec<u8> =
            [0xFE, 0xFF].into_iter().chain(attributes.encode_utf16().flat_map(u16::to_be_bytes)).collect();
        assert_eq!(claim(&wide), expected);
        let part_4 = packet("<rdf:Description xmlns:q='http://www.aiim.org/pdfa/ns/id/' q:part='4'/>");
        assert_eq!(claim(part_4.as_bytes()), PdfAClaim::Part { part: 4, conformance: None });
    }

    #[test]
    fn no_claim_and_unclear_claims() {
        assert_eq!(claim(packet("").as_bytes()), PdfAClaim::None);
        assert_eq!(claim(b"\xFF\xFFrubbish"), PdfAClaim::None);
        let two = packet("<a xmlns:q='http://www.aiim.org/pdfa/ns/id/' q:part='1'><b q:part='2'/></a>");
        assert_eq!(claim(two.as_bytes()), PdfAClaim::Unclear);
        let broken = packet("<a xmlns:q='http://www.aiim.org/pdfa/ns/id/' q:part='1'>");
        assert_eq!(claim(broken.as_bytes()), PdfAClaim::Unclear);
        let odd = packet("<a xmlns:q='http://www.aiim.org/pdfa/ns/id/' q:part='one'/>");
        assert_eq!(claim(odd.as_bytes()), PdfAClaim::Unclear);
    }
}
