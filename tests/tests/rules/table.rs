//! The table of acts, and what it says of one cell: a person, a state, an act.

use std::collections::{BTreeMap, BTreeSet};

use sealkeeper_domain::office::Role;
use sealkeeper_tests::office::{STAFF, UNIT};
use serde::Deserialize;

/// Reason codes, as a set: how often and in which order they are told is no matter here.
pub type Codes = BTreeSet<String>;

/// What must come of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It is done, and this is the state after it.
    Allowed(String),
    /// It is refused for exactly these.
    Refused(Codes),
}

/// Everybody who signs: the first person of the seal office, the staff, and somebody nobody knows.
pub fn everybody() -> impl Iterator<Item = &'static str> {
    ["office"].into_iter().chain(STAFF.iter().map(|(id, ..)| *id)).chain(["nobody"])
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    act: Vec<Act>,
}

/// An act, after the regulation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// Its type.
    pub typ: String,
    /// Of the regulation.
    pub clause: String,
    who: Vec<Relation>,
    #[serde(default)]
    lacking: String,
    #[serde(default)]
    untold: Vec<String>,
    done: BTreeMap<String, String>,
    #[serde(default)]
    stands: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    besides: Vec<String>,
    #[serde(default)]
    except: Vec<Exception>,
    /// What has the states it depends on.
    #[serde(default)]
    pub of: Of,
}

/// What has states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Of {
    /// The seal.
    #[default]
    Seal,
    /// A request.
    Request,
    /// Nothing.
    Office,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Relation {
    SealOffice,
    UnitHead,
    Unit,
    Custodian,
    Incoming,
    Grantee,
    Anybody,
    Applicant,
    Approver,
    Auditor,
    Asked,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    #[serde(default)]
    who: String,
    #[serde(default)]
    neither: Vec<Relation>,
    #[serde(default)]
    only_in: Vec<String>,
    #[serde(default)]
    not_in: Vec<String>,
    codes: Vec<String>,
}

/// States of a seal from its first use on: then grants have been given.
const GRANTED_NOT_IN: [&str; 7] = ["none", "applied", "refused", "approved", "reviewed", "made", "issued"];

/// Reads the table.
///
/// # Panics
/// Where it is not as it must be.
pub fn read() -> Vec<Act> {
    let table: Table = toml::from_str(include_str!("acts.toml")).unwrap();
    table.act
}

impl Act {
    /// What must come of it when this person says it in this state.
    pub fn expected(&self, person: &str, state: &str) -> Expected {
        match person {
            "nobody" => return refused(["act-key-unknown"]),
            "left" => return refused(["person-left"]),
            _ => {}
        }
        let mut codes = Codes::new();
        if !self.who.iter().any(|relation| relation.holds(person, state)) && !listed(&self.untold, state) {
            codes.insert(self.lacking.clone());
        }
        let done = self.done.get(state);
        if done.is_none() {
            let stands = self.stands.get(state).or_else(|| self.stands.get("*"));
            codes.extend(stands.unwrap_or_else(|| panic!("{} in {state}?", self.typ)).iter().cloned());
        }
        for exception in self.except.iter().filter(|exception| exception.is_of(person, state)) {
            codes.extend(exception.codes.iter().cloned());
        }
        match done {
            Some(after) if codes.is_empty() => Expected::Allowed(after.clone()),
            _ => {
                codes.extend(self.besides.iter().cloned());
                Expected::Refused(codes)
            }
        }
    }
}

impl Exception {
    fn is_of(&self, person: &str, state: &str) -> bool {
        let named = if self.who.is_empty() {
            !self.neither.iter().any(|relation| relation.holds(person, state))
        } else {
            self.who == person
        };
        named && (self.only_in.is_empty() || listed(&self.only_in, state)) && !listed(&self.not_in, state)
    }
}

impl Relation {
    /// Whether it holds for a person who is there.
    fn holds(self, person: &str, state: &str) -> bool {
        let staff = STAFF.iter().find(|(id, ..)| *id == person);
        let (unit, roles) = staff.map_or(("", &[Role::SealOffice][..]), |(_, unit, roles)| (unit, roles));
        match self {
            Relation::SealOffice => roles.contains(&Role::SealOffice),
            Relation::UnitHead => roles.contains(&Role::UnitHead) && unit == UNIT,
            Relation::Unit => unit == UNIT,
            Relation::Custodian => person == "keeper",
            Relation::Incoming => person == "keeper2",
            Relation::Grantee => {
                ["applicant", "partner"].contains(&person) && !GRANTED_NOT_IN.contains(&state)
            }
            Relation::Anybody => true,
            Relation::Applicant => person == "applicant",
            Relation::Approver => roles.contains(&Role::Approver),
            Relation::Auditor => roles.contains(&Role::Auditor),
            Relation::Asked => person == "clerk",
        }
    }
}

/// A refusal for these.
pub fn refused<const N: usize>(codes: [&str; N]) -> Expected {
    Expected::Refused(codes.map(str::to_owned).into())
}

fn listed(states: &[String], state: &str) -> bool {
    states.iter().any(|listed| listed == state)
}
