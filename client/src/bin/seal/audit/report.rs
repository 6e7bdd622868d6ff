//! `seal audit report`

use clap::{Args, ValueEnum};
use sealkeeper_client::audit::{Names, entry, office_view};
use sealkeeper_client::escape::for_terminal;
use sealkeeper_domain::act::statement;
use sealkeeper_domain::reason::{Class, Reason};
use sealkeeper_journal::Severity;
use sealkeeper_journal::audit::{Hours, Item, Kind, Report as Found, Terms, report};
use serde_json::{Map, Value, json};

use super::csv;
use super::words::Teller;
use crate::failure::Failure;
use crate::office::SealEntry;
use crate::signing::now_s;
use crate::{Session, dates, screen};

/// Days reported on where nobody says from when.
const DEFAULT_DAYS: u64 = 30;

/// Report what does not add up in a period: tickets without a stamp, stamps without an outcome, overdue inspections, refusals, and more
///
/// The whole journal is read, for what was begun earlier may still be open. Of an office's journal the auditor, the seal office and
/// custodians may read it; of a solo one there is no office to report on.
#[derive(Args)]
pub(crate) struct Report {
    /// From the beginning of this day on, or from a moment on; else the last 30 days
    #[arg(long, value_name = "DATE", value_parser = dates::since)]
    from: Option<u64>,

    /// To the end of this day, or to a moment; else to now
    #[arg(long, value_name = "DATE", value_parser = dates::until)]
    to: Option<u64>,

    /// Only what concerns this seal, by id or name (in solo mode by id), and its token
    #[arg(long, value_name = "SEAL")]
    seal: Option<String>,

    /// As lines for people, as one JSON object, or as CSV
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,

    /// Tell uses outside these hours; else outside those of each grant
    #[arg(long, value_name = "HH:MM-HH:MM", value_parser = dates::hours)]
    hours: Option<statement::Hours>,

    /// By which clock hours are meant
    #[arg(long, value_name = "OFFSET", default_value = "+08:00", allow_hyphen_values = true, value_parser = dates::utc_offset)]
    utc_offset: i32,

    /// After how many days a token is due for inspection
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3_650))]
    inspection_days: u64,

    /// After how many days beyond that it is overdue
    #[arg(long, value_name = "DAYS", default_value_t = 7, value_parser = clap::value_parser!(u64).range(0..=3_650))]
    inspection_grace_days: u64,

    /// Exit with 1 if anything cannot stand as it is
    #[arg(long)]
    strict: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Table,
    Json,
    Csv,
}

impl Report {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let us = |s: u64| s.saturating_mul(1_000_000);
        let now_us = us(u64::try_from(now_s()?).unwrap_or_default());
        // What happened in this very second belongs to it.
        let until_us = self.to.map_or(now_us, us).saturating_add(1_000_000);
        let from_us = self.from.map_or(until_us.saturating_sub(DEFAULT_DAYS * Terms::DAY_US), us);
        if from_us >= until_us {
            return Err(Failure::Arguments {
                text: session.say("--from 晚于 --to", "--from is later than --to").to_owned(),
                hint: String::new(),
            });
        }
        let agent = session.connect().await?;
        let head = agent.journal_head().await?;
        let office = if head.solo { None } else { Some(agent.show_office().await?) };
        let mut names = Names::default();
        let (mut entries, mut unknown) = (Vec::new(), 0_u64);
        agent
            .each_record(head.tree_size, |record| {
                names.learn(&record);
                match entry(&record) {
                    Some(entry) => entries.push(entry),
                    None => unknown += 1,
                }
            })
            .await?;
        if let Some(office) = &office {
            names.learn_office(office);
        }
        let seal = match (self.seal, &office) {
            (None, _) => None,
            (Some(named), Some(office)) => {
                Some(SealEntry::among(office.seals.clone(), &named)?.id.to_string())
            }
            (Some(named), None) => Some(named),
        };
        let seal = seal.map(|id| id.parse()).transpose().map_err(|_| Reason::SealUnknown)?;
        let terms = Terms {
            seal,
            hours: self
                .hours
                .map(|hours| Hours { from_minute: hours.from_minute, until_minute: hours.until_minute }),
            utc_offset_minutes: self.utc_offset,
            inspection_interval_us: self.inspection_days * Terms::DAY_US,
            inspection_grace_us: self.inspection_grace_days * Terms::DAY_US,
            ..Terms::new(from_us, until_us, now_us)
        };
        let view = office.as_ref().map(office_view);
        let found = report(&entries, view.as_ref(), terms);
        let told =
            Told { found, is_solo: head.solo, origin: head.origin, tree_size: head.tree_size, unknown };
        let teller = Teller { session, names: &names, time: screen::time_us };
        match self.format {
            Format::Json => screen::print_json(&told.as_json(&teller)),
            _ if session.json => screen::print_json(&told.as_json(&teller)),
            Format::Table => told.lines(&teller).iter().for_each(screen::print),
            Format::Csv => screen::print_text(&told.as_csv(&teller)),
        }
        let is_grave = told.found.items.iter().any(|item| item.severity == Severity::Refuse);
        if self.strict && is_grave { Err(Failure::Told(Class::Rule)) } else { Ok(()) }
    }
}

/// A report, and of which journal it is.
struct Told {
    found: Found,
    is_solo: bool,
    origin: String,
    tree_size: u64,
    /// Records whose type this version does not know.
    unknown: u64,
}

impl Told {
    fn lines(&self, teller: &Teller<'_>) -> Vec<String> {
        let session = teller.session;
        let terms = &self.found.terms;
        let (from, until) = ((teller.time)(terms.from_us), (teller.time)(terms.until_us));
        let mut lines = vec![format!("{from} - {until}  {}", for_terminal(&self.origin))];
        let counts = self.found.counts.named().into_iter().filter(|(_, count)| *count > 0);
        let counts: Vec<_> = counts.map(|(name, count)| format!("{} {count}", teller.count(name))).collect();
        lines.push(counts.join(session.say("，", ", ")));
        let kinds: Vec<_> = Kind::ALL
            .iter()
            .filter_map(|kind| {
                let count = self.found.items.iter().filter(|item| item.kind == *kind).count();
                (count > 0).then(|| format!("{} {count}", teller.kind(*kind)))
            })
            .collect();
        lines.push(if kinds.is_empty() {
            session.say("没有发现问题", "nothing was found").to_owned()
        } else {
            kinds.join(session.say("，", ", "))
        });
        lines.extend(self.notes(teller));
        lines.extend(self.found.items.iter().map(|item| teller.line(item)));
        lines
    }

    /// What this report cannot tell.
    fn notes(&self, teller: &Teller<'_>) -> Vec<String> {
        let session = teller.session;
        let mut notes = Vec::new();
        if self.is_solo {
            let chinese = "单人模式：没有管理部门，人员、授权、报告和整改不在此列";
            let english =
                "solo mode: there is no office, so nothing is told of people, grants, notices and findings";
            notes.push(session.say(chinese, english).to_owned());
        }
        if self.unknown > 0 {
            let unknown = self.unknown;
            let chinese = format!("{unknown} 条记录的类型本版本不认识，未计入");
            let english = format!("records of types this version does not know, left out: {unknown}");
            notes.push(session.say(&chinese, &english).to_owned());
        }
        notes
    }

    fn as_json(&self, teller: &Teller<'_>) -> Value {
        let terms = &self.found.terms;
        let counts: Map<String, Value> = self
            .found
            .counts
            .named()
            .into_iter()
            .map(|(name, count)| (name.replace('-', "_"), count.into()))
            .collect();
        let items: Vec<Value> = self.found.items.iter().map(|item| item_as_json(teller, item)).collect();
        let not_judged: Vec<_> = self.found.not_judged.iter().map(|kind| kind.code()).collect();
        json!({
            "outcome": "done",
            "origin": self.origin,
            "tree_size": self.tree_size,
            "solo": self.is_solo,
            "from_us": terms.from_us,
            "until_us": terms.until_us,
            "seal_id": terms.seal.as_ref().map(ToString::to_string),
            "counts": counts,
            "unknown_records": self.unknown,
            "not_judged": not_judged,
            "items": items,
        })
    }

    fn as_csv(&self, teller: &Teller<'_>) -> String {
        let heading = [
            "kind",
            "severity",
            "time",
            "time_us",
            "seq",
            "seal_id",
            "seal",
            "person_id",
            "person",
            "request_id",
            "text",
            "params",
        ];
        let mut text = csv::row(heading);
        for item in &self.found.items {
            let some = |text: &Option<String>| text.clone().unwrap_or_default();
            let params: Vec<_> = item.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
            text += &csv::row([
                item.kind.code().to_owned(),
                severity_code(item.severity).to_owned(),
                (teller.time)(item.time_us),
                item.time_us.to_string(),
                item.seq.map(|seq| seq.to_string()).unwrap_or_default(),
                some(&item.seal),
                teller.seal_name(item),
                some(&item.person),
                teller.person_name(item),
                item.request.map(|request| request.to_string()).unwrap_or_default(),
                teller.sentence(item),
                params.join("; "),
            ]);
        }
        text
    }
}

fn severity_code(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warn => "warn",
        Severity::Refuse => "refuse",
    }
}

fn item_as_json(teller: &Teller<'_>, item: &Item) -> Value {
    let some = |text: String| (!text.is_empty()).then_some(text);
    json!({
        "kind": item.kind.code(),
        "severity": severity_code(item.severity),
        "time_us": item.time_us,
        "seq": item.seq,
        "seal_id": item.seal,
        "seal_name": some(teller.seal_name(item)),
        "person_id": item.person,
        "person_name": some(teller.person_name(item)),
        "request_id": item.request.map(|request| request.to_string()),
        "text": teller.sentence(item),
        "params": item.params,
    })
}

#[cfg(test)]
mod tests;
