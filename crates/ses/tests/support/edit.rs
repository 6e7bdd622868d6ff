//! DER taken apart and put together again with one part changed, by the rules of ITU-T X.690 §8.1 alone.

/// An element of this tag.
pub(crate) fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len();
    let bytes: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    let header =
        if length < 0x80 { vec![length as u8] } else { [&[0x80 | bytes.len() as u8], &bytes[..]].concat() };
    [&[tag], &header[..], contents].concat()
}

/// Where the contents of the first element begin and end.
fn contents(der: &[u8]) -> std::ops::Range<usize> {
    let (header, length) = match der[1] {
        short @ ..0x80 => (2, usize::from(short)),
        long => {
            let header = 2 + usize::from(long & 0x7f);
            (header, der[2..header].iter().fold(0, |length, byte| length << 8 | usize::from(*byte)))
        }
    };
    header..header + length
}

/// The elements inside an element.
pub(crate) fn parts(der: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = &der[contents(der)];
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let (part, after) = rest.split_at(contents(rest).end);
        parts.push(part.to_vec());
        rest = after;
    }
    parts
}

/// `der` with the element at `path` (the number of the part, and of the part's part, and so on) replaced by what `edit` makes of it. An
/// OCTET STRING with DER in it is gone into like any other.
pub(crate) fn edited(der: &[u8], path: &[usize], edit: &dyn Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let [first, deeper @ ..] = path else { return edit(der) };
    let mut parts = parts(der);
    parts[*first] = edited(&parts[*first], deeper, edit);
    element(der[0], &parts.concat())
}
