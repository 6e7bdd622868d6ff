//! What comes out is valid for everybody, and what went in stays as it was.

use std::fs;

use sealkeeper_client::{Agent, ClientError, Document, Order};
use sealkeeper_domain::reason::Reason;
use sealkeeper_pades::validate::{Coverage, Verdict, validate};
use sealkeeper_proto::v1;
use sealkeeper_tests::{AgentHome, Rpc, SEALS, assert_judged_valid, at, documents, header, run, sha256};

#[test]
fn a_stamped_contract_is_judged_valid_and_its_input_untouched() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        Rpc::connect(&home.socket()).await.unlock(&home.token, 1).await;
        let (input, output) = (home.scratch().join("合同.pdf"), home.scratch().join("合同.sealed.pdf"));
        fs::write(&input, documents::contract()).unwrap();

        let agent = Agent::connect(&home.socket()).await.unwrap();
        let order = Order {
            seal: SEALS[1].to_owned(),
            reason: "年度采购合同".to_owned(),
            placements: vec![at("last", 66, 88)],
            ..Default::default()
        };
        let document = Document::open(&input).unwrap();
        let stamped = agent.stamp(&document, &order, &output).await.unwrap();

        assert!(stamped.acknowledged);
        let bytes = fs::read(&output).unwrap();
        assert_eq!(fs::read(&input).unwrap(), documents::contract(), "the input is never changed");
        assert!(bytes.starts_with(&documents::contract()), "only appended to");
        assert_eq!(sha256(&bytes), stamped.receipt.output_sha256);
        assert!(stamped.receipt.solo, "a solo journal says so");
        assert_judged_valid(&bytes, &documents::contract(), 1, &home.token);

        let signatures = validate(&bytes).unwrap();
        assert_eq!(signatures[0].reason.as_deref(), Some("年度采购合同"));
        assert_eq!(signatures[0].name.as_deref(), Some("示例科技有限公司 合同专用章"));
    });
}

#[test]
fn an_output_that_exists_is_never_overwritten() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 5).await;
        let (input, output) = (home.scratch().join("in.pdf"), home.scratch().join("out.pdf"));
        fs::write(&input, documents::page("input")).unwrap();
        fs::write(&output, b"precious").unwrap();

        let agent = Agent::connect(&home.socket()).await.unwrap();
        let order = Order {
            seal: SEALS[0].to_owned(),
            reason: "测试".to_owned(),
            placements: vec![at("1", 100, 150)],
            ..Default::default()
        };
        for target in [&output, &input] {
            let error = agent.stamp(&Document::open(&input).unwrap(), &order, target).await.unwrap_err();
            assert!(matches!(error, ClientError::Local { reason: Reason::OutputExists, .. }), "{error:?}");
        }
        assert_eq!(fs::read(&output).unwrap(), b"precious");
        assert_eq!(fs::read(&input).unwrap(), documents::page("input"));
        assert_eq!(rpc.journal().await.count("intent"), 0, "noticed before anything was signed");
        assert_eq!(fs::read_dir(home.scratch()).unwrap().filter(is_temporary).count(), 0);
    });
}

fn is_temporary(entry: &std::io::Result<fs::DirEntry>) -> bool {
    entry.as_ref().unwrap().file_name().to_string_lossy().contains(".tmp")
}

#[test]
fn two_seals_then_three_leave_every_earlier_signature_valid() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 3).await;
        let original = documents::contract();
        let mut document = original.clone();
        let mut certificates = Vec::new();
        for (count, seal) in (1..).zip(SEALS) {
            let asked = v1::SubmitHeader {
                seal: seal.to_owned(),
                placements: vec![at("last", 50 * count, 90)],
                ..header(&document)
            };
            let (receipt, stamped) = rpc.stamped(&document, asked).await;
            certificates.push(receipt.certificate_sha256);
            document = stamped;
            if count == 1 {
                continue;
            }
            assert_judged_valid(&document, &original, count as usize, &home.token);
            let signatures = validate(&document).unwrap();
            assert_eq!(signatures.len(), count as usize);
            assert!(signatures.iter().all(|signature| signature.verdict == Verdict::Intact));
            assert_eq!(signatures.last().unwrap().coverage, Some(Coverage::WholeFile));
        }
        certificates.dedup();
        assert_eq!(certificates.len(), 3, "three keys");
    });
}

#[test]
fn pages_turned_every_way_are_stamped_where_a_person_sees_them() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 4).await;
        for degrees in [90, 180, 270] {
            let document = documents::rotated_page("turned", degrees);
            // 30 mm from the left and 25 mm from the top of the page as it is shown.
            let asked = v1::SubmitHeader { placements: vec![at("1", 30, 25)], ..header(&document) };
            let (request_id, prepared) = rpc.prepare(&document, asked).await.unwrap();
            let place =
                v1::Box { page: 1, left_um: 10_000, top_um: 5_000, width_um: 40_000, height_um: 40_000 };
            assert_eq!(prepared.boxes, [place]);
            let use_id = uuid::Uuid::new_v4();
            rpc.stamp(&request_id, use_id, &prepared.prepared_sha256).await.unwrap();
            let (_, appended) = rpc.fetch(use_id).await.unwrap();
            let stamped = [&document[..], &appended].concat();
            assert_judged_valid(&stamped, &document, 1, &home.token);
            assert_eq!(widget_rectangle(&stamped), unturned(degrees), "{degrees}°");
        }
    });
}

/// The corners in mm from the bottom left of the unturned A4 page, of a seal whose shown box begins 10 mm from the left
/// and 5 mm from the top and is 40 mm wide and high (ISO 32000-2 Table 31: /Rotate turns clockwise).
fn unturned(degrees: u32) -> [i64; 4] {
    let (width, height) = (210, 297);
    match degrees {
        90 => [5, 10, 45, 50],
        180 => [width - 50, 5, width - 10, 45],
        270 => [width - 45, height - 50, width - 5, height - 10],
        _ => unreachable!(),
    }
}

/// The last /Rect of the file, in mm.
fn widget_rectangle(pdf: &[u8]) -> [i64; 4] {
    let text = String::from_utf8_lossy(pdf);
    let rest = text.rsplit_once("/Rect").unwrap().1.trim_start().strip_prefix('[').unwrap();
    let numbers = rest.split_once(']').unwrap().0.split_whitespace();
    let corners: Vec<_> =
        numbers.map(|number| (number.parse::<f64>().unwrap() * 25.4 / 72.0).round() as i64).collect();
    corners.try_into().unwrap()
}

#[test]
fn cross_reference_streams_and_signatures_of_others_are_kept() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 2).await;

        let streams = documents::with_xref_stream(&documents::page("streams"));
        let (_, stamped) = rpc.stamped(&streams, header(&streams)).await;
        let appended = String::from_utf8_lossy(&stamped[streams.len()..]).into_owned();
        assert!(appended.contains("/XRef") && !appended.contains("trailer"), "the style of the file is kept");
        assert_judged_valid(&stamped, &streams, 1, &home.token);

        let signed = documents::signed_by_another();
        let submitted = rpc.submit(&signed, header(&signed)).await.unwrap();
        let known = submitted.facts.unwrap().signatures;
        assert_eq!((known.len(), known[0].covers_whole_file), (1, true));
        let (_, stamped) = rpc.stamped(&signed, header(&signed)).await;
        assert_judged_valid(&stamped, &signed, 1, &home.token);
        let verdicts: Vec<_> = validate(&stamped).unwrap().into_iter().map(|one| one.verdict).collect();
        assert_eq!(verdicts, [Verdict::Intact, Verdict::Intact]);
    });
}
