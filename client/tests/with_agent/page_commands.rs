//! Pictures of pages at the command line: of exactly what was reviewed, in files of their own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use crate::agent::Trouble;
use crate::agent::pictures::png;
use crate::bench::Bench;
use crate::commands::object;
use crate::request_commands::{ID, bench, kept};

fn mode(bench: &Bench, name: &str) -> u32 {
    fs::metadata(bench.folder.path().join(name)).unwrap().permissions().mode() & 0o777
}

fn is_there(bench: &Bench, name: &str) -> bool {
    bench.folder.path().join(name).exists()
}

#[tokio::test]
async fn a_review_writes_pictures_that_only_their_owner_can_read() {
    let bench = bench(&[kept(ID, "approved")]);
    let (code, stdout, stderr) = bench.seal(&["review", ID, "-o", "seen"], b"").await;
    assert_eq!(code, 0, "{stderr}");
    let file = format!("seen/{ID}-page-0005.png");
    assert!(stdout.ends_with(&format!("picture      {file}\n")), "{stdout}");
    assert_eq!(fs::read(bench.folder.path().join(&file)).unwrap(), png(5), "the page that bears the seal");
    assert_eq!((mode(&bench, "seen"), mode(&bench, &file)), (0o700, 0o600));
    assert_eq!(bench.agent.state().pages_asked[0].dpi, 150);

    fs::write(bench.folder.path().join(&file), b"precious").unwrap();
    let (code, _, stderr) = bench.seal(&["review", ID, "-o", "seen"], b"").await;
    assert_eq!(code, 2, "{stderr}");
    assert_eq!(fs::read(bench.folder.path().join(&file)).unwrap(), b"precious", "nothing is overwritten");

    let (code, stdout, _) = bench.seal(&["review", ID, "--json", "--pages", "2-3", "--dpi", "72"], b"").await;
    let told = object(&stdout);
    assert_eq!((code, &told["pictures"][1]["page"]), (0, &json!(3)), "{stdout}");
    let file = std::path::PathBuf::from(told["pictures"][0]["file"].as_str().unwrap());
    assert_eq!(fs::read(&file).unwrap(), png(2));
    let folder = file.parent().unwrap();
    assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700, "a folder of its own");
    fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn every_page_of_a_long_document_comes_in_several_calls() {
    let bench = bench(&[kept(ID, "approved")]);
    bench.agent.state().desk.pages = 40;
    let (code, _, stderr) = bench.seal(&["review", ID, "-o", "all", "--pages", "all"], b"").await;
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(fs::read_dir(bench.folder.path().join("all")).unwrap().count(), 40);
    let asked: Vec<_> = bench.agent.state().pages_asked.iter().map(|asked| asked.pages.clone()).collect();
    assert_eq!((asked.len(), asked[2].as_str()), (3, "33,34,35,36,37,38,39,40"));
    for (pages, exit) in [("41", 1), ("0", 2), ("3-1", 2)] {
        let (code, _, stderr) = bench.seal(&["review", ID, "--pages", pages], b"").await;
        assert_eq!(code, exit, "{stderr}");
    }
}

#[tokio::test]
async fn pictures_of_anything_but_what_was_reviewed_are_not_taken() {
    let bench = bench(&[kept(ID, "approved")]);
    for (trouble, exit, reason) in [
        (Trouble::ChangeReviewed, 1, "confirmation-mismatch"),
        (Trouble::RefusePicture, 1, "document-too-hard-time"),
        (Trouble::LosePicture, 3, "connection-lost"),
    ] {
        bench.agent.state().trouble.push_back(trouble);
        let (code, stdout, _) = bench.seal(&["review", ID, "-o", "seen", "--json"], b"").await;
        assert_eq!((code, &object(&stdout)["reasons"][0]["code"]), (exit, &json!(reason)), "{stdout}");
        assert!(!is_there(&bench, "seen"), "no picture, and no folder for any");
    }
}

#[tokio::test]
async fn a_preview_shows_the_place_and_asks_for_nothing() {
    let bench = bench(&[]);
    fs::write(bench.folder.path().join("合同.pdf"), b"a document").unwrap();
    let preview =
        ["preview", "合同.pdf", "--seal", "合同专用章", "--at", "page=last,x=66mm,y=88mm", "-o", "p"];
    let (code, stdout, stderr) = bench.seal(&preview, b"").await;
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(
        stdout,
        "place        page 2, 46 mm from the left, 68 mm from the top, 40×40 mm\n\
         picture      p/合同-page-0002.png\n"
    );
    assert_eq!(fs::read(bench.folder.path().join("p/合同-page-0002.png")).unwrap(), png(2));
    assert!(bench.agent.state().headers.is_empty(), "nothing was submitted");
}
