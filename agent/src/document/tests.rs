//! Documents that take too much, and workers that misbehave. The worker is this test executable, which becomes one in [`is_a_worker`]; in its place
//! stands a shell script where no document is known that makes a worker do what is tested.

use std::{io::Write, sync::Arc};

use clap::Parser;

use super::*;
use crate::pipeline::ports::document::{Hit, Landlock};

const LONG: Duration = Duration::from_secs(60);
/// Names the arguments of a worker that this executable is to become.
const WORKER: &str = "SEALKEEPER_DOCUMENT_WORKER";

/// Not a test: what the worker's process runs, with its pipe out of the test harness's reach.
#[test]
fn is_a_worker() {
    let Ok(arguments) = std::env::var(WORKER) else { return };
    // SAFETY: the shell that started this executable opened it, and nothing else here knows of it.
    #[allow(unsafe_code)]
    let pipe = unsafe { std::os::fd::BorrowedFd::borrow_raw(3) };
    rustix::stdio::dup2_stdout(pipe).unwrap();
    let arguments = ["seal-agent", "document-worker"].into_iter().chain(arguments.split('|'));
    let crate::Command::DocumentWorker(worker) = crate::Arguments::parse_from(arguments).command else {
        panic!("no worker's arguments")
    };
    let code = match worker::run(worker.task, worker.memory_mib, worker.seconds) {
        Ok(code) if code == std::process::ExitCode::SUCCESS => 0,
        Ok(_) => 101,
        Err(error) => panic!("{error}"),
    };
    std::process::exit(code);
}

fn recipe(script: &str) -> Recipe {
    let exe = std::env::current_exe().unwrap();
    // `$0` is this executable, `$*` the worker's arguments.
    Recipe {
        program: "/bin/sh".into(),
        arguments: vec!["-c".into(), script.into(), exe.into()],
        environment: vec![("MALLOC_ARENA_MAX".into(), "1".into())],
        memory_mib: 256,
        time: Duration::from_secs(10),
    }
}

/// Workers that are real, at most two at once.
fn workers() -> DocumentWorkers {
    let script = format!(
        r#"IFS='|'; {WORKER}="$*" exec "$0" document::tests::is_a_worker --exact --nocapture 3>&1 >/dev/null"#
    );
    DocumentWorkers::of(recipe(&script), 2, LONG)
}

/// Workers whose process is this shell script, which may be given a second.
fn scripted(script: &str) -> DocumentWorkers {
    let recipe = Recipe { time: Duration::from_millis(500), ..recipe(script) };
    DocumentWorkers::of(recipe, 2, LONG)
}

fn file(bytes: &[u8]) -> DocumentFile {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    DocumentFile { file: Arc::new(file), page_count: 1 }
}

/// A PDF of these objects, numbered from 1; the first is the catalogue.
fn pdf(objects: &[Vec<u8>]) -> DocumentFile {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (index, object) in objects.iter().enumerate() {
        table += &format!("{:010} 00000 n \n", bytes.len());
        bytes.extend(
            format!("{} 0 obj\n", index + 1).bytes().chain(object.iter().copied()).chain(*b"\nendobj\n"),
        );
    }
    let end =
        format!("trailer\n<</Size {}/Root 1 0 R>>\nstartxref\n{}\n%%EOF\n", objects.len() + 1, bytes.len());
    bytes.extend(table.bytes().chain(end.bytes()));
    file(&bytes)
}

fn stream(dictionary: &str, data: &[u8]) -> Vec<u8> {
    let head = format!("<<{dictionary}/Length {}>>\nstream\n", data.len());
    head.bytes().chain(data.iter().copied()).chain(*b"\nendstream").collect()
}

/// A document whose pages have these contents, each with the same resources, which may name objects from `number` on.
fn document(contents: &[Vec<u8>], resources: &str, objects: &[Vec<u8>]) -> DocumentFile {
    let first = 3 + objects.len();
    let kids: String = (0..contents.len()).map(|page| format!("{} 0 R ", first + 2 * page)).collect();
    let mut all = vec![
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        format!("<</Type/Pages/Count {}/Kids[{kids}]>>", contents.len()).into_bytes(),
    ];
    all.extend(objects.iter().cloned());
    for (page, content) in contents.iter().enumerate() {
        let content_number = first + 2 * page + 1;
        all.push(
            format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]/Resources<<{resources}>>/Contents {content_number} 0 R>>")
                .into_bytes(),
        );
        all.push(content.clone());
    }
    DocumentFile { page_count: contents.len() as u32, ..pdf(&all) }
}

const MARK: &[u8] = b"0 0 0 rg 20 20 50 50 re f";

/// Pages with a mark and, where `blank` says so, without.
fn plain(pages: u32, blank: impl Fn(u32) -> bool) -> DocumentFile {
    let contents: Vec<_> = (1..=pages).map(|page| stream("", if blank(page) { b"" } else { MARK })).collect();
    document(&contents, "", &[])
}

/// Forms of which each draws the one below it ten times: 10¹² marks, of a few hundred bytes.
fn laughs() -> (String, Vec<Vec<u8>>) {
    let forms = (0..12).map(|level| {
        let content = if level == 0 { MARK.to_vec() } else { b"/F Do ".repeat(10) };
        let below = if level == 0 {
            String::new()
        } else {
            format!("/Resources<</XObject<</F {} 0 R>>>>", 2 + level)
        };
        stream(&format!("/Type/XObject/Subtype/Form/BBox[0 0 200 100]{below}"), &content)
    });
    ("/XObject<</F 14 0 R>>".to_owned(), forms.collect())
}

/// Looks, and seeks nothing.
async fn look(
    workers: &DocumentWorkers,
    document: DocumentFile,
    pages: RangeInclusive<u32>,
) -> Result<Looked, Unviewed> {
    workers.look(document, pages, Sought::default()).await
}

fn refused(unviewed: Result<impl std::fmt::Debug, Unviewed>) -> (&'static str, Option<u32>) {
    let unviewed = unviewed.unwrap_err();
    (unviewed.reason.code(), unviewed.page)
}

#[tokio::test]
async fn pages_are_seen_by_several_workers_and_told_in_their_order() {
    let workers = workers();
    let looked = look(&workers, plain(40, |page| page % 7 == 0), 3..=40).await.unwrap();
    assert_eq!(looked.page_count, 40);
    let numbers: Vec<_> = looked.pages.iter().map(|page| page.number).collect();
    assert_eq!(numbers, (3..=40).collect::<Vec<_>>());
    assert!(looked.pages.iter().all(|page| page.blank == (page.number % 7 == 0)), "{looked:?}");
    assert_eq!((looked.pages[0].width_pt, looked.pages[0].height_pt), (200.0, 100.0));
}

#[tokio::test]
async fn of_a_long_document_workers_are_given_the_pages_they_look_at() {
    let workers = workers();
    let long = plain(2_001, |page| page % 7 == 0);
    let looked = look(&workers, long.clone(), 1_400..=2_001).await.unwrap();
    assert_eq!(looked.page_count, 2_001);
    let numbers: Vec<_> = looked.pages.iter().map(|page| page.number).collect();
    assert_eq!(numbers, (1_400..=2_001).collect::<Vec<_>>());
    assert!(looked.pages.iter().all(|page| page.blank == (page.number % 7 == 0)), "{looked:?}");

    let picture = workers.render(long.clone(), 2_001, 72).await.unwrap();
    assert_eq!((picture.width, picture.height), (200, 100));
    assert_eq!(refused(workers.render(long, 2_002, 72).await), ("pdf-no-such-page", Some(2_002)));
}

#[tokio::test]
async fn what_a_page_of_a_long_document_does_is_told_of_that_page() {
    let mut contents: Vec<_> = (0..2_500).map(|_| stream("", MARK)).collect();
    let (resources, objects) = laughs();
    contents[2_200] = stream("", b"/F Do");
    let document = document(&contents, &resources, &objects);
    let (code, page) = refused(look(&workers(), document, 2_150..=2_300).await);
    assert!(code.starts_with("document-too-hard"), "{code}");
    assert_eq!(page, Some(2_201));
}

#[tokio::test]
async fn a_page_is_drawn_in_the_pixels_asked_for() {
    let picture = workers().render(plain(2, |_| false), 2, 144).await.unwrap();
    assert_eq!((picture.width, picture.height), (400, 200));
    let pixel = |x: usize, y: usize| picture.rgba[4 * (400 * y + x)..][..4].to_vec();
    // The mark stands 20 pt from the left and from the bottom.
    assert_eq!((pixel(90, 110), pixel(10, 110)), (vec![0, 0, 0, 255], vec![255; 4]));
    assert_eq!(refused(workers().render(plain(1, |_| false), 9, 72).await), ("pdf-no-such-page", Some(9)));
}

#[tokio::test]
async fn words_that_are_sought_are_found_where_they_stand() {
    let text = b"BT /F 12 Tf 20 70 Td (DRAFT) Tj 0 -30 Td (Party A: [ ] ___) Tj ET";
    let font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_vec();
    let contract = document(&[stream("", text)], "/Font<</F 3 0 R>>", &[font]);
    let sought =
        Sought { draft_words: vec!["DRAFT".into(), "草稿".into()], keywords: vec!["Party A".into()] };
    let looked = workers().look(contract, 1..=1, sought).await.unwrap();
    let [page] = &looked.pages[..] else { panic!("{looked:?}") };
    assert!(!page.blank && page.missing_fonts.is_empty() && !page.truncated);
    assert_eq!(page.markers.iter().map(|marker| marker.word.as_str()).collect::<Vec<_>>(), ["DRAFT"]);
    assert_eq!(page.placeholders.iter().map(|found| found.bracket).collect::<Vec<_>>(), ['[']);
    assert_eq!(page.gaps.len(), 1);
    let [Hit { keyword, area, angle: 0 }] = &page.hits[..] else { panic!("{page:?}") };
    // 20 pt from the left; the baseline 60 pt from the top.
    assert!(keyword == "Party A" && (6_500..8_000).contains(&area.x_um), "{area:?}");
    assert!(area.y_um < 21_167 && area.bottom_um() > 20_000, "{area:?}");
}

#[tokio::test]
async fn what_is_no_document_or_no_page_of_it_is_refused_and_not_retried() {
    let workers = workers();
    assert_eq!(refused(look(&workers, file(b"none"), 1..=1).await), ("pdf-damaged", None));
    assert_eq!(refused(look(&workers, plain(2, |_| false), 1..=3).await), ("pdf-no-such-page", Some(3)));
}

#[tokio::test]
async fn a_page_that_takes_too_long_is_named_and_the_next_document_is_looked_at() {
    let workers = workers();
    // However fast the machine is, time runs out before memory does.
    let quick = Recipe { time: Duration::from_secs(1), memory_mib: 8192, ..(*workers.recipe).clone() };
    let workers = DocumentWorkers { recipe: Arc::new(quick), ..workers };
    let (resources, forms) = laughs();
    let pages = [stream("", MARK), stream("", MARK), stream("", b"/F Do")];
    let bomb = document(&pages, &resources, &forms);
    assert_eq!(refused(look(&workers, bomb.clone(), 1..=3).await), ("document-too-hard-time", Some(3)));
    assert_eq!(refused(workers.render(bomb.clone(), 3, 72).await), ("document-too-hard-time", Some(3)));
    assert_eq!(look(&workers, bomb, 1..=2).await.unwrap().pages.len(), 2, "the other pages are no harm");
}

#[tokio::test]
async fn a_page_that_takes_too_much_memory_is_named() {
    let workers = workers();
    let mut deflated = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..512 {
        deflated.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    let deflated = deflated.finish().unwrap();
    let bomb = document(&[stream("", MARK), stream("/Filter/FlateDecode", &deflated)], "", &[]);
    assert_eq!(refused(look(&workers, bomb, 1..=2).await), ("document-too-hard-memory", Some(2)));
}

#[tokio::test]
async fn nesting_without_end_ends_no_more_than_a_worker() {
    let workers = workers();
    let content = [b"[".repeat(5_000_000), b"q ".repeat(1_000_000)];
    for content in content {
        // Whether it is shown is the decoder's affair.
        let looked = look(&workers, document(&[stream("", &content)], "", &[]), 1..=1).await;
        let codes = ["document-too-hard-crash", "document-too-hard-memory", "document-too-hard-time"];
        assert!(looked.is_ok() || codes.contains(&refused(looked).0));
    }
    assert!(look(&workers, plain(1, |_| false), 1..=1).await.is_ok());
}

#[tokio::test]
async fn a_worker_that_dies_hangs_or_babbles_is_a_document_refused() {
    let endless = "yes 1>&2 & exec sleep 1000";
    for (script, reason) in [
        ("kill -SEGV $$", "document-too-hard-crash"),
        ("exit 3", "document-too-hard-crash"),
        ("exit 0", "document-too-hard-crash"),
        ("printf '\\377\\377\\377\\377\\377'; exec sleep 1000", "document-too-hard-crash"),
        ("printf '\\001\\000'; exec sleep 1000", "document-too-hard-crash"),
        ("exec sleep 1000", "document-too-hard-time"),
        ("exec >&-; exec sleep 1000", "document-too-hard-time"),
        ("kill -XCPU $$", "document-too-hard-time"),
        ("echo memory allocation of 5 bytes failed 1>&2; kill -ABRT $$", "document-too-hard-memory"),
        ("kill -ABRT $$", "document-too-hard-crash"),
        (endless, "document-too-hard-time"),
    ] {
        let looked = look(&scripted(script), file(b"x"), 1..=1).await;
        assert_eq!(refused(looked), (reason, Some(1)), "{script}");
    }
}

#[tokio::test]
async fn what_was_not_asked_is_not_believed() {
    // Confined (nothing), opened (one page), and then: page 2, page 1 twice, a picture of no pixels.
    let opened = r"printf '\002\012\000\004\022\002\010\001'; printf ";
    for told in [r"'\004\032\002\010\002'", r"'\004\032\002\010\001\004\032\002\010\001'", r"'\002\042\000'"]
    {
        let script = format!("{opened}{told}; exec sleep 1000");
        let reason = refused(look(&scripted(&script), file(b"x"), 1..=1).await).0;
        assert_eq!(reason, "document-too-hard-crash", "{told}");
    }
    let script = format!(r"{opened}'\004\032\002\010\001'");
    assert_eq!(look(&scripted(&script), file(b"x"), 1..=1).await.unwrap().page_count, 1);
    // A page before the document was opened, or the worker confined.
    for early in [r"printf '\002\012\000\004\032\002\010\001'", r"printf '\004\032\002\010\001'"] {
        assert_eq!(refused(look(&scripted(early), file(b"x"), 1..=1).await).0, "document-too-hard-crash");
    }
}

#[tokio::test]
async fn whoever_waits_no_more_leaves_no_process_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("pid");
    let workers = scripted(&format!("echo $$ > {}; exec sleep 1000", mark.display()));
    let look = tokio::spawn({
        let workers = workers.clone();
        async move { look(&workers, file(b"x"), 1..=1).await }
    });
    let pid = loop {
        match std::fs::read_to_string(&mark).ok().and_then(|text| text.trim().parse::<u32>().ok()) {
            Some(pid) => break pid,
            None => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    };
    look.abort();
    let _ = look.await;
    let gone = async {
        // Neither running nor a zombie.
        while Path::new(&format!("/proc/{pid}")).exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), gone).await.unwrap();
    assert_eq!(workers.places.available_permits(), 2);
}

#[tokio::test]
async fn a_worker_that_cannot_be_started_is_nobodys_document() {
    let nothing = Recipe { program: "/none".into(), ..recipe("") };
    let workers = DocumentWorkers::of(nothing, 1, LONG);
    assert_eq!(refused(look(&workers, file(b"x"), 1..=1).await), ("document-worker-unusable", None));
    assert_eq!(refused(scripted("exit 1").confinement().await), ("document-worker-unusable", None));
    let busy = DocumentWorkers::of(recipe("exec sleep 1000"), 1, Duration::from_millis(300));
    let (first, second) = tokio::join!(look(&busy, file(b"x"), 1..=1), look(&busy, file(b"x"), 1..=1));
    let mut reasons = [refused(first).0, refused(second).0];
    reasons.sort_unstable();
    assert_eq!(reasons, ["document-too-hard-time", "document-workers-busy"]);
}

#[tokio::test]
async fn a_worker_tells_how_it_is_confined() {
    let confinement = workers().confinement().await.unwrap();
    // What this kernel has, by its own account.
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    assert_eq!(confinement.seccomp, status.contains("Seccomp:"));
    let modules = std::fs::read_to_string("/sys/kernel/security/lsm");
    if modules.is_ok_and(|modules| modules.contains("landlock")) {
        assert_ne!(confinement.landlock, Landlock::Absent);
    }
}

#[test]
fn a_document_is_parted_evenly_and_none_of_it_is_left_out() {
    assert_eq!(parts(1..=3, 4), [1..=3]);
    assert_eq!(parts(1..=50, 2), [1..=25, 26..=50]);
    assert_eq!(parts(5..=5, 1), [5..=5]);
    let long = parts(1..=200_000, 2);
    assert!(long.iter().all(|part| part.clone().count() <= 256) && long.len() == 782);
    assert_eq!(long.iter().map(|part| part.clone().count()).sum::<usize>(), 200_000);
    assert_eq!(parts(u32::MAX - 1..=u32::MAX, 1), [u32::MAX - 1..=u32::MAX]);
    assert!(parts(RangeInclusive::new(2, 1), 1).is_empty());
}
