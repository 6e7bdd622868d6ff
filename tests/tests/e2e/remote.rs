//! The office from afar: what works there as it does here, and what a use from afar needs over a local one (U10).

use std::{fs, time::Duration};

use sealkeeper_domain::act::{
    Statement,
    statement::{Binding, CarrierEnd, Destruction, NamedPerson, NamedSeal},
};
use sealkeeper_journal::{Channel, RecordBody};
use sealkeeper_proto::v1;
use sealkeeper_tests::{
    Door, No, OfficeHome, Rpc, Seal, assert_judged_valid, documents, eventually, header,
    office::{SEAL, now_s, retirement, seal, sign},
    replace, run, sha256,
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

#[test]
fn a_watch_ends_at_once_when_its_caller_is_somebody_no_longer() {
    run(async {
        let mut home = OfficeHome::new();
        let door = office(&mut home, Afar::Allowed, &["clerk", "second"]).await;
        let (_daemon, here) = home.start().await;
        // Two from afar, of whom one loses the certificate and one leaves; and one here, whose system user becomes another's.
        let clerk = door.enter(Some("clerk")).await.unwrap();
        let second = door.enter(Some("second")).await.unwrap();
        let requests = v1::WatchRequestsRequest::default;
        let mut clerks = clerk.requests().watch_requests(requests()).await.unwrap().into_inner();
        let mut clerks_tokens =
            clerk.tokens().watch_tokens(v1::WatchTokensRequest {}).await.unwrap().into_inner();
        let mut seconds = second.requests().watch_requests(requests()).await.unwrap().into_inner();
        let mut keepers = here.requests().watch_requests(requests()).await.unwrap().into_inner();
        let mut keepers_tokens =
            here.tokens().watch_tokens(v1::WatchTokensRequest {}).await.unwrap().into_inner();
        // What is there is told first.
        clerks_tokens.message().await.unwrap().unwrap();
        keepers_tokens.message().await.unwrap().unwrap();

        home.bind(&here, "clerk", vec![]).await;
        assert_eq!(ended(clerks.message()).await, ["person-unknown"]);
        assert_eq!(ended(clerks_tokens.message()).await, ["person-unknown"]);
        let (person, reason) = (home.who("second").id, "离职".to_owned());
        home.says(&here, "office", Statement::PersonLeave(NamedPerson { person, reason })).await;
        assert_eq!(ended(seconds.message()).await, ["person-unknown"]);
        // The others' are as they were, until it is their turn.
        let quiet = tokio::time::timeout(Duration::from_millis(200), keepers.message()).await;
        assert!(quiet.is_err(), "{quiet:?}");
        home.says(&here, "office", Statement::PersonRegister(home.entry("keeper", None))).await;
        assert_eq!(ended(keepers.message()).await, ["person-unknown"]);
        assert_eq!(ended(keepers_tokens.message()).await, ["person-unknown"]);
    });
}

/// The reason with which a watch ends within a short time.
async fn ended<T: std::fmt::Debug>(
    next: impl Future<Output = Result<Option<T>, tonic::Status>>,
) -> Vec<String> {
    let next = tokio::time::timeout(Duration::from_secs(2), next).await.expect("it ends at once");
    no(next.map_err(No::from))
}

#[test]
fn an_older_revocation_list_lets_nobody_in_again_and_is_told() {
    run(async {
        let mut home = OfficeHome::new();
        let door = office(&mut home, Afar::Allowed, &["clerk"]).await;
        let before = door.authority.path("before.pem");
        fs::copy(door.authority.path("crl.pem"), &before).unwrap();
        let (_daemon, _here) = home.start().await;
        door.enter(Some("clerk")).await.unwrap().show_office().await.unwrap();
        door.authority.revoke("clerk");
        eventually("the list that names it", async || door.enter(Some("clerk")).await.err()).await;
        replace(&before, &door.authority.path("crl.pem"));
        let doctor = || Seal::new(&home.home).run(&["doctor"]);
        eventually("that the older one is told of", async || {
            doctor().out.contains("is older than the one in force").then_some(())
        })
        .await;
        let said = doctor();
        assert!(said.code == 1 && said.out.contains("[remote-files-bad"), "{said:?}");
        door.enter(Some("clerk")).await.unwrap_err();
    });
}

#[test]
fn keys_and_certificates_of_tokens_are_made_and_destroyed_only_where_they_are() {
    run(async {
        let mut home = OfficeHome::new();
        let door = office(&mut home, Afar::Allowed, &["keeper"]).await;
        let (_daemon, here) = home.start().await;
        let keeper = door.enter(Some("keeper")).await.unwrap();
        let token = &home.home.token;
        here.unlock(token, 20).await;
        let key = v1::GenerateKeyRequest {
            token_serial: token.serial().to_owned(),
            algorithm: "ec-p256".to_owned(),
            label: "from afar".to_owned(),
            ..Default::default()
        };
        assert_eq!(no(keeper.tokens().generate_key(key).await.map_err(No::from)), ["not-from-afar"]);
        let request = v1::RequestCertificateRequest {
            key_uri: token.key_uri(1),
            subject: "CN=从远处".to_owned(),
            pin: Vec::new(),
            final_try: false,
        };
        assert_eq!(
            no(keeper.tokens().request_certificate(request).await.map_err(No::from)),
            ["not-from-afar"]
        );
        let import = v1::ImportCertificateRequest {
            token_serial: token.serial().to_owned(),
            certificate_der: token.certificate(1),
            replace: true,
        };
        assert_eq!(no(keeper.tokens().import_certificate(import).await.map_err(No::from)), ["not-from-afar"]);

        // The second act of a destruction has the key destroyed: that is done where the token is, by whomever it was signed.
        home.says(&here, "deputy", retirement()).await;
        let about = home.about(&here).await;
        home.says(&here, "head", Statement::SealRetireApprove(NamedSeal { seal: seal(), about })).await;
        home.says(&here, "office", Statement::SealRevoke(NamedSeal { seal: seal(), about })).await;
        let destruction =
            || Statement::SealDestroy(Destruction { seal: seal(), carrier: CarrierEnd::KeyDestroyed });
        home.says(&here, "office", destruction()).await;
        let act = home.act(&home.who("auditor"), destruction());
        assert_eq!(no(keeper.file(&act).await), ["not-from-afar"]);
        let journal = here.journal().await;
        for typ in ["key_generated", "certificate_imported", "key_destruction_ordered", "key_destroyed"] {
            assert_eq!(journal.count(typ), 0, "{typ}");
        }
        let refused = journal.refused_codes();
        let of_this = refused.iter().filter(|codes| **codes == ["not-from-afar"]).count();
        assert_eq!(of_this, 4, "each is on record: {refused:?}");
        // The key is there still, and it is destroyed here.
        here.unlock(token, 5).await;
        here.file(&act).await.unwrap();
        assert_eq!(here.journal().await.count("key_destroyed"), 1);
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
