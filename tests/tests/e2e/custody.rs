//! Whoever takes a token over gets a PIN of their own (C2), and upkeep is on record (C6, R1).

use std::fs;

use sealkeeper_domain::{
    act::{
        Statement,
        statement::{CertificateStep, NamedSeal, RevocationStep, TrainingGiven},
    },
    identity::ActId,
};
use sealkeeper_journal::{PinChange, RecordBody, Versioned};
use sealkeeper_proto::v1;
use sealkeeper_tests::{
    AgentHome, No, OfficeHome, Rpc, Seal, SoftToken,
    office::{SEAL_NAME, now_s, own_uid, retirement, seal},
    run, sha256,
};

const OWN: &str = "e2e-own-PIN-7%";
const ONE_TIME: &str = "e2e-once-PIN-3%";

/// The incoming custodian takes the place of the outgoing one at the machine.
async fn changes_hands(home: &OfficeHome, rpc: &Rpc) {
    home.says(rpc, "keeper", Statement::SealOffer(home.hand_over())).await;
    home.says(rpc, "keeper2", Statement::SealAccept(home.hand_over())).await;
    home.says(rpc, "office", Statement::SealHandOver(home.hand_over())).await;
    home.says(rpc, "office", Statement::PersonRegister(home.entry("keeper", None))).await;
    home.says(rpc, "office", Statement::PersonRegister(home.entry("keeper2", Some(own_uid())))).await;
}

async fn change(rpc: &Rpc, token: &SoftToken, old: &str, new: &str) -> Result<v1::Token, No> {
    let request = v1::ChangePinRequest {
        token_serial: token.serial().to_owned(),
        old_pin: old.as_bytes().to_vec(),
        new_pin: new.as_bytes().to_vec(),
        final_try: false,
    };
    Ok(rpc.tokens().change_pin(request).await?.into_inner().token.unwrap())
}

async fn set(rpc: &Rpc, token: &SoftToken, new: &str, one_time: bool) -> Result<v1::Token, No> {
    let request = v1::SetPinRequest {
        token_serial: token.serial().to_owned(),
        so_pin: token.so_pin().as_bytes().to_vec(),
        new_pin: new.as_bytes().to_vec(),
        final_try: false,
        one_time,
    };
    Ok(rpc.tokens().set_pin(request).await?.into_inner().token.unwrap())
}

fn reasons<T: std::fmt::Debug>(answer: Result<T, No>) -> String {
    answer.unwrap_err().reasons().join(" ")
}

#[test]
fn a_pin_that_came_with_the_token_is_changed_before_it_is_used() {
    run(async {
        let home = OfficeHome::new();
        let token = &home.home.token;
        let (daemon, rpc) = home.start().await;
        home.found(&rpc).await;
        home.activate(&rpc).await;
        assert!(!rpc.token(token).await.pin_not_own, "nothing is asked of a token that never changed hands");
        changes_hands(&home, &rpc).await;
        assert!(rpc.token(token).await.pin_not_own);
        assert_eq!(reasons(rpc.try_unlock(token, token.pin(), 1, 0).await), "pin-not-own");
        daemon.stop();

        // It outlives the agent.
        let (_daemon, rpc) = home.start().await;
        assert_eq!(reasons(rpc.try_unlock(token, token.pin(), 1, 0).await), "pin-not-own");
        let request = v1::InspectTokenRequest {
            token_serial: token.serial().to_owned(),
            pin: token.pin().as_bytes().to_vec(),
            final_try: false,
        };
        let no = No::from(rpc.tokens().inspect_token(request).await.unwrap_err());
        assert_eq!(no.reasons(), ["pin-not-own"]);
        let doctor = Seal::new(&home.home).run(&["doctor", "--json"]).json_object();
        let checks = doctor["checks"].as_array().unwrap();
        assert!(checks.iter().any(|check| check["reason"] == "pin-not-own"), "{doctor}");
        let said = Seal::new(&home.home).run_with(token.pin(), &["token", "unlock", "--pin-fd", "0"]);
        assert_eq!(said.code, 1, "{said:?}");
        assert!(said.err.contains("seal token change-pin"), "{said:?}");

        assert_eq!(reasons(change(&rpc, token, token.pin(), token.pin()).await), "pin-not-own");
        assert!(!change(&rpc, token, token.pin(), OWN).await.unwrap().pin_not_own);
        assert!(rpc.try_unlock(token, OWN, 1, 0).await.unwrap().unlocked);
        let journal = rpc.journal().await;
        let refused = journal.refused_codes();
        assert!(refused.iter().filter(|codes| codes.iter().any(|code| code == "pin-not-own")).count() >= 2);
        journal.assert_sound();
    });
}

#[test]
fn a_one_time_pin_of_the_security_officer_is_changed_before_it_is_used() {
    run(async {
        let home = OfficeHome::new();
        let token = &home.home.token;
        let (_daemon, rpc) = home.start().await;
        home.found(&rpc).await;
        home.activate(&rpc).await;
        changes_hands(&home, &rpc).await;
        let input = format!("{}\n{ONE_TIME}\n", token.so_pin());
        let said = Seal::new(&home.home)
            .run_with(&input, &["token", "set-pin", "--one-time", "--pin-fd", "0", "--json"]);
        assert_eq!((said.code, &said.json_object()["token"]["pin_not_own"]), (0, &true.into()), "{said:?}");
        assert_eq!(reasons(rpc.try_unlock(token, ONE_TIME, 1, 0).await), "pin-not-own");
        change(&rpc, token, ONE_TIME, OWN).await.unwrap();
        assert!(rpc.try_unlock(token, OWN, 1, 0).await.unwrap().unlocked);

        // One that the custodian types themselves is their own at once.
        set(&rpc, token, token.pin(), false).await.unwrap();
        assert!(rpc.try_unlock(token, token.pin(), 1, 0).await.unwrap().unlocked);
        let how: Vec<_> = rpc
            .journal()
            .await
            .records()
            .filter_map(|record| match &record.body {
                RecordBody::PinChanged(changed) => Some(changed.how),
                _ => None,
            })
            .collect();
        assert_eq!(how, [PinChange::SetOneTime, PinChange::Changed, PinChange::SetBySecurityOfficer]);
    });
}

#[test]
fn the_versions_that_run_are_on_record_once() {
    run(async {
        let home = AgentHome::new();
        let modules = async |rpc: &Rpc| {
            rpc.seen(&home.token).await;
            let journal = rpc.journal().await;
            let seen = journal.records().filter_map(|record| match &record.body {
                RecordBody::VersionSeen(seen) => Some(seen.clone()),
                _ => None,
            });
            seen.collect::<Vec<_>>()
        };
        let daemon = home.start();
        let first = modules(&Rpc::connect(&home.socket()).await).await;
        let [module] = &first[..] else { panic!("{first:?}") };
        assert_eq!((module.of, &module.before), (Versioned::Module, &None));
        assert!(module.file_sha256.is_some() && module.manufacturer.is_some(), "{module:?}");
        daemon.stop();
        let _daemon = home.start();
        assert_eq!(modules(&Rpc::connect(&home.socket()).await).await, first, "nothing has changed");
    });
}

#[test]
fn an_agent_started_on_a_backup_has_the_same_journal() {
    run(async {
        let home = OfficeHome::new();
        let (daemon, rpc) = home.start().await;
        home.found(&rpc).await;
        rpc.seen(&home.home.token).await;
        let copy = home.home.scratch().join("copy.db");
        let seal = Seal::new(&home.home);
        let said = seal.run(&["log", "backup", copy.to_str().unwrap(), "--json"]);
        assert_eq!(said.code, 0, "{said:?}");
        let told = said.json_object();
        let bytes = fs::read(&copy).unwrap();
        assert_eq!(told["sha256"], hex::encode(sha256(&bytes)));

        let before = rpc.journal().await;
        let size = told["tree_size"].as_u64().unwrap();
        assert_eq!(told["root_hash"], before.root_of(size).to_string());
        let Some(RecordBody::JournalBackedUp(on_record)) =
            before.records().nth(told["journal_seq"].as_u64().unwrap() as usize).map(|record| &record.body)
        else {
            panic!("{:?}", before.types())
        };
        assert_eq!((on_record.journal.size, on_record.by.person.id.as_str()), (size, "keeper"));
        assert_eq!(on_record.sha256.as_bytes()[..], sha256(&bytes));
        assert!(!home.home.path().join("backup.tmp").exists());
        let office = rpc.show_office().await.unwrap();

        // Whoever may not read the journal gets no copy of it either.
        home.says(&rpc, "office", Statement::PersonRegister(home.entry("keeper", None))).await;
        home.says(&rpc, "office", Statement::PersonRegister(home.entry("clerk", Some(own_uid())))).await;
        let other = home.home.scratch().join("other.db");
        let said = seal.run(&["log", "backup", other.to_str().unwrap(), "--json"]);
        assert_eq!((said.code, &said.json_object()["reasons"][0]["code"]), (1, &"role-missing".into()));
        assert!(!other.exists());
        daemon.stop();

        for beside in ["journal.db-wal", "journal.db-shm"] {
            let _ = fs::remove_file(home.home.path().join(beside));
        }
        fs::copy(&copy, home.home.path().join("journal.db")).unwrap();
        let (_daemon, rpc) = home.start().await;
        let restored = rpc.journal().await;
        let size = usize::try_from(size).unwrap();
        assert!(restored.records().take(size).eq(before.records().take(size)));
        restored.assert_sound();
        let again = rpc.show_office().await.unwrap();
        assert_eq!((again.people, again.seals), (office.people, office.seals));
    });
}

#[test]
fn training_is_recorded_and_shown_as_missing() {
    run(async {
        let home = OfficeHome::new();
        let (_daemon, rpc) = home.start().await;
        home.found(&rpc).await;
        let seal = Seal::new(&home.home);
        let state = |person: &str| {
            let said = seal.run(&["people", "list", "--json"]).json_object();
            let people = said["people"].as_array().unwrap().clone();
            people.into_iter().find(|listed| listed["person_id"] == *person).unwrap()
        };
        assert_eq!(
            (&state("keeper")["training"], &state("clerk")["training"]),
            (&"missing".into(), &().into())
        );
        let missing = || {
            let said = seal.run(&["audit", "report", "--from", "2020-01-01", "--json"]).json_object();
            let items = said["items"].as_array().unwrap().clone();
            let missing = items.into_iter().filter(|item| item["kind"] == "training-missing");
            missing.map(|item| item["person_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(missing(), ["keeper", "keeper2"]);
        let doctor = seal.run(&["doctor"]);
        assert!(doctor.out.contains("training-missing"), "{doctor:?}");
        // It is shown, and nothing of the installation is amiss for it.
        let told = seal.run(&["doctor", "--json"]).json_object();
        let checks = told["checks"].as_array().unwrap().clone();
        let (training, others): (Vec<_>, Vec<_>) =
            checks.into_iter().partition(|check| check["reason"] == "training-missing");
        assert_eq!(training.len(), 2, "{training:?}");
        assert!(training.iter().all(|check| check["severity"] == "note"), "{training:?}");
        let is_well = others.iter().all(|check| matches!(check["severity"].as_str(), Some("ok" | "note")));
        assert_eq!(doctor.code == 0, is_well, "{doctor:?}");

        let (person, topic) = (home.who("keeper").id, "印章保管规范".to_owned());
        let until_s = now_s() + 86_400;
        let training = Statement::Training(TrainingGiven { person, topic, until_s });
        let act = home.says(&rpc, "office", training).await.act_id;
        let keeper = state("keeper");
        assert_eq!(
            (&keeper["training"], &keeper["trained_until_us"]),
            (&"current".into(), &(until_s * 1_000_000).into())
        );
        assert_eq!(keeper["trainings"][0]["act_id"], act);
        assert_eq!(missing(), ["keeper2"]);
    });
}

#[test]
fn a_revoked_seals_certificate_is_tracked_until_its_authority_revoked_it() {
    run(async {
        let home = OfficeHome::new();
        let (_daemon, rpc) = home.start().await;
        home.found(&rpc).await;
        home.activate(&rpc).await;
        home.says(&rpc, "deputy", retirement()).await;
        let about = home.about(&rpc).await;
        home.says(&rpc, "head", Statement::SealRetireApprove(NamedSeal { seal: seal(), about })).await;
        let revoked =
            home.says(&rpc, "office", Statement::SealRevoke(NamedSeal { seal: seal(), about })).await;
        let cli = Seal::new(&home.home);
        let open = || {
            let said = cli.run(&["audit", "report", "--from", "2020-01-01", "--json"]).json_object();
            let items = said["items"].as_array().unwrap().clone();
            let mut open = items.into_iter().filter(|item| item["kind"] == "certificate-not-revoked");
            open.next().map(|item| item["params"]["state"].as_str().unwrap().to_owned())
        };
        assert_eq!(open().as_deref(), Some("not-asked"));
        let about: ActId = revoked.act_id.parse().unwrap();
        let step = |step, authority: &str| {
            let (authority, text) = (authority.to_owned(), "受理号 1".to_owned());
            Statement::CertificateRevocation(CertificateStep { seal: seal(), about, step, authority, text })
        };
        home.says(&rpc, "office", step(RevocationStep::Asked, "甲机构")).await;
        assert_eq!(open().as_deref(), Some("asked"));
        let no = home.says_with(&rpc, "office", (step(RevocationStep::Revoked, "乙机构"), vec![])).await;
        assert_eq!(reasons(no), "certificate-authority-differs");
        home.says(&rpc, "office2", step(RevocationStep::Revoked, "甲机构")).await;
        assert_eq!(open(), None);
        let told = cli.run(&["seals", "history", "contract", "--json"]).json_object();
        assert_eq!(told["seal"]["certificate_authority"], "甲机构");
        assert!(told["seal"]["certificate_revoked_us"].is_u64(), "{told}");
        // Its uses are refused; it is shown all the same, by its name too.
        for named in [seal().to_string(), SEAL_NAME.to_owned()] {
            let shown = cli.run(&["seals", "show", &named, "--json"]);
            let told = shown.json_object()["seal"].clone();
            assert_eq!(
                (&told["state"], &told["state_reason"]),
                (&"revoked".into(), &"retired".into()),
                "{told}"
            );
            assert_eq!(
                (&told["state_text"], &told["certificate_authority"]),
                (&"换章".into(), &"甲机构".into())
            );
            assert!(
                told["certificate_revoked_us"].is_u64() && told["certificate_subject"].is_string(),
                "{told}"
            );
            assert_eq!(told["problems"].as_array().unwrap().len(), 1, "{told}");
            assert_eq!(told["problems"][0]["code"], "seal-revoked");
        }
        let page = sealkeeper_tests::documents::page("too late");
        let asked = v1::SubmitHeader { seal: SEAL_NAME.to_owned(), ..sealkeeper_tests::header(&page) };
        assert_eq!(reasons(rpc.submit(&page, asked).await), "seal-revoked");
        let history = cli.run(&["seals", "history", "contract"]);
        assert!(history.out.contains("a certificate's revocation"), "{history:?}");
    });
}
