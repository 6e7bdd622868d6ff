//! Documents that are not stamped, each with its reason; and places that are none.

use sealkeeper_domain::act::Statement;
use sealkeeper_proto::v1;
use sealkeeper_tests::{AgentHome, No, OfficeHome, Rpc, at, documents, header, office::SEAL, run};

#[test]
fn documents_that_cannot_be_stamped_are_refused_by_what_they_are() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let good = documents::page("good");
        let truncated = good[..good.len() - 60].to_vec();
        let cases = [
            (b"PK\x03\x04 this is a word processor's file".to_vec(), &["pdf-not-a-pdf"][..]),
            (documents::damaged(&good), &["pdf-damaged"]),
            (truncated, &["pdf-damaged"]),
            (documents::encrypted(&good), &["pdf-encrypted"]),
            // The certification is one for show, which is told as well.
            (documents::certified_page("certified", 1), &["pdf-certified", "broken-signature"]),
            (documents::certified_page("certified", 2), &["pdf-certified", "broken-signature"]),
        ];
        for (document, reasons) in &cases {
            let no = rpc.submit(document, header(document)).await.unwrap_err();
            assert_eq!(no.reasons(), *reasons);
        }
        let journal = rpc.journal().await;
        let codes = journal.refused_codes().concat();
        assert_eq!(
            codes,
            ["pdf-not-a-pdf", "pdf-damaged", "pdf-encrypted", "pdf-certified", "broken-signature"]
        );
        assert_eq!(journal.count("intent"), 0);
        // The same builder's page, unharmed, is taken: what was refused was refused for what was done to it.
        rpc.submit(&good, header(&good)).await.unwrap();
    });
}

/// What stands against a document by what it shows and does, told when it is asked for (U4).
fn unfit() -> Vec<(Vec<u8>, &'static str, &'static [&'static str])> {
    vec![
        (documents::blank(), "1", &["blank-document", "stamp-on-blank-page"]),
        (
            documents::page_before_a_blank_one("the seal goes to the other page"),
            "2",
            &["stamp-on-blank-page"],
        ),
        (documents::watermarked("not final", "DRAFT"), "1", &["draft-marker"]),
        (documents::chinese_page("合同金额为人民币【 】元整"), "1", &["placeholder"]),
        (documents::page_with_script("scripted"), "1", &["active-content"]),
    ]
}

#[test]
fn what_is_blank_unfinished_or_acts_is_refused_when_it_is_asked_for() {
    run(async {
        let home = OfficeHome::new();
        let (_daemon, rpc) = home.start().await;
        home.found(&rpc).await;
        home.activate(&rpc).await;
        home.says(&rpc, "office", Statement::Grant(home.terms("applicant"))).await;
        let asked = |document: &[u8], page: &str| v1::SubmitHeader {
            seal: SEAL.to_owned(),
            applicant: "applicant".to_owned(),
            placements: vec![at(page, 100, 100)],
            ..header(document)
        };
        let mut on_record = Vec::new();
        for (document, page, reasons) in unfit() {
            let no = rpc.submit(&document, asked(&document, page)).await.unwrap_err();
            assert_eq!(no.reasons(), reasons, "{no:?}");
            let No::Refused(refusal) = no else { panic!("{no:?}") };
            assert_eq!(refusal.violations[0].clause, "U4");
            assert!(refusal.journaled);
            on_record.push(reasons.iter().map(|reason| (*reason).to_owned()).collect::<Vec<_>>());
        }
        let journal = rpc.journal().await;
        assert_eq!(journal.refused_codes(), on_record);
        assert_eq!(journal.count("request_drafted"), 0, "there is nothing to be approved");

        // The same pages are taken once the seal goes to the page that shows something, nothing is left open, and nothing acts; a line to write on is
        // told and nothing more.
        let document = documents::page_before_a_blank_one("the seal goes to this page");
        rpc.submit(&document, asked(&document, "1")).await.unwrap();
        let document = documents::chinese_page("合同金额为人民币【壹万】元整");
        rpc.submit(&document, asked(&document, "1")).await.unwrap();
        let document = documents::page("Signature: ____________");
        let submitted = rpc.submit(&document, asked(&document, "1")).await.unwrap();
        let of_gap = submitted.findings.iter().find(|found| found.reason == "underline-gap").unwrap();
        assert_eq!((of_gap.severity.as_str(), of_gap.page), ("warn", 1));
        assert!(!of_gap.text_zh.is_empty() && !of_gap.text_en.is_empty());
        home.files(&rpc, &submitted, "applicant").await;
        assert_eq!(rpc.show_request(&submitted.request_id).await.unwrap().state, "filed");
    });
}

#[test]
fn a_damaged_document_is_told_what_and_where() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let document = documents::damaged(&documents::page("where"));
        let Err(sealkeeper_tests::No::Refused(refusal)) = rpc.submit(&document, header(&document)).await
        else {
            panic!("it is damaged");
        };
        let violation = &refusal.violations[0];
        assert_eq!((violation.reason.as_str(), violation.clause.as_str()), ("pdf-damaged", "U4"));
        assert!(!violation.details["what"].is_empty());
    });
}

#[test]
fn a_place_that_is_none_is_refused() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let document = documents::page("places");
        for (place, reason) in [
            (at("2", 100, 100), "page-unknown"),
            (at("1", 19, 100), "placement-outside-page"),
            (at("1", 100, 290), "placement-outside-page"),
            (at("last", -100, 100), "placement-outside-page"),
        ] {
            let asked = v1::SubmitHeader { placements: vec![place], ..header(&document) };
            assert_eq!(rpc.submit(&document, asked).await.unwrap_err().reasons(), [reason]);
        }
        // To the very edge is inside: the seal is 40 mm wide, and A4 in whole points is 209.9 mm.
        let asked = v1::SubmitHeader { placements: vec![at("1", 20, 20)], ..header(&document) };
        rpc.submit(&document, asked).await.unwrap();
    });
}

#[test]
fn a_seal_does_not_cover_another_signature() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 2).await;
        let document = documents::page("cover");
        let (_, stamped) = rpc.stamped(&document, header(&document)).await;
        let over = v1::SubmitHeader { placements: vec![at("1", 120, 160)], ..header(&stamped) };
        let no = rpc.submit(&stamped, over).await.unwrap_err();
        assert_eq!(no.reasons(), ["placement-over-signature"]);
        let beside = v1::SubmitHeader { placements: vec![at("1", 150, 150)], ..header(&stamped) };
        rpc.stamped(&stamped, beside).await;
    });
}
