//! Modules whose process misbehaves before it is a worker, and what is made of the tokens they show. What real modules do in a worker is tested
//! end to end, with a module that misbehaves to order.

use std::fs;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::{
    wire::{Looked, TokenShown},
    *,
};
use crate::pipeline::identify::Holder;
use crate::pipeline::ports::token::{Cause, Ended, Ending, LoginEnded};

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(200);

/// A module whose process is this shell script.
fn module(name: &str, script: &str) -> (Modules, UnboundedReceiver<TokenNews>) {
    let (told, news) = unbounded_channel();
    (Modules { keepers: vec![keeper(name, script, &told)], seals_on: Box::new(BTreeSet::new) }, news)
}

fn keeper(name: &str, script: &str, told: &UnboundedSender<TokenNews>) -> Arc<Keeper> {
    let recipe = Recipe {
        name: name.to_owned(),
        program: "/bin/sh".into(),
        arguments: vec!["-c".into(), script.into()],
        environment: vec![("PATH".into(), "/usr/bin:/bin".into())],
        at_once: 2,
    };
    Keeper::new(recipe, || Ok(()), LONG, told.clone())
}

fn ending(news: Result<TokenNews, tokio::sync::mpsc::error::TryRecvError>) -> Ending {
    match news {
        Ok(TokenNews::ModuleFailed { module, ending }) if module == "m" => ending,
        other => panic!("{other:?}"),
    }
}

fn serial(text: &str) -> TokenSerial {
    text.parse().unwrap()
}

fn showing(serials: &[&str]) -> Looked {
    let tokens =
        serials.iter().map(|serial| TokenShown { serial: (*serial).to_owned(), ..TokenShown::default() });
    Looked { tokens: tokens.collect(), hot_plug: true }
}

#[tokio::test]
async fn a_module_that_dies_at_load_is_told_once_and_not_tried_in_a_loop() {
    let folder = tempfile::tempdir().unwrap();
    let started = folder.path().join("started");
    let (modules, mut news) = module("m", &format!("echo >> {}; exit 3", started.display()));
    for _ in 0..3 {
        assert_eq!(modules.list(LONG).await.unwrap_err().reason, Reason::ModuleCrashed);
    }
    assert_eq!(fs::read_to_string(started).unwrap(), "\n", "started once");
    let Ending { cause, exit_code, signal, .. } = ending(news.try_recv());
    assert_eq!((cause, exit_code, signal), (Cause::Crashed, Some(3), None));
    assert!(news.try_recv().is_err());
}

#[tokio::test]
async fn a_module_that_hangs_at_load_is_killed() {
    let (modules, mut news) = module("m", "exec sleep 1000");
    assert_eq!(modules.list(SHORT).await.unwrap_err().reason, Reason::TokenTimeout);
    let Ending { cause, signal, .. } = ending(news.try_recv());
    assert_eq!((cause, signal), (Cause::TimedOut, Some(9)));
}

/// A shell script's part of a worker that shows the token `1` once: "loaded", and an answer to the first question, whatever it is.
const SHOWS_ONE: &str =
    r"printf '\002\032\000'; head -c 1 >/dev/null; printf '\013\010\001\042\007\012\005\012\001\061\062\000'";

#[tokio::test]
async fn one_that_ends_soon_again_and_again_is_not_started_only_to_look() {
    let folder = tempfile::tempdir().unwrap();
    let started = folder.path().join("started");
    let (modules, mut news) = module("m", &format!("echo >> {}; {SHOWS_ONE}; exit 3", started.display()));
    let keeper = &modules.keepers[0];
    for number in 1..3 {
        keeper.watch(false, Instant::now() + LONG).await;
        while !matches!(news.recv().await, Some(TokenNews::ModuleFailed { .. })) {}
        assert_eq!(fs::read_to_string(&started).unwrap().len(), number, "the first is replaced at once");
    }
    keeper.watch(false, Instant::now() + LONG).await;
    assert_eq!(fs::read_to_string(&started).unwrap().len(), 2, "looking can wait");
    modules.list(LONG).await.unwrap();
    assert_eq!(fs::read_to_string(&started).unwrap().len(), 3, "who asks for something need not");
}

#[tokio::test]
async fn a_token_that_is_found_does_not_wait_for_a_module_that_hangs() {
    let (told, _news) = unbounded_channel();
    let shows = format!("{SHOWS_ONE}; exec sleep 1000");
    let keepers = vec![keeper("hangs", "exec sleep 1000", &told), keeper("shows", &shows, &told)];
    let modules = Modules { keepers, seals_on: Box::new(BTreeSet::new) };
    let serial = serial("1");
    let home = tokio::time::timeout(LONG / 2, modules.home(&serial, Instant::now() + LONG)).await;
    assert_eq!(home.unwrap().unwrap().name(), "shows");
}

#[tokio::test]
async fn a_token_is_not_told_to_be_absent_while_a_module_cannot_tell() {
    let (told, _news) = unbounded_channel();
    let shows = format!("{SHOWS_ONE}; exec sleep 1000");
    let keepers = vec![keeper("dies", "exit 3", &told), keeper("shows", &shows, &told)];
    let modules = Modules { keepers, seals_on: Box::new(BTreeSet::new) };
    let no = modules.home(&serial("2"), Instant::now() + LONG).await.err().unwrap();
    assert_eq!(no.reason, Reason::ModuleCrashed);
}

#[tokio::test]
async fn what_a_worker_must_not_say_ends_it() {
    for babble in [r"\377\377\377\377\377\377\377\377\377\377\377", r"\003\010\001\001", r"\001\377"] {
        let (modules, mut news) = module("m", &format!("printf '{babble}'; exec sleep 1000"));
        let told = tokio::time::timeout(LONG, modules.list(LONG)).await.unwrap();
        assert_eq!(told.unwrap_err().reason, Reason::ModuleCrashed, "{babble}");
        assert_eq!(ending(news.try_recv()).signal, Some(9), "{babble}");
    }
}

#[tokio::test]
async fn a_process_that_cannot_be_started_is_told_with_what_the_system_said() {
    let (told, mut news) = unbounded_channel();
    let recipe = Recipe {
        name: "m".into(),
        program: "/nonexistent".into(),
        arguments: Vec::new(),
        environment: Vec::new(),
        at_once: 1,
    };
    let modules = Modules {
        keepers: vec![Keeper::new(recipe, || Ok(()), LONG, told)],
        seals_on: Box::new(BTreeSet::new),
    };
    let error = modules.list(LONG).await.unwrap_err();
    assert_eq!(error.reason, Reason::ModuleUnusable);
    assert!(error.about.unwrap().contains("No such file"));
    assert_eq!(ending(news.try_recv()).cause, Cause::Unusable);
}

#[tokio::test]
async fn a_module_that_is_not_trusted_any_more_is_not_started() {
    let (told, _news) = unbounded_channel();
    let path = ModulePath {
        name: "m".into(),
        path: "/nonexistent.so".into(),
        environment: BTreeMap::new(),
        calls_at_once: 1,
        memory_mib: 64,
    };
    let error = Modules::new(vec![path], Box::new(BTreeSet::new), LONG, &told).list(LONG).await.unwrap_err();
    assert_eq!(error.reason, Reason::ModuleUnusable);
    assert!(error.about.unwrap().contains("/nonexistent.so"));
}

#[tokio::test]
async fn what_comes_and_goes_is_told_once() {
    let (modules, mut news) = module("m", "exec sleep 1000");
    let keeper = &modules.keepers[0];
    let mut seen = |serials: &[&str]| {
        keeper.seen(showing(serials), super::logins::Moment::now());
        let mut told = Vec::new();
        while let Ok(news) = news.try_recv() {
            told.push(match news {
                TokenNews::Inserted { module, token } => format!("+{module}{}", token.serial),
                TokenNews::Removed { module, token } => format!("-{module}{}", token.serial),
                other => panic!("{other:?}"),
            });
        }
        told
    };
    assert_eq!(seen(&["1"]), ["+m1"]);
    assert_eq!(seen(&["1"]), [""; 0]);
    assert_eq!(seen(&["2"]), ["-m1", "+m2"], "another token in the same slot is another token");
    assert_eq!(seen(&["1", "2"]), ["+m1"]);
    assert_eq!(seen(&[]), ["-m1", "-m2"]);
}

#[tokio::test]
async fn a_login_that_the_token_no_longer_has_ends_here_too() {
    let (modules, mut news) = module("m", "exec sleep 1000");
    let keeper = &modules.keepers[0];
    keeper.seen(showing(&["1"]), super::logins::Moment::now());
    assert!(matches!(news.try_recv(), Ok(TokenNews::Inserted { .. })));
    keeper.pretend_login(&serial("1"));
    assert!(keeper.is_ready(&serial("1")));
    keeper.seen(showing(&["1"]), super::logins::Moment::now() + LONG);
    let Ok(TokenNews::LoginEnded(LoginEnded { why: Ended::Lost, .. })) = news.try_recv() else {
        panic!("not told")
    };
    assert!(!keeper.is_ready(&serial("1")));
}

#[tokio::test]
async fn one_serial_in_two_modules_is_ambiguous() {
    let (told, _news) = unbounded_channel();
    let modules = Modules {
        keepers: vec![keeper("a", "exit", &told), keeper("b", "exit", &told)],
        seals_on: Box::new(BTreeSet::new),
    };
    for keeper in &modules.keepers {
        keeper.seen(showing(&["1", keeper.name()]), super::logins::Moment::now());
    }
    assert_eq!(modules.known_home(&serial("1")).err().unwrap().reason, Reason::TokenAmbiguous);
    assert_eq!(modules.known_home(&serial("b")).unwrap().unwrap().name(), "b");
    assert!(modules.known_home(&serial("2")).unwrap().is_none());
}

#[tokio::test]
async fn a_login_does_not_pay_with_its_time_for_a_logout_that_hangs() {
    let folder = tempfile::tempdir().unwrap();
    let started = folder.path().join("started");
    // Each answers one question and hangs at the next: the first is asked to look and to log out, the second to log in.
    let (modules, _news) =
        module("m", &format!("echo >> {}; {SHOWS_ONE}; exec sleep 1000", started.display()));
    let (keeper, serial) = (&modules.keepers[0], serial("1"));
    modules.list(LONG).await.unwrap();
    keeper.pretend_login(&serial);
    let limit = Duration::from_secs(2);
    let unlock = Unlock {
        serial: serial.clone(),
        holder: Holder::Local,
        pin: PinOrPad::Pad,
        uses: 1,
        idle: LONG,
        lifetime: LONG,
        final_try: false,
    };
    let (locked, unlocked) = tokio::join!(modules.lock(serial.clone(), limit), modules.unlock(unlock, limit));
    assert!(locked.unwrap());
    assert!(unlocked.unwrap().token.unlocked.is_some() && keeper.is_ready(&serial));
    assert_eq!(fs::read_to_string(started).unwrap().len(), 2);
}
