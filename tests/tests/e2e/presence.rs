//! Tokens that come and go, as a watcher hears it and as it stands in the journal.

use sealkeeper_proto::v1::{self, token_event::Event};
use sealkeeper_tests::{AgentHome, GUARD, Rpc, documents, header, run};
use tokio_stream::StreamExt as _;
use tonic::{Code, Streaming};
use tonic_types::StatusExt as _;

async fn watch(rpc: &Rpc) -> Streaming<v1::TokenEvent> {
    rpc.tokens().watch_tokens(v1::WatchTokensRequest {}).await.unwrap().into_inner()
}

/// The next event: what happened, to which token, and whether it is unlocked now.
async fn next(watching: &mut Streaming<v1::TokenEvent>) -> (&'static str, String, bool) {
    let event = tokio::time::timeout(GUARD / 2, watching.next()).await.expect("nothing happens");
    let (what, token) = match event.unwrap().unwrap().event.unwrap() {
        Event::Present(token) => ("present", token),
        Event::Inserted(token) => ("inserted", token),
        Event::Removed(token) => ("removed", token),
        Event::Changed(token) => ("changed", token),
    };
    (what, token.serial, token.unlocked)
}

/// SoftHSM keeps listing the slot of a token whose directory is gone, and does not see it come back.
#[test]
fn a_token_whose_directory_goes_is_removed_and_found_again_when_it_is_back() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let serial = home.token.serial().to_owned();
        let happens = |what, unlocked| (what, serial.clone(), unlocked);
        // The first event may also tell that it was just seen for the first time.
        let mut watching = watch(&rpc).await;
        assert_eq!(next(&mut watching).await, happens("present", false));
        rpc.unlock(&home.token, 5).await;
        loop {
            let event = next(&mut watching).await;
            if event != happens("inserted", false) {
                assert_eq!(event, happens("changed", true));
                break;
            }
        }

        home.token.move_away(true);
        loop {
            // That the unlock ended may be told first.
            let event = next(&mut watching).await;
            if event != happens("changed", false) {
                assert_eq!(event, happens("removed", false));
                break;
            }
        }
        let document = documents::page("while it is away");
        let no = rpc.prepare(&document, header(&document)).await.unwrap_err();
        assert_eq!(no.reasons(), ["token-absent"]);

        home.token.move_away(false);
        assert_eq!(next(&mut watching).await, happens("inserted", false));
        let submitted = rpc.prepare(&document, header(&document)).await.unwrap();
        let no =
            rpc.stamp(&submitted.0, uuid::Uuid::new_v4(), &submitted.1.prepared_sha256).await.unwrap_err();
        assert_eq!(no.reasons(), ["token-locked"], "what was unlocked before it went is not unlocked now");
        rpc.unlock(&home.token, 1).await;
        rpc.stamped(&document, header(&document)).await;
        let journal = rpc.journal().await;
        assert_eq!((journal.count("token_inserted"), journal.count("token_removed")), (2, 1));
    });
}

#[test]
fn a_watch_ends_with_the_agent_and_says_so() {
    run(async {
        let home = AgentHome::new();
        let daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let mut watching = watch(&rpc).await;
        assert_eq!(next(&mut watching).await.0, "present");
        daemon.terminate();
        let last = loop {
            match tokio::time::timeout(GUARD / 2, watching.next()).await.expect("it goes on").unwrap() {
                Ok(_) => {}
                Err(status) => break status,
            }
        };
        assert_eq!(last.code(), Code::Unavailable);
        assert_eq!(last.get_details_error_info().unwrap().reason, "agent-stopping");
    });
}
