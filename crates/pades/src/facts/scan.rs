//! What a document holds beside the marks on its pages: whatever acts, reaches out, carries other files or plays.
//!
//! Such things can hang in many places: the catalog, names, outlines, pages, annotations, form fields, and whatever those lead to. So no place is
//! looked for: every object that can be reached from the catalog is read, token by token, and a dictionary is judged by its own keys alone. A
//! dictionary with a key twice is judged by both values.

use super::hazard::{Hazard, Traits};
use crate::document::{Document, Places, shown_by};
use crate::error::ReadError;
use crate::lexer::{Lexer, Raw};
use crate::object::{Object, Reference};
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
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
    let (catalog, _) = document.catalog()?;
    let reached = graph.reached(document, document.place_of(catalog.number).into_iter().collect());
    let mut found: Vec<(Reference, Hazard)> =
        graph.shares.iter().flat_map(|share| share.hazards.iter().copied()).collect();
    found.retain(|(object, _)| document.place_of(object.number).is_some_and(|place| reached.contains(place)));
    found.extend(graph.lost(document)?);
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

/// What the objects in force and the trailer name, for whoever is to add objects.
pub(crate) struct Named {
    graph: Graph,
    of_trailer: Vec<u32>,
}

impl Named {
    /// Reads every object.
    ///
    /// # Errors
    /// [`ReadError::TooComplex`].
    pub(crate) fn read(document: &Document<'_>) -> Result<Named, ReadError> {
        let mut of_trailer = Vec::new();
        tokens(document.trailer().tokens(), false, &mut of_trailer, &mut Vec::new());
        Ok(Named { graph: Graph::read(document)?, of_trailer })
    }

    /// Numbers from `from` on that are named, though nothing may have them: what is added under one of them would stand wherever that is
    /// named.
    pub(crate) fn numbers_from(&self, from: u32) -> BTreeSet<u32> {
        self.numbers().filter(|number| *number >= from).collect()
    }

    /// Whether each of these objects is named in no more than one place, so that changing it changes nothing else.
    pub(crate) fn are_each_named_once(&self, objects: &[Reference]) -> bool {
        let times = |number: u32| self.numbers().filter(|named| *named == number).take(2).count();
        objects.iter().all(|object| times(object.number) <= 1)
    }

    fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        self.graph.shares.iter().flat_map(|share| &share.named).chain(&self.of_trailer).copied()
    }
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

    /// The places that can be reached from these.
    fn reached(&self, document: &Document<'_>, from: Vec<usize>) -> Places {
        let mut reached = Places::new(document.places());
        let mut pending = from;
        while let Some(place) = pending.pop() {
            if !reached.insert(place) {
                continue;
            }
            let places = self.named(place).iter().filter_map(|number| document.place_of(*number));
            pending.extend(places.filter(|place| !reached.contains(*place)));
        }
        reached
    }

    /// What shows on pages and names an object which is not there, though the file has it. Elsewhere, in outlines, names and destinations, deleted
    /// objects leave such names behind, and nobody sees a difference.
    fn lost(&self, document: &Document<'_>) -> Result<Vec<(Reference, Hazard)>, ReadError> {
        let (mut by_pages, mut contents) = (Vec::new(), Vec::new());
        for index in 0..document.page_count()? {
            for shown in shown_by(document, &document.page(index)?) {
                by_pages.push((shown.holder, shown.named.number));
                if shown.whole && document.page_index(shown.named)?.is_none() {
                    contents.extend(document.place_of(shown.named.number));
                }
            }
        }
        let shown = self.reached(document, contents);
        let is_missing =
            |number: &u32| document.place_of(*number).and_then(|place| document.body_name(place)).is_none();
        let places = (0..document.places()).filter(|place| shown.contains(*place));
        let named = places.clone().flat_map(|place| self.named(place)).copied();
        let named = named.chain(by_pages.iter().map(|(_, number)| *number));
        let missing: HashSet<u32> = named.filter(is_missing).collect();
        let remains = document.remains(&missing);
        let in_contents = places
            .filter(|place| self.named(*place).iter().any(|number| remains.contains(number)))
            .filter_map(|place| document.body_name(place))
            .map(|(number, generation)| Reference { number, generation });
        let in_pages =
            by_pages.iter().filter(|(_, number)| remains.contains(number)).map(|(holder, _)| *holder);
        Ok(in_contents.chain(in_pages).map(|object| (object, Hazard::Lost)).collect())
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
                tokens(body.raw, body.is_stream(), &mut share.named, &mut found);
                if !document.ends_where_it_says(&body) {
                    found.push(Hazard::StreamLength);
                }
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

/// The objects that a value names, whose bytes these are; its own keys may lead anywhere.
pub(crate) fn named_in(bytes: &[u8]) -> Vec<Reference> {
    let mut named = Vec::new();
    let mut lexer = Lexer::new(bytes, 0);
    while !lexer.rest().is_empty() {
        lexer.skip_space();
        let before = lexer.position();
        match lexer.rest() {
            [b'<', b'<', ..] | [b'>', b'>', ..] => lexer.advance(2),
            [b'[' | b']', ..] => lexer.advance(1),
            _ => {
                if let Ok(Ok(Object::Reference(reference))) = lexer.value().map(Object::parse) {
                    named.push(reference);
                }
            }
        }
        // Cannot be: the value was found balanced.
        if lexer.position() == before {
            break;
        }
    }
    named
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
                    _ => {
                        if let Some(traits) = open.iter_mut().rev().flatten().next() {
                            traits.listed(name);
                        }
                    }
                }
            }
            _ => {
                let before = lexer.clone();
                match lexer.value() {
                    Ok(value) => {
                        if let Some(number) = referred(value) {
                            named.push(number);
                            if let Some(Some(traits)) = open.last_mut() {
                                traits.refers();
                            }
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
