//! The office in pages: everything of it in one fixed order, as much at once as goes into a message.

use prost::Message;
use sealkeeper_domain::{
    identity::PersonId,
    office::{Office, SealEntry, TrainingState},
};
use sealkeeper_proto::v1::ShowOfficeReply;

use super::{finding, grant, notice, person, seal, training};
use crate::{grpc::PAGE_BYTES, office::Reader, service::Finding};

/// Lists of the reply in their order, as places name them.
const LISTS: [&str; 6] = ["people", "grants", "seals", "notices", "findings", "trainings"];

/// Where something stands in that order: which list, and its id there, which for a grant is a person's and a seal's. What is changed between two
/// pages moves nothing else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    list: usize,
    id: (String, String),
}

impl Place {
    /// As the contract tells it; `None` if this is no place.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let (list, first) = (parts.next()?, parts.next()?);
        let list = LISTS.iter().position(|name| *name == list)?;
        let second = parts.next().unwrap_or_default();
        let place = Place { list, id: (first.to_owned(), second.to_owned()) };
        parts.next().is_none().then_some(place)
    }

    fn of(list: usize, first: &dyn ToString, second: &dyn ToString) -> Self {
        Place { list, id: (first.to_string(), second.to_string()) }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Place { list, id: (first, second) } = self;
        write!(out, "{}/{first}", LISTS.get(*list).unwrap_or(&""))?;
        if second.is_empty() { Ok(()) } else { write!(out, "/{second}") }
    }
}

/// Puts one thing into the reply.
type Put<'o> = Box<dyn Fn(&mut ShowOfficeReply) + 'o>;

/// What else is told, which the office itself does not know.
#[derive(Clone, Copy)]
pub(super) struct Known<'o> {
    /// Who asks.
    pub(super) own: &'o PersonId,
    /// What they may see.
    pub(super) reader: Reader<'o>,
    /// What is known of a person's training.
    pub(super) training: &'o dyn Fn(&PersonId) -> Option<TrainingState>,
    /// What is worth knowing of a seal.
    pub(super) findings: &'o dyn Fn(&SealEntry) -> Vec<Finding>,
}

fn everything<'o>(office: &'o Office, known: Known<'o>) -> impl Iterator<Item = (Place, Put<'o>)> {
    fn put<'o>(
        list: usize,
        first: &dyn ToString,
        second: &dyn ToString,
        put: impl Fn(&mut ShowOfficeReply) + 'o,
    ) -> (Place, Put<'o>) {
        (Place::of(list, first, second), Box::new(put))
    }
    let people = office.people.values().map(move |one| {
        put(0, &one.id, &"", move |reply| {
            reply.people.push(person(one, one.id == *known.own, (known.training)(&one.id)))
        })
    });
    let reader = known.reader;
    let grants = office
        .grants
        .values()
        .filter(move |one| reader.sees_grant(one))
        .map(|one| put(1, &one.terms.person, &one.terms.seal, |reply| reply.grants.push(grant(one))));
    let seals = office.seals.values().map(move |one| {
        put(2, one.id(), &"", move |reply| reply.seals.push(seal(one, &(known.findings)(one))))
    });
    let notices = office
        .notices
        .values()
        .filter(move |one| reader.sees_notice(one))
        .map(|one| put(3, &one.by.act, &"", |reply| reply.notices.push(notice(one))));
    let findings = office
        .findings
        .values()
        .filter(move |one| reader.sees_finding(one))
        .map(|one| put(4, &one.by.act, &"", |reply| reply.findings.push(finding(one))));
    let trainings = office
        .trainings
        .values()
        .map(|one| put(5, &one.by.act, &"", |reply| reply.trainings.push(training(one))));
    people.chain(grants).chain(seals).chain(notices).chain(findings).chain(trainings)
}

/// Up to `limit` things after this place, fewer where a message would become too large, and where to go on.
pub(super) fn page(
    office: &Office,
    known: Known<'_>,
    after: Option<&Place>,
    limit: usize,
) -> ShowOfficeReply {
    let mut reply = ShowOfficeReply::default();
    let mut last: Option<Place> = None;
    let rest = everything(office, known).skip_while(|(place, _)| after.is_some_and(|after| place <= after));
    for (taken, (place, put)) in rest.enumerate() {
        if taken == limit || reply.encoded_len() > PAGE_BYTES {
            reply.next = last.map(|last| last.to_string()).unwrap_or_default();
            return reply;
        }
        put(&mut reply);
        last = Some(place);
    }
    reply
}

#[cfg(test)]
mod tests {
    use sealkeeper_domain::{
        act::statement::GrantTerms,
        identity::ActId,
        office::{ActRef, Grant, Person, Role, Status},
    };

    use super::*;

    fn employee(id: &str) -> Person {
        Person {
            id: id.parse().unwrap(),
            name: "某某".repeat(20),
            unit: "示例科技有限公司".into(),
            roles: [Role::Applicant].into(),
            keys: Vec::new(),
            certificates: Vec::new(),
            uid: None,
            status: Status::Employed,
            tickets_since_s: 0,
        }
    }

    fn granted(person: &str, seal: &str) -> Grant {
        let terms = GrantTerms {
            person: person.parse().unwrap(),
            seal: seal.parse().unwrap(),
            classes: ["ordinary".to_owned()].into(),
            copies_per_request: 1,
            uses_per_day: 1,
            hours: None,
            until_s: 1,
        };
        let act = ActId::new(uuid::Uuid::from_u128(1));
        Grant { terms, by: ActRef { act, by: "office".parse().unwrap(), at_us: 1 } }
    }

    /// Thousands of people, some of whose ids are the beginning of others'.
    fn large() -> Office {
        let mut office = Office::default();
        for number in 0..5000 {
            for id in [format!("p{number}"), format!("p{number}-1")] {
                let one = employee(&id);
                office.people.insert(one.id.clone(), one);
                let grant = granted(&id, "contract");
                office.grants.insert((grant.terms.person.clone(), grant.terms.seal.clone()), grant);
            }
        }
        office
    }

    /// Nothing but who asks.
    fn nothing_of<'o>(office: &'o Office, own: &'o PersonId) -> Known<'o> {
        let reader = Reader::new(office, own, true);
        Known { own, reader, training: &|_| None, findings: &|_| Vec::new() }
    }

    /// All pages joined, and how many there were.
    fn whole(office: &Office, limit: usize) -> (ShowOfficeReply, usize) {
        let own = "p7".parse().unwrap();
        let (mut all, mut pages, mut after) = (ShowOfficeReply::default(), 0, None);
        loop {
            let page = page(office, nothing_of(office, &own), after.as_ref(), limit);
            // What a client takes, if nobody says otherwise: 4 MiB.
            assert!(page.encoded_len() < 3 << 20);
            assert!(page.people.len() + page.grants.len() <= limit);
            pages += 1;
            all.people.extend(page.people);
            all.grants.extend(page.grants);
            if page.next.is_empty() {
                return (all, pages);
            }
            after = Some(Place::parse(&page.next).unwrap());
        }
    }

    #[test]
    fn an_office_of_thousands_comes_in_pages_that_fit_and_leave_nothing_out() {
        let office = large();
        for limit in [700, usize::MAX] {
            let (all, pages) = whole(&office, limit);
            assert!(pages > 1, "one page would not fit");
            let people: Vec<_> = all.people.iter().map(|one| one.person_id.clone()).collect();
            assert!(people.iter().eq(office.people.keys().map(PersonId::as_str)));
            let grants = all.grants.iter().map(|one| one.person_id.as_str());
            assert!(grants.eq(office.grants.keys().map(|(person, _)| person.as_str())));
            assert_eq!(all.people.iter().filter(|one| one.is_caller).count(), 1);
        }
    }

    #[test]
    fn a_page_goes_on_where_the_last_ended_although_what_stood_there_is_gone() {
        let mut office = large();
        let own = "p7".parse().unwrap();
        let first = page(&office, nothing_of(&office, &own), None, 10_003);
        let after = Place::parse(&first.next).unwrap();
        assert_eq!(first.next, format!("grants/{}/contract", first.grants[2].person_id));
        let gone = office.grants.keys().nth(2).unwrap().clone();
        let next = office.grants.keys().nth(3).unwrap().clone();
        office.grants.remove(&gone);
        assert_eq!(
            page(&office, nothing_of(&office, &own), Some(&after), 1).grants[0].person_id,
            next.0.as_str()
        );
    }

    #[test]
    fn what_is_no_place_is_told() {
        for wrong in ["", "people", "persons/p1", "people/p1/x/y"] {
            assert_eq!(Place::parse(wrong), None, "{wrong}");
        }
    }
}
