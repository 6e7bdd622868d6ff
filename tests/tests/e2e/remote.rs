//! The office from afar: what works there as it does here, and what a use from afar needs over a local one (U10).

use std::fs;

use sealkeeper_domain::act::{
    Statement,
    statement::{Binding, NamedPerson},
};
use sealkeeper_journal::{Channel, RecordBody};
use sealkeeper_proto::v1;
use sealkeeper_tests::{
    Door, No, OfficeHome, Rpc, Seal, assert_judged_valid, documents, eventually, header,
    office::{SEAL, now_s, sign},
    run, sha256,
};
use uuid::Uuid;

/// Whether the policy lets seals be used from afar.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Afar {
    Allowed,
    Forbidden,
}

/// An office with its seal in use, a grant for `applicant`, a door for callers from afar and a certificate for each of these people.
async fn office(home: &mut OfficeHome, afar: Afar, people: &[&str]) -> Door {
    let door = home.open_door();
    if afar == Afar::Allowed {
        home.home.change_policy("allowed = false", "allowed = true");
    }
    let (daemon, rpc) = home.start().await;
    home.found(&rpc).await;
    for person in people {
        home.certify(&rpc, &door, person).await;
    }
    home.activate(&rpc).await;
    home.says(&rpc, "office", Statement::Grant(home.terms("applicant"))).await;
    daemon.stop();
    door
}

/// A request for one ordinary document, filed by its applicant over this connection.
async fn filed(home: &OfficeHome, rpc: &Rpc, document: &[u8]) -> (String, Binding) {
    let asked =
        v1::SubmitHeader { seal: SEAL.to_owned(), applicant: "applicant".to_owned(), ..header(document) };
    let submitted = rpc.submit(document, asked).await.unwrap();
    let binding = home.files(rpc, &submitted, "applicant").await;
    (submitted.request_id, binding)
}

async fn approve(home: &OfficeHome, rpc: &Rpc, who: &str, binding: &Binding) {
    home.says(rpc, who, Statement::RequestApprove(Box::new(binding.clone()))).await;
}

fn no<T: std::fmt::Debug>(result: Result<T, No>) -> Vec<String> {
    result.unwrap_err().reasons().into_iter().map(str::to_owned).collect()
}

#[test]
fn asking_approving_watching_and_fetching_work_from_afar() {
    run(async {
        let mut home = OfficeHome::new();
        let door = office(&mut home, Afar::Forbidden, &["applicant", "first", "auditor", "keeper"]).await;
        let (_daemon, here) = home.start().await;
        let applicant = door.enter(Some("applicant")).await.unwrap();
        let first = door.enter(Some("first")).await.unwrap();

        let watched = v1::WatchRequestsRequest::default();
        let mut events = first.requests().watch_requests(watched).await.unwrap().into_inner();
        let document = documents::contract();
        let (request_id, binding) = filed(&home, &applicant, &document).await;
        approve(&home, &first, "first", &binding).await;
        eventually("the watch that tells of the approval", async || {
            let event = events.message().await.unwrap().unwrap();
            format!("{event:?}").contains("\"approved\"").then_some(())
        })
        .await;
        assert_eq!(first.fetch_document(&request_id).await.unwrap(), document);

        // The custodian stamps at their machine; the result goes out again.
        let prepared = here.review(&request_id).await.unwrap();
        here.unlock(&home.home.token, 1).await;
        let use_id = Uuid::new_v4();
        here.stamp(&request_id, use_id, &prepared.prepared_sha256).await.unwrap();
        let (receipt, appended) = applicant.fetch(use_id).await.unwrap();
        let stamped = [&document[..], &appended].concat();
        assert_eq!(sha256(&stamped), receipt.output_sha256);
        assert_judged_valid(&stamped, &document, 1, &home.home.token);
        applicant.acknowledge(use_id).await.unwrap();

        // From afar everybody is the person of their certificate, not the system user of the agent.
        assert_eq!(no(first.fetch(use_id).await), ["use-unknown"]);
        let auditor = door.enter(Some("auditor")).await.unwrap();
        auditor.journal().await.assert_sound();
        assert_eq!(no(auditor.stamp(&request_id, Uuid::new_v4(), &[7; 32]).await), ["not-custodian"]);
    });
}

#[test]
fn what_the_policy_does_not_allow_is_not_done_from_afar() {
    run(async {
        let mut home = OfficeHome::new();
        let door = office(&mut home, Afar::Forbidden, &["keeper"]).await;
        let (_daemon, here) = home.start().await;
        let keeper = door.enter(Some("keeper")).await.unwrap();
        let token = &home.home.token;
        assert_eq!(no(keeper.try_unlock(token, token.pin(), 1, 0).await), ["remote-not-allowed"]);
        let document = documents::page("not from afar");
        let (request_id, binding) = filed(&home, &here, &document).await;
        approve(&home, &here, "first", &binding).await;
        approve(&home, &here, "second", &binding).await;
        here.unlock(token, 1).await;
        let confirmed = here.review(&request_id).await.unwrap().prepared_sha256;
        let told = no(keeper.stamp(&request_id, Uuid::new_v4(), &confirmed).await);
        assert!(told.contains(&"remote-not-allowed".to_owned()), "{told:?}");
        assert_eq!(here.journal().await.count("intent"), 0);
        assert_eq!(here.token(token).await.uses_left, 1, "the local unlock is as it was");
        here.stamp(&request_id, Uuid::new_v4(), &confirmed).await.unwrap();
    });
}

#[test]
fn a_use_from_afar_needs_one_ticket_more_and_is_on_record_with_both_ends() {
    run(async {
        let mut home = OfficeHome::new();
        let door = office(&mut home, Afar::Allowed, &["keeper"]).await;
        let (_daemon, here) = home.start().await;
        let keeper = door.enter(Some("keeper")).await.unwrap();
        let token = &home.home.token;
        let document = documents::contract();
        let (request_id, binding) = filed(&home, &here, &document).await;
        approve(&home, &here, "first", &binding).await;
        // Enough for a use at the custodian's machine, where the same review says what would be stamped.
        let confirmed = here.review(&request_id).await.unwrap().prepared_sha256;
        keeper.unlock(token, 1).await;
        let told = no(keeper.stamp(&request_id, Uuid::new_v4(), &confirmed).await);
        assert_eq!(told, ["tickets-missing"]);
        assert_eq!(here.journal().await.count("intent"), 0);

        approve(&home, &here, "second", &binding).await;
        keeper.unlock(token, 1).await;
        let use_id = Uuid::new_v4();
        keeper.stamp(&request_id, use_id, &confirmed).await.unwrap();
        let (receipt, appended) = keeper.fetch(use_id).await.unwrap();
        let stamped = [&document[..], &appended].concat();
        assert_eq!(sha256(&stamped), receipt.output_sha256);
        assert_judged_valid(&stamped, &document, 1, token);
        assert!(!here.token(token).await.unlocked, "an unlock from afar is good for one use");

        let journal = here.journal().await;
        let is_intent =
            |body: &RecordBody| matches!(body, RecordBody::Intent(intent) if intent.use_id == use_id);
        let entry = journal.entries.iter().find(|entry| is_intent(&entry.record.body)).unwrap();
        let RecordBody::Intent(intent) = &entry.record.body else { unreachable!() };
        let from = &intent.custodian.from;
        assert_eq!((from.channel, from.uid.is_some()), (Channel::Remote, false));
        let certificate = door.authority.fingerprint("keeper").to_string();
        let disclosed = entry.disclosed();
        for value in ["127.0.0.1", certificate.as_str()] {
            assert!(disclosed.iter().any(|(_, disclosed)| disclosed == value), "{value}: {disclosed:?}");
        }
        journal.assert_sound();
    });
}

#[test]
fn a_pin_is_fresh_only_where_it_was_given() {
    run(async {
        let mut home = OfficeHome::new();
        let door = office(&mut home, Afar::Allowed, &["keeper"]).await;
        let (_daemon, here) = home.start().await;
        let keeper = door.enter(Some("keeper")).await.unwrap();
        let token = &home.home.token;
        let document = documents::page("fresh");
        let (request_id, binding) = filed(&home, &here, &document).await;
        approve(&home, &here, "first", &binding).await;
        approve(&home, &here, "second", &binding).await;
        let confirmed = here.review(&request_id).await.unwrap().prepared_sha256;

        here.unlock(token, 5).await;
        assert_eq!(no(keeper.stamp(&request_id, Uuid::new_v4(), &confirmed).await), ["pin-not-fresh"]);
        assert_eq!(here.token(token).await.uses_left, 5, "nothing was used");
        here.lock(token).await;

        assert_eq!(no(keeper.try_unlock(token, token.pin(), 5, 0).await), ["unlock-beyond-policy"]);
        let unlocked = keeper.unlock(token, 1).await;
        let within_us = 61_000_000;
        assert!(unlocked.expires_at_us <= now_s() * 1_000_000 + within_us, "{unlocked:?}");
        // To whoever sits at the agent's machine it is as if nobody had unlocked it.
        assert_eq!(no(here.stamp(&request_id, Uuid::new_v4(), &confirmed).await), ["token-locked"]);
        // Somebody who comes in by the same certificate anew is the same caller.
        let again = door.enter(Some("keeper")).await.unwrap();
        again.stamp(&request_id, Uuid::new_v4(), &confirmed).await.unwrap();
        assert_eq!(here.journal().await.count("intent"), 1);
    });
}

#[test]
fn a_ticket_that_is_too_old_for_afar_still_counts_here() {
    run(async {
        let mut home = OfficeHome::new();
        home.home.change_policy("ticket_lifetime_hours = 24", "ticket_lifetime_hours = 1");
        let door = office(&mut home, Afar::Allowed, &["keeper"]).await;
        let (_daemon, here) = home.start().await;
        let keeper = door.enter(Some("keeper")).await.unwrap();
        let document = documents::page("old ticket");
        let (request_id, binding) = filed(&home, &here, &document).await;
        approve(&home, &here, "first", &binding).await;
        // Good for hours still, but issued before the last one began.
        let second = home.who("second");
        let mut claims = home.claims(&second, Statement::RequestApprove(Box::new(binding.clone())));
        claims.issued_s -= 3_700;
        here.file(&sign(&second, &claims)).await.unwrap();
        let confirmed = here.review(&request_id).await.unwrap().prepared_sha256;
        keeper.unlock(&home.home.token, 1).await;
        let told = no(keeper.stamp(&request_id, Uuid::new_v4(), &confirmed).await);
        assert_eq!(told, ["tickets-missing"]);
        keeper.lock(&home.home.token).await;
        approve(&home, &here, "third", &binding).await;
        keeper.unlock(&home.home.token, 1).await;
        keeper.stamp(&request_id, Uuid::new_v4(), &confirmed).await.unwrap();
    });
}

#[test]
fn tokens_are_administered_only_where_they_are() {
    run(async {
        let mut home = OfficeHome::new();
        let door = office(&mut home, Afar::Allowed, &["keeper"]).await;
        let (_daemon, here) = home.start().await;
        let keeper = door.enter(Some("keeper")).await.unwrap();
        let (serial, pin) = (home.home.token.serial().to_owned(), home.home.token.pin().as_bytes().to_vec());
        let mut tokens = keeper.tokens();
        let told = [
            tokens
                .change_pin(v1::ChangePinRequest {
                    token_serial: serial.clone(),
                    old_pin: pin.clone(),
                    new_pin: b"another-1".to_vec(),
                    ..Default::default()
                })
                .await
                .map(drop),
            tokens
                .set_pin(v1::SetPinRequest {
                    token_serial: serial.clone(),
                    so_pin: pin.clone(),
                    new_pin: b"another-1".to_vec(),
                    ..Default::default()
                })
                .await
                .map(drop),
            tokens
                .inspect_token(v1::InspectTokenRequest {
                    token_serial: serial.clone(),
                    pin,
                    final_try: false,
                })
                .await
                .map(drop),
        ];
        for told in told {
            assert_eq!(no(told.map_err(No::from)), ["not-from-afar"]);
        }
        assert!(!here.token(&home.home.token).await.unlocked);
        here.unlock(&home.home.token, 1).await;
    });
}

#[test]
fn who_is_not_registered_with_their_certificate_is_nobody() {
    run(async {
        let mut home = OfficeHome::new();
        let door = office(&mut home, Afar::Allowed, &["clerk", "second"]).await;
        let (_daemon, here) = home.start().await;
        door.authority.issue("stranger", sealkeeper_tests::Purpose::Person, 30);
        let stranger = door.enter(Some("stranger")).await.unwrap();
        assert_eq!(no(stranger.show_office().await), ["person-unknown"]);
        // What anybody may say who can open the socket takes a person from afar.
        let act = home.act(&home.who("clerk"), Statement::SealReport(report()));
        assert_eq!(no(stranger.file(&act).await), ["person-unknown"]);

        let clerk = door.enter(Some("clerk")).await.unwrap();
        clerk.show_office().await.unwrap();
        home.bind(&here, "clerk", vec![]).await;
        assert_eq!(
            no(clerk.show_office().await),
            ["person-unknown"],
            "the connection stands, and is nobody's"
        );
        let second = door.enter(Some("second")).await.unwrap();
        second.show_office().await.unwrap();
        let (person, reason) = (home.who("second").id, "离职".to_owned());
        home.says(&here, "office", Statement::PersonLeave(NamedPerson { person, reason })).await;
        let told = no(second.show_office().await);
        assert!(["person-unknown", "person-left"].contains(&told[0].as_str()), "{told:?}");
        let refused = here.journal().await.refused_codes();
        assert!(refused.contains(&vec!["person-unknown".to_owned()]), "{refused:?}");
    });
}

fn report() -> sealkeeper_domain::act::statement::SealReport {
    sealkeeper_domain::act::statement::SealReport {
        seal: sealkeeper_tests::office::seal(),
        what: sealkeeper_domain::act::statement::ReportKind::Loss,
        text: "找不到了".to_owned(),
    }
}

#[test]
fn the_command_line_does_from_afar_what_it_does_here() {
    run(async {
        let mut home = OfficeHome::new();
        let door = office(&mut home, Afar::Allowed, &["keeper"]).await;
        let (_daemon, here) = home.start().await;
        let document = documents::contract();
        fs::write(home.home.scratch().join("合同.pdf"), &document).unwrap();
        let (request_id, binding) = filed(&home, &here, &document).await;
        approve(&home, &here, "first", &binding).await;
        let seal = Seal::new(&home.home).from_afar(&door.file_of("keeper"));
        let stamp = ["stamp", &request_id, "--pin-fd", "0", "--yes", "-o", "afar.pdf"];
        let said = seal.run_with(home.home.token.pin(), &stamp);
        assert_eq!(said.code, 1, "{said:?}");
        assert!(said.err.contains("[tickets-missing, clause"), "{said:?}");
        approve(&home, &here, "second", &binding).await;
        let said = seal.run_with(home.home.token.pin(), &stamp);
        assert_eq!(said.code, 0, "{said:?}");
        let stamped = fs::read(home.home.scratch().join("afar.pdf")).unwrap();
        assert_judged_valid(&stamped, &document, 1, &home.home.token);
        let said = seal.run(&["doctor"]);
        assert!(said.out.contains("the agent's TLS certificate ends in"), "{said:?}");
        let said = seal.run_with("135790\n246810\n", &["token", "change-pin", "--pin-fd", "0"]);
        assert!(said.code != 0 && said.err.contains("[not-from-afar"), "{said:?}");
    });
}
