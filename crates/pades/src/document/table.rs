//! Cross-reference tables (ISO 32000-2 §7.5.4).

use super::entries::Entry;
use super::sections::{Section, XrefStyle, size};
use crate::error::{Damage, Limit, ReadError};
use crate::lexer::{Lexer, decimal};
use crate::object::{Dictionary, Object};

/// Reads the table, of at most `allowed` entries, and its trailer; `lexer` stands after the keyword `xref`, `offset` is the section's own.
pub(super) fn read<'a>(mut lexer: Lexer<'a>, offset: u64, allowed: usize) -> Result<Section<'a>, ReadError> {
    let mut entries = Vec::new();
    loop {
        lexer.skip_white();
        if lexer.take(b"trailer") {
            break;
        }
        subsection(&mut lexer, &mut entries, allowed)?;
    }
    let trailer = trailer(&mut lexer)?;
    let size = size(&trailer)?;
    Ok(Section {
        offset,
        end: lexer.offset(),
        style: XrefStyle::Table,
        trailer,
        size,
        entries,
        stream: None,
        beside: None,
    })
}

fn subsection(
    lexer: &mut Lexer<'_>,
    entries: &mut Vec<(u32, Entry)>,
    allowed: usize,
) -> Result<(), ReadError> {
    let malformed = lexer.damaged(Damage::Table);
    let first = lexer.unsigned().ok_or(malformed)?;
    lexer.skip_white();
    let count = lexer.unsigned().ok_or(malformed)?;
    if count > allowed.saturating_sub(entries.len()) as u64 {
        return Err(ReadError::TooComplex { what: Limit::Entries, offset: lexer.offset() });
    }
    lexer.skip_white();
    for number in first..first.saturating_add(count) {
        let number = u32::try_from(number).map_err(|_| malformed)?;
        let entry = entry(lexer)?;
        // Object 0 heads the free list and is never an object.
        if number != 0 {
            entries.push((number, entry));
        }
    }
    Ok(())
}

/// One entry: ten digits, five digits and a letter in fixed places, and white space: two bytes by the standard, but everyone comes to
/// the same with one or more. What is laid out otherwise not all readers take for an entry.
fn entry(lexer: &mut Lexer<'_>) -> Result<Entry, ReadError> {
    let malformed = lexer.damaged(Damage::Table);
    let (line, _) = lexer.rest().split_at_checked(18).ok_or(malformed)?;
    let [offset @ .., b' ', g0, g1, g2, g3, g4, b' ', letter] = line else { return Err(malformed) };
    let offset = decimal(offset).ok_or(malformed)?;
    let generation = decimal(&[*g0, *g1, *g2, *g3, *g4]).ok_or(malformed)?;
    lexer.advance(18);
    if lexer.skip_white() == 0 {
        return Err(malformed);
    }
    match letter {
        b'f' => Ok(Entry::Free),
        b'n' if offset == 0 => Ok(Entry::Free),
        b'n' => {
            let generation = u16::try_from(generation).map_err(|_| malformed)?;
            Ok(Entry::InUse { offset, generation })
        }
        _ => Err(malformed),
    }
}

fn trailer<'a>(lexer: &mut Lexer<'a>) -> Result<Dictionary<'a>, ReadError> {
    lexer.skip_space();
    let malformed = lexer.damaged(Damage::Trailer);
    if !lexer.rest().starts_with(b"<<") {
        return Err(malformed);
    }
    match Object::parse(lexer.value()?)? {
        Object::Dictionary(trailer) => Ok(trailer),
        _ => Err(malformed),
    }
}
