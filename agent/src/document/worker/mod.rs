//! `seal-agent document-worker`: the process that decodes what is on the pages of one document, and can do nothing else.
//!
//! The document is its standard input, a file; what it tells goes to standard output. Before the first byte of the document is read it gives up files,
//! network, other processes and all descriptors but these (`confine`).

mod confine;
mod pages;
mod system_calls;

use std::{
    fs::File,
    io::{self, Write},
    process::ExitCode,
    sync::Arc,
    thread,
};

use memmap2::Mmap;
use prost::Message;
use sealkeeper_view::{Document, ViewError};

use super::wire::{Answer, Failed, Opened, Told};
use crate::pipeline::ports::document::{Landlock, Sought};

/// What is to be done.
#[derive(Clone, Debug, clap::Subcommand)]
pub(crate) enum Task {
    /// Tell how this process is confined, and end.
    Confine,
    /// Tell what is on the pages from one to another, counting from 1.
    Look {
        /// The first.
        #[arg(long)]
        first: u32,
        /// The last.
        #[arg(long)]
        last: u32,
        /// A word that marks a draft; once for each.
        #[arg(long)]
        draft_word: Vec<String>,
        /// A word whose places are wanted; once for each.
        #[arg(long)]
        keyword: Vec<String>,
    },
    /// Draw one page.
    Render {
        /// From 1.
        #[arg(long)]
        page: u32,
        /// Pixels to the inch.
        #[arg(long)]
        dpi: u16,
    },
}

/// Stack of the thread that works, bytes. Page trees and forms nest, and those who decode them recurse; what goes deeper ends the process.
const STACK: usize = 64 << 20;
/// Exit code of a panic, as Rust's own.
const PANICKED: u8 = 101;

/// Confines the process and does the task, within `memory_mib` MiB beside the document and `seconds` of processor time.
pub(crate) fn run(task: Task, memory_mib: u64, seconds: u64) -> io::Result<ExitCode> {
    confine::close_all_but_standard()?;
    let document = match &task {
        Task::Confine => None,
        Task::Look { .. } | Task::Render { .. } => {
            Some(map(&File::from(rustix::io::dup(rustix::stdio::stdin())?))?)
        }
    };
    let mapped = document.as_ref().map_or(0, |map| map.len() as u64);
    confine::limit((memory_mib << 20).saturating_add(mapped), seconds)?;
    let landlock = confine::landlock()?;
    // It inherits what confines this one. Its stack has a guard: what overflows it ends the process.
    let work = thread::Builder::new().name("pages".to_owned()).stack_size(STACK);
    let work = work.spawn(move || work_confined(task, document, landlock))?;
    match work.join() {
        Ok(done) => done.map(|()| ExitCode::SUCCESS),
        // The message is on standard error already.
        Err(_) => Ok(ExitCode::from(PANICKED)),
    }
}

/// What is to be done once there is no other thread to start.
fn work_confined(task: Task, document: Option<Mmap>, landlock: Landlock) -> io::Result<()> {
    let confinement = confine::rest(landlock)?;
    tell(Told::Confined(confinement.into()))?;
    let Some(document) = document else { return Ok(()) };
    let document = match Document::open(Arc::new(document)) {
        Ok(document) => document,
        Err(error) => return tell(failed(0, error)),
    };
    let page_count = u32::try_from(document.page_count()).unwrap_or(u32::MAX);
    tell(Told::Opened(Opened { page_count }))?;
    match task {
        Task::Confine => Ok(()),
        Task::Look { first, last, draft_word, keyword } => {
            let sought = Sought { draft_words: draft_word, keywords: keyword };
            for number in first..=last {
                match pages::look(&document, number, &sought) {
                    Ok(look) => tell(Told::Page(look.into()))?,
                    Err(error) => return tell(failed(number, error)),
                }
            }
            Ok(())
        }
        Task::Render { page, dpi } => tell(match pages::render(&document, page, dpi) {
            Ok(picture) => Told::Drawn(picture.into()),
            Err(error) => failed(page, error),
        }),
    }
}

fn failed(page: u32, error: ViewError) -> Told {
    Told::Failed(Failed { page, code: error.code().to_owned() })
}

fn tell(told: Told) -> io::Result<()> {
    let frame = Answer { told: Some(told) }.encode_length_delimited_to_vec();
    let mut out = io::stdout().lock();
    out.write_all(&frame)?;
    out.flush()
}

pub(super) fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: the file is the spool's, which nobody writes to or truncates once it has its name (see `spool`), or one in memory that nobody else has. If the
    // custodian's own user does so all the same, that ends this process: a worker, whose word is not believed anyway, or the daemon, which maps what it spools
    // elsewhere too.
    #[allow(unsafe_code)]
    unsafe {
        Mmap::map(file)
    }
}
