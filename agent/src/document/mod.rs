//! What documents show, found out by workers: processes that do nothing else, may do nothing else, and end with the page they fail on.
//!
//! A worker serves one document. Of a large one several look at parts of it at once; where one needs more memory or time than it may have, what it has told so far
//! counts, and another goes on behind. So only a page that a fresh worker cannot manage is too hard, however long the document is.

mod long;
mod process;
mod wire;
pub(crate) mod worker;

#[cfg(test)]
mod tests;

use std::{
    ops::RangeInclusive,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use async_trait::async_trait;
use sealkeeper_domain::reason::Reason;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::{Instant, timeout_at},
};

use self::{
    long::Part,
    process::{End, Recipe, Task, Worker},
    wire::{Room, Told},
};
use crate::{
    config::Limits,
    pipeline::ports::document::{
        Confinement, DocumentFile, Looked, PageLook, Picture, Sought, Unviewed, Viewer,
    },
};

/// Looks at documents by workers, as many at once as there are processors.
#[derive(Clone)]
pub(crate) struct DocumentWorkers {
    recipe: Arc<Recipe>,
    /// A place for each worker.
    places: Arc<Semaphore>,
    /// Workers at once.
    at_once: u32,
    /// Longest time that looking at a document may take, whatever it is like.
    whole: Duration,
    /// Whether it was said that the kernel lacks something.
    said: Arc<AtomicBool>,
}

/// Fewest and most pages for one worker: what starting it and opening the document costs is spread over the first, and what it may lose is bounded by the second.
const PART: RangeInclusive<u32> = 8..=256;
/// Bytes that workers may tell of all pages of a document together: a page of a contract takes 100.
const LOOKED: usize = 32 << 20;

impl DocumentWorkers {
    /// Workers within these limits.
    pub(crate) fn new(limits: &Limits) -> Self {
        // Not by the name of its file: an update may have put another one there.
        let recipe = Recipe {
            program: Path::new("/proc/self/exe").to_owned(),
            arguments: vec!["document-worker".into()],
            // One heap for the one thread that works: each further one would take 64 MiB of address space, which is limited.
            environment: vec![("MALLOC_ARENA_MAX".to_owned(), "1".to_owned())],
            memory_mib: limits.document_worker_mib,
            time: limits.document_worker,
        };
        let at_once =
            thread::available_parallelism().map_or(1, |count| u32::try_from(count.get()).unwrap_or(1));
        DocumentWorkers::of(recipe, at_once, limits.call)
    }

    fn of(recipe: Recipe, at_once: u32, whole: Duration) -> Self {
        let places = Arc::new(Semaphore::new(at_once as usize));
        DocumentWorkers { recipe: Arc::new(recipe), places, at_once, whole, said: Arc::default() }
    }

    /// Looks at pages of a document that a worker opens as it is.
    async fn look_short(
        &self,
        document: DocumentFile,
        pages: RangeInclusive<u32>,
        search: Search,
    ) -> Result<Looked, Unviewed> {
        // Aborted with this set, and their workers with them.
        let mut looks = JoinSet::new();
        for part in parts(pages, self.at_once) {
            looks.spawn(self.clone().look_at(document.clone(), part, search.clone()));
        }
        let mut looked = Looked { page_count: 0, pages: Vec::new() };
        while let Some(look) = looks.join_next().await {
            let part = look.map_err(|_| Unviewed::new(Reason::Internal))??;
            if !looked.pages.is_empty() && looked.page_count != part.page_count {
                // Two of one executable at one file: a document has taken one of them over.
                return Err(ended(End::Crash, "workers disagree on the number of pages".to_owned(), None));
            }
            looked.page_count = part.page_count;
            looked.pages.extend(part.pages);
        }
        looked.pages.sort_by_key(|page| page.number);
        Ok(looked)
    }

    /// Looks at pages of a long document, part by part.
    async fn look_long(
        &self,
        document: DocumentFile,
        pages: RangeInclusive<u32>,
        search: Search,
    ) -> Result<Looked, Unviewed> {
        let mut looked = Looked { page_count: document.page_count, pages: Vec::new() };
        let mut parts = long::parts(document, pages);
        while let Some(part) = parts.recv().await {
            let Part { document, first } = part?;
            let count = document.page_count;
            let there = |page: u32| first.saturating_add(page).saturating_sub(1);
            let part = self.look_short(document, 1..=count, search.clone()).await;
            let part = part.map_err(|unviewed| Unviewed { page: unviewed.page.map(there), ..unviewed })?;
            if part.page_count != count {
                return Err(Unviewed { page: Some(first), ..Unviewed::new(Reason::PdfDamaged) });
            }
            looked
                .pages
                .extend(part.pages.into_iter().map(|page| PageLook { number: there(page.number), ..page }));
        }
        Ok(looked)
    }

    async fn place(&self, by: Instant) -> Result<OwnedSemaphorePermit, Unviewed> {
        match timeout_at(by, self.places.clone().acquire_owned()).await {
            // One that becomes free only when time is up comes too late.
            Ok(Ok(place)) if Instant::now() < by => Ok(place),
            _ => Err(Unviewed::new(Reason::DocumentWorkersBusy)),
        }
    }

    /// Has a task done. `take` gets what is told after the worker is confined and the document open; the number of pages comes with it.
    async fn run(
        &self,
        task: Task,
        document: Option<&DocumentFile>,
        room: &Room,
        by: Instant,
        mut take: impl FnMut(u32, Told) -> Result<(), wire::Unreadable> + Send,
    ) -> Result<Seen, Stopped> {
        let _place = self.place(by).await.map_err(Stopped::Refused)?;
        let mut worker = Worker::start(&self.recipe, task, document, by).map_err(|error| {
            tracing::error!(%error, "a document worker cannot be started");
            Stopped::Refused(Unviewed {
                about: Some(error.to_string()),
                ..Unviewed::new(Reason::DocumentWorkerUnusable)
            })
        })?;
        let garbage = |_| Stopped::Ended(End::Crash, "it told what was not asked".to_owned());
        let mut seen = Seen { confinement: None, page_count: None };
        loop {
            match worker.next(room).await.map_err(|(end, about)| Stopped::Ended(end, about))? {
                None => return Ok(seen),
                Some(Told::Confined(confined)) if seen.confinement.is_none() => {
                    let confinement = confined.into();
                    self.tell(confinement);
                    seen.confinement = Some(confinement);
                }
                Some(Told::Opened(opened)) if seen.confinement.is_some() && seen.page_count.is_none() => {
                    seen.page_count = Some(opened.page_count);
                }
                Some(Told::Failed(failed)) if seen.confinement.is_some() => {
                    let reason = reason_of(&failed.code).ok_or(wire::Unreadable).map_err(garbage)?;
                    let page = Some(failed.page).filter(|page| *page > 0);
                    return Err(Stopped::Refused(Unviewed { page, ..Unviewed::new(reason) }));
                }
                Some(told) => {
                    take(seen.page_count.ok_or(wire::Unreadable).map_err(garbage)?, told).map_err(garbage)?
                }
            }
        }
    }

    /// Looks at one part, by as many workers as it takes.
    async fn look_at(
        self,
        document: DocumentFile,
        part: RangeInclusive<u32>,
        search: Search,
    ) -> Result<Looked, Unviewed> {
        let Search { sought, room, by } = search;
        let mut looked = Looked { page_count: 0, pages: Vec::new() };
        let (mut next, last) = part.into_inner();
        while next <= last {
            let first = next;
            let task = Task::Look { first, last, sought: sought.clone() };
            let run = self.run(task, Some(&document), &room, by, |page_count, told| {
                let Told::Page(page) = told else { return Err(wire::Unreadable) };
                if page.number != next || next > last {
                    return Err(wire::Unreadable);
                }
                next += 1;
                looked.page_count = page_count;
                looked.pages.push(PageLook::try_from(page)?);
                Ok(())
            });
            match run.await {
                Ok(_) if next > last => {}
                // It has gone on from where the last one stopped, so this comes to an end.
                Err(Stopped::Ended(End::Memory | End::Time, _)) if next > first && Instant::now() < by => {}
                Ok(_) => return Err(ended(End::Crash, "it told too little".to_owned(), Some(next))),
                Err(Stopped::Ended(end, about)) => return Err(ended(end, about, Some(next))),
                Err(Stopped::Refused(unviewed)) => return Err(unviewed),
            }
        }
        Ok(looked)
    }

    /// Says once what the kernel lacks.
    fn tell(&self, confinement: Confinement) {
        if !confinement.is_whole() && !self.said.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                landlock = confinement.landlock.name(),
                seccomp = confinement.seccomp,
                "this kernel cannot confine document workers wholly; limits on memory, time and descriptors stand"
            );
        }
    }
}

/// What all workers that look at one document have in common.
#[derive(Clone)]
struct Search {
    sought: Arc<Sought>,
    /// For what they tell.
    room: Arc<Room>,
    /// When all of them have to be done.
    by: Instant,
}

/// What a worker that did its task told besides.
struct Seen {
    confinement: Option<Confinement>,
    page_count: Option<u32>,
}

/// Why a task was not done.
enum Stopped {
    /// The worker ended in its midst.
    Ended(End, String),
    /// It could not be done, and another worker would say the same.
    Refused(Unviewed),
}

fn ended(end: End, about: String, page: Option<u32>) -> Unviewed {
    let reason = match end {
        End::Memory => Reason::DocumentTooHardMemory,
        End::Time => Reason::DocumentTooHardTime,
        End::Crash => Reason::DocumentTooHardCrash,
    };
    Unviewed { reason, page, about: Some(about).filter(|about| !about.is_empty()) }
}

/// What the viewer may say of a document, for itself and for its pages.
fn reason_of(code: &str) -> Option<Reason> {
    let known = [
        Reason::PdfEncrypted,
        Reason::PdfDamaged,
        Reason::PdfNoSuchPage,
        Reason::PdfPageUnusable,
        Reason::DocumentTooHardTime,
    ];
    known.into_iter().find(|reason| reason.code() == code)
}

impl Stopped {
    fn at(self, page: Option<u32>) -> Unviewed {
        match self {
            Stopped::Ended(end, about) => ended(end, about, page),
            Stopped::Refused(unviewed) => unviewed,
        }
    }
}

/// The parts of these pages, each for one worker.
fn parts(pages: RangeInclusive<u32>, at_once: u32) -> Vec<RangeInclusive<u32>> {
    let (mut first, last) = pages.into_inner();
    let count = last.saturating_sub(first).saturating_add(1);
    let size = count.div_ceil(at_once.max(1)).clamp(*PART.start(), *PART.end());
    let mut parts = Vec::new();
    while first <= last {
        let end = first.saturating_add(size - 1).min(last);
        parts.push(first..=end);
        // Only the last of all numbers has none after it.
        let Some(next) = end.checked_add(1) else { break };
        first = next;
    }
    parts
}

#[async_trait]
impl Viewer for DocumentWorkers {
    async fn look(
        &self,
        document: DocumentFile,
        pages: RangeInclusive<u32>,
        sought: Sought,
    ) -> Result<Looked, Unviewed> {
        let by = Instant::now() + self.whole;
        let search = Search { sought: Arc::new(sought), room: Arc::new(Room::of(LOOKED)), by };
        if document.page_count > long::SHORT {
            self.look_long(document, pages, search).await
        } else {
            self.look_short(document, pages, search).await
        }
    }

    async fn render(&self, document: DocumentFile, page: u32, dpi: u16) -> Result<Picture, Unviewed> {
        let mut picture = None;
        let by = Instant::now() + self.whole;
        let (document, own) = if document.page_count > long::SHORT {
            let part = long::parts(document, page..=page).recv().await;
            (part.ok_or_else(|| Unviewed::new(Reason::PdfNoSuchPage))??.document, 1)
        } else {
            (document, page)
        };
        self.run(
            Task::Render { page: own, dpi },
            Some(&document),
            &Room::of(wire::LONGEST),
            by,
            |_, told| match told {
                Told::Drawn(drawn) if picture.is_none() => {
                    picture = Some(Picture::try_from(drawn)?);
                    Ok(())
                }
                _ => Err(wire::Unreadable),
            },
        )
        .await
        .map_err(|stopped| stopped.at(Some(page)))?;
        picture.ok_or_else(|| ended(End::Crash, "it told too little".to_owned(), Some(page)))
    }

    async fn confinement(&self) -> Result<Confinement, Unviewed> {
        let by = Instant::now() + self.recipe.time;
        let run =
            self.run(Task::Confine, None, &Room::of(wire::LONGEST), by, |_, _| Err(wire::Unreadable)).await;
        // There is no document that could have ended it.
        let unusable = |about| Unviewed { about, ..Unviewed::new(Reason::DocumentWorkerUnusable) };
        match run {
            Ok(seen) => seen.confinement.ok_or_else(|| unusable(None)),
            Err(Stopped::Ended(_, about)) => Err(unusable(Some(about))),
            Err(Stopped::Refused(unviewed)) => Err(unviewed),
        }
    }
}
