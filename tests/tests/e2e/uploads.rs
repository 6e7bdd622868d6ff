//! The way of a document to the agent: limits, order, digests, and what is left when it breaks off.

use std::{fs, path::Path};

use sealkeeper_proto::{MAX_CHUNK, v1, v1::submit_event::Event};
use sealkeeper_tests::{AgentHome, No, Rpc, documents, eventually, header, run, sha256};
use tonic::Code;

/// Names of the documents the agent keeps.
fn kept(home: &AgentHome) -> Vec<String> {
    let spool = fs::read_dir(home.path().join("spool")).unwrap();
    spool.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

/// So many bytes that begin as a PDF does. Nobody gets to see that they are none before they are all there.
fn long(length: usize) -> Vec<u8> {
    b"%PDF-1.7\n".iter().copied().chain((0..).map(|n: u32| (n % 251) as u8)).take(length).collect()
}

#[test]
fn too_large_a_document_is_refused_before_its_first_byte() {
    run(async {
        let mut home = AgentHome::new();
        home.limits = "document_mib = 1".into();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let announced = v1::SubmitHeader { size: (1 << 20) + 1, ..header(b"") };
        // The refusal is the first event: nobody was asked for the document.
        let refusal = rpc.begin(announced).await.unwrap().refusal().await;
        let [violation] = &refusal.violations[..] else { panic!("{refusal:?}") };
        assert_eq!(violation.reason, "document-too-large");
        assert_eq!(
            (violation.details["size"].as_str(), violation.details["limit"].as_str()),
            ("1048577", "1048576")
        );
        assert!(refusal.journaled);
        let journal = rpc.journal().await;
        assert_eq!(journal.refused_codes(), [["document-too-large"]]);
        assert_eq!(
            journal.refusals()[0].document_sha256.map(|digest| digest.as_bytes().to_vec()),
            Some(sha256(b""))
        );
        let empty = rpc.begin(header(b"")).await.unwrap().refusal().await;
        assert_eq!(empty.violations[0].reason, "document-empty");
    });
}

#[test]
fn one_upload_too_many_is_refused_while_the_others_go_on() {
    run(async {
        let mut home = AgentHome::new();
        home.limits = "uploads_per_caller = 2".into();
        let _daemon = home.start();
        // Of one user, over whatever connections.
        let (rpc, other) = (Rpc::connect(&home.socket()).await, Rpc::connect(&home.socket()).await);
        let [first, second, third] = ["one", "two", "three"].map(documents::page);
        let mut uploads = Vec::new();
        for document in [&first, &second] {
            let mut upload = rpc.begin(header(document)).await.unwrap();
            upload.wanted().await;
            assert!(upload.send(&document[..10]).await);
            uploads.push((upload, document));
        }
        let no = other.begin(header(&third)).await.err().unwrap();
        let No::Status(code, reason) = no else { panic!("{no:?}") };
        assert_eq!((code, reason.as_str()), (Code::ResourceExhausted, "too-many-uploads"));
        // What is no upload is not hindered by them.
        rpc.seen(&home.token).await;
        let expected = ["agent_started", "policy_loaded", "token_inserted"];
        assert_eq!(other.journal().await.types(), expected, "nor is it on record");

        for (upload, document) in &mut uploads {
            assert!(upload.send(&document[10..]).await);
            assert!(matches!(upload.event().await, Ok(Event::Submitted(_))));
            // Each that ends makes room at once, before its stream is closed.
            let submitted = other.submit(&third, header(&third)).await;
            assert!(submitted.is_ok(), "{submitted:?}");
        }
        // One that breaks off makes room too.
        let left = rpc.begin(header(b"left")).await.unwrap();
        let also_left = rpc.begin(header(b"also left")).await.unwrap();
        assert!(other.begin(header(b"one too many")).await.is_err());
        drop((left, also_left));
        eventually("room", async || other.submit(&third, header(&third)).await.ok()).await;
    });
}

#[test]
fn calls_beyond_what_one_user_may_make_at_once_are_refused() {
    run(async {
        let mut home = AgentHome::new();
        home.limits = "calls_per_caller = 1".into();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let calls: Vec<_> = (0..64)
            .map(|_| {
                let mut tokens = rpc.tokens();
                tokio::spawn(
                    async move { tokens.list_tokens(v1::ListTokensRequest {}).await.map_err(No::from) },
                )
            })
            .collect();
        let (mut answered, mut refused) = (0, 0);
        for call in calls {
            match call.await.unwrap() {
                Ok(_) => answered += 1,
                Err(No::Status(Code::ResourceExhausted, reason)) if reason == "too-many-calls" => {
                    refused += 1
                }
                Err(other) => panic!("{other:?}"),
            }
        }
        assert!(answered >= 1 && refused >= 1, "{answered} answered, {refused} refused");
        // One after the other they are all answered, streams and uploads included.
        rpc.seen(&home.token).await;
        for document in ["one", "two", "three"].map(documents::page) {
            rpc.submit(&document, header(&document)).await.unwrap();
            assert_eq!(rpc.journal().await.types(), ["agent_started", "policy_loaded", "token_inserted"]);
        }
    });
}

#[test]
fn more_or_fewer_or_other_bytes_than_announced_are_refused() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let document = documents::page("announced");

        let mut upload = rpc.begin(v1::SubmitHeader { size: 100, ..header(&document) }).await.unwrap();
        upload.wanted().await;
        upload.send(&document[..99]).await;
        upload.send(&document[99..]).await;
        assert_eq!(upload.refusal().await.violations[0].reason, "document-size-mismatch");

        let mut upload = rpc.begin(header(&document)).await.unwrap();
        upload.wanted().await;
        upload.send(&document[..99]).await;
        upload.close();
        let short = upload.refusal().await;
        assert_eq!(short.violations[0].reason, "document-size-mismatch");
        assert_eq!(short.violations[0].details["received"], "99");

        let mut upload =
            rpc.begin(v1::SubmitHeader { sha256: sha256(b"another"), ..header(&document) }).await.unwrap();
        upload.wanted().await;
        upload.send_all(&document).await;
        let other = upload.refusal().await;
        assert_eq!(other.violations[0].reason, "document-digest-mismatch");
        assert_eq!(other.violations[0].details["sha256"], hex(&sha256(&document)));

        assert_eq!(kept(&home), [""; 0], "nothing of it is kept");
        let codes = rpc.journal().await.refused_codes().concat();
        assert_eq!(codes, ["document-size-mismatch", "document-digest-mismatch"], "the second is counted");
    });
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn chunks_of_the_wrong_size_or_out_of_order_end_the_upload() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let document = long(MAX_CHUNK + 1);
        for chunk in [&document[..], b""] {
            let mut upload = rpc.begin(header(&document)).await.unwrap();
            upload.wanted().await;
            upload.send(chunk).await;
            assert_eq!(upload.refusal().await.violations[0].reason, "upload-out-of-order");
        }
        let mut upload = rpc.begin(header(&document)).await.unwrap();
        upload.wanted().await;
        upload.send_header(header(&document)).await;
        assert_eq!(upload.refusal().await.violations[0].reason, "upload-out-of-order");
        assert_eq!(kept(&home), [""; 0]);
    });
}

#[test]
fn what_is_no_pdf_is_refused_by_its_first_bytes() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let announced = v1::SubmitHeader { size: 100 << 20, ..header(b"") };
        let mut upload = rpc.begin(announced).await.unwrap();
        upload.wanted().await;
        upload.send(&[0; MAX_CHUNK]).await;
        // The rest of the 100 MiB was never sent.
        assert_eq!(upload.refusal().await.violations[0].reason, "pdf-not-a-pdf");
        assert_eq!(rpc.journal().await.refused_codes(), [["pdf-not-a-pdf"]]);
    });
}

#[test]
fn an_upload_that_stands_still_is_ended() {
    run(async {
        let mut home = AgentHome::new();
        home.limits = "upload_idle_seconds = 1".into();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let document = documents::page("idle");
        let mut upload = rpc.begin(header(&document)).await.unwrap();
        upload.wanted().await;
        upload.send(&document[..50]).await;
        assert_eq!(upload.refusal().await.violations[0].reason, "upload-idle");
        let journal = rpc.journal().await;
        assert_eq!(journal.refused_codes(), [["upload-idle"]]);
        assert_eq!(journal.refusals()[0].stage.as_str(), "upload");
        // The agent is as it was.
        rpc.submit(&document, header(&document)).await.unwrap();
    });
}

#[test]
fn a_known_document_need_not_be_sent_again() {
    run(async {
        let home = AgentHome::new();
        let daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let document = documents::page("known");
        let first = rpc.submit(&document, header(&document)).await.unwrap();
        for _ in 0..2 {
            let mut upload = rpc.begin(header(&document)).await.unwrap();
            assert_eq!(upload.event().await.unwrap(), Event::Upload(v1::Upload { wanted: false }));
            let Event::Submitted(again) = upload.event().await.unwrap() else { panic!("it is known") };
            assert_ne!(again.request_id, first.request_id, "a request of its own");
            assert_eq!(again.facts, first.facts);
        }
        assert_eq!(kept(&home), [hex(&sha256(&document))]);
        // A size that is not the document's is not believed because its digest is known.
        let size = document.len() as u64 - 1;
        let no = rpc.submit(&document, v1::SubmitHeader { size, ..header(&document) }).await.unwrap_err();
        assert_eq!(no.reasons(), ["document-size-mismatch"]);

        daemon.stop();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let mut upload = rpc.begin(header(&document)).await.unwrap();
        assert_eq!(
            upload.event().await.unwrap(),
            Event::Upload(v1::Upload { wanted: false }),
            "also after a restart"
        );
        assert!(matches!(upload.event().await.unwrap(), Event::Submitted(_)));
        // What is on the disk is not believed either: it is hashed again.
        let other = home.scratch().join("other.pdf");
        fs::write(&other, documents::page("KNOWN")).unwrap();
        fs::rename(other, home.path().join("spool").join(hex(&sha256(&document)))).unwrap();
        let no = rpc.review(&first.request_id).await.unwrap_err();
        assert_eq!(no.reasons(), ["document-gone"]);
    });
}

#[test]
fn an_upload_that_breaks_off_leaves_nothing() {
    run(async {
        let home = AgentHome::new();
        let daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let document = long(3 * MAX_CHUNK);
        let (socket, spool, id) = (home.socket(), home.path().join("spool"), daemon.id());
        let client = move || {
            // A runtime of its own: when it goes, the connection breaks without another word.
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let upload = runtime.block_on(async {
                let mut upload = Rpc::connect(&socket).await.begin(header(&document)).await.unwrap();
                upload.wanted().await;
                upload.send(&document[..MAX_CHUNK]).await;
                eventually("the file", async || (open_files(&spool, id) == 1).then_some(())).await;
                upload
            });
            drop(runtime);
            drop(upload);
        };
        tokio::task::spawn_blocking(client).await.unwrap();
        let spool = home.path().join("spool");
        let gone = async || (open_files(&spool, daemon.id()) == 0).then_some(());
        eventually("the end of the upload", gone).await;
        assert_eq!(kept(&home), [""; 0]);
        assert_eq!(rpc.journal().await.count("refused"), 0, "nothing was refused");
    });
}

/// How many files of the spool the daemon holds open, those without a name included.
fn open_files(spool: &Path, daemon: u32) -> usize {
    let descriptors = fs::read_dir(format!("/proc/{daemon}/fd")).unwrap();
    // A descriptor may be closed while one looks.
    let targets = descriptors.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    targets.filter(|target| target.starts_with(spool)).count()
}

#[test]
fn a_full_spool_takes_no_more() {
    run(async {
        let mut home = AgentHome::new();
        home.limits = "spool_mib = 1".into();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.submit(&documents::contract(), header(&documents::contract())).await.unwrap();
        let announced = v1::SubmitHeader { size: 900_000, ..header(b"another") };
        let refusal = rpc.begin(announced).await.unwrap().refusal().await;
        assert_eq!(refusal.violations[0].reason, "spool-full");
        let small = documents::page("small");
        rpc.submit(&small, header(&small)).await.unwrap();
    });
}
