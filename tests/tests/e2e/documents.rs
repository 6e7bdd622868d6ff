//! Documents that are not stamped, each with its reason; and places that are none.

use sealkeeper_proto::v1;
use sealkeeper_tests::{AgentHome, Rpc, at, documents, header, run};

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
