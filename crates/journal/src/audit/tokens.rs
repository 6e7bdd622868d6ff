//! Tokens: inspections (C3), wrong PINs, unlocks that nothing came of.

use std::collections::{BTreeMap, BTreeSet};

use super::uses::{joined, named};
use super::{Ground, Item, Kind};
use crate::{PinTries, Record, RecordBody, Severity, TestSignature, TokenInspected, Verdict};

pub(super) fn look(ground: &Ground<'_>, items: &mut Vec<Item>) {
    inspections(ground, items);
    wrong_pins(ground, items);
    unlocks(ground, items);
}

/// What is known of one token's inspections so far.
#[derive(Default)]
struct Inspected<'a> {
    /// From which record the interval runs: the last inspection that counts, else the first time it was seen.
    counted_from: Option<&'a Record>,
    /// Those of the period that were not passed, and whether none was passed since.
    failed: Vec<(&'a Record, &'a TokenInspected, bool)>,
    /// Whether seals are known to lie on it.
    bears_seals: bool,
}

fn inspections(ground: &Ground<'_>, items: &mut Vec<Item>) {
    let terms = ground.terms;
    let mut tokens: BTreeMap<&str, Inspected<'_>> = BTreeMap::new();
    for record in ground.all() {
        match &record.body {
            RecordBody::TokenInserted(inserted) => {
                let token = tokens.entry(inserted.token_serial.as_str()).or_default();
                token.counted_from.get_or_insert(record);
            }
            RecordBody::Intent(intent) => {
                let token = tokens.entry(intent.token_serial.as_str()).or_default();
                token.counted_from.get_or_insert(record);
                token.bears_seals = true;
            }
            RecordBody::TokenInspected(inspected) => {
                let serial = inspected.token_serial.as_str();
                let token = tokens.entry(serial).or_default();
                token.bears_seals |= inspected.seals.count > 0;
                if inspected.verdict == Verdict::Failed {
                    token.counted_from.get_or_insert(record);
                    if terms.holds(record.time_us) {
                        token.failed.push((record, inspected, true));
                    }
                    continue;
                }
                token.failed.iter_mut().for_each(|(_, _, stands)| *stands = false);
                // Without a test signature of every key it does not count (C3).
                if inspected.test_signature == TestSignature::Verified {
                    if ground.wants_token(serial)
                        && terms.holds(record.time_us)
                        && let Some(before) = token.counted_from
                    {
                        items.extend(late(ground, serial, before, record));
                    }
                    token.counted_from = Some(record);
                }
                token.counted_from.get_or_insert(record);
            }
            _ => {}
        }
    }
    for (serial, token) in tokens {
        if !ground.wants_token(serial) {
            continue;
        }
        items.extend(token.failed.iter().map(|(record, inspected, stands)| {
            let codes = inspected.findings.iter().filter(|finding| finding.severity == Severity::Refuse);
            let (severity, state) =
                if *stands { (Severity::Refuse, "stands") } else { (Severity::Warn, "passed-since") };
            Item::at(Kind::InspectionFailed, severity, record)
                .with("token", serial)
                .with("codes", joined(codes.map(|finding| &finding.code)))
                .with("state", state)
        }));
        let is_kept = match ground.office {
            Some(office) => office.has_live_seal_on(serial),
            None => token.bears_seals,
        };
        if let Some(counted_from) = token.counted_from.filter(|_| is_kept) {
            items.extend(overdue(ground, serial, counted_from));
        }
    }
}

fn due_us(ground: &Ground<'_>, counted_from: &Record) -> u64 {
    counted_from.time_us.saturating_add(ground.terms.inspection_interval_us)
}

/// A token whose inspection has not been made by the end of the period. Its item is that of the record the interval runs from.
fn overdue(ground: &Ground<'_>, serial: &str, counted_from: &Record) -> Option<Item> {
    let (due, moment) = (due_us(ground, counted_from), ground.terms.moment_us());
    if due >= moment {
        return None;
    }
    let is_overdue = due.saturating_add(ground.terms.inspection_grace_us) < moment;
    let severity = if is_overdue { Severity::Refuse } else { Severity::Warn };
    let item = Item { time_us: due, ..Item::at(Kind::InspectionOverdue, severity, counted_from) };
    Some(item.with("token", serial).with("due-us", due))
}

/// An inspection that was made after the grace was over.
fn late(ground: &Ground<'_>, serial: &str, before: &Record, made: &Record) -> Option<Item> {
    let due = due_us(ground, before);
    (due.saturating_add(ground.terms.inspection_grace_us) < made.time_us).then(|| {
        Item::at(Kind::InspectionOverdue, Severity::Warn, made)
            .with("token", serial)
            .with("due-us", due)
            .with("made-us", made.time_us)
    })
}

fn wrong_pins(ground: &Ground<'_>, items: &mut Vec<Item>) {
    let mut tokens: BTreeMap<&str, (u64, PinTries, &Record, &str)> = BTreeMap::new();
    for record in ground.within() {
        if let RecordBody::WrongPin(wrong) = &record.body
            && ground.wants_token(wrong.token_serial.as_str())
        {
            let person = wrong.by.person.id.as_str();
            let token = tokens.entry(wrong.token_serial.as_str());
            let (count, tries, last, by) = token.or_insert((0, wrong.tries, record, person));
            *count += 1;
            if gravity(wrong.tries) > gravity(*tries) {
                *tries = wrong.tries;
            }
            (*last, *by) = (record, person);
        }
    }
    items.extend(tokens.into_iter().map(|(serial, (count, tries, last, by))| {
        let severity = if tries == PinTries::Locked { Severity::Refuse } else { Severity::Warn };
        Item::at(Kind::WrongPin, severity, last)
            .person(by)
            .with("token", serial)
            .with("count", count)
            .with("tries", named(&tries))
    }));
}

fn gravity(tries: PinTries) -> u8 {
    match tries {
        PinTries::NotTold => 0,
        PinTries::Low => 1,
        PinTries::Final => 2,
        PinTries::Locked => 3,
    }
}

fn unlocks(ground: &Ground<'_>, items: &mut Vec<Item>) {
    // Tokens that are unlocked and have done nothing since.
    let mut idle: BTreeMap<&str, (&Record, &str)> = BTreeMap::new();
    let mut ended: Vec<(&str, &Record, &str)> = Vec::new();
    for record in ground.all() {
        match &record.body {
            RecordBody::TokenUnlocked(unlocked) => {
                let serial = unlocked.token_serial.as_str();
                let by = unlocked.by.person.id.as_str();
                if let Some((before, by)) = idle.insert(serial, (record, by)) {
                    ended.push((serial, before, by));
                }
            }
            RecordBody::TokenLocked(locked) => {
                let serial = locked.token_serial.as_str();
                ended.extend(idle.remove(serial).map(|(before, by)| (serial, before, by)));
            }
            RecordBody::Intent(intent) => drop(idle.remove(intent.token_serial.as_str())),
            RecordBody::KeyUsed(used) => drop(idle.remove(used.token_serial.as_str())),
            RecordBody::KeyGenerated(generated) => drop(idle.remove(generated.token_serial.as_str())),
            RecordBody::CertificateImported(imported) => drop(idle.remove(imported.token_serial.as_str())),
            RecordBody::KeyDestructionOrdered(ordered) => drop(idle.remove(ordered.token_serial.as_str())),
            // No run of the agent begins with a token unlocked.
            RecordBody::AgentStarted(_) => {
                let left: BTreeSet<_> = idle.keys().copied().collect();
                ended.extend(
                    left.into_iter()
                        .filter_map(|serial| idle.remove(serial).map(|(record, by)| (serial, record, by))),
                );
            }
            _ => {}
        }
    }
    let ended = ended
        .into_iter()
        .filter(|(serial, record, _)| ground.terms.holds(record.time_us) && ground.wants_token(serial));
    items.extend(ended.map(|(serial, record, by)| {
        Item::at(Kind::UnlockWithoutUse, Severity::Note, record).person(by).with("token", serial)
    }));
}
