//! `docs/acts.md` is what writers of acts go by: every type has its section there, and every member its row.

#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside the test functions that clippy knows")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use sealkeeper_domain::{
    act::{Claims, Statement, statement::*},
    identity::{ActId, Digest, PersonId, RequestId, SealId},
    office::Role,
    reason::Reason,
    rule::signed,
};
use serde_json::{Map, Value};
use uuid::Uuid;

fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/acts.md")).unwrap()
}

fn person() -> PersonId {
    "p-1".parse().unwrap()
}

fn seal() -> SealId {
    "contract".parse().unwrap()
}

fn about() -> ActId {
    ActId::new(Uuid::from_u128(1))
}

fn request() -> RequestId {
    RequestId::new(Uuid::from_u128(2))
}

fn text() -> String {
    "text".to_owned()
}

fn digest() -> Digest {
    Digest::of(b"")
}

fn named() -> NamedSeal {
    NamedSeal { seal: seal(), about: about() }
}

fn with_text() -> WithText {
    WithText { seal: seal(), reason: text() }
}

fn hand_over() -> HandOver {
    HandOver { seal: seal(), from: person(), to: person() }
}

fn ended() -> EndedRequest {
    EndedRequest { request: request(), reason: text() }
}

fn binding() -> Box<Binding> {
    Box::new(Binding {
        request: request(),
        document_sha256: digest(),
        file_name: text(),
        seal: seal(),
        seal_object_sha256: digest(),
        boxes: vec![BoundBox { page: 1, left_um: 0, top_um: 0, width_um: 1, height_um: 1 }],
        class: text(),
        copies: 1,
        reason: text(),
        applicant: person(),
    })
}

/// Statements of every type, with every member that may be left out. Of a member that has several forms, each.
fn samples() -> Vec<Statement> {
    let classes = || BTreeSet::from([text()]);
    let identity = IdentityDocument { kind: text(), last: text() };
    let destroyed = |carrier| Statement::SealDestroy(Destruction { seal: seal(), carrier });
    vec![
        Statement::PersonRegister(PersonEntry {
            person: person(),
            name: text(),
            unit: text(),
            roles: BTreeSet::from(Role::ALL),
            keys: Vec::new(),
            uid: Some(1),
            certificates: vec![digest()],
        }),
        Statement::PersonLeave(NamedPerson { person: person(), reason: text() }),
        Statement::Training(TrainingGiven { person: person(), topic: text(), until_s: 1 }),
        Statement::Grant(GrantTerms {
            person: person(),
            seal: seal(),
            classes: classes(),
            copies_per_request: 1,
            uses_per_day: 1,
            hours: Some(Hours { from_minute: 0, until_minute: 1 }),
            until_s: 1,
        }),
        Statement::GrantEnd(EndedGrant { person: person(), seal: seal(), reason: text() }),
        Statement::Policy(PolicyDigest { sha256: digest() }),
        Statement::SealApply(Box::new(SealApplication {
            seal: seal(),
            name: text(),
            kind: SealKind::Other,
            unit: text(),
            purpose: text(),
            scope: classes(),
            custodian: person(),
            picture_kind: PictureKind::Png,
            picture_sha256: digest(),
            width_um: 1,
            height_um: 1,
        })),
        Statement::SealApprove(named()),
        Statement::SealRefuse(with_text()),
        Statement::SealReview(SealReview { seal: seal(), about: about(), physical: PhysicalSeal::None }),
        Statement::SealMake(MadeSeal {
            seal: seal(),
            about: about(),
            object_sha256: digest(),
            certificate_sha256: digest(),
            key_sha256: digest(),
            key: text(),
            certificate: text(),
        }),
        Statement::SealIssue(SealIssue {
            seal: seal(),
            object_sha256: digest(),
            custodian: person(),
            identity,
        }),
        Statement::SealReceive(NamedObject { seal: seal(), object_sha256: digest() }),
        Statement::SealOffer(hand_over()),
        Statement::SealAccept(hand_over()),
        Statement::SealHandOver(hand_over()),
        Statement::SealSuspend(with_text()),
        Statement::SealReport(SealReport { seal: seal(), what: ReportKind::Loss, text: text() }),
        Statement::NoticeAcknowledge(NamedAct { about: about() }),
        Statement::SealResume(named()),
        Statement::SealRetire(Retirement { seal: seal(), reason: RevocationReason::Other, text: text() }),
        Statement::SealRetireApprove(named()),
        Statement::SealRevoke(named()),
        destroyed(CarrierEnd::KeyDestroyed),
        destroyed(CarrierEnd::Statement(text())),
        Statement::CertificateRevocation(CertificateStep {
            seal: seal(),
            about: about(),
            step: RevocationStep::Asked,
            authority: text(),
            text: text(),
        }),
        Statement::RequestFile(binding()),
        Statement::RequestApprove(binding()),
        Statement::RequestReject(ended()),
        Statement::RequestWithdraw(ended()),
        Statement::Finding(FindingText { person: person(), text: text(), due_s: 1 }),
        Statement::FindingAnswer(FindingAnswer { about: about(), text: text() }),
    ]
}

const REGISTERED: [&str; 5] = ["iss", "aud", "iat", "exp", "jti"];

/// The members of a statement as they are signed, those within others by their path: `hours.from_minute`, `boxes[].page`.
fn members(statement: Statement) -> BTreeSet<String> {
    let mut payload = Claims::new(person(), "origin", Uuid::from_u128(3), 1, 1, statement).payload();
    for claim in REGISTERED {
        payload.remove(claim).unwrap();
    }
    let mut paths = BTreeSet::new();
    collect(&payload, "", &mut paths);
    paths
}

fn collect(object: &Map<String, Value>, before: &str, paths: &mut BTreeSet<String>) {
    for (name, value) in object {
        let path = format!("{before}{name}");
        match value {
            Value::Object(inner) => collect(inner, &format!("{path}."), paths),
            Value::Array(items) => {
                for inner in items.iter().filter_map(Value::as_object) {
                    collect(inner, &format!("{path}[]."), paths);
                }
            }
            _ => {}
        }
        paths.insert(path);
    }
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The first cells of the tables under each heading of a type; a heading may name several.
fn told(page: &str) -> BTreeMap<String, BTreeSet<String>> {
    let (_, types) = page.split_once("\n# Types").unwrap();
    let mut told = BTreeMap::new();
    for section in types.split("\n### ").skip(1) {
        let (heading, body) = section.split_once('\n').unwrap();
        let rows = body.lines().filter_map(|line| line.strip_prefix("| `"));
        let rows: BTreeSet<String> =
            rows.filter_map(|row| row.split('`').next()).map(str::to_owned).collect();
        for typ in quoted(heading) {
            assert!(told.insert(typ.to_owned(), rows.clone()).is_none(), "{typ} stands twice");
        }
    }
    told
}

#[test]
fn every_type_has_its_section_and_every_member_its_row() {
    let mut signed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for sample in samples() {
        signed.entry(sample.typ().to_owned()).or_default().extend(members(sample));
    }
    let types: BTreeSet<&str> = Statement::TYPES.iter().copied().collect();
    assert_eq!(
        signed.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        types,
        "a type has no sample here"
    );
    let page = page();
    let told = told(&page);
    assert_eq!(told.keys().map(String::as_str).collect::<BTreeSet<_>>(), types, "docs/acts.md");
    for (typ, members) in &signed {
        assert_eq!(told.get(typ), Some(members), "docs/acts.md, {typ}");
    }
}

#[test]
fn every_claim_and_role_is_told() {
    let page = page();
    for claim in REGISTERED {
        assert!(page.contains(&format!("\n| `{claim}` |")), "{claim}");
    }
    let roles = page.lines().find(|line| line.starts_with("| `roles` |")).unwrap();
    for role in Role::ALL {
        assert!(roles.contains(&format!("`{}`", role.code())), "{}", role.code());
    }
}

/// Those that the form, the key and the claims of an act are refused for, and those the page speaks of are all codes.
#[test]
fn every_refusal_of_a_forged_act_is_told_by_its_code() {
    let page = page();
    let (_, refused) = page.split_once("\n## What is refused").unwrap();
    let refused = refused.split("\n## ").next().unwrap();
    let codes: BTreeSet<&str> =
        refused.lines().filter(|line| line.starts_with("| `")).flat_map(quoted).collect();
    let of_acts = Reason::ALL.iter().map(|reason| reason.code()).filter(|code| code.starts_with("act-"));
    let of_claims = signed::RULES.iter().flat_map(|rule| rule.row.reasons).map(|reason| reason.code());
    for code in of_acts.chain(of_claims) {
        assert!(codes.contains(code), "docs/acts.md does not tell {code}");
    }
}
