//! What a document holds beside the marks on its pages: whatever acts, reaches out, carries other files or plays.
//!
//! Such things can hang in many places: the catalog, names, outlines, pages, annotations, form fields, and whatever those lead to. So no place is
//! looked for: every object that can be reached from the catalog is read, token by token, and a dictionary is judged by its own keys alone. A
//! dictionary with a key twice is judged by both values.

use super::hazard::{Hazard, Traits};
use crate::document::Document;
use crate::error::ReadError;
use crate::lexer::Raw;
use crate::object::{Object, Reference};
use std::collections::{HashMap, HashSet, VecDeque};
use std::num::NonZeroUsize;
use std::thread;

/// Objects that one thread takes at a time; fewer are not worth a thread.
const LEAST_PER_THREAD: usize = 20_000;

/// Hazards of one kind beyond these are not told one by one.
const MOST_TOLD: usize = 100;

/// How far away from a page something is looked for that belongs to it.
const FAR: usize = 4;

/// Something found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FoundHazard {
    /// What.
    pub hazard: Hazard,
    /// The object that it is, or that it is written in.
    pub object: Reference,
    /// The page it belongs to, counted from 0, if it belongs to one.
    pub page: Option<usize>,
}

/// What one thread found in its share of the objects.
#[derive(Default)]
struct Share {
    /// Numbers of objects named, those of one object after those of the other.
    named: Vec<u32>,
    /// Where in `named` each object's end.
    ends: Vec<usize>,
    hazards: Vec<(Reference, Hazard)>,
}

/// The graph of all objects.
struct Graph {
    shares: Vec<Share>,
    per_share: usize,
}

/// Reads every object that can be reached from the catalog, with as many threads as there are and as pay.
///
/// # Errors
/// [`ReadError::TooComplex`], and those of [`Document::catalog`].
pub fn scan(document: &Document<'_>) -> Result<Vec<FoundHazard>, ReadError> {
    let graph = Graph::read(document)?;
    let reached = graph.reached(document)?;
    let mut found: Vec<(Reference, Hazard)> =
        graph.shares.iter().flat_map(|share| share.hazards.iter().copied()).collect();
    found.retain(|(object, _)| document.place_of(object.number).is_some_and(|place| reached.contains(place)));
    found.sort_unstable();
    found.dedup();
    let mut told: HashMap<Hazard, usize> = HashMap::new();
    found.retain(|(_, hazard)| {
        let count = told.entry(*hazard).or_default();
        *count += 1;
        *count <= MOST_TOLD
    });
    let pages = graph.pages_of(document, &found)?;
    Ok(found
        .into_iter()
        .map(|(object, hazard)| FoundHazard { hazard, object, page: pages.get(&object.number).copied() })
        .collect())
}

impl Graph {
    fn read(document: &Document<'_>) -> Result<Graph, ReadError> {
        let places = document.places();
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let threads = cores.min(places / LEAST_PER_THREAD).max(1);
        let per_share = places.div_ceil(threads).max(1);
        let of = |index: usize| share(document, index * per_share, ((index + 1) * per_share).min(places));
        let shares = thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|index| scope.spawn(move || of(index))).collect();
            let mut shares = vec![of(0)?];
            for other in others {
                // A panic of ours is one here too, as it would be without threads.
                shares.push(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
            }
            Ok::<_, ReadError>(shares)
        })?;
        Ok(Graph { shares, per_share })
    }

    /// Numbers that the object at `place` names.
    fn named(&self, place: usize) -> &[u32] {
        let (Some(share), index) = (self.shares.get(place / self.per_share), place % self.per_share) else {
            return &[];
        };
        let start = index.checked_sub(1).and_then(|before| share.ends.get(before)).copied().unwrap_or(0);
        let end = share.ends.get(index).copied().unwrap_or(start);
        share.named.get(start..end).unwrap_or_default()
    }

    /// The places that can be reached from the catalog.
    fn reached(&self, document: &Document<'_>) -> Result<Places, ReadError> {
        let (catalog, _) = document.catalog()?;
        let mut reached = Places::new(document.places());
        let mut pending: Vec<usize> = document.place_of(catalog.number).into_iter().collect();
        while let Some(place) = pending.pop() {
            if !reached.insert(place) {
                continue;
            }
            let places = self.named(place).iter().filter_map(|number| document.place_of(*number));
            pending.extend(places.filter(|place| !reached.contains(*place)));
        }
        Ok(reached)
    }

    /// The page each of these objects belongs to: the nearest one that leads to it.
    fn pages_of(
        &self,
        document: &Document<'_>,
        found: &[(Reference, Hazard)],
    ) -> Result<HashMap<u32, usize>, ReadError> {
        let mut pages = HashMap::new();
        if found.is_empty() {
            return Ok(pages);
        }
        let mut leading: HashMap<u32, Vec<Reference>> = HashMap::new();
        for place in 0..document.places() {
            let Some((number, generation)) = document.body_name(place) else { continue };
            for named in self.named(place) {
                leading.entry(*named).or_default().push(Reference { number, generation });
            }
        }
        for (object, _) in found {
            let mut seen = HashSet::from([object.number]);
            let mut next = VecDeque::from([(*object, 0)]);
            while let Some((here, steps)) = next.pop_front() {
                if let Some(page) = document.page_index(here)? {
                    pages.insert(object.number, page);
                    break;
                }
                if steps < FAR {
                    let before = leading.get(&here.number).into_iter().flatten();
                    next.extend(before.filter(|r| seen.insert(r.number)).map(|r| (*r, steps + 1)));
                }
            }
        }
        Ok(pages)
    }
}

/// Reads the objects at the places from `from` until before `until`.
fn share(document: &Document<'_>, from: usize, until: usize) -> Result<Share, ReadError> {
    let mut share = Share::default();
    for place in from..until {
        match document.body(place) {
            Ok(Some(body)) => {
                let mut found = Vec::new();
                tokens(body.raw, body.is_stream, &mut share.named, &mut found);
                share.hazards.extend(found.into_iter().map(|hazard| (body.reference, hazard)));
            }
            Ok(None) => {}
            // Work and nesting have their limits, whatever else there is to be found.
            Err(error @ ReadError::TooComplex { .. }) => return Err(error),
            Err(_) => {
                let name =
                    document.body_name(place).map(|(number, generation)| Reference { number, generation });
                share.hazards.extend(name.map(|object| (object, Hazard::Unreadable)));
            }
        }
        share.ends.push(share.named.len());
    }
    Ok(share)
}

/// Goes through the tokens of a value that is known to be balanced.
fn tokens(raw: Raw<'_>, is_stream: bool, named: &mut Vec<u32>, found: &mut Vec<Hazard>) {
    let mut lexer = raw.lexer();
    // What is open: `None` for an array.
    let mut open: Vec<Option<Traits<'_>>> = Vec::new();
    loop {
        lexer.skip_space();
        let rest = lexer.rest();
        match rest {
            [] => return,
            [b'<', b'<', ..] => {
                open.push(Some(Traits::default()));
                lexer.advance(2);
                continue;
            }
            [b'[', ..] => {
                open.push(None);
                lexer.advance(1);
                continue;
            }
            [b'>', b'>', ..] => {
                lexer.advance(2);
                if let Some(Some(traits)) = open.pop() {
                    found.extend(traits.hazards(is_stream && open.is_empty()));
                }
            }
            [b']', ..] => {
                open.pop();
                lexer.advance(1);
            }
            [b'/', ..] => {
                lexer.advance(1);
                let name = lexer.regular();
                match open.last_mut() {
                    Some(Some(traits)) if traits.wants_key() => {
                        traits.key(name);
                        continue;
                    }
                    Some(Some(traits)) => traits.name(name),
                    _ => {}
                }
            }
            _ => {
                let before = lexer.clone();
                match lexer.value() {
                    Ok(value) => {
                        if let Some(number) = referred(value) {
                            named.push(number);
                        }
                    }
                    // Cannot be, for the whole was found balanced.
                    Err(_) => return,
                }
                if lexer.position() == before.position() {
                    return;
                }
            }
        }
        if let Some(Some(traits)) = open.last_mut() {
            traits.value_ends();
        }
    }
}

/// The number of the object that this value refers to, if it is a reference.
fn referred(value: Raw<'_>) -> Option<u32> {
    match value.bytes {
        [b'0'..=b'9', .., b'R'] => match Object::parse(value) {
            Ok(Object::Reference(reference)) => Some(reference.number),
            _ => None,
        },
        _ => None,
    }
}

/// A set of places.
struct Places(Vec<u64>);

impl Places {
    fn new(count: usize) -> Places {
        Places(vec![0; count.div_ceil(64)])
    }

    fn contains(&self, place: usize) -> bool {
        self.0.get(place / 64).is_some_and(|word| word & (1 << (place % 64)) != 0)
    }

    /// Whether it was not in there yet.
    fn insert(&mut self, place: usize) -> bool {
        let new = !self.contains(place);
        if let Some(word) = self.0.get_mut(place / 64) {
            *word |= 1 << (place % 64);
        }
        new
    }
}
