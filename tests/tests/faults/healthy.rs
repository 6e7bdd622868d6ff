//! The second module, which never notices: a client that stamps with it all the while.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use sealkeeper_proto::v1;
use sealkeeper_tests::{AgentHome, HEALTHY_SEAL, Rpc, documents, header};
use tokio::task::JoinHandle;
use uuid::Uuid;

/// Between the end of one stamp and the begin of the next.
const PAUSE: Duration = Duration::from_millis(50);
/// Longest time from the end of one stamp to the end of the next, on a machine with much else to do.
const LONGEST: Duration = Duration::from_secs(10);
/// A step that takes so long must see a stamp begin and end within it: a module that hangs blocks no other.
const LONG_STEP: Duration = Duration::from_millis(900);

/// The client in the background.
pub struct Healthy {
    stop: Arc<AtomicBool>,
    stamps: Arc<Mutex<Vec<Span>>>,
    task: JoinHandle<Result<(), String>>,
}

/// From when to when.
pub type Span = (Instant, Instant);

/// What it did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// Stamps completed.
    pub stamps: usize,
    /// Longest time from the end of one to the end of the next.
    pub longest: Duration,
}

impl Healthy {
    /// Unlocks the healthy token, stamps once, and goes on stamping until told to stop.
    ///
    /// # Errors
    /// Whatever went wrong by then.
    pub async fn start(home: &AgentHome, rpc: &Rpc) -> Result<Self, String> {
        let token = home.healthy().expect("a home with a healthy module");
        rpc.try_unlock(token, token.pin(), 10_000, 0)
            .await
            .map_err(|no| format!("it cannot be unlocked: {no:?}"))?;
        let document = documents::page("healthy");
        let asked = v1::SubmitHeader { seal: HEALTHY_SEAL.to_owned(), copies: 10_000, ..header(&document) };
        let (request_id, prepared) =
            rpc.prepare(&document, asked).await.map_err(|no| format!("no request for it: {no:?}"))?;
        let (stop, stamps) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let confirmed = prepared.prepared_sha256;
        let client = Client { rpc: rpc.clone(), request_id, confirmed, stamps: stamps.clone() };
        client.stamp().await?;
        let until = stop.clone();
        let task = tokio::spawn(async move {
            while !until.load(Ordering::Relaxed) {
                tokio::time::sleep(PAUSE).await;
                client.stamp().await?;
            }
            Ok(())
        });
        Ok(Self { stop, stamps, task })
    }

    /// Stops it. These were the steps meanwhile.
    ///
    /// # Errors
    /// What was not as with a healthy module.
    pub async fn end(self, steps: &[(String, Span)]) -> Result<Figures, String> {
        self.stop.store(true, Ordering::Relaxed);
        match tokio::time::timeout(2 * LONGEST, self.task).await {
            Ok(ended) => ended.map_err(|error| error.to_string())??,
            Err(_) => return Err("a stamp with it hangs".into()),
        }
        let stamps = self.stamps.lock().unwrap();
        let between = stamps.windows(2).map(|pair| pair[1].1 - pair[0].1);
        let longest = between.max().unwrap_or_default();
        if longest > LONGEST {
            return Err(format!("it paused for {longest:?}"));
        }
        for (step, (begun, ended)) in steps {
            let within = |(from, to): &Span| from >= begun && to <= ended;
            if *ended - *begun >= LONG_STEP && !stamps.iter().any(within) {
                return Err(format!("no stamp with it during \"{step}\", which took {:?}", *ended - *begun));
            }
        }
        Ok(Figures { stamps: stamps.len(), longest })
    }
}

/// One request and its copies.
struct Client {
    rpc: Rpc,
    request_id: String,
    confirmed: Vec<u8>,
    stamps: Arc<Mutex<Vec<Span>>>,
}

impl Client {
    async fn stamp(&self) -> Result<(), String> {
        let begun = Instant::now();
        let stamped = self.rpc.stamp(&self.request_id, Uuid::new_v4(), &self.confirmed).await;
        stamped.map_err(|no| format!("a stamp with it failed: {no:?}"))?;
        self.stamps.lock().unwrap().push((begun, Instant::now()));
        Ok(())
    }
}

impl Figures {
    /// Both together.
    pub fn and(self, other: Self) -> Self {
        Self { stamps: self.stamps + other.stamps, longest: self.longest.max(other.longest) }
    }
}
