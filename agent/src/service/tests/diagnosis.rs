//! What a diagnosis tells, thing by thing.

use std::{io::Read, ops::RangeInclusive, sync::Mutex};

use sealkeeper_journal::{ModuleFailed, ModuleFailure, Severity};

use super::*;
use crate::{
    pipeline::ports::{
        document::{
            Confinement, DocumentFile, Landlock, Looked, PageLook, Picture, Sought, Unviewed, Viewer,
        },
        module::{Library, ModuleLook, ModuleSeen},
        token::TokenNews,
        token_error::PinFlags,
    },
    service::diagnosis::{Check, Found},
};

const DAY_US: u64 = 86_400_000_000;

/// Modules as a test sets them.
#[derive(Default)]
pub(super) struct Shelf(Mutex<Vec<ModuleSeen>>);

#[async_trait]
impl ModuleLook for Shelf {
    async fn look(&self, _: Duration, _: Duration) -> Vec<ModuleSeen> {
        self.0.lock().unwrap().clone()
    }
}

/// A viewer that tells this of its confinement, and finds nothing to object to on any page.
pub(super) struct Confined(Result<Confinement, Unviewed>);

impl Confined {
    pub(super) fn wholly() -> Self {
        Confined(Ok(Confinement { landlock: Landlock::Full, seccomp: true }))
    }
}

#[async_trait]
impl Viewer for Confined {
    async fn look(
        &self,
        document: DocumentFile,
        pages: RangeInclusive<u32>,
        _: Sought,
    ) -> Result<Looked, Unviewed> {
        let mut bytes = Vec::new();
        (&*document.file).read_to_end(&mut bytes).unwrap();
        let page_count = sealkeeper_pades::Document::open(&bytes).unwrap().page_count().unwrap() as u32;
        let look = |number| PageLook {
            number,
            width_pt: 595.0,
            height_pt: 842.0,
            blank: false,
            ink_ppm: 1000,
            missing_fonts: Vec::new(),
            undecoded: 0,
            truncated: false,
            markers: Vec::new(),
            placeholders: Vec::new(),
            gaps: Vec::new(),
            hits: Vec::new(),
        };
        Ok(Looked { page_count, pages: pages.map(look).collect() })
    }

    async fn render(&self, _: DocumentFile, _: u32, _: u16) -> Result<Picture, Unviewed> {
        Err(Unviewed::new(Reason::DocumentWorkerUnusable))
    }

    async fn confinement(&self) -> Result<Confinement, Unviewed> {
        self.0.clone()
    }
}

fn token(serial: &str, pin: PinFlags) -> TokenState {
    TokenState {
        serial: serial.parse().unwrap(),
        label: String::new(),
        manufacturer: String::new(),
        model: String::new(),
        firmware: "2.6".into(),
        hardware: String::new(),
        pin: PinFlags { initialized: true, ..pin },
        module: "m".into(),
        unlocked: None,
    }
}

fn module(name: &str, tokens: Result<Vec<TokenState>, TokenError>) -> ModuleSeen {
    let library =
        Library { description: "SoftHSM\u{7}".into(), version: "2.6".into(), manufacturer: String::new() };
    ModuleSeen { name: name.into(), library: tokens.is_ok().then_some(library), tokens }
}

fn show(house: &mut House, modules: Vec<ModuleSeen>) {
    Arc::get_mut(&mut house.service).unwrap().surroundings.modules = Arc::new(Shelf(Mutex::new(modules)));
}

/// Subject, severity and reason of each check about modules, tokens and seals; severity `None`: all is well.
async fn told(house: &House) -> Vec<(String, Option<Severity>, &'static str)> {
    let checks = house.service.diagnose().await.into_iter();
    let of_tokens = checks.filter(|check| {
        ["module", "token", "seal"].contains(&check.subject.split(' ').next().unwrap_or_default())
    });
    let tell = |check: Check| match check.found {
        Found::Well { .. } => (check.subject, None, ""),
        Found::Wrong { severity, violation } => (check.subject, Some(severity), violation.reason.code()),
    };
    of_tokens.map(tell).collect()
}

fn line(
    subject: &str,
    severity: Option<Severity>,
    reason: &'static str,
) -> (String, Option<Severity>, &'static str) {
    (subject.to_owned(), severity, reason)
}

#[tokio::test]
async fn everything_is_looked_at_in_its_order_and_what_is_well_is_told_too() {
    let mut house = house(Manner::Signs);
    show(&mut house, vec![module("m", Ok(vec![token("1", PinFlags::default())]))]);
    house.service.ledger.append(crate::pipeline::scribe::Scribe::plain(started())).await.unwrap();
    let checks = house.service.diagnose().await;
    let subjects: Vec<_> = checks.iter().map(|check| check.subject.as_str()).collect();
    let machine = ["clock", "home", "policy", "socket", "journal", "backup", "spool", "documents"];
    let expected: Vec<_> = machine.into_iter().chain(["module m", "token 1", "seal 合同专用章"]).collect();
    assert_eq!(subjects, expected);
    let well = |subject: &str| {
        let check = checks.iter().find(|check| check.subject == subject).unwrap();
        match &check.found {
            Found::Well { zh, en, details } => (zh.clone(), en.clone(), details.clone()),
            wrong => panic!("{subject}: {wrong:?}"),
        }
    };
    assert_eq!(well("clock").2["now-us"], NOW_US.to_string());
    assert_eq!(well("journal").2["checked"], "1");
    assert_eq!(well("module m").1, "loaded: SoftHSM? 2.6; 1 token");
    assert_eq!(well("token 1").1, "locked, inspection in 30 days");
    let (zh, en, details) = well("seal 合同专用章");
    assert!(zh.contains("密钥合格") && en.contains("its key is fit"), "{zh} {en}");
    assert_eq!(details["seal-id"], "contract");
    assert!(details["days-left"].parse::<u64>().unwrap() > 30);
    assert_eq!(house.asked(), 0, "nothing is signed");
    assert_eq!(house.types().await, ["module_failed"], "nothing is recorded");
}

fn started() -> RecordBody {
    failed("other")
}

fn failed(module: &str) -> RecordBody {
    let (cause, module) = (ModuleFailure::Crashed, module.parse().unwrap());
    RecordBody::ModuleFailed(ModuleFailed { module, cause, signal: Some(11), exit_code: None, in_flight: 0 })
}

#[tokio::test]
async fn what_is_missing_is_told_with_what_depends_on_it() {
    let house = house(Manner::Signs);
    let refuse = Some(Severity::Refuse);
    let expected = [
        line("module", refuse, "module-missing"),
        line("token 1", refuse, "token-absent"),
        line("seal 合同专用章", refuse, "token-absent"),
    ];
    assert_eq!(told(&house).await, expected);
}

#[tokio::test]
async fn a_module_that_fails_hides_no_other_and_its_failures_are_counted_for_a_day() {
    let mut house = house(Manner::Signs);
    let hangs = Err(TokenError::new(Reason::TokenTimeout));
    show(&mut house, vec![module("a", hangs), module("m", Ok(vec![token("1", PinFlags::default())]))]);
    for name in ["m", "a", "m"] {
        house.service.ledger.append(crate::pipeline::scribe::Scribe::plain(failed(name))).await.unwrap();
    }
    let (refuse, warn) = (Some(Severity::Refuse), Some(Severity::Warn));
    let expected = [
        line("module a", refuse, "token-timeout"),
        line("module a", warn, "module-crashed-lately"),
        line("module m", None, ""),
        line("module m", warn, "module-crashed-lately"),
        line("token 1", None, ""),
        line("seal 合同专用章", None, ""),
    ];
    assert_eq!(told(&house).await, expected);
    let checks = house.service.diagnose().await;
    let times: Vec<_> = checks
        .iter()
        .filter_map(|check| match &check.found {
            Found::Wrong { violation, .. } => violation.details.get("times").cloned(),
            Found::Well { .. } => None,
        })
        .collect();
    assert_eq!(times, ["1", "2"]);
    house.clock.0.store(NOW_US + DAY_US + 1, Ordering::SeqCst);
    assert_eq!(told(&house).await.len(), 4);
}

#[tokio::test]
async fn a_tokens_pin_and_inspection_are_told() {
    let mut house = house(Manner::Signs);
    let low = token("1", PinFlags { count_low: true, ..PinFlags::default() });
    house.service.news(TokenNews::Inserted { module: "m".into(), token: low.clone() }).await;
    show(&mut house, vec![module("m", Ok(vec![low]))]);
    let of_token = async || told(&house).await.into_iter().filter(|(subject, ..)| subject == "token 1");
    let (refuse, warn) = (Some(Severity::Refuse), Some(Severity::Warn));
    let few = line("token 1", warn, "token-pin-tries-few");
    assert!(of_token().await.eq([few.clone()]));
    house.clock.0.store(NOW_US + 31 * DAY_US, Ordering::SeqCst);
    assert!(of_token().await.eq([few.clone(), line("token 1", warn, "inspection-due")]));
    house.clock.0.store(NOW_US + 37 * DAY_US, Ordering::SeqCst);
    assert!(of_token().await.eq([few, line("token 1", refuse, "inspection-overdue")]));
}

#[tokio::test]
async fn a_journal_that_is_not_what_its_head_says_is_told() {
    let house = house(Manner::Signs);
    for _ in 0..3 {
        house.service.ledger.append(crate::pipeline::scribe::Scribe::plain(started())).await.unwrap();
    }
    let journal = async || {
        let checks = house.service.diagnose().await;
        checks.into_iter().find(|check| check.subject == "journal").unwrap().found
    };
    assert!(matches!(journal().await, Found::Well { .. }));
    let connection = rusqlite::Connection::open(house.directory.path().join("journal.db")).unwrap();
    let triggers: Vec<String> = connection
        .prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for trigger in triggers {
        connection.execute_batch(&format!("DROP TRIGGER {trigger}")).unwrap();
    }
    connection.execute("UPDATE records SET leaf_hash = zeroblob(32) WHERE seq = 1", []).unwrap();
    let Found::Wrong { severity, violation } = journal().await else { panic!("not noticed") };
    assert_eq!((severity, violation.reason), (Severity::Refuse, Reason::JournalInconsistent));
    assert_eq!(violation.details["seq"], "1");
    connection.execute("DELETE FROM records WHERE seq = 2", []).unwrap();
    assert!(matches!(journal().await, Found::Wrong { .. }));
}

#[tokio::test]
async fn what_the_kernel_lacks_is_noted_and_a_worker_that_does_not_start_refuses() {
    let kernel = |landlock, seccomp| Ok(Confinement { landlock, seccomp });
    let unviewed = |reason| Err(Unviewed::new(reason));
    let lacking = (Some(Severity::Note), "document-worker-unconfined");
    for (confinement, expected) in [
        (kernel(Landlock::Full, true), (None, "")),
        (kernel(Landlock::Partial, true), (None, "")),
        (kernel(Landlock::Absent, true), lacking),
        (kernel(Landlock::Full, false), lacking),
        (unviewed(Reason::DocumentWorkerUnusable), (Some(Severity::Refuse), "document-worker-unusable")),
        (unviewed(Reason::DocumentWorkersBusy), (Some(Severity::Note), "document-workers-busy")),
    ] {
        let mut house = house(Manner::Signs);
        Arc::get_mut(&mut house.service).unwrap().documents.viewer = Arc::new(Confined(confinement));
        let checks = house.service.diagnose().await.into_iter();
        let told: Vec<_> = checks
            .filter(|check| check.subject == "documents")
            .map(|check| match check.found {
                Found::Well { .. } => (None, ""),
                Found::Wrong { severity, violation } => (Some(severity), violation.reason.code()),
            })
            .collect();
        assert_eq!(told, [expected]);
    }
}

#[tokio::test]
async fn a_journal_that_was_not_backed_up_for_a_month_is_told() {
    let house = house(Manner::Signs);
    let backup = async || {
        let checks = house.service.diagnose().await;
        checks.into_iter().find(|check| check.subject == "backup").map(|check| match check.found {
            Found::Well { en, .. } => en,
            Found::Wrong { severity, violation } => {
                assert_eq!((severity, violation.reason), (Severity::Warn, Reason::BackupOverdue));
                format!("{} days", violation.details["days"])
            }
        })
    };
    assert_eq!(backup().await, None, "there is nothing to be backed up");
    house.service.ledger.append(crate::pipeline::scribe::Scribe::plain(started())).await.unwrap();
    let at = |days: u64| house.clock.0.store(NOW_US + days * DAY_US, Ordering::SeqCst);
    at(30);
    assert_eq!(backup().await.unwrap(), "none yet; the journal is 30 days old");
    at(31);
    assert_eq!(backup().await.unwrap(), "31 days");

    let copy = house.service.back_up(&house.caller).await.unwrap();
    assert_eq!(copy.journal.size, 1);
    assert_eq!(backup().await.unwrap(), "31 days", "it was not handed out");
    let seq = house.service.backed_up(&house.caller, &copy).await.unwrap();
    let records = house.records().await;
    let Some(RecordBody::JournalBackedUp(on_record)) = records.get(seq as usize) else {
        panic!("{records:?}")
    };
    assert_eq!(on_record.journal, copy.journal);
    assert_eq!(on_record.sha256, copy.sha256.0.into());
    let names = std::fs::read_dir(house.directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!names.into_iter().any(|name| name.to_string_lossy().starts_with("backup")), "it leaves no file");
    drop(copy);
    at(61);
    assert_eq!(backup().await.unwrap(), "made 30 days ago");
    at(62);
    assert_eq!(backup().await.unwrap(), "31 days");
    // What a crash left of one is no obstacle to the next.
    std::fs::write(house.directory.path().join(crate::init::BACKUP), b"half a copy").unwrap();
    assert_eq!(house.service.back_up(&house.caller).await.unwrap().journal.size, 2);
}
