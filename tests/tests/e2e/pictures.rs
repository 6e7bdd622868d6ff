//! Pictures of pages: the seal stands where it was asked for, poppler draws the stamped page the same, and nobody else is shown it.

use std::{fs, os::unix::fs::PermissionsExt as _};

use sealkeeper_domain::act::Statement;
use sealkeeper_proto::v1;
use sealkeeper_tests::{
    AgentHome, OfficeHome, Rpc, Seal, at, documents, header, office::SEAL, pictures::PageImage, run,
};
use uuid::Uuid;

/// A pixel is half a point.
const DPI: u32 = 144;

/// Pixels of so many mm, at [`DPI`].
fn pixels(mm: i64) -> i64 {
    (mm as f64 / 25.4 * f64::from(DPI)).round() as i64
}

/// Whether a box in pixels lies this many at most beside one in mm.
fn is_about(found: [usize; 4], mm: [i64; 4], tolerance: i64) -> bool {
    found.iter().zip(mm).all(|(found, mm)| (*found as i64 - pixels(mm)).abs() <= tolerance)
}

#[test]
fn what_is_reviewed_is_what_poppler_draws_of_the_stamped_page() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 1).await;
        let document = documents::page("to be looked at");
        let asked = v1::SubmitHeader { placements: vec![at("1", 120, 230)], ..header(&document) };
        let (request_id, prepared) = rpc.prepare(&document, asked).await.unwrap();
        let (shown, pictures) = rpc.show_pages(&request_id, "", DPI).await.unwrap();
        assert_eq!(shown.prepared_sha256, prepared.prepared_sha256);
        assert_eq!((shown.page_count, &shown.pages[..], &shown.boxes), (1, &[1][..], &prepared.boxes));
        let [(page, png)] = &pictures[..] else { panic!("{} pictures", pictures.len()) };
        assert_eq!((page.number, page.width, page.height, page.dpi), (1, 1190, 1684, 144.0));
        let reviewed = PageImage::from_png(png);
        let seal = [100, 210, 140, 250];
        let red = reviewed.red().unwrap();
        // A round seal touches the sides of its box.
        assert!(is_about(red, seal, 8), "{red:?}");

        let use_id = Uuid::new_v4();
        rpc.stamp(&request_id, use_id, &shown.prepared_sha256).await.unwrap();
        let (_, appended) = rpc.fetch(use_id).await.unwrap();
        let stamped = PageImage::by_poppler(&[&document[..], &appended].concat(), 1, DPI);
        assert_eq!((stamped.width, stamped.height), (reviewed.width, reviewed.height));
        let drawn = stamped.red().unwrap();
        assert!(red.iter().zip(drawn).all(|(one, other)| one.abs_diff(other) <= 2), "{red:?} {drawn:?}");
        let seal = seal.map(|mm| pixels(mm) as usize);
        let difference = reviewed.difference(&stamped, seal);
        assert!(difference < 12.0, "{difference}");
        // The page without its seal is far from that: the measure tells one from the other.
        let bare = PageImage::by_poppler(&document, 1, DPI);
        assert!(reviewed.difference(&bare, seal) > 2.0 * difference.max(6.0));
    });
}

#[test]
fn pictures_are_bound_to_seal_and_place_and_have_limits() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let document = documents::contract();
        let digest = async |asked| {
            let (request_id, _) = rpc.prepare(&document, asked).await.unwrap();
            (rpc.show_pages(&request_id, "", 36).await.unwrap().0.prepared_sha256, request_id)
        };
        let (first, request_id) = digest(header(&document)).await;
        let (moved, _) =
            digest(v1::SubmitHeader { placements: vec![at("last", 101, 150)], ..header(&document) }).await;
        let (other, _) =
            digest(v1::SubmitHeader { seal: sealkeeper_tests::SEALS[1].to_owned(), ..header(&document) })
                .await;
        assert!(first != moved && first != other && moved != other);
        assert_eq!(digest(header(&document)).await.0, first, "the same is the same");

        let (shown, pictures) = rpc.show_pages(&request_id, "all", 36).await.unwrap();
        assert_eq!((shown.page_count, pictures.len()), (5, 5));
        let red = |page: usize| PageImage::from_png(&pictures[page - 1].1).red();
        assert!(red(4).is_none() && red(5).is_some(), "on the last page, where it was asked for");
        for (pages, dpi, reason) in [
            ("", 301, "dpi-out-of-range"),
            ("", 1, "dpi-out-of-range"),
            ("6", 0, "page-unknown"),
            ("5-4", 0, "pages-bad"),
        ] {
            let no = rpc.show_pages(&request_id, pages, dpi).await.unwrap_err();
            assert_eq!(no.reasons(), [reason]);
        }
        let no = rpc.show_pages(&Uuid::new_v4().to_string(), "", 0).await.unwrap_err();
        assert_eq!(no.reasons(), ["request-unknown"]);
        assert!(rpc.journal().await.count("refused") > 0, "refusals are on record");
    });
}

#[test]
fn a_large_document_is_shown_without_memory_for_it() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let document = documents::page_with_attachment("large", 24 << 20);
        let (request_id, prepared) = rpc.prepare(&document, header(&document)).await.unwrap();
        let (shown, pictures) = rpc.show_pages(&request_id, "1", 72).await.unwrap();
        assert_eq!(shown.prepared_sha256, prepared.prepared_sha256);
        assert!(PageImage::from_png(&pictures[0].1).red().is_some());
        assert_eq!(fs::read_dir(home.path().join("spool")).unwrap().count(), 1, "the copy is gone");
    });
}

#[test]
fn a_preview_asks_for_nothing_and_its_seal_is_of_no_use() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let document = documents::page("a preview");
        let asked = v1::SubmitHeader { placements: vec![at("1", 120, 230)], ..header(&document) };
        let (previewed, pictures) = rpc.preview(&document, asked, "", DPI).await.unwrap();
        let place =
            v1::Box { page: 1, left_um: 100_000, top_um: 210_000, width_um: 40_000, height_um: 40_000 };
        assert_eq!((&previewed.boxes[..], &previewed.pages[..]), (&[place][..], &[1][..]));
        let picture = PageImage::from_png(&pictures[0].1);
        assert!(picture.red().is_some_and(|red| is_about(red, [100, 210, 140, 250], 14)));
        // In its frame, blue.
        assert_eq!(picture.pixel(pixels(100) as usize + 1, pixels(230) as usize), [0x1f, 0x4f, 0xc8]);

        assert_eq!(fs::read_dir(home.path().join("spool")).unwrap().count(), 0);
        assert_eq!(rpc.journal().await.count("refused"), 0);
        let asked = v1::SubmitHeader { placements: vec![at("1", 10, 10)], ..header(&document) };
        let no = rpc.preview(&document, asked, "", 0).await.unwrap_err();
        assert_eq!(no.reasons(), ["placement-outside-page"]);
        assert_eq!(rpc.journal().await.count("refused"), 1);
    });
}

#[test]
fn only_the_custodian_is_shown_the_seal_in_place() {
    run(async {
        let mut home = OfficeHome::new();
        let door = home.open_door();
        let (daemon, rpc) = home.start().await;
        home.found(&rpc).await;
        for person in ["applicant", "first", "auditor"] {
            home.certify(&rpc, &door, person).await;
        }
        home.activate(&rpc).await;
        home.says(&rpc, "office", Statement::Grant(home.terms("applicant"))).await;
        daemon.stop();
        let (_daemon, here) = home.start().await;
        let document = documents::page("for the custodian");
        let asked = v1::SubmitHeader { seal: SEAL.to_owned(), ..header(&document) };
        let applicant = door.enter(Some("applicant")).await.unwrap();
        let (_, pictures) = applicant.preview(&document, asked.clone(), "", 72).await.unwrap();
        assert_eq!(pictures.len(), 1, "the applicant sees where the seal will be");
        for person in ["first", "auditor"] {
            let stranger = door.enter(Some(person)).await.unwrap();
            let no = stranger.preview(&document, asked.clone(), "", 72).await.unwrap_err();
            assert_eq!(no.reasons(), ["grant-missing"]);
            let another = v1::SubmitHeader { applicant: "applicant".to_owned(), ..asked.clone() };
            let no = stranger.preview(&document, another, "", 72).await.unwrap_err();
            assert_eq!(no.reasons(), ["preview-for-another"]);
        }

        let submitted = applicant.submit(&document, asked).await.unwrap();
        let request_id = &submitted.request_id;
        let binding = home.files(&applicant, &submitted, "applicant").await;
        let no = here.show_pages(request_id, "", 72).await.unwrap_err();
        assert_eq!(no.reasons(), ["tickets-missing"]);
        home.says(&here, "first", Statement::RequestApprove(Box::new(binding))).await;
        let (shown, _) = here.show_pages(request_id, "", 72).await.unwrap();
        assert_eq!(shown.prepared_sha256, here.review(request_id).await.unwrap().prepared_sha256);
        for person in ["applicant", "first", "auditor"] {
            let another = door.enter(Some(person)).await.unwrap();
            let no = another.show_pages(request_id, "", 72).await.unwrap_err();
            assert!(no.reasons().contains(&"not-custodian"), "{person}: {no:?}");
        }
    });
}

#[test]
fn the_command_line_writes_pictures_and_previews() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        fs::write(home.scratch().join("合同.pdf"), documents::contract()).unwrap();
        let seal = Seal::new(&home);
        let place = ["--seal", "合同专用章", "--at", "page=last,x=66mm,y=88mm"];
        let said = seal.run(&[&["preview", "合同.pdf", "-o", "before", "--json"][..], &place].concat());
        assert_eq!(said.code, 0, "{said:?}");
        assert_eq!(said.json_object()["pictures"][0]["file"], "before/合同-page-0005.png");
        let request = [&["request", "合同.pdf", "--reason", "年度采购", "--json"][..], &place].concat();
        let id = seal.run(&request).json_object()["request_id"].as_str().unwrap().to_owned();

        let said = seal.run(&["review", &id, "-o", "seen", "--pages", "1,5", "--dpi", "144", "--json"]);
        assert_eq!(said.code, 0, "{said:?}");
        let file = home.scratch().join(format!("seen/{id}-page-0005.png"));
        let picture = PageImage::from_png(&fs::read(&file).unwrap());
        assert!(picture.red().is_some_and(|red| is_about(red, [46, 68, 86, 108], 8)));
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let again = seal.run(&["review", &id, "-o", "seen"]);
        assert_eq!(again.code, 2, "nothing is overwritten: {again:?}");
        let fine = seal.run(&["review", &id, "--dpi", "301", "-o", "fine"]);
        assert!(fine.code == 2 && fine.err.contains("dpi-out-of-range"), "{fine:?}");
        assert!(!home.scratch().join("fine").exists());
    });
}

#[test]
fn whoever_is_asked_to_confirm_is_shown_the_page_first() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        fs::write(home.scratch().join("合同.pdf"), documents::contract()).unwrap();
        let pages = home.scratch().join("shown");
        fs::create_dir(&pages).unwrap();
        let seal = Seal::new(&home).with("XDG_RUNTIME_DIR", &pages);
        let request = ["request", "合同.pdf", "--reason", "年度采购", "--seal", "合同专用章", "--at"];
        let said = seal.run(&[&request[..], &["page=last,x=66mm,y=88mm", "--json"]].concat());
        let id = said.json_object()["request_id"].as_str().unwrap().to_owned();
        for arguments in [vec!["stamp", &id], vec!["stamp", "--batch", &id]] {
            let said = seal.run_on_terminal("n\n", &arguments);
            assert_ne!(said.code, 0, "it was declined: {said:?}");
            let shown = said.out.find(&format!("{id}-page-0005.png"));
            let asked = said.out.find("? [y/N]");
            assert!(shown.is_some() && shown < asked, "{said:?}");
            assert!(said.out.contains(&format!("`seal review {id} --pages all`")), "{said:?}");
        }
        let folders: Vec<_> = fs::read_dir(&pages).unwrap().map(|entry| entry.unwrap()).collect();
        assert_eq!(folders.len(), 2, "a folder of its own each time");
        for folder in folders {
            assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
            let picture = fs::read(folder.path().join(format!("{id}-page-0005.png"))).unwrap();
            assert!(PageImage::from_png(&picture).red().is_some());
        }
    });
}
