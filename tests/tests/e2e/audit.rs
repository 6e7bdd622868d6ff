//! `seal audit` on a real office: what does not add up is reported, findings are followed up, the journal is verified; and the auditor changes nothing
//! else (S1, S2, S3).

use std::{collections::BTreeSet, fs, time::Duration};

use sealkeeper_domain::act::{
    Statement,
    statement::{Binding, FindingText},
};
use sealkeeper_journal::leaf_hash;
use sealkeeper_proto::v1;
use sealkeeper_tests::{
    OfficeHome, Rpc, Said, Seal, documents, header,
    office::{SEAL, now_s, own_uid, with_text},
    run,
};
use serde_json::{Value, json};
use uuid::Uuid;

/// Everything there was, on the clock of the commands here.
const SINCE: [&str; 4] = ["audit", "report", "--from", "2020-01-01"];

/// An office with its seal in use, one contract stamped, one approved and not stamped, a wrong PIN and a refusal.
async fn at_work(home: &OfficeHome, rpc: &Rpc) {
    home.found(rpc).await;
    home.activate(rpc).await;
    home.says(rpc, "office", Statement::Grant(home.terms("applicant"))).await;
    let token = &home.home.token;
    rpc.try_unlock(token, "not-the-PIN", 1, 0).await.unwrap_err();
    rpc.unlock(token, 5).await;
    for is_stamped in [true, false] {
        let document = documents::page(if is_stamped { "stamped" } else { "waiting" });
        let asked = v1::SubmitHeader {
            seal: SEAL.to_owned(),
            document_class: "ordinary".to_owned(),
            applicant: "applicant".to_owned(),
            copies: 1,
            ..header(&document)
        };
        let submitted = rpc.submit(&document, asked).await.unwrap();
        let binding: Binding = home.files(rpc, &submitted, "applicant").await;
        let refused = rpc.review(&submitted.request_id).await.unwrap_err();
        assert_eq!(refused.reasons(), ["tickets-missing"]);
        home.says(rpc, "first", Statement::RequestApprove(Box::new(binding))).await;
        if is_stamped {
            let prepared = rpc.review(&submitted.request_id).await.unwrap();
            rpc.stamp(&submitted.request_id, Uuid::new_v4(), &prepared.prepared_sha256).await.unwrap();
        }
    }
}

/// The system user of the test is this one of the staff from now on, and nobody else.
async fn sits_down(home: &OfficeHome, rpc: &Rpc, from: &str, who: &str) {
    home.says(rpc, "office", Statement::PersonRegister(home.entry(from, None))).await;
    home.says(rpc, "office", Statement::PersonRegister(home.entry(who, Some(own_uid())))).await;
}

fn items(report: &Value, kind: &str) -> Vec<Value> {
    let items = report["items"].as_array().unwrap().iter();
    items.filter(|item| item["kind"] == kind).cloned().collect()
}

fn with<'a>(arguments: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [arguments, more].concat()
}

fn code_of(said: &Said) -> String {
    said.json_object()["reasons"][0]["code"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn what_does_not_add_up_is_reported_as_lines_json_and_csv() {
    run(async {
        let home = OfficeHome::new();
        let (_daemon, rpc) = home.start().await;
        at_work(&home, &rpc).await;
        let finding = |text: &str, due_s| {
            let (person, text) = (home.who("clerk").id, text.to_owned());
            Statement::Finding(FindingText { person, text, due_s })
        };
        home.says(&rpc, "auditor", finding("台账不全", now_s() + 86_400)).await;
        let overdue = home.says(&rpc, "auditor", finding("印章未上锁", now_s() + 1)).await;
        tokio::time::sleep(Duration::from_millis(2_100)).await;
        sits_down(&home, &rpc, "keeper", "auditor").await;

        let seal = Seal::new(&home.home);
        let said = seal.run(&with(&SINCE, &["--format", "json"]));
        assert_eq!(said.code, 0, "{said:?}");
        let report = said.json_object();
        assert_eq!((&report["outcome"], &report["solo"]), (&json!("done"), &json!(false)));
        assert_eq!((&report["not_judged"], &report["unknown_records"]), (&json!([]), &json!(0)));
        let counts = &report["counts"];
        for (name, count) in
            [("intents", 1), ("complete", 1), ("tickets", 2), ("wrong_pins", 1), ("unlocks", 2)]
        {
            assert_eq!(counts[name], count, "{name}: {counts}");
        }
        let kinds: BTreeSet<_> =
            report["items"].as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap()).collect();
        let expected = [
            "finding-open",
            "finding-overdue",
            "policy-changed",
            // Before the seal office had signed it.
            "policy-rejected",
            "refusals",
            "ticket-without-stamp",
            "training-missing",
            "unlock-without-use",
            "wrong-pin",
        ];
        let unexpected: Vec<_> = kinds.iter().filter(|kind| !expected.contains(kind)).collect();
        assert!(unexpected.is_empty(), "{unexpected:?}");
        let tickets = items(&report, "ticket-without-stamp");
        let [ticket] = &tickets[..] else { panic!("{tickets:?}") };
        assert_eq!((&ticket["seal_id"], &ticket["params"]["state"]), (&json!(SEAL), &json!("open")));
        let wrong = items(&report, "wrong-pin");
        assert_eq!((&wrong[0]["person_id"], &wrong[0]["params"]["count"]), (&json!("keeper"), &json!("1")));
        let refusals = items(&report, "refusals");
        let of = |code: &str| refusals.iter().find(|item| item["params"]["code"] == code).cloned();
        // The second one is coalesced with the first, and on record a little later.
        let missing = of("tickets-missing").unwrap();
        assert!(["1", "2"].contains(&missing["params"]["count"].as_str().unwrap()), "{refusals:?}");
        let late = items(&report, "finding-overdue");
        assert_eq!((&late[0]["severity"], &late[0]["seq"]), (&json!("refuse"), &json!(overdue.seq)));
        assert_eq!(late[0]["person_id"], "clerk");
        assert_eq!(items(&report, "finding-open").len(), 1);
        // Each item's record is one of the journal, of the time the item tells.
        let journal = rpc.journal().await;
        for item in report["items"].as_array().unwrap() {
            if let Some(seq) = item["seq"].as_u64() {
                let record = journal.records().nth(seq as usize).unwrap();
                assert!(
                    record.seq == seq && record.time_us <= report["until_us"].as_u64().unwrap(),
                    "{item}"
                );
            }
        }

        // The same for people and for spreadsheets.
        let lines = seal.run(&SINCE);
        assert_eq!(lines.code, 0, "{lines:?}");
        for kind in expected.iter().filter(|kind| kinds.contains(*kind)) {
            assert!(lines.out.contains(&format!("[{kind}]")), "{kind}: {}", lines.out);
        }
        assert!(Seal::new(&home.home).in_chinese().run(&SINCE).out.contains("整改逾期"));
        let csv = seal.run(&with(&SINCE, &["--format", "csv"]));
        let rows: Vec<_> = csv.out.split("\r\n").collect();
        assert!(rows[0].starts_with("kind,severity,time,"), "{csv:?}");
        assert_eq!(rows.len(), report["items"].as_array().unwrap().len() + 2, "{csv:?}");
        assert!(rows.iter().any(|row| row.starts_with("finding-overdue,refuse,")), "{csv:?}");

        // What cannot stand as it is ends a strict report with 1; a period before it all has nothing.
        assert_eq!(seal.run(&with(&SINCE, &["--strict"])).code, 1);
        let before = ["audit", "report", "--from", "2020-01-01", "--to", "2020-12-31", "--strict", "--json"];
        let quiet = seal.run(&before);
        assert_eq!(
            (quiet.code, quiet.json_object()["counts"]["records"].clone()),
            (0, json!(0)),
            "{quiet:?}"
        );
        let of_seal = seal.run(&with(&SINCE, &["--seal", SEAL, "--json"])).json_object();
        assert_eq!(items(&of_seal, "finding-overdue"), Vec::<Value>::new(), "it concerns no seal");
        assert_eq!(items(&of_seal, "ticket-without-stamp").len(), 1);
    });
}

#[test]
fn findings_are_made_listed_and_answered_by_whom_they_name() {
    run(async {
        let home = OfficeHome::new();
        let (_daemon, rpc) = home.start().await;
        home.found(&rpc).await;
        let seal = Seal::new(&home.home);
        // The auditor and the clerk sign with key files of their own.
        fs::write(home.home.scratch().join("passphrase"), "three words and 7").unwrap();
        for who in ["auditor", "clerk"] {
            let file = format!("{who}.key");
            let made = seal.run(&["key", "new", &file, "--passphrase-file", "passphrase", "--json"]);
            assert_eq!(made.code, 0, "{made:?}");
            let uid = (who == "auditor").then(own_uid);
            let mut entry = home.entry(who, uid);
            entry.keys = vec![made.json_object()["jwk"].clone()];
            if uid.is_some() {
                home.says(&rpc, "office", Statement::PersonRegister(home.entry("keeper", None))).await;
            }
            home.says(&rpc, "office", Statement::PersonRegister(entry)).await;
        }
        let signed = |arguments: &[&str], who: &str| {
            let file = format!("{who}.key");
            let more =
                ["--key", &file, "--person", who, "--passphrase-file", "passphrase", "--yes", "--json"];
            seal.run(&with(arguments, &more))
        };
        let find = ["audit", "find", "--of", "clerk", "--text", "台账不全", "--due", "2099-12-31"];
        let found = signed(&find, "auditor");
        assert_eq!(found.code, 0, "{found:?}");
        let listed = |more: &[&str]| {
            let said = seal.run(&with(&["audit", "findings", "--json"], more)).json_object();
            said["findings"].as_array().unwrap().clone()
        };
        let open = listed(&[]);
        let [finding] = &open[..] else { panic!("{open:?}") };
        assert_eq!((&finding["state"], &finding["person_id"]), (&json!("open"), &json!("clerk")));
        let act = finding["act_id"].as_str().unwrap().to_owned();

        // Nobody else finds anything, and nobody else answers.
        assert_eq!(code_of(&signed(&find, "clerk")), "role-missing");
        let answer = ["audit", "answer", &act, "--text", "已补登"];
        assert_eq!(code_of(&signed(&answer, "auditor")), "finding-of-another");
        let answered = signed(&answer, "clerk");
        assert_eq!(answered.code, 0, "{answered:?}");
        assert_eq!(code_of(&signed(&answer, "clerk")), "act-done-already");
        assert_eq!(listed(&[]), Vec::<Value>::new());
        let all = listed(&["--all"]);
        assert_eq!((&all[0]["state"], &all[0]["answer"]), (&json!("answered"), &json!("已补登")));
        let report = seal.run(&with(&SINCE, &["--json"])).json_object();
        assert_eq!(items(&report, "finding-answered").len(), 1);

        // Nothing else is the auditor's to change.
        let before = rpc.show_office().await.unwrap();
        let name = |said: &Said| (said.code, code_of(said));
        for arguments in [
            &["people", "leave", "clerk", "--reason", "x"][..],
            &["people", "train", "keeper", "--topic", "x", "--until", "2099-12-31"],
            &["policy", "sign"],
        ] {
            let said = signed(arguments, "auditor");
            assert_ne!(said.code, 0, "{said:?}");
            if arguments[0] == "people" {
                assert_eq!(name(&said), (1, "role-missing".to_owned()), "{said:?}");
            }
        }
        for statement in [Statement::SealSuspend(with_text()), home.policy()] {
            let persona = home.who("auditor");
            let no = rpc.file(&home.act(&persona, statement)).await.unwrap_err();
            assert!(!no.reasons().is_empty());
        }
        assert_eq!(rpc.show_office().await.unwrap(), before);
        let token_serial = home.home.token.serial().to_owned();
        let unlock = seal
            .run_with(home.home.token.pin(), &["token", "unlock", &token_serial, "--pin-fd", "0", "--json"]);
        assert_eq!(code_of(&unlock), "not-custodian");
    });
}

#[test]
fn the_whole_journal_is_verified_and_read_by_overseers_alone() {
    run(async {
        let home = OfficeHome::new();
        let (_daemon, rpc) = home.start().await;
        at_work(&home, &rpc).await;
        let seal = Seal::new(&home.home);
        let verified = seal.run(&["audit", "verify", "--json"]);
        assert_eq!(verified.code, 0, "{verified:?}");
        let told = verified.json_object();
        assert_eq!((&told["outcome"], &told["faults"]), (&json!("consistent"), &json!([])));
        let size = told["tree_size"].as_u64().unwrap();
        assert_eq!(told["root_hash"], rpc.journal().await.root_of(size).to_string());

        let mut sitting = "keeper";
        for (who, may) in [
            ("auditor", true),
            ("office", true),
            ("clerk", false),
            ("head", false),
            ("first", false),
            ("keeper", true),
        ] {
            sits_down(&home, &rpc, sitting, who).await;
            sitting = who;
            for arguments in [&["audit", "verify"][..], &SINCE, &["log"]] {
                let said = seal.run(&with(arguments, &["--json"]));
                let code = if may { String::new() } else { code_of(&said) };
                assert_eq!(
                    (said.code == 0, code.as_str()),
                    (may, if may { "" } else { "role-missing" }),
                    "{who}: {said:?}"
                );
            }
        }

        // A record that was changed, its hash with it, is not the one the agent's head stands for.
        let connection = rusqlite::Connection::open(home.home.path().join("journal.db")).unwrap();
        connection.execute_batch("DROP TRIGGER records_are_never_changed").unwrap();
        let newest = "SELECT seq, bytes FROM records WHERE type = 'wrong_pin' ORDER BY seq DESC LIMIT 1";
        let (seq, bytes): (i64, Vec<u8>) =
            connection.query_row(newest, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let changed =
            String::from_utf8(bytes).unwrap().replace("\"pin\":\"user\"", "\"pin\":\"security-officer\"");
        let leaf = leaf_hash(changed.as_bytes());
        let row = rusqlite::params![changed.as_bytes(), leaf.as_bytes().as_slice(), seq];
        connection.execute("UPDATE records SET bytes = ?1, leaf_hash = ?2 WHERE seq = ?3", row).unwrap();
        let verified = seal.run(&["audit", "verify", "--json"]);
        assert_eq!(
            (verified.code, &verified.json_object()["outcome"]),
            (1, &json!("broken")),
            "{verified:?}"
        );
    });
}
