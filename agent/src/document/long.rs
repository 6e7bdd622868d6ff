//! Long documents, a few pages at a time: a worker that was given all of one would keep every page in memory for the few that it is to look at.
//!
//! The strict reader, which is the authority on the structure, cuts the pages out; no worker is asked how many there are in all.

use std::{
    fs::File,
    io::{self, Write},
    ops::RangeInclusive,
    sync::Arc,
};

use rustix::fs::{MemfdFlags, memfd_create};
use sealkeeper_domain::reason::Reason;
use sealkeeper_pades::{Document, ExcerptError};
use tokio::sync::mpsc;

use crate::pipeline::ports::document::{DocumentFile, Unviewed};

/// Pages of a document that a worker opens as it is.
pub(super) const SHORT: u32 = 2_000;
/// Pages cut out at a time: enough for every worker to be given some.
const TOGETHER: u32 = 512;
/// Bytes of an excerpt of several pages, and of one page: it is made in memory.
const MOST: usize = 16 << 20;
const MOST_OF_ONE: usize = 64 << 20;

/// Some pages in a file of their own.
pub(super) struct Part {
    pub(super) document: DocumentFile,
    /// The number of the first of them in the whole document, from 1.
    pub(super) first: u32,
}

/// Cuts these pages out, in their order, one part ahead of whoever takes them.
pub(super) fn parts(
    document: DocumentFile,
    pages: RangeInclusive<u32>,
) -> mpsc::Receiver<Result<Part, Unviewed>> {
    let (give, take) = mpsc::channel(1);
    tokio::task::spawn_blocking(move || {
        if let Err(unviewed) = cut(&document, pages, |part| give.blocking_send(Ok(part)).is_ok()) {
            // Nobody waits for it any more.
            let _ = give.blocking_send(Err(unviewed));
        }
    });
    take
}

/// Gives one part after the other, for as long as they are taken.
fn cut(
    document: &DocumentFile,
    pages: RangeInclusive<u32>,
    mut give: impl FnMut(Part) -> bool,
) -> Result<(), Unviewed> {
    let bytes = super::worker::map(&document.file).map_err(unusable)?;
    let document = Document::open(&bytes).map_err(|error| unreadable(error.into(), None))?;
    let (mut first, last) = pages.into_inner();
    let mut together = TOGETHER;
    while first <= last {
        let count = together.min(last - first + 1);
        let most = if count == 1 { MOST_OF_ONE } else { MOST };
        match excerpt(&document, first, count, most) {
            Ok(file) => {
                let document = DocumentFile { file: Arc::new(file), page_count: count };
                if !give(Part { document, first }) {
                    return Ok(());
                }
                first = first.saturating_add(count);
                // Pages that need as much as these are likely to follow.
                together = count;
            }
            Err(NoPart::Document(ExcerptError::TooLong)) if count > 1 => together = count / 2,
            Err(NoPart::Document(error)) => return Err(unreadable(error, Some(first))),
            Err(NoPart::File(error)) => return Err(unusable(error)),
        }
    }
    Ok(())
}

enum NoPart {
    Document(ExcerptError),
    File(io::Error),
}

fn excerpt(document: &Document<'_>, first: u32, count: u32, most: usize) -> Result<File, NoPart> {
    let start = first.saturating_sub(1) as usize;
    let bytes = document.excerpt(start..start + count as usize, most).map_err(NoPart::Document)?;
    let file = || {
        let mut file = File::from(memfd_create("pages", MemfdFlags::CLOEXEC)?);
        file.write_all(&bytes)?;
        // A worker may not write to what others look at.
        File::open(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&file)))
    };
    file().map_err(NoPart::File)
}

fn unreadable(error: ExcerptError, page: Option<u32>) -> Unviewed {
    let reason = match error {
        ExcerptError::Read(error) => Reason::from_code(error.code()).unwrap_or(Reason::PdfDamaged),
        ExcerptError::TooLong => Reason::DocumentTooHardMemory,
    };
    Unviewed { page, ..Unviewed::new(reason) }
}

fn unusable(error: io::Error) -> Unviewed {
    Unviewed { about: Some(error.to_string()), ..Unviewed::new(Reason::DocumentWorkerUnusable) }
}
