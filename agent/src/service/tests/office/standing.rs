//! What is told of seals beside their use: sizes that are not customary, and why one cannot be used; and until when somebody is told anything.

use sealkeeper_domain::{
    act::statement::{NamedPerson, Retirement, RevocationReason, WithText},
    office::SealEntry,
};

use super::*;
use crate::service::{Finding, seals::Why};

/// An application for a seal of this side on paper, mm, as fine as that needs it.
fn application(id: &str, side_mm: u32) -> Statement {
    Statement::SealApply(Box::new(SealApplication {
        seal: id.parse().unwrap(),
        name: format!("{id} 专用章"),
        kind: SealKind::Other,
        unit: UNIT.into(),
        purpose: "签订合同".into(),
        scope: ["ordinary".to_owned()].into(),
        custodian: "keeper".parse().unwrap(),
        picture_kind: PictureKind::Png,
        picture_sha256: Digest::of(RING),
        width_um: side_mm * 1000,
        height_um: side_mm * 1000,
    }))
}

fn codes(findings: &[Finding]) -> Vec<(Option<String>, &'static str)> {
    let one = |found: &Finding| (found.seal.as_ref().map(ToString::to_string), found.violation.reason.code());
    findings.iter().map(one).collect()
}

#[tokio::test]
async fn whoever_takes_a_step_with_a_seal_of_an_uncommon_size_is_warned_and_not_refused() {
    let bureau = Bureau::found().await;
    let filed = bureau.says_with("deputy", application("usual", 38), RING.to_vec()).await.unwrap();
    assert_eq!(codes(&filed.findings), []);
    let filed = bureau.says_with("deputy", application("odd", 39), RING.to_vec()).await.unwrap();
    let warned = [(Some("odd".to_owned()), "seal-size-uncommon")];
    assert_eq!(codes(&filed.findings), warned);
    assert_eq!(filed.findings[0].violation.details["size-mm"], "39×39");

    // The seal office sees it before it says anything, and hears it once it has.
    let entry = || bureau.desk.now().office.seals[&"odd".parse::<SealId>().unwrap()].clone();
    assert_eq!(codes(&bureau.house.service.findings_of_seal(&entry())), warned);
    let (seal, about) = ("odd".parse::<SealId>().unwrap(), entry().about());
    let approval = Statement::SealApprove(NamedSeal { seal: seal.clone(), about });
    assert_eq!(codes(&bureau.says("head", approval).await.findings), warned);
    let review = SealReview { seal: seal.clone(), about, physical: PhysicalSeal::None };
    assert_eq!(codes(&bureau.says("office", Statement::SealReview(review)).await.findings), warned);
    let refusal = Statement::SealRefuse(WithText { seal, reason: "尺寸不对".into() });
    assert_eq!(codes(&bureau.says("office", refusal).await.findings), [], "nothing is to be done about it");
    assert_eq!(codes(&bureau.house.service.findings_of_seal(&entry())), []);
    assert_eq!(bureau.house.service.why(&entry()).await.unwrap().text, "尺寸不对");
}

impl Bureau {
    fn entry(&self) -> SealEntry {
        self.house.service.known_seal("contract").unwrap().entry.unwrap()
    }

    async fn why(&self) -> (String, String) {
        let Why { code, text } = self.house.service.why(&self.entry()).await.unwrap();
        (code, text)
    }
}

#[tokio::test]
async fn a_seal_that_cannot_be_used_is_shown_with_why() {
    let bureau = Bureau::with_seal().await;
    let why = |code: &str, text: &str| (code.to_owned(), text.to_owned());
    assert_eq!((bureau.entry().life.state(), bureau.why().await), ("active", why("", "")));
    let suspend = WithText { seal: seal(), reason: "盘点期间停用".into() };
    bureau.says("office", Statement::SealSuspend(suspend)).await;
    assert_eq!((bureau.entry().life.state(), bureau.why().await), ("suspended", why("", "盘点期间停用")));
    bureau.says("keeper", loss()).await;
    assert_eq!((bureau.entry().life.state(), bureau.why().await), ("suspended", why("loss", "找不到了")));

    let retirement = Retirement { seal: seal(), reason: RevocationReason::Retired, text: "换章".into() };
    bureau.says("deputy", Statement::SealRetire(retirement)).await;
    let about = bureau.about();
    bureau.says("head", Statement::SealRetireApprove(NamedSeal { seal: seal(), about })).await;
    bureau.says("office", Statement::SealRevoke(NamedSeal { seal: seal(), about })).await;
    let known = bureau.house.service.known_seal(NAME).unwrap();
    assert!(matches!(known.registered, Some(Ok(_))), "its key and certificate are known still");
    assert_eq!((bureau.entry().life.state(), bureau.why().await), ("revoked", why("retired", "换章")));
    assert_eq!(bureau.house.service.registry.find(NAME).err(), Some(Reason::SealRevoked));
}

#[tokio::test]
async fn nobody_is_told_anything_once_they_left_or_call_as_somebody_else() {
    let bureau = Bureau::found().await;
    let until = |name: &str| {
        let (service, caller) = (bureau.house.service.clone(), bureau.who(name));
        tokio::spawn(async move { service.until_unknown(&caller).await })
    };
    let (clerk, partner, first) = (until("clerk"), until("partner"), until("first"));
    let leave = NamedPerson { person: "clerk".parse().unwrap(), reason: "离职".into() };
    bureau.says("office", Statement::PersonLeave(leave)).await;
    assert_eq!(clerk.await.unwrap(), Reason::PersonUnknown);
    // The system user of `partner` becomes nobody's, and then that of `first`.
    bureau.says("office", register("partner", Role::Applicant, 99)).await;
    assert_eq!(partner.await.unwrap(), Reason::PersonUnknown);
    tokio::task::yield_now().await;
    assert!(!first.is_finished(), "what others lose is no matter of theirs");
    bureau.says("office", register("first", Role::Approver, 98)).await;
    bureau.says("office", register("partner", Role::Applicant, 13)).await;
    assert_eq!(first.await.unwrap(), Reason::PersonUnknown);
}
