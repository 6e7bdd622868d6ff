//! A clock that was set back brings nothing back, and there is a way out where it was the journal that was wrong.

use sealkeeper_domain::{
    act::{Statement, statement::PolicyDigest},
    pin::Pin,
};

use super::{office::Bureau, *};

const HOUR_US: u64 = 3_600_000_000;
/// Ten years and more.
const FAR_US: u64 = 90_000 * HOUR_US;

/// The same house by the clock that the agent goes by.
fn by_the_journal(mut house: House) -> House {
    let mut service = Arc::into_inner(house.service).unwrap();
    service.clock = house.store.clock();
    house.service = Arc::new(service);
    house
}

impl House {
    fn set(&self, us: u64) {
        self.clock.0.store(us, Ordering::SeqCst);
    }

    async fn times(&self) -> Vec<u64> {
        let stored = self.service.ledger.records(0, 1000, Vec::new()).await.unwrap();
        stored.iter().map(|record| Record::parse(&record.bytes).unwrap().time_us).collect()
    }

    async fn told_of_clock(&self) -> String {
        let checks = self.service.diagnose().await;
        let clock = checks.into_iter().find(|check| check.subject == "clock").unwrap();
        match clock.found {
            Found::Well { .. } => String::new(),
            Found::Wrong { violation, .. } => violation.reason.code().to_owned(),
        }
    }
}

#[tokio::test]
async fn nothing_is_stamped_or_unlocked_while_the_clock_is_behind_the_newest_record() {
    let house = by_the_journal(house(Manner::Signs));
    let request = house.submit(2).await;
    house.stamp(request, new_use()).await.unwrap();
    house.set(NOW_US - HOUR_US);
    let stamp = async || reasons(house.stamp(request, new_use()).await.unwrap_err());
    assert_eq!((stamp().await.as_str(), stamp().await.as_str()), ("clock-behind", "clock-behind"));
    let pin = Ok(PinOrPad::Pin(Pin::new(b"123456".to_vec()).unwrap()));
    let (idle, lifetime) = (Duration::ZERO, Duration::ZERO);
    let asked = UnlockAsked { serial: "1".parse().unwrap(), pin, uses: 1, idle, lifetime, final_try: false };
    assert_eq!(reasons(house.service.unlock(&house.caller, asked).await.unwrap_err()), "clock-behind");
    assert_eq!(house.asked(), 1, "no token was asked");
    let review = house.refusals().await.into_iter().filter(|refused| refused.operation.as_str() == "review");
    assert_eq!(review.count(), 1, "a refusal that comes again is on record once");
    assert_eq!(house.told_of_clock().await, "clock-behind");
    assert!(house.times().await.is_sorted(), "records never go back in time");

    // What a time server does is no such thing.
    house.set(NOW_US - 60_000_000);
    assert!(house.stamp(request, new_use()).await.is_ok());
    assert!(house.times().await.is_sorted());
}

#[tokio::test]
async fn what_is_over_stays_over_when_the_clock_is_set_back() {
    let bureau = Bureau::with_seal().await;
    let Bureau { house, desk } = bureau;
    let bureau = Bureau { house: by_the_journal(house), desk };
    let act = bureau.act("keeper", super::office::loss());
    bureau.house.set(NOW_US + 2 * HOUR_US);
    // A record of that time.
    bureau.says("office", Statement::Grant(super::office::terms("partner"))).await;
    bureau.house.set(NOW_US);
    let permit = bureau.house.service.callers.call(&super::office::HERE.sender()).unwrap();
    let filed = bureau.house.service.file_act(super::office::HERE, (act, Vec::new()), no_pin(), permit).await;
    assert_eq!(reasons(filed.unwrap_err()), "act-expired");
    // But who signs by a clock that is right is heard.
    bureau.house.set(NOW_US + 2 * HOUR_US - 1);
    bureau.says("keeper", super::office::loss()).await;
}

#[tokio::test]
async fn where_the_journal_was_wrongly_ahead_the_office_says_so_by_the_policy() {
    let bureau = Bureau::with_seal().await;
    let Bureau { house, desk } = bureau;
    let bureau = Bureau { house: by_the_journal(house), desk };
    let house = &bureau.house;
    house.set(NOW_US + FAR_US);
    house.service.flush_refusals(true).await;
    house.store.append(crate::pipeline::scribe::Scribe::plain(stopped())).await.unwrap();
    house.set(NOW_US + HOUR_US);
    let refused = bureau.says_with("keeper", super::office::loss(), Vec::new()).await.unwrap_err();
    assert_eq!(reasons(refused), "act-expired", "whatever is signed today");

    let text = Policy::OFFICE_TOML.replace("behind = \"refuse\"", "behind = \"warn\"");
    std::fs::write(house.directory.path().join(POLICY), &text).unwrap();
    let policy = Statement::Policy(PolicyDigest { sha256: Digest::of(text.as_bytes()) });
    bureau.says("office", policy).await;
    assert_eq!(house.told_of_clock().await, "clock-implausible");
    bureau.says("keeper", super::office::loss()).await;
    assert_eq!(house.times().await.last(), Some(&(NOW_US + HOUR_US)), "of the true time again");

    // And back: there is nothing left that would be refused.
    std::fs::write(house.directory.path().join(POLICY), Policy::OFFICE_TOML).unwrap();
    house.set(NOW_US + HOUR_US + 1_000_000);
    let sha256 = Digest::of(Policy::OFFICE_TOML.as_bytes());
    bureau.says("office", Statement::Policy(PolicyDigest { sha256 })).await;
    assert_eq!(house.told_of_clock().await, "");
    assert_eq!(house.service.check_clock(), Ok(()));
}

fn stopped() -> RecordBody {
    RecordBody::AgentStopped(sealkeeper_journal::AgentStopped {
        cause: sealkeeper_journal::StopCause::Request,
    })
}
