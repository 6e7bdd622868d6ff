//! Modules that hang, over a module that does so to order.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use sealkeeper_domain::pin::Pin;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::{thread::Driven, *};
use crate::pipeline::ports::{
    token::{Ended, LoginEnded},
    token_error::PinFlags,
};

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(50);

/// What a test holds of its module.
#[derive(Clone, Default)]
struct Strings {
    /// While set, every call hangs.
    hangs: Arc<AtomicBool>,
    finished: Arc<AtomicBool>,
    unlocks: Arc<Mutex<u32>>,
}

struct Fake {
    strings: Strings,
    shows: Vec<TokenSerial>,
    logins: BTreeSet<TokenSerial>,
}

impl Fake {
    fn hang(&self) {
        while self.strings.hangs.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Driven for Fake {
    fn list(&mut self) -> Result<Vec<TokenState>, TokenError> {
        self.hang();
        Ok(self.shows.iter().map(|serial| state(serial.clone())).collect())
    }
    fn unlock(&mut self, unlock: Unlock) -> Result<Unlocked, TokenError> {
        *self.strings.unlocks.lock().unwrap() += 1;
        self.hang();
        if !self.shows.contains(&unlock.serial) {
            return Err(TokenError::new(Reason::TokenAbsent));
        }
        let replaced = !self.logins.insert(unlock.serial.clone());
        Ok(Unlocked { token: state(unlock.serial), replaced })
    }
    fn lock(&mut self, serial: &TokenSerial) -> bool {
        self.hang();
        self.logins.remove(serial)
    }
    fn describe(&mut self, _: &KeyOnToken) -> Result<SigningKey, TokenError> {
        Err(TokenError::new(Reason::TokenAbsent))
    }
    fn sign(&mut self, _: SignOrder) -> Result<Vec<u8>, SignError> {
        Err(SignError::NotSigned(TokenError::new(Reason::TokenLocked)))
    }
    fn lock_idle(&mut self, _: Instant) {}
    fn next_idle(&self, _: Instant) -> Option<Duration> {
        None
    }
    fn take_ended(&mut self) -> Vec<LoginEnded> {
        Vec::new()
    }
    fn finish(self) {
        self.hang();
        self.strings.finished.store(true, Ordering::SeqCst);
    }
}

fn state(serial: TokenSerial) -> TokenState {
    let text = String::new;
    TokenState {
        serial,
        label: text(),
        manufacturer: text(),
        model: text(),
        firmware: text(),
        pin: PinFlags::default(),
        unlocked: None,
    }
}

fn serial(text: &str) -> TokenSerial {
    text.parse().unwrap()
}

fn unlock() -> Unlock {
    let pin = Pin::new(b"123456".to_vec()).unwrap();
    Unlock { serial: serial("1"), pin, uses: 1, idle: LONG, final_try: false }
}

fn asked() -> Option<LoginEnded> {
    Some(LoginEnded { serial: serial("1"), why: Ended::Asked })
}

/// Modules that show these tokens, one module for each.
fn modules(shown: &[&str]) -> (Arc<Modules>, Vec<Strings>, UnboundedReceiver<LoginEnded>) {
    let (ended, told) = unbounded_channel();
    let strings: Vec<_> = shown.iter().map(|_| Strings::default()).collect();
    let threads = shown.iter().zip(&strings).map(|(shown, strings)| {
        let fake = Fake { strings: strings.clone(), shows: vec![serial(shown)], logins: BTreeSet::new() };
        ModuleThread::start_with("fake", move || Ok(fake), ended.clone()).unwrap()
    });
    let modules = Modules { threads: threads.collect(), homes: Mutex::default() };
    (Arc::new(modules), strings, told)
}

/// Has the module hang in a call that its caller waits for as long as `deadline`.
async fn hang(modules: &Arc<Modules>, strings: &Strings, deadline: Duration) {
    strings.hangs.store(true, Ordering::SeqCst);
    let modules = modules.clone();
    let listing = tokio::spawn(async move { modules.list(deadline).await });
    tokio::time::sleep(SHORT).await;
    if deadline <= SHORT {
        assert_eq!(listing.await.unwrap().unwrap_err().reason, Reason::TokenTimeout);
    }
}

fn release(strings: &Strings) {
    strings.hangs.store(false, Ordering::SeqCst);
}

#[tokio::test]
async fn a_lock_is_done_though_nobody_waits_for_it() {
    // Behind a call that still has time, and behind one that is overdue.
    for deadline in [LONG, SHORT] {
        let (modules, strings, mut told) = modules(&["1"]);
        assert!(!modules.unlock(unlock(), LONG).await.unwrap().replaced);
        hang(&modules, &strings[0], deadline).await;
        let locked = modules.lock(serial("1"), SHORT).await;
        assert_eq!(locked.unwrap_err().reason, Reason::TokenTimeout);
        release(&strings[0]);
        assert_eq!(tokio::time::timeout(LONG, told.recv()).await.unwrap(), asked());
        assert!(!modules.lock(serial("1"), LONG).await.unwrap(), "locked, and told once");
        assert!(told.try_recv().is_err());
    }
}

#[tokio::test]
async fn a_module_that_hangs_is_not_waited_for_twice() {
    let (modules, strings, _told) = modules(&["1"]);
    hang(&modules, &strings[0], SHORT).await;
    let begun = Instant::now();
    assert_eq!(modules.unlock(unlock(), LONG).await.unwrap_err().reason, Reason::TokenTimeout);
    assert_eq!(modules.list(LONG).await.unwrap_err().reason, Reason::TokenTimeout);
    assert!(begun.elapsed() < LONG / 2);
    release(&strings[0]);
    tokio::time::sleep(SHORT).await;
    assert_eq!(modules.list(LONG).await.unwrap().len(), 1, "it came back");
    assert_eq!(*strings[0].unlocks.lock().unwrap(), 0, "a call that was refused is not begun later");
}

#[tokio::test]
async fn the_queue_of_a_module_has_an_end() {
    let (modules, strings, _told) = modules(&["1"]);
    hang(&modules, &strings[0], LONG).await;
    let begun = Instant::now();
    let mut refused = 0;
    for _ in 0..100 {
        let listed = tokio::time::timeout(Duration::from_millis(2), modules.list(LONG)).await;
        refused += usize::from(listed.is_ok_and(|told| told.is_err()));
    }
    assert!(begun.elapsed() < LONG / 2);
    assert!(refused >= 30, "{refused}");
    release(&strings[0]);
}

#[tokio::test]
async fn a_login_that_came_too_late_does_not_stand_and_the_one_it_replaced_is_told() {
    let (modules, strings, mut told) = modules(&["1"]);
    modules.unlock(unlock(), LONG).await.unwrap();
    assert!(modules.unlock(unlock(), LONG).await.unwrap().replaced);
    strings[0].hangs.store(true, Ordering::SeqCst);
    assert_eq!(modules.unlock(unlock(), SHORT).await.unwrap_err().reason, Reason::TokenTimeout);
    release(&strings[0]);
    assert_eq!(tokio::time::timeout(LONG, told.recv()).await.unwrap(), asked());
    assert!(!modules.lock(serial("1"), LONG).await.unwrap());
}

#[tokio::test]
async fn a_stop_finishes_the_module_and_tells_of_every_login_that_stood() {
    let (modules, strings, _told) = modules(&["1", "2"]);
    modules.list(LONG).await.unwrap();
    modules.unlock(unlock(), LONG).await.unwrap();
    modules.unlock(Unlock { serial: serial("2"), ..unlock() }, LONG).await.unwrap();
    // The first one does not come back.
    strings[0].hangs.store(true, Ordering::SeqCst);
    let locked = modules.stop(tokio::time::Instant::now() + SHORT).await;
    assert_eq!(locked, BTreeSet::from([serial("1"), serial("2")]));
    assert!(!strings[0].finished.load(Ordering::SeqCst));
    assert!(strings[1].finished.load(Ordering::SeqCst), "C_Finalize comes before the answer");
    release(&strings[0]);
}

#[tokio::test]
async fn one_serial_in_two_modules_is_ambiguous_and_a_token_that_moved_is_found_again() {
    let (both, ..) = modules(&["1", "1"]);
    assert_eq!(both.unlock(unlock(), LONG).await.unwrap_err().reason, Reason::TokenAmbiguous);

    let (moved, ..) = modules(&["2", "1"]);
    moved.set_homes(0, &[state(serial("1"))]);
    assert_eq!(moved.unlock(unlock(), LONG).await.unwrap_err().reason, Reason::TokenAbsent);
    assert!(moved.unlock(unlock(), LONG).await.is_ok());
}
