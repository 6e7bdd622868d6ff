//! The office in every state there is: each one a home made once, of which every run gets a copy.

use std::{collections::BTreeMap, time::Duration};

use sealkeeper_domain::{
    act::{
        Statement,
        statement::{Binding, EndedRequest, FindingText, NamedAct, NamedSeal},
    },
    identity::ActId,
};
use sealkeeper_proto::v1;
use sealkeeper_tests::{
    Daemon, Journal, No, OfficeHome, Rpc, documents, header,
    office::{SEAL, destruction, now_s, report, retirement, seal, with_text},
};
use uuid::Uuid;

use crate::table::Codes;

/// A home with the seal in one state.
pub struct Stage {
    /// The state.
    pub name: &'static str,
    /// Its agent is not running.
    pub home: OfficeHome,
    /// What acts may name.
    pub known: Known,
}

/// What later acts have to name; ids of nothing where there is none.
#[derive(Clone, Debug)]
pub struct Known {
    /// The application.
    pub application: ActId,
    /// The suspension in force.
    pub suspension: ActId,
    /// The retirement under way.
    pub retirement: ActId,
    /// The revocation.
    pub revocation: ActId,
    /// The report.
    pub notice: ActId,
    /// A finding that `clerk` has to answer.
    pub finding: ActId,
    /// Requests of `applicant`, by their state.
    pub requests: BTreeMap<&'static str, Binding>,
    /// The use by which the stamped one was.
    pub used: Uuid,
}

impl Known {
    fn nothing() -> Self {
        let none = || ActId::new(Uuid::new_v4());
        Self {
            application: none(),
            suspension: none(),
            retirement: none(),
            revocation: none(),
            notice: none(),
            finding: none(),
            requests: BTreeMap::new(),
            used: Uuid::new_v4(),
        }
    }
}

/// States a request can be in while time stands still.
pub const REQUEST_STATES: [&str; 7] =
    ["drafted", "filed", "half", "approved", "rejected", "withdrawn", "stamped"];

/// All of them.
pub async fn all() -> Vec<Stage> {
    let mut stages = Vec::new();
    let home = OfficeHome::new();
    let (daemon, rpc) = home.start().await;
    home.found(&rpc).await;
    stopped(daemon, rpc).await;
    let none = Stage { name: "none", home, known: Known::nothing() };

    let applied = none
        .grown("applied", async |home, rpc, known| {
            home.says_with(rpc, "deputy", home.application()).await.unwrap();
            known.application = home.about(rpc).await;
        })
        .await;
    let refused = applied
        .grown("refused", async |home, rpc, _| {
            home.says(rpc, "head", Statement::SealRefuse(with_text())).await;
        })
        .await;
    let approved = applied
        .grown("approved", async |home, rpc, known| {
            let named = NamedSeal { seal: seal(), about: known.application };
            home.says(rpc, "head", Statement::SealApprove(named)).await;
        })
        .await;
    let reviewed = approved
        .grown("reviewed", async |home, rpc, known| {
            home.says(rpc, "office", home.review(known.application)).await;
        })
        .await;
    let made = reviewed
        .grown("made", async |home, rpc, known| {
            home.says_with(rpc, "office", home.making("office", known.application)).await.unwrap();
        })
        .await;
    let issued =
        made.grown("issued", async |home, rpc, _| drop(home.says(rpc, "office", home.issue()).await)).await;
    let active = issued
        .grown("active", async |home, rpc, known| {
            home.receive(rpc).await;
            for who in ["applicant", "partner"] {
                home.says(rpc, "office", Statement::Grant(home.terms(who))).await;
            }
            let finding = FindingText {
                person: home.who("clerk").id,
                text: "登记不全".to_owned(),
                due_s: now_s() + 86_400,
            };
            let filed = home.says(rpc, "auditor", Statement::Finding(finding)).await;
            known.finding = filed.act_id.parse().unwrap();
        })
        .await;
    let offered = active
        .grown("offered", async |home, rpc, _| {
            home.says(rpc, "keeper", Statement::SealOffer(home.hand_over())).await;
        })
        .await;
    let accepted = offered
        .grown("accepted", async |home, rpc, _| {
            home.says(rpc, "keeper2", Statement::SealAccept(home.hand_over())).await;
        })
        .await;
    stages.extend([none, applied, refused, approved, reviewed, made, issued, offered, accepted]);

    let suspended = active
        .grown("suspended", async |home, rpc, known| {
            home.says(rpc, "head", Statement::SealSuspend(with_text())).await;
            known.suspension = home.about(rpc).await;
        })
        .await;
    let half_resumed = suspended
        .grown("half-resumed", async |home, rpc, known| {
            home.says(rpc, "office", resumption(known)).await;
        })
        .await;
    let inspected = half_resumed.grown("inspected", async |home, rpc, _| home.inspect(rpc).await).await;
    let resumed = inspected
        .grown("resumed", async |home, rpc, known| {
            home.says(rpc, "head", resumption(known)).await;
        })
        .await;
    let reported = active
        .grown("reported", async |home, rpc, known| {
            known.notice = home.says(rpc, "partner", report()).await.act_id.parse().unwrap();
            known.suspension = known.notice;
        })
        .await;
    let acknowledged = reported
        .grown("acknowledged", async |home, rpc, known| {
            let named = NamedAct { about: known.notice };
            home.says(rpc, "office", Statement::NoticeAcknowledge(named)).await;
        })
        .await;
    stages.extend([suspended, half_resumed, inspected, resumed, reported, acknowledged]);

    let retiring = active
        .grown("retiring", async |home, rpc, known| {
            known.retirement = home.says(rpc, "deputy", retirement()).await.act_id.parse().unwrap();
        })
        .await;
    let retire_approved = retiring
        .grown("retire-approved", async |home, rpc, known| {
            let named = NamedSeal { seal: seal(), about: known.retirement };
            home.says(rpc, "head", Statement::SealRetireApprove(named)).await;
        })
        .await;
    let revoked = retire_approved
        .grown("revoked", async |home, rpc, known| {
            let named = NamedSeal { seal: seal(), about: known.retirement };
            known.revocation =
                home.says(rpc, "office", Statement::SealRevoke(named)).await.act_id.parse().unwrap();
        })
        .await;
    let half_destroyed = revoked
        .grown("half-destroyed", async |home, rpc, _| {
            home.says(rpc, "office", destruction()).await;
        })
        .await;
    let destroyed = half_destroyed
        .grown("destroyed", async |home, rpc, _| {
            home.says(rpc, "clerk", destruction()).await;
        })
        .await;
    stages.extend([active, retiring, retire_approved, revoked, half_destroyed, destroyed]);
    stages
}

impl Stage {
    /// The next state: what was done in a copy of this one.
    pub async fn grown(
        &self,
        name: &'static str,
        done: impl AsyncFnOnce(&OfficeHome, &Rpc, &mut Known),
    ) -> Stage {
        let (home, mut known) = (self.home.copied(), self.known.clone());
        let (daemon, rpc) = home.start().await;
        done(&home, &rpc, &mut known).await;
        stopped(daemon, rpc).await;
        Stage { name, home, known }
    }

    /// The same with a request in each of [`REQUEST_STATES`], all of the class that needs two tickets, of two copies.
    pub async fn with_requests(&self) -> Stage {
        let grown = self.grown("requests", async |home, rpc, known| {
            for state in REQUEST_STATES {
                let document = documents::page(state);
                let submitted = rpc.submit(&document, important(&document, "applicant")).await.unwrap();
                let binding: Binding = serde_json::from_str(&submitted.binding).unwrap();
                known.requests.insert(state, binding.clone());
                if state == "drafted" {
                    continue;
                }
                home.files(rpc, &submitted, "applicant").await;
                let approvers: &[&str] = match state {
                    "half" => &["first"],
                    "approved" | "stamped" => &["first", "second"],
                    _ => &[],
                };
                for approver in approvers {
                    home.says(rpc, approver, Statement::RequestApprove(Box::new(binding.clone()))).await;
                }
                let ended = EndedRequest { request: binding.request, reason: "不用了".to_owned() };
                match state {
                    "rejected" => drop(home.says(rpc, "first", Statement::RequestReject(ended)).await),
                    "withdrawn" => drop(home.says(rpc, "applicant", Statement::RequestWithdraw(ended)).await),
                    "stamped" => {
                        rpc.unlock(&home.home.token, 5).await;
                        for _ in 0..2 {
                            known.used = Uuid::new_v4();
                            let prepared = rpc.review(&submitted.request_id).await.unwrap();
                            let confirmed = &prepared.prepared_sha256;
                            rpc.stamp(&submitted.request_id, known.used, confirmed).await.unwrap();
                        }
                        rpc.lock(&home.home.token).await;
                    }
                    _ => {}
                }
            }
        });
        grown.await
    }
}

/// A header for a document of the class that needs two tickets, of two copies.
pub fn important(document: &[u8], applicant: &str) -> v1::SubmitHeader {
    v1::SubmitHeader {
        seal: SEAL.to_owned(),
        document_class: "important".to_owned(),
        copies: 2,
        applicant: applicant.to_owned(),
        ..header(document)
    }
}

/// The act that resumes the seal.
pub fn resumption(known: &Known) -> Statement {
    OfficeHome::resumption(known.suspension)
}

/// Hangs up and stops it: an agent waits a while for who is still connected.
async fn stopped(daemon: Daemon<'_>, rpc: Rpc) {
    drop(rpc);
    // The connection is closed by a task of its own.
    tokio::time::sleep(Duration::from_millis(20)).await;
    daemon.stop();
}

/// An agent that refuses: every refusal it tells has to be on record when it ends.
pub struct Refusing<'h> {
    home: &'h OfficeHome,
    daemon: Daemon<'h>,
    /// A connection to it.
    pub rpc: Rpc,
    from: usize,
    told: BTreeMap<Codes, u64>,
}

impl<'h> Refusing<'h> {
    /// Starts one.
    pub async fn start(home: &'h OfficeHome) -> Self {
        let from = Journal::on_disk(&home.home.path()).entries.len();
        let (daemon, rpc) = home.start().await;
        Self { home, daemon, rpc, from, told: BTreeMap::new() }
    }

    /// Takes note of what it told: the reasons, none if it did as it was asked.
    pub fn told<T>(&mut self, result: Result<T, No>) -> Codes {
        let Err(no) = result else { return Codes::new() };
        let codes: Codes = no.reasons().into_iter().map(str::to_owned).collect();
        *self.told.entry(codes.clone()).or_default() += 1;
        codes
    }

    /// Stops it; what is on record other than it was told: reasons, how often told, how often on record.
    pub async fn stop(self) -> Vec<(Codes, u64, u64)> {
        stopped(self.daemon, self.rpc).await;
        let journal = Journal::on_disk(&self.home.home.path());
        journal.assert_sound();
        let mut recorded: BTreeMap<Codes, u64> = BTreeMap::new();
        let earlier = journal.entries[..self.from].iter().map(|entry| &entry.record);
        let earlier = earlier.filter(|record| record.body.type_name() == "refused").count();
        for refused in &journal.refusals()[earlier..] {
            let codes = refused.violations.iter().map(|violation| violation.code.to_string()).collect();
            *recorded.entry(codes).or_default() += refused.count;
        }
        let all: std::collections::BTreeSet<_> = self.told.keys().chain(recorded.keys()).cloned().collect();
        all.into_iter()
            .map(|codes| {
                let of = |counts: &BTreeMap<Codes, u64>| counts.get(&codes).copied().unwrap_or_default();
                (codes.clone(), of(&self.told), of(&recorded))
            })
            .filter(|(_, told, recorded)| told != recorded)
            .collect()
    }
}
