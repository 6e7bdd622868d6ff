//! Stamps by the thousand while the worker is killed again and again: what its end may cost, and what it must not.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use sealkeeper_journal::{Outcome, RecordBody};
use sealkeeper_proto::v1;
use tokio::{sync::oneshot, task::JoinSet, time::timeout};
use uuid::Uuid;

use crate::{AgentHome, Journal, No, Rpc, children, documents, header, is_alive, kill, open_files, sha256};

/// How much of it.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Stamps to be completed.
    pub stamps: usize,
    /// Clients that stamp at once, each in a session of its own.
    pub clients: usize,
    /// From one SIGKILL for the worker to the next.
    pub kill_every: Duration,
}

/// What happened.
#[derive(Debug)]
pub struct Figures {
    /// Uses by how they ended: `complete`, `abandoned`, `failed`.
    pub ended: BTreeMap<&'static str, usize>,
    /// Workers killed.
    pub killed: usize,
    /// Unlocks that were made.
    pub unlocks: usize,
    /// Files the agent had open when its first stamp was done, and when its last was.
    pub files: (usize, usize),
    /// From the first stamp to the last.
    pub took: Duration,
}

/// A use as its client knows it.
struct Use {
    id: Uuid,
    /// SHA-256 of what was released; `None`: nothing.
    released: Option<Vec<u8>>,
    ended: &'static str,
}

/// Copies of each request.
const COPIES: u32 = 100;
/// Most files that may be open at the end beyond those at the begin: connections and pipes that are just being closed.
const SLACK: usize = 8;
/// How long the agent may take to do away with the last worker.
const SETTLED: Duration = Duration::from_secs(10);
/// Between two tries of what the kill of a worker made fail.
const AGAIN: Duration = Duration::from_millis(20);
/// How long nothing may come of it: a module that died while it was loaded is left alone for seconds, and longer each time.
const IN_VAIN: Duration = Duration::from_secs(60);

/// Plays it with an agent of its own.
///
/// Wrong is: a release that is not on record as it was released, a use with another number of outcomes than one or another outcome than its
/// client was told, another process than the one that was started, a process it started and does not look after, files left open, and any answer
/// that the end of a worker does not explain.
///
/// # Panics
/// With what is wrong.
pub async fn soak(plan: Plan) -> Figures {
    let home = AgentHome::new();
    let daemon = home.start();
    let rpc = Rpc::connect(&home.socket()).await;
    let load = Arc::new(Load {
        serial: home.token.serial().to_owned(),
        pin: home.token.pin().into(),
        agent: daemon.id(),
        document: documents::page("soak"),
        left: AtomicUsize::new(plan.stamps - 1),
        unlocking: tokio::sync::Mutex::default(),
        submitting: tokio::sync::Mutex::default(),
    });
    load.unlock(&rpc).await;
    let mut uses = vec![load.request(&rpc).await.stamp(&load).await];
    let (first, begun) = (open_files(daemon.id()), Instant::now());

    let (done, until) = oneshot::channel();
    let killer = tokio::spawn(load.clone().kill(plan.kill_every, until));
    let mut clients = JoinSet::new();
    for _ in 0..plan.clients {
        let (load, rpc) = (load.clone(), Rpc::connect(&home.socket()).await);
        clients.spawn(async move { load.client(&rpc).await });
    }
    uses.extend(clients.join_all().await.into_iter().flatten());
    let took = begun.elapsed();
    drop(done);
    let killed = killer.await.unwrap();

    assert!(is_alive(daemon.id()), "the agent has ended");
    settled("more than one worker, or one that nobody waited for", || {
        let all = children(daemon.id());
        all.len() <= 1 && all.into_iter().all(is_alive)
    })
    .await;
    settled("files are left open", || open_files(daemon.id()) <= first + SLACK).await;
    let last = open_files(daemon.id());
    daemon.stop();
    let journal = Journal::on_disk(&home.path());
    check(&journal, &uses);
    let mut ended = BTreeMap::new();
    for one in &uses {
        *ended.entry(one.ended).or_default() += 1;
    }
    Figures { ended, killed, unlocks: journal.count("token_unlocked"), files: (first, last), took }
}

/// Holds what clients know against the journal.
fn check(journal: &Journal, uses: &[Use]) {
    journal.assert_sound();
    let mut intents = BTreeMap::<Uuid, usize>::new();
    let mut outcomes = BTreeMap::<Uuid, Vec<(&str, Option<Vec<u8>>)>>::new();
    for record in journal.records() {
        if let RecordBody::Intent(intent) = &record.body {
            *intents.entry(intent.use_id).or_default() += 1;
        }
        if let Some(outcome) = record.body.outcome() {
            let output = match outcome {
                Outcome::Complete(complete) => Some(complete.output_sha256.as_bytes().to_vec()),
                _ => None,
            };
            outcomes.entry(outcome.use_id()).or_default().push((record.body.type_name(), output));
        }
    }
    assert_eq!(intents.len(), uses.len(), "each use that is on record is one that a client knows");
    for one in uses {
        assert_eq!(intents.get(&one.id), Some(&1), "intents of use {}", one.id);
        let told = vec![(one.ended, one.released.clone())];
        assert_eq!(outcomes.remove(&one.id), Some(told), "outcomes of use {}", one.id);
    }
    assert!(outcomes.is_empty(), "outcomes of no use: {outcomes:?}");
}

/// What all clients share.
struct Load {
    serial: String,
    pin: Vec<u8>,
    agent: u32,
    document: Vec<u8>,
    left: AtomicUsize,
    unlocking: tokio::sync::Mutex<()>,
    /// Held while a document is submitted: one user may submit few at once.
    submitting: tokio::sync::Mutex<()>,
}

/// A request of many copies.
struct Request<'r> {
    rpc: &'r Rpc,
    id: String,
    confirmed: Vec<u8>,
    copies_left: u32,
}

impl Load {
    /// Kills the worker there is, until told to stop. It may just be starting, or there may be none.
    async fn kill(self: Arc<Self>, every: Duration, mut until: oneshot::Receiver<()>) -> usize {
        let mut killed = 0;
        while timeout(every, &mut until).await.is_err() {
            for worker in children(self.agent).into_iter().filter(|worker| is_alive(*worker)) {
                kill(worker);
                killed += 1;
            }
        }
        killed
    }

    /// Another request, whatever becomes of the worker meanwhile.
    async fn request<'r>(&self, rpc: &'r Rpc) -> Request<'r> {
        let submitted = {
            let _one_at_a_time = self.submitting.lock().await;
            let asked = v1::SubmitHeader { copies: COPIES, ..header(&self.document) };
            rpc.submit(&self.document, asked).await.unwrap()
        };
        let begun = Instant::now();
        loop {
            match rpc.review(&submitted.request_id).await {
                Ok(prepared) => {
                    let (id, confirmed) = (submitted.request_id, prepared.prepared_sha256);
                    return Request { rpc, id, confirmed, copies_left: COPIES };
                }
                Err(no) => explained(&no, begun),
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Stamps until no stamp is left to be made.
    async fn client(&self, rpc: &Rpc) -> Vec<Use> {
        let mut uses = Vec::new();
        let mut request = self.request(rpc).await;
        let take_one = |left: usize| left.checked_sub(1);
        while self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take_one).is_ok() {
            loop {
                if request.copies_left == 0 {
                    request = self.request(rpc).await;
                }
                uses.push(request.stamp(self).await);
                if uses.last().is_some_and(|one| one.ended == "complete") {
                    break;
                }
            }
        }
        uses
    }

    /// Unlocks the token, unless somebody else has. A person would type the PIN anew.
    async fn unlock(&self, rpc: &Rpc) {
        let begun = Instant::now();
        let Ok(_one_at_a_time) = self.unlocking.try_lock() else {
            drop(self.unlocking.lock().await);
            return;
        };
        loop {
            let (token_serial, pin) = (self.serial.clone(), self.pin.clone());
            let unlock = v1::UnlockRequest { token_serial, pin, uses: 10_000, ..Default::default() };
            match rpc.tokens().unlock(unlock).await {
                Ok(_) => return,
                Err(status) => explained(&No::from(status), begun),
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}

impl Request<'_> {
    /// One use. Where nothing was recorded, its id is sent again once the token is unlocked.
    async fn stamp(&mut self, load: &Load) -> Use {
        self.copies_left -= 1;
        let (id, begun) = (Uuid::new_v4(), Instant::now());
        loop {
            match self.rpc.stamp(&self.id, id, &self.confirmed).await {
                Ok(receipt) => {
                    let (told_again, appended) = self.rpc.fetch(id).await.unwrap();
                    assert_eq!(told_again, receipt);
                    let released = sha256(&[&load.document[..], &appended].concat());
                    assert_eq!(
                        released, receipt.output_sha256,
                        "what is fetched is what the receipt tells of"
                    );
                    self.rpc.acknowledge(id).await.unwrap();
                    return Use { id, released: Some(released), ended: "complete" };
                }
                Err(No::NotDone { abandoned, .. }) => {
                    assert!(self.rpc.fetch(id).await.is_err(), "nothing of use {id} is to be had");
                    return Use { id, released: None, ended: if abandoned { "abandoned" } else { "failed" } };
                }
                Err(no) => {
                    explained(&no, begun);
                    if no.reasons() == ["token-locked"] {
                        load.unlock(self.rpc).await;
                    } else {
                        tokio::time::sleep(AGAIN).await;
                    }
                }
            }
        }
    }
}

/// Panics unless the end of a worker explains it.
fn explained(no: &No, since: Instant) {
    let is_explained = matches!(
        no.reasons()[..],
        ["token-locked" | "module-crashed" | "module-starting" | "module-unusable" | "token-absent"]
    );
    assert!(is_explained || is_interrupted(no), "no worker's end explains {no:?}");
    assert!(since.elapsed() < IN_VAIN, "again and again: {no:?}");
}

/// SoftHSM's answer, once in some thousand uses, where a process beside it was killed a moment ago. Nothing was recorded, and the same id goes
/// through later.
fn is_interrupted(no: &No) -> bool {
    let No::Refused(refusal) = no else { return false };
    let told = |violation: &v1::Violation, key: &str, value: &str| {
        violation.details.get(key).is_some_and(|told| told == value)
    };
    refusal.violations.iter().all(|violation| {
        violation.reason == "token-fault"
            && told(violation, "function", "C_FindObjectsInit")
            && told(violation, "return-value", "CKR_GENERAL_ERROR")
    })
}

async fn settled(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < SETTLED, "{what}");
        tokio::time::sleep(AGAIN).await;
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |how| self.ended.get(how).copied().unwrap_or_default();
        write!(
            f,
            "{} stamps in {:.0} s, worker killed {} times, {} abandoned, {} failed, {} unlocks, open files {} then {}",
            count("complete"),
            self.took.as_secs_f32(),
            self.killed,
            count("abandoned"),
            count("failed"),
            self.unlocks,
            self.files.0,
            self.files.1
        )
    }
}
