//! Refusals, policies, modules, versions: what happened in the period and is told by itself.

use std::collections::BTreeMap;

use super::uses::named;
use super::{Ground, Item, Kind};
use crate::{Id, Mode, Record, RecordBody, Severity};

pub(super) fn look(ground: &Ground<'_>, items: &mut Vec<Item>) {
    refusals(ground, items);
    if ground.wants_all() {
        policies(ground, items);
        modules(ground, items);
        versions(ground, items);
    }
}

fn refusals(ground: &Ground<'_>, items: &mut Vec<Item>) {
    struct Alike<'a> {
        count: u64,
        last: &'a Record,
        clause: Option<&'a Id>,
        /// The seal, as long as it is the same of all.
        seal: Option<&'a Id>,
    }
    let mut groups: BTreeMap<(&str, Option<&str>), Alike<'_>> = BTreeMap::new();
    for record in ground.within() {
        let RecordBody::Refused(refused) = &record.body else { continue };
        let seal = refused.seal.as_ref();
        if !ground.wants(seal.map(Id::as_str)) {
            continue;
        }
        let person = refused.person.as_ref().map(|person| person.id.as_str());
        for violation in &refused.violations {
            let group = groups.entry((violation.code.as_str(), person));
            let alike = group.or_insert(Alike { count: 0, last: record, clause: None, seal });
            alike.count = alike.count.saturating_add(refused.count);
            alike.last = record;
            alike.clause = violation.clause.as_ref();
            alike.seal = alike.seal.filter(|of_all| Some(*of_all) == seal);
        }
    }
    items.extend(groups.into_iter().map(|((code, person), alike)| {
        let mut item = Item::at(Kind::Refusals, Severity::Note, alike.last)
            .with("code", code)
            .with("count", alike.count);
        item.person = person.map(str::to_owned);
        item.seal = alike.seal.map(ToString::to_string);
        match alike.clause {
            Some(clause) => item.with("clause", clause),
            None => item,
        }
    }));
}

/// Each run loads the policy anew; only another one than before is a change.
fn policies(ground: &Ground<'_>, items: &mut Vec<Item>) {
    let mut before = None;
    for record in ground.all() {
        let loaded = match &record.body {
            RecordBody::PolicyLoaded(loaded) => loaded,
            RecordBody::PolicyRejected(rejected) => {
                if ground.terms.holds(record.time_us) {
                    let item =
                        Item::at(Kind::PolicyRejected, Severity::Warn, record).with("code", &rejected.code);
                    items.push(match rejected.sha256 {
                        Some(sha256) => item.with("sha256", sha256),
                        None => item,
                    });
                }
                continue;
            }
            _ => continue,
        };
        if let Some(before) = before.filter(|before| *before != loaded.sha256)
            && ground.terms.holds(record.time_us)
        {
            let is_unsigned = record.mode == Mode::Office && loaded.act.is_none();
            let severity = if is_unsigned { Severity::Warn } else { Severity::Note };
            let item = Item::at(Kind::PolicyChanged, severity, record)
                .with("sha256", loaded.sha256)
                .with("before", before);
            items.push(if is_unsigned { item.with("state", "unsigned") } else { item });
        }
        before = Some(loaded.sha256);
    }
}

fn modules(ground: &Ground<'_>, items: &mut Vec<Item>) {
    items.extend(ground.within().filter_map(|record| {
        match &record.body {
            RecordBody::ModuleFailed(failed) => Some(
                Item::at(Kind::ModuleFailed, Severity::Warn, record)
                    .with("module", &failed.module)
                    .with("cause", named(&failed.cause)),
            ),
            _ => None,
        }
    }));
}

/// What was on record before; what is seen for the first time is no change.
fn versions(ground: &Ground<'_>, items: &mut Vec<Item>) {
    items.extend(ground.within().filter_map(|record| {
        let RecordBody::VersionSeen(seen) = &record.body else { return None };
        let before = seen.before.as_ref()?;
        let item = Item::at(Kind::VersionChanged, Severity::Note, record)
            .with("of", named(&seen.of))
            .with("version", &seen.version)
            .with("before", before);
        let item = match &seen.name {
            Some(name) => item.with("name", name),
            None => item,
        };
        Some(if *before == seen.version { item.with("state", "same-version") } else { item })
    }));
}
