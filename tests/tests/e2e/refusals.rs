//! What is not supported yet is refused, never ignored; everything at once, and repeated ones in one record.

use sealkeeper_proto::v1;
use sealkeeper_tests::{AgentHome, Journal, Rpc, at, documents, header, run};

fn placed(position: v1::placement::Position) -> v1::Placement {
    v1::Placement { position: Some(position) }
}

fn keyword() -> v1::Placement {
    placed(v1::placement::Position::Keyword(v1::Keyword {
        text: "甲方（盖章）".into(),
        ..Default::default()
    }))
}

fn field() -> v1::Placement {
    placed(v1::placement::Position::Field(v1::Field { name: "Seal-1".into() }))
}

/// What is asked, and the reason it is refused for.
fn unsupported() -> Vec<(v1::SubmitHeader, &'static str)> {
    let base = header(&documents::page("unsupported"));
    let edge = v1::EdgeSeal { side: "right".into(), pages: String::new() };
    vec![
        (v1::SubmitHeader { tickets: vec!["e30.e30.AA".into()], ..base.clone() }, "tickets-unsupported"),
        (
            v1::SubmitHeader { placements: vec![at("1", 50, 50), at("1", 120, 50)], ..base.clone() },
            "several-placements-unsupported",
        ),
        (v1::SubmitHeader { placements: vec![keyword()], ..base.clone() }, "keyword-unsupported"),
        (v1::SubmitHeader { placements: vec![field()], ..base.clone() }, "field-unsupported"),
        (v1::SubmitHeader { placements: vec![at("1,3-5", 50, 50)], ..base.clone() }, "page-set-unsupported"),
        (v1::SubmitHeader { placements: vec![at("all", 50, 50)], ..base.clone() }, "page-set-unsupported"),
        (v1::SubmitHeader { edge_seal: Some(edge), ..base.clone() }, "edge-seal-unsupported"),
        (v1::SubmitHeader { placements: vec![], ..base.clone() }, "placement-missing"),
        (v1::SubmitHeader { placements: vec![at("0", 50, 50)], ..base.clone() }, "placement-bad"),
        (v1::SubmitHeader { seal: "没有的章".into(), ..base.clone() }, "seal-unknown"),
        (v1::SubmitHeader { document_class: "绝密".into(), ..base.clone() }, "class-unknown"),
        (v1::SubmitHeader { copies: 101, ..base.clone() }, "copies-out-of-range"),
        (v1::SubmitHeader { reason: " ".into(), ..base.clone() }, "reason-missing"),
        (v1::SubmitHeader { reason: "事".repeat(1001), ..base.clone() }, "reason-too-long"),
        (v1::SubmitHeader { file_name: "../合同.pdf".into(), ..base }, "file-name-bad"),
    ]
}

#[test]
fn each_thing_not_supported_has_its_reason_before_the_upload() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let mut told = Vec::new();
        for (asked, reason) in unsupported() {
            let refusal = rpc.begin(asked).await.unwrap().refusal().await;
            let [violation] = &refusal.violations[..] else { panic!("{reason}: {refusal:?}") };
            assert_eq!(violation.reason, reason);
            for text in [&violation.text_zh, &violation.hint_zh, &violation.text_en, &violation.hint_en] {
                assert!(!text.is_empty() && text.chars().count() <= 512, "{reason}");
            }
            if refusal.journaled {
                told.push(vec![reason.to_owned()]);
            }
        }
        let journal = rpc.journal().await;
        assert_eq!(journal.refused_codes(), told, "each kind is on record before it is told");
        assert_eq!(told.len(), unsupported().len() - 1, "the second page set is counted");
    });
}

#[test]
fn all_that_stands_against_it_is_told_at_once() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let asked = v1::SubmitHeader {
            seal: "没有的章".into(),
            tickets: vec!["e30.e30.AA".into()],
            edge_seal: Some(v1::EdgeSeal::default()),
            placements: vec![keyword(), field()],
            copies: 1000,
            reason: String::new(),
            ..header(&documents::page("everything"))
        };
        let refusal = rpc.begin(asked).await.unwrap().refusal().await;
        let mut reasons: Vec<_> =
            refusal.violations.iter().map(|violation| violation.reason.as_str()).collect();
        let on_record = rpc.journal().await.refused_codes();
        assert_eq!(on_record, [reasons.clone()], "the record has them in the same order");
        reasons.sort_unstable();
        assert_eq!(
            reasons,
            [
                "copies-out-of-range",
                "edge-seal-unsupported",
                "reason-missing",
                "seal-unknown",
                "several-placements-unsupported",
                "tickets-unsupported",
            ]
        );
    });
}

#[test]
fn equal_refusals_are_counted_in_one_record() {
    run(async {
        let home = AgentHome::new();
        let daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let asked =
            v1::SubmitHeader { tickets: vec!["e30.e30.AA".into()], ..header(&documents::page("again")) };
        let mut journaled = Vec::new();
        for _ in 0..20 {
            journaled.push(rpc.begin(asked.clone()).await.unwrap().refusal().await.journaled);
        }
        assert!(journaled[0] && journaled[1..].iter().all(|on_record| !on_record), "{journaled:?}");
        assert_eq!(rpc.journal().await.count("refused"), 1);
        daemon.stop();
        let journal = Journal::on_disk(&home.path());
        let [first, rest] = journal.refusals()[..] else { panic!("{:?}", journal.types()) };
        assert_eq!((first.count, rest.count), (1, 19));
        assert_eq!(first.violations, rest.violations);
        assert!(first.last_us <= rest.first_us && rest.first_us <= rest.last_us);
        assert_eq!(journal.types().last(), Some(&"agent_stopped"));
        journal.assert_sound();
    });
}
