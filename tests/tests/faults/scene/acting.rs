//! What the steps of a case do.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use sealkeeper_proto::v1;
use sealkeeper_tests::{Daemon, children, freeze, header, is_alive, kill, records::Pattern};
use tokio::task::JoinHandle;

use super::{COPIES, GUARD, LOOK_AGAIN, Scene};
use crate::{
    asking::{self, Request},
    step::{Action, Outcome},
};

impl Scene<'_> {
    /// Does what a step says, and tells what came of it.
    pub(super) async fn act(&mut self, action: &Action) -> Outcome {
        let (rpc, token) = (self.rpc.clone(), &self.home.token);
        match action {
            Action::Control(name) => self.change_faults(name),
            Action::Unlock(with) => return asking::unlock(&rpc, token, with).await,
            Action::Lock => return asking::lock(&rpc, token).await,
            Action::Token => return asking::token(&rpc, token).await,
            Action::Review => return self.reviewed().await.map_or_else(|no| no, |_| Outcome::of(["ok"])),
            Action::CopiesLeft => {
                let left = self.reviewed().await.map(|prepared| prepared.copies_left.to_string());
                return left.map_or_else(|no| no, |left| Outcome::of([left.as_str()]));
            }
            Action::Stamp(pin) => match self.request().await {
                Ok(request) => {
                    return asking::stamp(&rpc, &request, &self.document, pin.map(|pin| (token, pin))).await;
                }
                Err(no) => return no,
            },
            Action::BeginStamps(count) => match self.request().await {
                Ok(request) => {
                    for _ in 0..*count {
                        self.begun.push_back(self.begin_stamp(request.clone()));
                    }
                }
                Err(no) => return no,
            },
            Action::EndStamp => {
                let first = self.begun.pop_front().expect("a stamp was begun");
                return first.await.unwrap();
            }
            Action::EndStamps => {
                let mut ends = Outcome::default();
                let mut counts = BTreeMap::<String, usize>::new();
                for stamp in std::mem::take(&mut self.begun) {
                    *counts.entry(stamp.await.unwrap().words.join(":")).or_default() += 1;
                }
                ends.words = counts.into_iter().map(|(end, count)| format!("{count}×{end}")).collect();
                return ends;
            }
            Action::Restart => self.restart(Daemon::stop).await,
            Action::KillAgent => self.restart(Daemon::kill).await,
            Action::KillWorker => return self.kill_worker().await,
            Action::FreezeWorker => match self.worker() {
                Ok(worker) => freeze(worker),
                Err(no) => return no,
            },
            Action::AwaitRecords(count, pattern) => {
                for _ in 0..*count {
                    if !self.await_record(pattern).await {
                        return Outcome::of(["in", "vain"]);
                    }
                }
            }
            Action::Wait(time) => tokio::time::sleep(*time).await,
            Action::AwaitHang(function) => {
                let begun = Instant::now();
                while !self.home.calls(function).iter().any(|outcome| outcome == "HANGS") {
                    if begun.elapsed() > GUARD {
                        return Outcome::of(["in", "vain"]);
                    }
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
            }
        }
        Outcome::of(["ok"])
    }

    fn begin_stamp(&self, request: Request) -> JoinHandle<Outcome> {
        let (rpc, document) = (self.rpc.clone(), self.document.clone());
        tokio::spawn(async move { asking::stamp(&rpc, &request, &document, None).await })
    }

    async fn await_record(&mut self, pattern: &Pattern) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < GUARD {
            let records = self.records(self.awaited, &self.rpc.journal().await);
            if let Some((seq, _)) = records.iter().find(|(_, record)| pattern.matches(record)) {
                self.awaited = seq + 1;
                return true;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        false
    }

    /// The request of the case; made now where it could not be made before the first step.
    async fn request(&mut self) -> Result<Request, Outcome> {
        if self.request.is_none() {
            self.request = Some(self.new_request().await?);
        }
        Ok(self.request.clone().unwrap())
    }

    pub(super) async fn new_request(&self) -> Result<Request, Outcome> {
        let asked = v1::SubmitHeader { copies: COPIES, ..header(&self.document) };
        let submitted = self.rpc.submit(&self.document, asked).await.unwrap();
        let mut request = Request { id: submitted.request_id, confirmed: Vec::new() };
        request.confirmed = asking::review(&self.rpc, &request).await?.prepared_sha256;
        Ok(request)
    }

    async fn reviewed(&mut self) -> Result<v1::Prepared, Outcome> {
        let request = self.request().await?;
        asking::review(&self.rpc, &request).await
    }

    async fn kill_worker(&self) -> Outcome {
        let worker = match self.worker() {
            Ok(worker) => worker,
            Err(outcome) => return outcome,
        };
        kill(worker);
        let begun = Instant::now();
        while is_alive(worker) && begun.elapsed() < GUARD {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Outcome::of(["ok"])
    }

    /// The call log tells which process that is; the agent itself is none.
    fn worker(&self) -> Result<u32, Outcome> {
        let last = self.home.all_calls().last().map(|call| call.pid);
        let last = last.ok_or_else(|| Outcome::of(["nobody", "called", "the", "module"]))?;
        if children(self.daemon().id()).contains(&last) {
            Ok(last)
        } else {
            Err(Outcome::of(["the", "module", "runs", "in", "no", "worker"]))
        }
    }
}
