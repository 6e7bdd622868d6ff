//! Modules whose processes end: whatever becomes of one, the agent and the other modules go on.

use std::time::Duration;

use sealkeeper_journal::{LockCause, RecordBody};
use sealkeeper_proto::v1;
use sealkeeper_tests::{
    AgentHome, HEALTHY_SEAL, No, Rpc, SEALS, SoftToken, documents, header, run,
    soak::{Plan, soak},
};
use uuid::Uuid;

const CRASHES: &str = "fault = [{ on = \"C_Sign\", do = \"segfault\" }]";

#[test]
fn a_thousand_stamps_while_the_worker_is_killed_again_and_again() {
    run(async {
        let figures = soak(Plan { stamps: 1000, clients: 8, kill_every: Duration::from_millis(300) }).await;
        assert_eq!(figures.ended["complete"], 1000);
        assert!(figures.killed > 3, "{figures}");
    });
}

/// A seal with its token and a request for many copies.
struct Desk<'h> {
    rpc: Rpc,
    token: &'h SoftToken,
    request_id: String,
    confirmed: Vec<u8>,
}

impl<'h> Desk<'h> {
    async fn open(rpc: &Rpc, token: &'h SoftToken, seal: &str) -> Self {
        let document = documents::page(seal);
        let asked = v1::SubmitHeader { seal: seal.to_owned(), copies: 50, ..header(&document) };
        let (request_id, prepared) = rpc.prepare(&document, asked).await.unwrap();
        Self { rpc: rpc.clone(), token, request_id, confirmed: prepared.prepared_sha256 }
    }

    async fn stamp(&self) -> Result<v1::Receipt, No> {
        self.rpc.stamp(&self.request_id, Uuid::new_v4(), &self.confirmed).await
    }

    async fn uses_left(&self) -> u32 {
        self.rpc.token(self.token).await.uses_left
    }
}

#[test]
fn two_modules_that_crash_in_turn_cost_each_other_nothing() {
    run(async {
        let home = AgentHome::new().with_faults("").with_second_faults();
        let daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let second = home.healthy().unwrap();
        let desks =
            [Desk::open(&rpc, &home.token, SEALS[0]).await, Desk::open(&rpc, second, HEALTHY_SEAL).await];
        let misbehave = |which: usize, control: &str| match which {
            0 => home.change_faults(control),
            _ => home.change_second_faults(control),
        };
        for desk in &desks {
            rpc.unlock(desk.token, 50).await;
        }
        for turn in 0..8 {
            let (crashing, other) = (turn % 2, (turn + 1) % 2);
            let before = desks[other].uses_left().await;
            misbehave(crashing, CRASHES);
            let (crashed, stamped) = tokio::join!(desks[crashing].stamp(), desks[other].stamp());
            assert_eq!(crashed.unwrap_err().reasons(), ["abandoned-token-fault"], "turn {turn}");
            stamped.unwrap();
            assert_eq!(desks[other].uses_left().await, before - 1, "its unlock stands");
            misbehave(crashing, "");
            assert_eq!(desks[crashing].stamp().await.unwrap_err().reasons(), ["token-locked"]);
            rpc.unlock(desks[crashing].token, 50).await;
            desks[crashing].stamp().await.unwrap();
        }
        let journal = rpc.journal().await;
        journal.assert_sound();
        let failed = journal.records().filter_map(|record| match &record.body {
            RecordBody::ModuleFailed(failed) => Some(failed.module.to_string()),
            _ => None,
        });
        assert_eq!(failed.collect::<Vec<_>>(), ["softhsm", "healthy"].repeat(4));
        let locked = journal.records().filter_map(|record| match &record.body {
            RecordBody::TokenLocked(locked) => Some((locked.token_serial.as_str(), locked.cause)),
            _ => None,
        });
        let each = desks.map(|desk| (desk.token.serial(), LockCause::Fault));
        assert_eq!(locked.collect::<Vec<_>>(), each.repeat(4));
        daemon.stop();
    });
}
