//! A token whose seal was revoked gets another seal and another custodian: the PIN of who kept the first is nobody's own (C2).

use sealkeeper_domain::act::statement::{Retirement, RevocationReason};

use super::*;
use crate::pipeline::ports::ledger::TokenPin;

const HEIR: u32 = 21;

/// The first seal revoked, for a reason that leaves its key sound, and `heir` there to keep the next one.
async fn with_seal_revoked() -> Bureau {
    let bureau = Bureau::with_seal().await;
    bureau.says("office", register("heir", Role::Custodian, HEIR)).await;
    let (reason, text) = (RevocationReason::Retired, "换章".to_owned());
    bureau.says("deputy", Statement::SealRetire(Retirement { seal: seal(), reason, text })).await;
    let named = |bureau: &Bureau| NamedSeal { seal: seal(), about: bureau.about() };
    bureau.says("head", Statement::SealRetireApprove(named(&bureau))).await;
    bureau.says("office", Statement::SealRevoke(named(&bureau))).await;
    bureau
}

/// A receipt of the next seal by this custodian, carried by them.
async fn receives(bureau: &Bureau, who: &str, uid: u32) -> Result<Filed, Failure> {
    let next: SealId = "next".parse().unwrap();
    let object_sha256 = Digest::of(&object_of(&next));
    let receipt = Statement::SealReceive(NamedObject { seal: next, object_sha256 });
    let origin = Origin::Local { uid };
    let permit = bureau.house.service.callers.call(&origin.sender()).unwrap();
    let text = bureau.act(who, receipt);
    bureau.house.service.file_act(origin, (text, Vec::new()), no_pin(), permit).await
}

#[tokio::test]
async fn another_custodian_does_not_receive_a_seal_with_the_pin_of_who_kept_the_last_one() {
    let bureau = with_seal_revoked().await;
    let (next, serial) = ("next".parse().unwrap(), "1".parse().unwrap());
    bureau.issues(&next, "heir").await;
    assert!(bureau.house.service.pin_not_own(&serial).is_some());
    let asked = bureau.house.asked();
    assert_eq!(reasons(receives(&bureau, "heir", HEIR).await.unwrap_err()), "pin-not-own");
    assert_eq!(bureau.house.asked(), asked, "the token is not asked");
    // The same over a restart.
    let kept = bureau.house.service.ledger.token_pins().await.unwrap();
    assert_eq!(kept, [TokenPin { serial, person: "keeper".parse().unwrap(), one_time: false }]);
}

#[tokio::test]
async fn who_kept_the_last_seal_on_a_token_keeps_their_pin_for_the_next() {
    let bureau = with_seal_revoked().await;
    let (next, serial) = ("next".parse().unwrap(), "1".parse().unwrap());
    bureau.issues(&next, "keeper").await;
    assert!(bureau.house.service.pin_not_own(&serial).is_none());
    receives(&bureau, "keeper", UID).await.unwrap();
    assert_eq!(bureau.desk.now().office.seals[&next].life.state(), "active");
}
