//! What a signature costs through a worker process beside the direct call: medians of one run, taken in turn. Run by `tests/bench.sh`, which makes
//! the token.

use std::{ffi::OsString, path::Path, time::Duration};

use tokio::{runtime::Builder, time::Instant};

use super::{
    process::{Owner, Recipe, Worker},
    wire::{Login, Object, Question, Reply, Sign},
    worker::module::Module,
};
use crate::pipeline::ports::token::Ending;

/// Rounds, and signatures each way in a round: what else the machine does falls on both.
const ROUNDS: usize = 20;
const SIGNATURES: usize = 200;

struct Nobody;

impl Owner for Nobody {
    fn answered(&self) {}
    fn ended(&self, _: Ending) {}
}

fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; run tests/bench.sh"))
}

fn login() -> Question {
    let mut login = Login::default();
    login.serial = setting("TOKEN_SERIAL");
    login.pin = setting("TEST_PIN");
    login.login = 1;
    Question::Login(login)
}

fn sign() -> Question {
    let mut sign = Sign::default();
    sign.key = Object { serial: setting("TOKEN_SERIAL"), token: None, id: Some(vec![1]), label: None };
    sign.algorithm = "ecdsa-p256-sha256".to_owned();
    sign.message = vec![7; 200];
    Question::Sign(sign)
}

fn is_signature(reply: &Reply) -> bool {
    matches!(reply, Reply::Signature(_))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

#[test]
#[ignore = "a benchmark: tests/bench.sh runs it"]
fn one_signature_through_the_worker_beside_the_direct_call() {
    let path = setting("MODULE");
    let recipe = Recipe {
        name: "bench".into(),
        program: Path::new(&setting("SEALKEEPER_BIN")).join("seal-agent"),
        arguments: ["token-worker", "--calls-at-once", "8", "--memory-mib", "1024", &path]
            .map(OsString::from)
            .into(),
        environment: vec![("SOFTHSM2_CONF".into(), setting("SOFTHSM2_CONF"))],
        at_once: 8,
    };
    let (direct, _) = Module::load(Path::new(&path)).ok().unwrap();
    assert!(matches!(direct.answer(login()), Reply::Looked(_)));
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    let due = || Instant::now() + Duration::from_secs(30);
    let worker = runtime.block_on(async {
        let (worker, _) = Worker::start(&recipe, due(), std::sync::Arc::new(Nobody)).await.ok().unwrap();
        assert!(matches!(worker.ask(login(), due()).await, Ok(Reply::Looked(_))));
        std::sync::Arc::new(worker)
    });
    let (mut directly, mut through) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for _ in 0..SIGNATURES {
            let begun = std::time::Instant::now();
            assert!(is_signature(&direct.answer(sign())));
            directly.push(begun.elapsed());
        }
        // From a task of the runtime, as the agent asks.
        let worker = worker.clone();
        let task = async move {
            let mut times = Vec::new();
            for _ in 0..SIGNATURES {
                let begun = std::time::Instant::now();
                assert!(is_signature(&worker.ask(sign(), due()).await.unwrap()));
                times.push(begun.elapsed());
            }
            times
        };
        through.extend(runtime.block_on(async { tokio::spawn(task).await.unwrap() }));
    }
    let (directly, through) = (median(directly), median(through));
    let above = through.saturating_sub(directly);
    eprintln!(
        "bench: direct {directly:?}, through the worker {through:?}, above it {above:?} (medians of {})",
        ROUNDS * SIGNATURES
    );
}
