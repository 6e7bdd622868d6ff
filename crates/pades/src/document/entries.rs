//! Where each object is, as the chain of sections has it.

use super::indirect;
use super::sections::Section;
use crate::error::{Damage, Limit, ReadError};
use std::collections::HashSet;

/// Cross-reference entries in all sections together.
pub(super) const MAX_ENTRIES: usize = 4_000_000;

/// The highest object number that common readers know (ISO 32000-1 Annex C).
const MAX_NUMBER: u32 = 8_388_607;

/// One cross-reference entry (ISO 32000-2 §7.5.4, Table 18).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    Free,
    /// At `offset` bytes after the header.
    InUse {
        offset: u64,
        generation: u16,
    },
    /// The `index`th object in the object stream `stream`.
    Compressed {
        stream: u32,
        index: u32,
    },
}

/// What is in force: for each object the entry of the newest section that has one.
pub(super) struct Entries {
    /// By number, each once.
    sorted: Vec<(u32, Entry)>,
    /// Numbers that are free now and were in use in an earlier section, ascending.
    freed: Vec<u32>,
    /// Where objects and sections begin, ascending, relative to the header.
    boundaries: Vec<u64>,
    /// Object numbers of the cross-reference streams: they are found by startxref and /Prev, and nobody looks their own entries up.
    sections: Vec<u32>,
}

impl Entries {
    /// Takes the entries out of the sections.
    pub(super) fn merge(sections: &mut [Section<'_>]) -> Result<Entries, ReadError> {
        let total: usize = sections.iter().map(|section| section.entries.len()).sum();
        let mut ranked: Vec<(u32, u32, Entry)> = Vec::with_capacity(total);
        for (rank, section) in (0u32..).zip(sections.iter_mut()) {
            ranked.extend(section.entries.drain(..).map(|(number, entry)| (number, rank, entry)));
            section.entries = Vec::new();
        }
        // Stable, so that two entries of one section stay neighbours in their order.
        ranked.sort_by_key(|(number, rank, _)| (*number, *rank));
        let mut sorted: Vec<(u32, Entry)> = Vec::with_capacity(ranked.len());
        let mut freed: Vec<u32> = Vec::new();
        let mut last: Option<(u32, u32, Entry)> = None;
        for (number, rank, entry) in ranked {
            match last {
                Some((n, r, e)) if n == number => {
                    if r == rank && e != entry {
                        let offset = sections.get(rank as usize).map_or(0, |section| section.offset);
                        return Err(ReadError::damaged(Damage::DuplicateEntry, offset));
                    }
                    if e == Entry::Free && entry != Entry::Free && freed.last() != Some(&number) {
                        freed.push(number);
                    }
                }
                _ => {
                    sorted.push((number, entry));
                    last = Some((number, rank, entry));
                }
            }
        }
        if sorted.last().is_some_and(|(number, _)| *number > MAX_NUMBER) {
            let offset = sections.first().map_or(0, |section| section.offset);
            return Err(ReadError::TooComplex { what: Limit::Numbers, offset });
        }
        let streams: HashSet<u32> = sections.iter().filter_map(|section| section.stream).collect();
        let mut boundaries: Vec<u64> = sorted
            .iter()
            .filter_map(|(number, entry)| match entry {
                // What a cross-reference stream says of itself nobody looks at.
                Entry::InUse { offset, .. } if !streams.contains(number) => Some(*offset),
                _ => None,
            })
            .chain(sections.iter().flat_map(|section| [Some(section.offset), section.beside]).flatten())
            .collect();
        boundaries.sort_unstable();
        boundaries.dedup();
        Ok(Entries { sorted, freed, boundaries, sections: streams.into_iter().collect() })
    }

    /// Looks at the head of every object in use, so that no wrong offset goes unnoticed.
    pub(super) fn verify(&self, bytes: &[u8], base: u64) -> Result<(), ReadError> {
        for (number, entry) in &self.sorted {
            match *entry {
                Entry::Free => {}
                Entry::InUse { offset, generation } => {
                    let at = offset.saturating_add(base);
                    if !indirect::stands_at(bytes, at, *number, generation) && !self.sections.contains(number)
                    {
                        return Err(ReadError::damaged(Damage::WrongOffset, at));
                    }
                }
                Entry::Compressed { stream, .. } => {
                    if !matches!(self.find(stream), Some(Entry::InUse { .. })) {
                        return Err(ReadError::damaged(Damage::ObjectStream, base));
                    }
                }
            }
        }
        Ok(())
    }

    pub(super) fn find(&self, number: u32) -> Option<Entry> {
        let index = self.sorted.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        self.sorted.get(index).map(|(_, entry)| *entry)
    }

    /// Whether the object called `number` is free, though an earlier section has it.
    pub(super) fn was_freed(&self, number: u32) -> bool {
        self.freed.binary_search(&number).is_ok()
    }

    /// How many objects have an entry.
    pub(super) fn len(&self) -> usize {
        self.sorted.len()
    }

    /// The entry at this place, by number ascending.
    pub(super) fn at(&self, place: usize) -> Option<(u32, Entry)> {
        self.sorted.get(place).copied()
    }

    /// The place of the object called `number`.
    pub(super) fn place_of(&self, number: u32) -> Option<usize> {
        self.sorted.binary_search_by_key(&number, |(number, _)| *number).ok()
    }

    /// The highest number that has an entry, free or not.
    pub(super) fn highest(&self) -> u32 {
        self.sorted.last().map_or(0, |(number, _)| *number)
    }

    /// Where the next object or section after `offset` begins; both relative to the header.
    pub(super) fn boundary_after(&self, offset: u64) -> Option<u64> {
        let index = self.boundaries.partition_point(|boundary| *boundary <= offset);
        self.boundaries.get(index).copied()
    }
}
