//! Nothing that hangs keeps an act from being filed, and what it changes is found by whatever hung meanwhile.

use sealkeeper_domain::act::statement::{
    CarrierEnd, Destruction, HandOver, NamedPerson, Retirement, RevocationReason, WithText,
};

use super::{super::destruction::Furnace, *};

/// Much longer than an act takes, and much shorter than any deadline of a token here.
const AT_ONCE: Duration = Duration::from_secs(4);

async fn until(what: impl Fn() -> bool) {
    while !what() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

impl Bureau {
    /// A document the custodian asks to stamp and `first` approved, and its confirmation.
    async fn approved(&self) -> (RequestId, Digest) {
        let id = self.house.submit(1).await;
        let binding = binding_of(self, id).await;
        self.says("first", Statement::RequestApprove(Box::new(binding))).await;
        (id, self.house.service.review(&self.house.caller, id).await.unwrap().prepared)
    }

    fn stamping(
        &self,
        (id, confirmed): (RequestId, Digest),
    ) -> tokio::task::JoinHandle<Result<StampOutcome, Failure>> {
        let (service, caller) = (self.house.service.clone(), self.house.caller.clone());
        tokio::spawn(service.stamp(caller, id, new_use(), confirmed, no_pin()))
    }

    /// Files it, whatever that waits for.
    fn filing(&self, who: &str, statement: Statement) -> tokio::task::JoinHandle<Result<Filed, Failure>> {
        let (service, act) = (self.house.service.clone(), self.act(who, statement));
        let permit = service.callers.call(&HERE.sender()).unwrap();
        tokio::spawn(async move { service.file_act(HERE, (act, Vec::new()), no_pin(), permit).await })
    }

    /// Files it while something else hangs.
    async fn says_at_once(&self, who: &str, statement: Statement) {
        tokio::time::timeout(AT_ONCE, self.says(who, statement)).await.expect("it waits for what hangs");
    }

    fn described(&self) -> u64 {
        self.house.token.described.load(Ordering::SeqCst)
    }
}

fn leaves(who: &str) -> Statement {
    Statement::PersonLeave(NamedPerson { person: who.parse().unwrap(), reason: "离职".into() })
}

#[tokio::test]
async fn a_loss_is_on_record_at_once_while_a_use_hangs_at_its_token_and_the_use_is_refused_then() {
    let bureau = Bureau::with_seal().await;
    let approved = bureau.approved().await;
    let (token, before) = (bureau.house.token.clone(), bureau.described());
    let hung = token.describing.write().await;
    let stamping = bureau.stamping(approved);
    until(|| bureau.described() > before).await;
    bureau.says_at_once("keeper", loss()).await;
    assert_eq!(bureau.state(), "suspended");
    drop(hung);
    let refused = stamping.await.unwrap().unwrap_err();
    assert!(reasons(refused).contains("seal-suspended"));
    assert!(!bureau.house.types().await.contains(&"intent"), "nothing was to be signed");
}

#[tokio::test]
async fn what_changed_since_a_use_was_prepared_is_found_in_its_turn() {
    let bureau = Bureau::with_seal().await;
    let (first, second) = (bureau.approved().await, bureau.approved().await);
    let asked = bureau.house.asked();
    let turn = bureau.desk.turn().await;
    let filing = bureau.filing("keeper", loss());
    // It waits for its turn before the uses do.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let before = bureau.described();
    let stampings = [bureau.stamping(first), bureau.stamping(second)];
    until(|| bureau.described() == before + 2).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(bureau.state(), "active", "it is somebody else's turn");
    drop(turn);
    filing.await.unwrap().unwrap();
    for stamping in stampings {
        let refused = stamping.await.unwrap().unwrap_err();
        assert_eq!(reasons(refused), "seal-suspended");
    }
    assert_eq!(bureau.house.asked(), asked);
}

#[tokio::test]
async fn uses_prepared_at_the_same_time_do_not_exceed_the_day_together() {
    let bureau = Bureau::with_seal().await;
    let limit = terms("keeper").uses_per_day as usize;
    let mut approved = Vec::new();
    for _ in 0..limit + 2 {
        approved.push(bureau.approved().await);
    }
    let (token, before) = (bureau.house.token.clone(), bureau.described());
    let hung = token.describing.write().await;
    let stampings: Vec<_> = approved.into_iter().map(|approved| bureau.stamping(approved)).collect();
    until(|| bureau.described() == before + limit as u64 + 2).await;
    drop(hung);
    let mut ends = Vec::new();
    for stamping in stampings {
        ends.push(match stamping.await.unwrap() {
            Ok(StampOutcome::Complete(_)) => "complete".to_owned(),
            Ok(other) => panic!("{other:?}"),
            Err(failure) => reasons(failure),
        });
    }
    ends.sort();
    let wanted = [vec!["complete"; limit], vec!["grant-day-used-up"; 2]].concat();
    assert_eq!(ends, wanted);
}

#[tokio::test]
async fn a_receipt_whose_token_hangs_makes_nobody_wait() {
    let bureau = Bureau::with_seal_issued().await;
    let token = bureau.house.token.clone();
    let hung = token.signing.write().await;
    let receiving = bureau.filing("keeper", receipt());
    until(|| bureau.house.asked() == 1).await;
    bureau.says_at_once("office", leaves("clerk")).await;
    drop(hung);
    receiving.await.unwrap().unwrap();
    assert_eq!(bureau.state(), "active");
    assert_eq!(bureau.house.asked(), 1, "control is proved once");
}

#[tokio::test]
async fn a_receipt_is_judged_by_what_was_filed_while_control_was_proved() {
    let bureau = Bureau::with_seal_issued().await;
    let token = bureau.house.token.clone();
    let hung = token.signing.write().await;
    let receiving = bureau.filing("keeper", receipt());
    until(|| bureau.house.asked() == 1).await;
    let other_key = {
        let Statement::PersonRegister(mut entry) = register("keeper", Role::Custodian, UID) else { panic!() };
        entry.keys = vec![serde_json::from_str(&act_key("another").to_jwk()).unwrap()];
        Statement::PersonRegister(entry)
    };
    bureau.house.clock.0.fetch_add(1_000_000, Ordering::SeqCst);
    bureau.says_at_once("office", other_key).await;
    drop(hung);
    let refused = receiving.await.unwrap().unwrap_err();
    assert_eq!(reasons(refused), "act-key-unknown");
    assert_eq!(bureau.state(), "issued");
}

#[tokio::test]
async fn a_report_is_answered_although_the_token_that_is_to_be_locked_hangs() {
    let bureau = Bureau::with_seal().await;
    let token = bureau.house.token.clone();
    let _hung = token.locking.write().await;
    bureau.says_at_once("keeper", loss()).await;
    bureau.says_at_once("office", leaves("clerk")).await;
    assert_eq!(bureau.state(), "suspended");
}

#[tokio::test]
async fn a_destruction_whose_token_hangs_makes_nobody_wait_and_has_its_order_on_record() {
    let mut bureau = Bureau::with_seal().await;
    let furnace = Arc::new(Furnace::of_a_key());
    Arc::get_mut(&mut bureau.house.service).unwrap().token = furnace.clone();
    let (reason, text) = (RevocationReason::Retired, "换章".to_owned());
    bureau.says("deputy", Statement::SealRetire(Retirement { seal: seal(), reason, text })).await;
    let named = |bureau: &Bureau| NamedSeal { seal: seal(), about: bureau.about() };
    bureau.says("head", Statement::SealRetireApprove(named(&bureau))).await;
    bureau.says("office", Statement::SealRevoke(named(&bureau))).await;
    let destroy = || Statement::SealDestroy(Destruction { seal: seal(), carrier: CarrierEnd::KeyDestroyed });
    bureau.says("office", destroy()).await;
    let hung = furnace.burning.write().await;
    let destroying = bureau.filing("auditor", destroy());
    until(|| furnace.asked.lock().unwrap().len() == 1).await;
    bureau.says_at_once("office", leaves("clerk")).await;
    assert!(bureau.house.types().await.contains(&"key_destruction_ordered"));
    assert_eq!(bureau.state(), "revoked");
    drop(hung);
    destroying.await.unwrap().unwrap();
    assert_eq!(bureau.state(), "destroyed");
    let types = bureau.house.types().await;
    assert_eq!(types[types.len() - 2..], ["key_destroyed", "act"]);
}

#[tokio::test]
async fn a_token_whose_suspended_seal_changes_hands_does_not_stay_unlocked_by_who_had_it() {
    let bureau = Bureau::with_seal().await;
    bureau.says("office", register("heir", Role::Custodian, 17)).await;
    let locked = || bureau.house.token.locked.load(Ordering::SeqCst);
    let hand_over =
        || HandOver { seal: seal(), from: "keeper".parse().unwrap(), to: "heir".parse().unwrap() };
    bureau.says("keeper", Statement::SealOffer(hand_over())).await;
    bureau.says("heir", Statement::SealAccept(hand_over())).await;
    assert_eq!(locked(), 0);
    let suspend = WithText { seal: seal(), reason: "盘点期间停用".into() };
    bureau.says("office", Statement::SealSuspend(suspend)).await;
    assert_eq!(locked(), 1, "it may not be used");
    bureau.says("office", Statement::SealHandOver(hand_over())).await;
    assert_eq!(locked(), 2, "nor stays it as its old custodian left it");
}

#[tokio::test]
async fn who_cannot_confirm_a_use_has_nothing_prepared() {
    let bureau = Bureau::with_seal().await;
    let asked = asked_for(&document());
    let service = &bureau.house.service;
    let upload = service.begin_submit(bureau.who("clerk"), asked, seal().to_string(), "").await.unwrap();
    let upload = service.take_chunk(upload, document()).await.unwrap();
    let id = service.finish_submit(upload).await.unwrap().request;
    let described = || bureau.house.token.described.load(Ordering::SeqCst);
    let before = described();
    for who in ["clerk", "first", "auditor", "office"] {
        let refused = service.review(&bureau.who(who), id).await.err().unwrap();
        assert_eq!(reasons(refused), "not-custodian", "{who}");
    }
    assert_eq!(described(), before);
}
