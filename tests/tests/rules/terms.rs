//! Requests and tickets: bound to what was asked, within the grant, of those who count.

use std::time::Duration;

use sealkeeper_domain::{
    act::{
        Claims, Statement,
        statement::{Binding, EndedGrant, GrantTerms, Hours, NamedPerson, PersonEntry},
    },
    identity::{Digest, RequestId},
    office::Role,
};
use sealkeeper_proto::v1;
use sealkeeper_tests::{
    documents,
    office::{now_s, seal, sign},
};
use uuid::Uuid;

use crate::{
    Board, Job, job,
    stage::{Refusing, Stage, important},
    uses::codes,
};

/// The jobs.
pub fn jobs(requests: &Stage) -> Vec<Job<'_>> {
    vec![
        job("what is bound".to_owned(), async |board| bound(board, requests).await),
        job("within the grant".to_owned(), async |board| within_the_grant(board, requests).await),
        job("tickets that count".to_owned(), async |board| tickets(board, requests).await),
    ]
}

/// U2: whoever signs for a request signs for exactly what was asked.
async fn bound(board: &Board, stage: &Stage) {
    type Change = fn(&mut Binding);
    let changes: [(&str, Change, &str); 10] = [
        ("another document", |it| it.document_sha256 = Digest::of(b"another"), "ticket-document-changed"),
        ("another file name", |it| it.file_name = "别的.pdf".to_owned(), "ticket-file-name-changed"),
        ("another seal", |it| it.seal = "other".parse().unwrap(), "ticket-seal-other"),
        ("another seal object", |it| it.seal_object_sha256 = Digest::of(b"another"), "ticket-seal-changed"),
        ("another place", |it| it.boxes[0].left_um += 1, "ticket-placement-changed"),
        ("no place", |it| it.boxes.clear(), "ticket-placement-changed"),
        ("another class", |it| it.class = "ordinary".to_owned(), "ticket-class-changed"),
        ("another copy", |it| it.copies += 1, "ticket-copies-changed"),
        ("another reason", |it| it.reason += "!", "ticket-reason-changed"),
        ("another applicant", |it| it.applicant = "clerk".parse().unwrap(), "ticket-applicant-changed"),
    ];
    let home = stage.home.copied();
    let mut agent = Refusing::start(&home).await;
    for (who, state) in [("applicant", "drafted"), ("first", "filed"), ("second", "half")] {
        let sign = |binding: Binding| match who {
            "applicant" => Statement::RequestFile(Box::new(binding)),
            _ => Statement::RequestApprove(Box::new(binding)),
        };
        let asked = &stage.known.requests[state];
        for (name, change, code) in changes {
            let mut binding = asked.clone();
            change(&mut binding);
            let act = home.act(&home.who(who), sign(binding));
            let told = agent.rpc.file(&act).await;
            let told = agent.told(told);
            board.refused(&format!("U2 {who} on one {state}, with {name}"), &codes(&[code]), &told);
        }
        let mut all = asked.clone();
        changes.iter().filter(|(name, ..)| *name != "no place").for_each(|(_, change, _)| change(&mut all));
        let expected: Vec<_> = changes.iter().map(|(.., code)| *code).collect();
        let told = agent.rpc.file(&home.act(&home.who(who), sign(all))).await;
        let told = agent.told(told);
        board.refused(&format!("U2 {who} on one {state}, with everything else"), &codes(&expected), &told);
        let nothing = Binding { request: RequestId::new(Uuid::new_v4()), ..asked.clone() };
        let told = agent.rpc.file(&home.act(&home.who(who), sign(nothing))).await;
        let told = agent.told(told);
        board.refused(&format!("U2 {who} on none there is"), &codes(&["request-unknown"]), &told);
        let other = &stage.known.requests["approved"];
        let moved = Binding { request: other.request, ..asked.clone() };
        let told = agent.rpc.file(&home.act(&home.who(who), sign(moved))).await;
        let told = agent.told(told);
        let has = |code: &str| told.contains(code);
        board.holds(&format!("U2 {who} on one {state}, moved to another"), has("ticket-document-changed"));
    }
    board.on_record("what is bound", agent.stop().await);
}

/// U1: within the grant, when it is submitted and when it is stamped.
async fn within_the_grant(board: &Board, stage: &Stage) {
    let home = stage.home.copied();
    let mut agent = Refusing::start(&home).await;
    let rpc = agent.rpc.clone();
    let approved = stage.known.requests["approved"].request.to_string();
    let classes = |classes: &[&str]| classes.iter().map(|class| (*class).to_owned()).collect();
    let terms = || home.terms("applicant");
    // By the policy's UTC offset, 480 minutes; a span that this minute and the next do not lie in.
    let minute = u32::try_from((now_s() / 60 + 480) % 1440).unwrap();
    let elsewhere = if minute > 60 { (0, minute - 30) } else { (minute + 60, 1440) };
    let within = if minute < 1380 { (minute, minute + 60) } else { (minute - 60, 1440) };
    let hours = |(from_minute, until_minute)| Some(Hours { from_minute, until_minute });
    // Two copies were stamped for the applicant today.
    let rows: [(&str, GrantTerms, &[&str], &[&str]); 8] = [
        ("as it was", terms(), &[], &[]),
        (
            "for another class",
            GrantTerms { classes: classes(&["ordinary"]), ..terms() },
            &["grant-class"],
            &["grant-class"],
        ),
        (
            "for one copy",
            GrantTerms { copies_per_request: 1, ..terms() },
            &["grant-copies"],
            &["grant-copies"],
        ),
        ("for two uses a day", GrantTerms { uses_per_day: 2, ..terms() }, &[], &["grant-day-used-up"]),
        ("for three uses a day", GrantTerms { uses_per_day: 3, ..terms() }, &[], &[]),
        ("at other hours", GrantTerms { hours: hours(elsewhere), ..terms() }, &[], &["grant-hours"]),
        ("at this hour", GrantTerms { hours: hours(within), ..terms() }, &[], &[]),
        (
            "for one copy of another class, once a day",
            GrantTerms { classes: classes(&["ordinary"]), copies_per_request: 1, uses_per_day: 1, ..terms() },
            &["grant-class", "grant-copies"],
            &["grant-class", "grant-copies", "grant-day-used-up"],
        ),
    ];
    for (name, terms, on_submission, on_stamping) in rows {
        home.says(&rpc, "office", Statement::Grant(terms)).await;
        asked(board, &mut agent, name, on_submission).await;
        used(board, &mut agent, &approved, name, on_stamping).await;
    }
    home.says(&rpc, "office", Statement::Grant(GrantTerms { until_s: now_s() + 1, ..terms() })).await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    asked(board, &mut agent, "that is over", &["grant-expired"]).await;
    used(board, &mut agent, &approved, "that is over", &["grant-expired"]).await;
    let ended = EndedGrant { person: home.who("applicant").id, seal: seal(), reason: "到期".to_owned() };
    home.says(&rpc, "office", Statement::GrantEnd(ended)).await;
    asked(board, &mut agent, "that was ended", &["grant-missing"]).await;
    used(board, &mut agent, &approved, "that was ended", &["grant-missing"]).await;
    // One that was signed before that, and held back, does not undo it.
    let office = home.who("office");
    let mut held_back = home.claims(&office, Statement::Grant(terms()));
    held_back.issued_s -= 60;
    let told = rpc.file(&sign(&office, &held_back)).await;
    let told = agent.told(told);
    board.refused("G3 a grant of before it was ended", &codes(&["act-superseded"]), &told);
    home.says(&rpc, "office", Statement::Grant(terms())).await;

    type Change = fn(&mut v1::SubmitHeader);
    let submits: [(&str, Change, &[&str]); 6] = [
        (
            "a class beyond the scope",
            |it| it.document_class = "major".to_owned(),
            &["class-outside-scope", "grant-class"],
        ),
        ("a class there is not", |it| it.document_class = "secret".to_owned(), &["class-unknown"]),
        ("more copies than granted", |it| it.copies = 4, &["grant-copies"]),
        ("more copies than anybody may", |it| it.copies = 101, &["copies-out-of-range"]),
        ("without a reason", |it| it.reason = String::new(), &["reason-missing"]),
        ("with a ticket of its own", |it| it.tickets = vec!["ticket".to_owned()], &["tickets-unsupported"]),
    ];
    for (name, change, expected) in submits {
        let document = documents::page(name);
        let mut header = important(&document, "applicant");
        change(&mut header);
        let told = rpc.submit(&document, header).await;
        let told = agent.told(told);
        board.refused(&format!("U1 submit of {name}"), &codes(expected), &told);
    }
    board.on_record("within the grant", agent.stop().await);
}

async fn asked(board: &Board, agent: &mut Refusing<'_>, name: &str, expected: &[&str]) {
    let document = documents::page(name);
    let told = agent.rpc.submit(&document, important(&document, "applicant")).await;
    let told = agent.told(told);
    board.refused(&format!("U1 submit under a grant {name}"), &codes(expected), &told);
}

async fn used(board: &Board, agent: &mut Refusing<'_>, id: &str, name: &str, expected: &[&str]) {
    let told = agent.rpc.review(id).await;
    let told = agent.told(told);
    board.refused(&format!("U1 review under a grant {name}"), &codes(expected), &told);
    let told = agent.rpc.stamp(id, Uuid::new_v4(), &[7; 32]).await;
    let told = agent.told(told);
    let expected = if expected.is_empty() { &["confirmation-mismatch"] } else { expected };
    board.refused(&format!("U1 stamp under a grant {name}"), &codes(expected), &told);
}

/// U2: one person, one vote, of one who may; in time.
async fn tickets(board: &Board, stage: &Stage) {
    let home = stage.home.copied();
    let mut agent = Refusing::start(&home).await;
    let rpc = agent.rpc.clone();
    let half = stage.known.requests["half"].clone();
    let (approved, filed) = (&stage.known.requests["approved"], &stage.known.requests["filed"]);

    // Two keys of one person.
    let second_key = home.who("first").with_key_of("first's other");
    let entry = home.entry("first", None);
    let keys = vec![home.who("first").jwk(), second_key.jwk()];
    home.says(&rpc, "office", Statement::PersonRegister(PersonEntry { keys, ..entry.clone() })).await;
    let ticket = home.act(&second_key, Statement::RequestApprove(Box::new(half.clone())));
    let told = rpc.file(&ticket).await;
    let told = agent.told(told);
    board.refused("U2 a second vote with another key", &codes(&["approved-already"]), &told);
    let told = rpc.review(&half.request.to_string()).await;
    let told = agent.told(told);
    board.refused("U2 review after it", &codes(&["tickets-missing"]), &told);
    // A key that is registered no more says nothing.
    home.says(&rpc, "office", Statement::PersonRegister(entry)).await;
    let filing = Statement::RequestApprove(Box::new(filed.clone()));
    let told = rpc.file(&home.act(&second_key, filing.clone())).await;
    let told = agent.told(told);
    board.refused("G3 a key that was taken away", &codes(&["act-key-unknown"]), &told);
    // With it went what its person had signed up to then; what they sign from the next second on counts.
    reviewed(board, &mut agent, approved, "a key was taken away", &["tickets-missing"]).await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    home.says(&rpc, "first", Statement::RequestApprove(Box::new(approved.clone()))).await;
    reviewed(board, &mut agent, approved, "its ticket was given anew", &[]).await;

    // A ticket for too long, and one that is over before it is used.
    let claims = |s| {
        let person = home.who("first");
        Claims::new(person.id, &home.origin, Uuid::new_v4(), now_s(), s, filing.clone())
    };
    let told = rpc.file(&sign(&home.who("first"), &claims(72 * 3600 + 1))).await;
    let told = agent.told(told);
    board.refused("U2 a ticket for more than 72 hours", &codes(&["ticket-lifetime-too-long"]), &told);
    let told = rpc.file(&sign(&home.who("first"), &claims(2))).await;
    let told = agent.told(told);
    board.refused("U2 a ticket for two seconds", &codes(&[]), &told);
    home.says(&rpc, "second", filing.clone()).await;
    tokio::time::sleep(Duration::from_millis(2100)).await;
    reviewed(board, &mut agent, filed, "a ticket is over", &["tickets-missing"]).await;
    home.says(&rpc, "first", filing).await;
    reviewed(board, &mut agent, filed, "it was given anew", &[]).await;

    // Who may approve no more has approved nothing; nor has who came to keep or to ask.
    for (name, change) in [
        ("an approver is none any more", PersonEntry { roles: [].into(), ..home.entry("second", None) }),
        (
            "an approver is an auditor now",
            PersonEntry { roles: [Role::Auditor].into(), ..home.entry("second", None) },
        ),
    ] {
        home.says(&rpc, "office", Statement::PersonRegister(change)).await;
        reviewed(board, &mut agent, approved, name, &["tickets-missing"]).await;
        home.says(&rpc, "office", home.registration("second")).await;
        reviewed(board, &mut agent, approved, "they are one again", &["tickets-missing"]).await;
        // What they sign from the next second on counts.
        tokio::time::sleep(Duration::from_millis(1100)).await;
        let anew = Statement::RequestApprove(Box::new(approved.clone()));
        home.says(&rpc, "second", anew).await;
        reviewed(board, &mut agent, approved, "they have approved it anew", &[]).await;
    }
    let leave = NamedPerson { person: home.who("second").id, reason: "离职".to_owned() };
    home.says(&rpc, "office", Statement::PersonLeave(leave)).await;
    reviewed(board, &mut agent, approved, "an approver has left", &["tickets-missing"]).await;
    let third = Statement::RequestApprove(Box::new(approved.clone()));
    home.says(&rpc, "third", third).await;
    reviewed(board, &mut agent, approved, "another has approved", &[]).await;
    let leave = NamedPerson { person: home.who("applicant").id, reason: "离职".to_owned() };
    home.says(&rpc, "office", Statement::PersonLeave(leave)).await;
    reviewed(board, &mut agent, approved, "the applicant has left", &["grant-missing", "person-left"]).await;
    board.on_record("tickets that count", agent.stop().await);
}

async fn reviewed(board: &Board, agent: &mut Refusing<'_>, binding: &Binding, when: &str, no: &[&str]) {
    let told = agent.rpc.review(&binding.request.to_string()).await;
    let told = agent.told(told);
    board.refused(&format!("U2 review when {when}"), &codes(no), &told);
}
