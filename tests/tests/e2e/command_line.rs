//! The `seal` command line on a real agent: what it says, how it ends, and that its JSON is what the journal says.

use std::fs;
use std::os::unix::fs::symlink;

use insta::assert_snapshot;
use sealkeeper_tests::{AgentHome, Journal, Rpc, Said, Seal, documents, header, repository, run};
use serde_json::Value;

const PLACE: &str = "page=last,x=66mm,y=88mm";
const STAMP: [&str; 8] = ["stamp", "合同.pdf", "--seal", "合同专用章", "--reason", "年度采购", "--at", PLACE];

/// A home with the contract in its folder.
fn desk() -> AgentHome {
    let home = AgentHome::new();
    fs::write(home.scratch().join("合同.pdf"), documents::contract()).unwrap();
    home
}

fn with<'a>(arguments: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [arguments, more].concat()
}

/// The same text every time: serials, ids, digests, times and positions give way to what they are.
fn redacted(text: &str, home: &AgentHome) -> String {
    let text = text.replace(home.token.serial(), "SERIAL");
    let line = |line: &str| line.split(' ').map(redacted_word).collect::<Vec<_>>().join(" ");
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

fn redacted_word(word: &str) -> String {
    let is = |length: usize, allowed: &str| {
        word.len() == length && word.chars().all(|c| c.is_ascii_hexdigit() || allowed.contains(c))
    };
    if is(64, "") {
        "DIGEST".to_owned()
    } else if is(36, "-") {
        "UUID".to_owned()
    } else if is(10, "-") {
        "DAY".to_owned()
    } else if is(8, ":") {
        "TIME".to_owned()
    } else if let Some((before, id)) = word.split_once("e2e.example/seal-journal/") {
        let after = id.trim_start_matches(|c: char| c.is_ascii_hexdigit());
        format!("{before}ORIGIN{after}")
    } else {
        word.to_owned()
    }
}

/// Where a record stands depends on what else the agent had to record meanwhile.
fn without_positions(text: &str) -> String {
    let position = |word: &str| word.trim_end_matches(',').bytes().all(|byte| byte.is_ascii_digit());
    let line = |line: &str| match line.contains("(ORIGIN)") {
        true => {
            let words =
                line.split(' ').map(|word| if !word.is_empty() && position(word) { "N" } else { word });
            words.collect::<Vec<_>>().join(" ")
        }
        false => line.to_owned(),
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

fn both(said: &Said, home: &AgentHome) -> String {
    without_positions(&redacted(
        &format!("exit {}\n-- out\n{}-- err\n{}", said.code, said.out, said.err),
        home,
    ))
}

#[test]
fn what_a_person_sees() {
    run(async {
        let home = desk();
        let _daemon = home.start();
        Rpc::connect(&home.socket()).await.seen(&home.token).await;
        let seal = Seal::new(&home);
        assert_snapshot!(both(&seal.run(&STAMP), &home), @"
        exit 3
        -- out
        -- err
        document     合同.pdf
        contents     pages: 5, PDF 1.7, signatures: 0
        seal         合同专用章
        reason       年度采购
        class        ordinary
        applicant    王保管
        place        page 5, 46 mm from the left, 68 mm from the top, 40×40 mm
        refused: the token is locked [token-locked, clause U5]
          token serial: SERIAL
          hint: have the custodian run `seal token unlock`
        ");
        assert_snapshot!(both(&seal.run_with(home.token.pin(), &with(&STAMP, &["--pin-fd", "0"])), &home), @"
        exit 0
        -- out
        stamped: 合同.sealed.pdf
          copy         1 of 1
          journal      N N (ORIGIN)
          SHA-256      DIGEST
          solo journal: one person, no approvals, for tests
        -- err
        document     合同.pdf
        contents     pages: 5, PDF 1.7, signatures: 0
        seal         合同专用章
        reason       年度采购
        class        ordinary
        applicant    王保管
        place        page 5, 46 mm from the left, 68 mm from the top, 40×40 mm
        ");
        let missing =
            ["stamp", "合同.pdf", "--seal", "公司章", "--reason", " ", "--at", PLACE, "-o", "x.pdf"];
        assert_snapshot!(both(&seal.run(&missing), &home), @"
        exit 1
        -- out
        -- err
        refused: there is no such seal [seal-unknown, clause U1]
          hint: see `seal seals` for the seals there are
        refused: no reason for the use is given [reason-missing, clause U9]
          hint: state it with --reason
        ");
        assert_snapshot!(both(&seal.run(&["verify", "合同.sealed.pdf"]), &home), @"
        exit 0
        -- out
        1. Seal1
           integrity    intact
           covers       the whole file
           signer       示例科技有限公司
           name         示例科技有限公司 合同专用章
           reason       年度采购
           time         DAY TIME Z
           journal      ORIGIN
           use          UUID
           tree         6 DIGEST
        every signature is intact
        not judged yet: whether the certificates are to be trusted, and changes after a signature
        -- err
        ");
    });
}

#[test]
fn what_a_person_sees_in_chinese() {
    run(async {
        let home = desk();
        let _daemon = home.start();
        let seal = Seal::new(&home).in_chinese();
        assert_snapshot!(both(&seal.run_with(home.token.pin(), &with(&STAMP, &["--pin-fd", "0"])), &home), @"
        exit 0
        -- out
        已用印：合同.sealed.pdf
          份           第 1 份，共 1 份
          用印记录     N N (ORIGIN)
          SHA-256      DIGEST
          单人模式：没有审批，仅供测试
        -- err
        文件         合同.pdf
        内容         5 页，PDF 1.7，已有 0 个签名
        印章         合同专用章
        事由         年度采购
        类别         ordinary
        用印人       王保管
        位置         第 5 页，距左 46 mm，距上 68 mm，40×40 mm
        ");
        assert_snapshot!(both(&seal.run(&with(&STAMP, &["-o", "另一份.pdf"])), &home), @"
        exit 3
        -- out
        -- err
        文件         合同.pdf
        内容         5 页，PDF 1.7，已有 0 个签名
        印章         合同专用章
        事由         年度采购
        类别         ordinary
        用印人       王保管
        位置         第 5 页，距左 46 mm，距上 68 mm，40×40 mm
        拒绝：载体未解锁 [token-locked，条款 U5]
          载体序列号：SERIAL
          提示：请保管人用 `seal token unlock` 解锁
        ");
        assert_snapshot!(both(&seal.run(&["token", "list"]), &home), @"
        exit 0
        -- out
        SERIAL  e2e  softhsm  未解锁，下次检查 DAY  公章、合同专用章、财务专用章
        -- err
        ");
        assert_snapshot!(both(&seal.run_with("not-the-PIN", &["token", "unlock", "--pin-fd", "0"]), &home), @"
        exit 3
        -- out
        -- err
        错误：PIN 不正确 [token-pin-wrong，条款 C1]
          PKCS#11 函数：C_Login
          PKCS#11 返回值：CKR_PIN_INCORRECT
          剩余次数：few
          提示：请仔细核对，不要反复尝试，以免锁死
        ");
    });
}

#[test]
fn exit_codes_tell_who_has_to_act() {
    run(async {
        let home = desk();
        let seal = Seal::new(&home);
        let code = |arguments: &[&str]| seal.run(arguments).code;
        // 3: the agent, the token or its PIN is not there.
        assert_eq!(code(&STAMP), 3, "no agent");
        let daemon = home.start();
        assert_eq!(code(&STAMP), 3, "a locked token");
        assert_eq!(seal.run_with("wrong", &["token", "unlock", "--pin-fd", "0"]).code, 3);
        // 0: done.
        let pin = home.token.pin();
        assert_eq!(seal.run_with(pin, &["token", "unlock", "--uses", "2", "--pin-fd", "0"]).code, 0);
        assert_eq!(code(&STAMP), 0);
        assert_eq!(code(&["verify", "合同.sealed.pdf"]), 0);
        // 2: usage.
        assert_eq!(code(&STAMP), 2, "the output exists");
        assert_eq!(code(&["stamp"]), 2);
        assert_eq!(code(&["stamp", "无.pdf", "--seal", "公章", "--reason", "x", "--at", PLACE]), 2);
        assert_eq!(code(&["stamp", "合同.pdf", "--seal", "公章", "--reason", "x", "--at", "page=last"]), 2);
        // 1: a rule, or a signature that does not hold.
        assert_eq!(
            code(&["stamp", "合同.pdf", "--seal", "公司章", "--reason", "x", "--at", PLACE, "-o", "x.pdf"]),
            1
        );
        assert_eq!(code(&["verify", "合同.pdf"]), 1, "no signature");
        let path = home.scratch().join("合同.sealed.pdf");
        let mut changed = fs::read(&path).unwrap();
        // The first byte of a page's content stream, some way into the signed part.
        changed[60_000] ^= 1;
        fs::write(home.scratch().join("changed.pdf"), changed).unwrap();
        assert_eq!(code(&["verify", "changed.pdf"]), 1);
        daemon.stop();
        assert_eq!(code(&["log"]), 3);
        assert_eq!(code(&["verify", "合同.sealed.pdf"]), 0, "no agent is needed");
        assert!(!home.scratch().join("x.pdf").exists());
    });
}

#[test]
fn json_of_stamp_and_log_is_what_the_journal_says() {
    run(async {
        let home = desk();
        let _daemon = home.start();
        Rpc::connect(&home.socket()).await.seen(&home.token).await;
        let seal = Seal::new(&home);
        let said =
            seal.run_with(home.token.pin(), &with(&STAMP, &["--json", "--pin-fd", "0", "-o", "a/b.pdf"]));
        assert_eq!(
            (said.code, &said.json_object()["reasons"][0]["code"]),
            (2, &Value::from("output-unwritable"))
        );
        let said =
            seal.run_with(home.token.pin(), &with(&STAMP, &["--json", "--pin-fd", "0", "-o", "b.pdf"]));
        assert_eq!(said.code, 0, "{said:?}");
        let stamped = said.json_object();
        assert_eq!((&stamped["outcome"], &stamped["output"]), (&"complete".into(), &"b.pdf".into()));
        assert_eq!(stamped["acknowledged"], true);
        let receipt = &stamped["receipt"];

        let verified = seal.run(&["verify", "b.pdf", "--json"]).json_object();
        assert_eq!(
            (&verified["outcome"], &verified["sha256"]),
            (&"intact".into(), &receipt["output_sha256"])
        );
        let signature = &verified["signatures"][0];
        assert_eq!(
            (&signature["verdict"], &signature["coverage"]["kind"]),
            (&"intact".into(), &"whole-file".into())
        );
        assert_eq!(signature["signer"]["certificate_sha256"], receipt["certificate_sha256"]);
        assert_eq!(signature["reason"], "年度采购");
        for (shown, told) in [
            ("origin", "journal_origin"),
            ("use_id", "use_id"),
            ("tree_size", "tree_size"),
            ("root_hash", "root_hash"),
        ] {
            assert_eq!(signature["journal"][shown], receipt[told], "{shown}");
        }

        // `seal log` prints the very records, and what they stand for.
        let log = seal.run(&["log", "--from", "0", "--limit", "1000", "--json"]).json();
        let journal: Journal = Rpc::connect(&home.socket()).await.journal().await;
        assert_eq!(log.len(), journal.entries.len());
        for (shown, entry) in log.iter().zip(&journal.entries) {
            let record: Value = serde_json::from_slice(&entry.bytes).unwrap();
            assert_eq!(shown["record"], record);
            assert_eq!(shown["leaf_hash"], sealkeeper_journal::leaf_hash(&entry.bytes).to_string());
            let disclosed: serde_json::Map<_, _> =
                entry.disclosed().into_iter().map(|(field, value)| (field, value.into())).collect();
            assert_eq!(shown["disclosed"], Value::Object(disclosed));
            assert_eq!(shown["unproven"], Value::Array(vec![]));
        }
        let at = |seq: &Value| &log[usize::try_from(seq.as_u64().unwrap()).unwrap()];
        let (intent, complete) = (at(&receipt["intent_seq"]), at(&receipt["outcome_seq"]));
        assert_eq!(
            (&intent["record"]["type"], &intent["disclosed"]["reason"]),
            (&"intent".into(), &"年度采购".into())
        );
        assert_eq!(intent["disclosed"]["file_name"], "合同.pdf");
        assert_eq!(complete["record"]["output_sha256"], receipt["output_sha256"]);
        assert_eq!(complete["leaf_hash"], receipt["outcome_leaf_hash"]);
    });
}

#[test]
fn json_of_tokens_and_seals_is_what_the_agent_says() {
    run(async {
        let home = desk();
        let _daemon = home.start();
        let seal = Seal::new(&home);
        let serial = Value::from(home.token.serial());
        let token = |list: &Value| {
            let tokens = list["tokens"].as_array().unwrap();
            tokens.iter().find(|token| token["serial"] == serial).unwrap().clone()
        };
        let locked = token(&seal.run(&["token", "list", "--json"]).json_object());
        assert_eq!((&locked["unlocked"], &locked["locks_at_us"]), (&false.into(), &Value::Null));
        assert_eq!(locked["seals"], Value::from(vec!["公章", "合同专用章", "财务专用章"]));

        let unlock = ["--json", "token", "unlock", "--uses", "2", "--pin-fd", "0"];
        let unlocked = seal.run_with(home.token.pin(), &unlock).json_object();
        assert_eq!((&unlocked["outcome"], &unlocked["token"]["uses_left"]), (&"done".into(), &2.into()));
        assert!(unlocked["token"]["locks_at_us"].is_u64(), "{unlocked}");
        assert_eq!(token(&seal.run(&["token", "list", "--json"]).json_object())["unlocked"], true);
        for was_unlocked in [true, false] {
            let said = seal.run(&["token", "lock", "--json"]).json_object();
            assert_eq!((&said["token_serial"], &said["was_unlocked"]), (&serial, &Value::from(was_unlocked)));
        }

        let seals = seal.run(&["seals", "--json"]).json_object();
        let names: Vec<_> =
            seals["seals"].as_array().unwrap().iter().map(|seal| seal["name"].clone()).collect();
        assert_eq!(names, ["公章", "合同专用章", "财务专用章"]);
        let shown = seal.run(&["seals", "show", "合同专用章", "--json"]).json_object();
        assert_eq!(shown["seal"], seals["seals"][1]);
        assert_eq!(
            (&shown["seal"]["token_serial"], &shown["seal"]["problems"]),
            (&serial, &Value::Array(vec![]))
        );
        assert!(shown["seal"]["not_after_s"].as_i64() > shown["seal"]["not_before_s"].as_i64());
    });
}

#[test]
fn the_pin_comes_from_a_dialog_and_a_cancelled_one_tries_nothing() {
    run(async {
        let home = desk();
        let _daemon = home.start();
        let seal = Seal::new(&home);
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("pinentry");
        symlink(repository().join("client/tests/pinentry/answers.sh"), &program).unwrap();
        let option = format!("--pinentry={}", program.display());
        let stamp = |answer: &str| {
            fs::write(folder.path().join("answer"), answer).unwrap();
            seal.run(&with(&STAMP, &["--json", &option]))
        };
        let said = stamp("ERR 83886179 Operation cancelled\n");
        assert_eq!(
            (said.code, &said.json_object()["reasons"][0]["code"]),
            (3, &"pin-entry-cancelled".into()),
            "{said:?}"
        );
        let journal = Rpc::connect(&home.socket()).await.journal().await;
        assert_eq!((journal.count("wrong_pin"), journal.count("intent")), (0, 0));

        let said = stamp(&format!("D {}\nOK\n", home.token.pin()));
        assert_eq!((said.code, &said.json_object()["outcome"]), (0, &"complete".into()), "{said:?}");
        let journal = Rpc::connect(&home.socket()).await.journal().await;
        assert_eq!((journal.count("token_unlocked"), journal.count("complete")), (1, 1));
    });
}

#[test]
fn a_lost_result_is_fetched_with_its_own_document_only() {
    run(async {
        let home = desk();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 1).await;
        let document = documents::contract();
        let (receipt, stamped) = rpc.stamped(&document, header(&document)).await;
        let seal = Seal::new(&home);
        let fetch =
            |file: &str| seal.run(&["fetch", file, "--use-id", &receipt.use_id, "-o", "got.pdf", "--json"]);
        fs::write(home.scratch().join("other.pdf"), documents::page("other")).unwrap();
        let said = fetch("other.pdf");
        assert_eq!(said.json_object()["reasons"][0]["code"], "input-changed");
        assert!(said.code != 0 && !home.scratch().join("got.pdf").exists());
        let said = fetch("合同.pdf");
        assert_eq!(
            (said.code, &said.json_object()["receipt"]["use_id"]),
            (0, &receipt.use_id.clone().into())
        );
        assert_eq!(fs::read(home.scratch().join("got.pdf")).unwrap(), stamped);
        fs::remove_file(home.scratch().join("got.pdf")).unwrap();
        let said = fetch("合同.pdf");
        assert_eq!((said.code, &said.json_object()["reasons"][0]["code"]), (1, &"use-acknowledged".into()));
        assert_eq!(rpc.journal().await.count("intent"), 1, "fetching never stamps");
    });
}

#[test]
fn a_wrong_pin_at_stamping_is_tried_once_and_nothing_is_stamped() {
    run(async {
        let home = desk();
        let _daemon = home.start();
        let said =
            Seal::new(&home).run_with("not-the-PIN\nnor-this", &with(&STAMP, &["--json", "--pin-fd", "0"]));
        assert_eq!((said.code, &said.json_object()["reasons"][0]["code"]), (3, &"token-pin-wrong".into()));
        let journal = Rpc::connect(&home.socket()).await.journal().await;
        assert_eq!((journal.count("wrong_pin"), journal.count("intent")), (1, 0));
        assert!(!home.scratch().join("合同.sealed.pdf").exists());
    });
}

#[test]
fn json_of_a_refusal_names_every_reason_and_its_record() {
    run(async {
        let home = desk();
        let _daemon = home.start();
        let arguments = ["stamp", "合同.pdf", "--seal", "公司章", "--reason", "", "--at", PLACE, "--json"];
        let said = Seal::new(&home).run(&arguments);
        assert_eq!((said.code, said.err.as_str()), (1, ""));
        let refused = said.json_object();
        assert_eq!((&refused["outcome"], &refused["class"]), (&"refused".into(), &"rule".into()));
        let codes: Vec<_> =
            refused["reasons"].as_array().unwrap().iter().map(|reason| reason["code"].clone()).collect();
        let journal = Rpc::connect(&home.socket()).await.journal().await;
        assert_eq!(
            journal.refused_codes(),
            [codes.iter().map(|code| code.as_str().unwrap()).collect::<Vec<_>>()]
        );
        let seq = usize::try_from(refused["journal_seq"].as_u64().unwrap()).unwrap();
        assert_eq!(journal.types_from(seq).first(), Some(&"refused"));
    });
}
