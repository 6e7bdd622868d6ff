//! What acts say: parts that are missing, beyond a limit, or about something there is not.

use sealkeeper_domain::{
    act::{
        Statement,
        statement::{
            CarrierEnd, Destruction, EndedGrant, FindingAnswer, FindingText, GrantTerms, HandOver, Hours,
            NamedAct, NamedPerson, NamedSeal, PersonEntry,
        },
    },
    identity::ActId,
    office::Role,
};
use sealkeeper_tests::{
    OfficeHome,
    office::{now_s, own_uid, seal, with_text},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    Board, Job,
    acts::newcomer,
    job, making,
    stage::{Known, Refusing, Stage},
    uses::codes,
};

/// An act in proper form whose contents stand against it: who says it, what, with what, and the reasons.
pub struct Bad {
    pub name: &'static str,
    pub who: &'static str,
    pub said: (Statement, Vec<u8>),
    pub codes: &'static [&'static str],
}

/// The jobs.
pub fn jobs(stages: &[Stage]) -> Vec<Job<'_>> {
    type Rows = fn(&OfficeHome, &Known) -> Vec<Bad>;
    let rows: [(&str, Rows); 10] = [
        ("active", people),
        ("active", grants),
        ("active", making::applications),
        ("active", custody),
        ("applied", making::after_application),
        ("reviewed", making::making),
        ("made", making::issue),
        ("issued", making::receipt),
        ("retiring", ending),
        ("half-destroyed", destruction),
    ];
    let mut jobs = Vec::new();
    for (at, (state, rows)) in rows.into_iter().enumerate() {
        let stage = stages.iter().find(|stage| stage.name == state).unwrap();
        let name = format!("contents {at} in {state}");
        jobs.push(job(name.clone(), async move |board: &Board| {
            let home = stage.home.copied();
            let mut agent = Refusing::start(&home).await;
            let before = agent.rpc.show_office().await.unwrap();
            for bad in rows(&home, &stage.known) {
                let (statement, attachment) = bad.said;
                let typ = statement.typ();
                let act = home.act(&home.who(bad.who), statement);
                let told = agent.rpc.file_with(&act, &attachment).await;
                let told = agent.told(told);
                board.refused(&format!("{typ} in {state}: {}", bad.name), &codes(bad.codes), &told);
            }
            let after = agent.rpc.show_office().await.unwrap();
            board.holds(&format!("{name}: nothing has changed"), after == before);
            board.on_record(&name, agent.stop().await);
        }));
    }
    jobs
}

pub fn bad(
    name: &'static str,
    who: &'static str,
    statement: Statement,
    codes: &'static [&'static str],
) -> Bad {
    Bad { name, who, said: (statement, Vec::new()), codes }
}

/// Registrations and departures (G1, G2, G3, C1).
fn people(home: &OfficeHome, _: &Known) -> Vec<Bad> {
    let register = |entry: PersonEntry| Statement::PersonRegister(entry);
    let with_roles =
        |roles: &[Role]| register(PersonEntry { roles: roles.iter().copied().collect(), ..newcomer() });
    let with_keys = |keys: Vec<Value>| register(PersonEntry { keys, ..newcomer() });
    let mut private = home.who("newcomer").jwk();
    private["d"] = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    let mut other_place = home.who("newcomer").jwk();
    other_place["x5u"] = json!("https://example.com/");
    let many = (0..9).map(|at| home.who("newcomer").with_key_of(&format!("key {at}")).jwk()).collect();
    let named = |name: &str| register(PersonEntry { name: name.to_owned(), ..newcomer() });
    let leave = |who: &str, reason: &str| {
        Statement::PersonLeave(NamedPerson { person: home.who(who).id, reason: reason.to_owned() })
    };
    let apart: &[&str] = &["roles-incompatible"];
    vec![
        bad("office and auditor", "office", with_roles(&[Role::SealOffice, Role::Auditor]), apart),
        bad("office and custodian", "office", with_roles(&[Role::SealOffice, Role::Custodian]), apart),
        bad("custodian and auditor", "office", with_roles(&[Role::Custodian, Role::Auditor]), apart),
        bad("auditor and approver", "office", with_roles(&[Role::Auditor, Role::Approver]), apart),
        bad("all roles", "office", with_roles(&Role::ALL), apart),
        bad(
            "all roles, by the auditor",
            "auditor",
            with_roles(&Role::ALL),
            &["role-missing", "roles-incompatible"],
        ),
        bad("nine keys", "office", with_keys(many), &["keys-too-many"]),
        bad("the key of another", "office", with_keys(vec![home.who("first").jwk()]), &["key-taken"]),
        bad("the key of who has left", "office", with_keys(vec![home.who("left").jwk()]), &["key-taken"]),
        bad("a private key", "office", with_keys(vec![private]), &["act-key-private"]),
        bad("a key that leads elsewhere", "office", with_keys(vec![other_place]), &["act-key-unfit"]),
        bad(
            "an RSA key",
            "office",
            with_keys(vec![json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"})]),
            &["act-key-unfit"],
        ),
        bad(
            "the system user of another",
            "office",
            register(PersonEntry { uid: Some(own_uid()), ..newcomer() }),
            &["uid-taken"],
        ),
        bad("no name", "office", named(" "), &["act-text-bad"]),
        bad("a name of two lines' control", "office", named("甲\u{7}"), &["act-text-bad"]),
        bad("a name too long", "office", named(&"名".repeat(129)), &["act-text-bad"]),
        bad(
            "a custodian no more, with a seal in hands",
            "office",
            register(PersonEntry { roles: [Role::Approver].into(), ..home.entry("keeper", Some(own_uid())) }),
            &["custodian-keeps-seals"],
        ),
        bad("somebody unknown leaves", "office", leave("newcomer", "离职"), &["person-not-registered"]),
        bad("who has left leaves", "office", leave("left", "离职"), &["person-left"]),
        bad("without a reason", "office", leave("third", ""), &["act-text-bad"]),
        bad("without a reason, by the head", "head", leave("third", ""), &["act-text-bad", "role-missing"]),
    ]
}

/// Grants and findings (U1, U3, S3).
fn grants(home: &OfficeHome, known: &Known) -> Vec<Bad> {
    let grant = |terms: GrantTerms| Statement::Grant(terms);
    let terms = || home.terms("clerk");
    let hours = |from_minute, until_minute| {
        grant(GrantTerms { hours: Some(Hours { from_minute, until_minute }), ..terms() })
    };
    let classes = |classes: &[&str]| {
        grant(GrantTerms { classes: classes.iter().map(|class| (*class).to_owned()).collect(), ..terms() })
    };
    let finding = |person: &str, text: &str, due_s| {
        Statement::Finding(FindingText { person: home.who(person).id, text: text.to_owned(), due_s })
    };
    let answer = |about, text: &str| Statement::FindingAnswer(FindingAnswer { about, text: text.to_owned() });
    let ended = EndedGrant { person: home.who("clerk").id, seal: seal(), reason: "到期".to_owned() };
    let bad_terms: &[&str] = &["grant-terms-bad"];
    let later = now_s() + 86_400;
    vec![
        bad("to somebody unknown", "office", grant(home.terms("newcomer")), &["person-not-registered"]),
        bad("to who has left", "office", grant(home.terms("left")), &["person-left"]),
        bad("no class", "office", classes(&[]), bad_terms),
        bad("no copies", "office", grant(GrantTerms { copies_per_request: 0, ..terms() }), bad_terms),
        bad("no uses", "office", grant(GrantTerms { uses_per_day: 0, ..terms() }), bad_terms),
        bad("hours that end before they begin", "office", hours(600, 540), bad_terms),
        bad("hours of no length", "office", hours(600, 600), bad_terms),
        bad("a day of 25 hours", "office", hours(0, 1500), bad_terms),
        bad("over already", "office", grant(GrantTerms { until_s: now_s() - 1, ..terms() }), bad_terms),
        bad("a class beyond the scope", "office", classes(&["ordinary", "major"]), &["grant-beyond-scope"]),
        bad(
            "a seal there is not",
            "office",
            grant(GrantTerms { seal: "other".parse().unwrap(), ..terms() }),
            &["seal-unknown"],
        ),
        bad("nothing right, by the head", "head", classes(&[]), &["grant-terms-bad", "role-missing"]),
        bad("the end of one there is not", "office", Statement::GrantEnd(ended), &["grant-missing"]),
        bad(
            "of somebody unknown",
            "auditor",
            finding("newcomer", "台账不全", later),
            &["person-not-registered"],
        ),
        bad(
            "due before it was found",
            "auditor",
            finding("clerk", "台账不全", now_s() - 1),
            &["finding-due-bad"],
        ),
        bad("of nothing", "auditor", finding("clerk", "", later), &["act-text-bad"]),
        bad("too long", "auditor", finding("clerk", &"长".repeat(2001), later), &["act-text-bad"]),
        bad(
            "to a finding there is not",
            "clerk",
            answer(ActId::new(Uuid::new_v4()), "已整改"),
            &["finding-unknown"],
        ),
        bad("an empty answer", "clerk", answer(known.finding, "  "), &["act-text-bad"]),
    ]
}

/// Custody and its end (C2, C4, R1).
fn custody(home: &OfficeHome, known: &Known) -> Vec<Bad> {
    let hand_over =
        |from: &str, to: &str| HandOver { seal: seal(), from: home.who(from).id, to: home.who(to).id };
    let offer = |from: &str, to: &str| Statement::SealOffer(hand_over(from, to));
    let mut silent = with_text();
    silent.reason = String::new();
    vec![
        bad("to who is no custodian", "keeper", offer("keeper", "clerk"), &["custodian-unfit"]),
        bad("to who has left", "keeper", offer("keeper", "left"), &["custodian-unfit"]),
        bad("of another's", "keeper", offer("keeper2", "keeper2"), &["not-custodian"]),
        bad("of another's, by them", "keeper2", offer("keeper2", "keeper2"), &["not-custodian"]),
        bad("without a reason", "head", Statement::SealSuspend(silent), &["act-text-bad"]),
        Bad {
            name: "with something nobody signed for",
            who: "head",
            said: (Statement::SealSuspend(with_text()), b"anything".to_vec()),
            codes: &["act-attachment-wrong"],
        },
        bad(
            "of an application",
            "office",
            Statement::NoticeAcknowledge(NamedAct { about: known.application }),
            &["notice-unknown"],
        ),
        bad(
            "of a seal that is in use",
            "office",
            Statement::SealResume(NamedSeal { seal: seal(), about: known.application }),
            &["seal-state-wrong"],
        ),
    ]
}

fn ending(home: &OfficeHome, known: &Known) -> Vec<Bad> {
    let _ = home;
    let named = |about| NamedSeal { seal: seal(), about };
    vec![
        bad(
            "of the application",
            "head",
            Statement::SealRetireApprove(named(known.application)),
            &["act-about-wrong"],
        ),
        bad(
            "not approved yet",
            "office",
            Statement::SealRevoke(named(known.retirement)),
            &["seal-state-wrong"],
        ),
        bad(
            "not approved, of the application",
            "office",
            Statement::SealRevoke(named(known.application)),
            &["act-about-wrong", "seal-state-wrong"],
        ),
    ]
}

fn destruction(_: &OfficeHome, _: &Known) -> Vec<Bad> {
    let destroy = |carrier| Statement::SealDestroy(Destruction { seal: seal(), carrier });
    vec![
        bad(
            "of the key, where the carrier was said",
            "clerk",
            destroy(CarrierEnd::KeyDestroyed),
            &["destruction-differs", "key-still-there"],
        ),
        bad(
            "of the carrier, without a word",
            "clerk",
            destroy(CarrierEnd::Statement(String::new())),
            &["act-text-bad", "destruction-differs"],
        ),
    ]
}
