//! What a diagnosis tells of a real machine: everything that was looked at, right or wrong, and always an answer.

use std::{fs, os::unix::fs::PermissionsExt as _, time::Instant};

use sealkeeper_proto::v1;
use sealkeeper_tests::{AgentHome, Rpc, run};

async fn diagnose(rpc: &Rpc) -> v1::DiagnoseReply {
    rpc.diagnosis().diagnose(v1::DiagnoseRequest {}).await.unwrap().into_inner()
}

/// Subject, severity and reason of each check.
fn told(reply: &v1::DiagnoseReply) -> Vec<(&str, &str, &str)> {
    let tell = reply.checks.iter();
    tell.map(|check| (check.subject.as_str(), check.severity.as_str(), check.reason.as_str())).collect()
}

/// Reasons of what is not well.
fn wrong(reply: &v1::DiagnoseReply) -> Vec<(&str, &str, &str)> {
    told(reply).into_iter().filter(|(_, severity, _)| *severity != "ok").collect()
}

#[test]
fn a_sound_agent_says_of_each_thing_that_it_is_well() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 2).await;
        // Versions are noted when they are come by, whoever asks.
        let records = rpc.journal().await.types().len();
        let reply = diagnose(&rpc).await;
        assert_eq!(reply.agent_version, env!("CARGO_PKG_VERSION"));
        let token = format!("token {}", home.token.serial());
        let machine = ["clock", "home", "policy", "socket", "journal", "backup", "spool", "documents"];
        let subjects = machine.into_iter().chain(["module softhsm", &token]);
        let seals = ["seal 公章", "seal 合同专用章", "seal 财务专用章"];
        let all: Vec<_> = subjects.chain(seals).map(|subject| (subject, "ok", "")).collect();
        assert_eq!(told(&reply), all);
        for check in &reply.checks {
            assert!(!check.text_zh.is_empty() && !check.text_en.is_empty(), "{check:?}");
            assert!(check.hint_zh.is_empty() && check.hint_en.is_empty(), "{check:?}");
        }
        let module = &reply.checks[8];
        assert!(module.text_en.contains("PKCS11") && module.details["tokens"] == "1", "{module:?}");
        assert_eq!(reply.checks[10].details["key"], "fit");
        assert!(reply.checks[10].details["days-left"].parse::<u32>().unwrap() > 30);
        // It changed nothing.
        assert_eq!(rpc.journal().await.types().len(), records);
        assert_eq!(rpc.token(&home.token).await.uses_left, 2);
    });
}

#[test]
fn what_is_wrong_is_told_with_what_to_do() {
    run(async {
        let mut home = AgentHome::new();
        home.token.certify(2, 0x12, -1);
        home.seals[1].certificate = home.token.certificate_uri(0x12);
        home.seals[2].key = home.token.key_uri(9);
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 1).await;
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(home.socket(), fs::Permissions::from_mode(0o666)).unwrap();
        let reply = diagnose(&rpc).await;
        let expected = [
            ("home", "warn", "home-permissions"),
            ("socket", "warn", "socket-permissions"),
            ("seal 合同专用章", "refuse", "certificate-expired"),
            ("seal 财务专用章", "refuse", "key-absent"),
        ];
        assert_eq!(wrong(&reply), expected);
        for check in reply.checks.iter().filter(|check| check.severity != "ok") {
            assert!(!check.hint_zh.is_empty() && !check.hint_en.is_empty(), "{check:?}");
        }
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o770)).unwrap();
        assert_eq!(wrong(&diagnose(&rpc).await)[0], ("home", "refuse", "home-permissions"));
    });
}

#[test]
fn a_module_that_hangs_is_told_and_not_waited_for() {
    run(async {
        let mut home =
            AgentHome::new().with_faults("[[fault]]\non = \"C_Initialize\"\ndo = \"hang\"\nforever = true");
        home.limits = "token_seconds = 2".to_owned();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let begun = Instant::now();
        let reply = diagnose(&rpc).await;
        assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
        let told = wrong(&reply);
        assert_eq!(told[0], ("module softhsm", "refuse", "token-timeout"), "{told:?}");
        let serial = format!("token {}", home.token.serial());
        assert!(told.contains(&(&*serial, "refuse", "token-absent")), "{told:?}");
        assert_eq!(told.iter().filter(|(subject, ..)| subject.starts_with("seal ")).count(), 3);
    });
}

#[test]
fn a_module_that_crashed_is_told_of_though_it_is_well_again() {
    run(async {
        let home = AgentHome::new()
            .with_faults("[[fault]]\non = \"C_Login\"\ncall = 1\ntimes = 1\ndo = \"segfault\"");
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        // One that has been of use is started anew at once.
        rpc.token(&home.token).await;
        let no = rpc.try_unlock(&home.token, home.token.pin(), 1, 0).await.unwrap_err();
        assert_eq!(no.reasons(), ["module-crashed"]);
        let reply = sealkeeper_tests::eventually("the record of the crash", async || {
            let reply = diagnose(&rpc).await;
            let told = reply.checks.iter().any(|check| check.reason == "module-crashed-lately");
            told.then_some(reply)
        })
        .await;
        assert_eq!(wrong(&reply), [("module softhsm", "warn", "module-crashed-lately")]);
        let module: Vec<_> =
            told(&reply).into_iter().filter(|(subject, ..)| *subject == "module softhsm").collect();
        assert_eq!(module[0], ("module softhsm", "ok", ""), "it is loaded again");
    });
}
