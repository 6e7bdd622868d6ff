use super::*;
use crate::{
    channel::Channel,
    rule::usage::{self, Stamped, UseFacts},
};

fn retire() -> Statement {
    Statement::SealRetire(Retirement {
        seal: seal("contract"),
        reason: RevocationReason::Retired,
        text: "单位更名".into(),
    })
}

fn named(about: ActId) -> NamedSeal {
    NamedSeal { seal: seal("contract"), about }
}

fn destroy(carrier: CarrierEnd) -> Statement {
    Statement::SealDestroy(Destruction { seal: seal("contract"), carrier })
}

fn revoked() -> World {
    let mut world = World::with_seal();
    let about = world.done("applicant", retire());
    world.done("head", Statement::SealRetireApprove(named(about)));
    world.done("office", Statement::SealRevoke(named(about)));
    world
}

#[test]
fn unit_head_and_office_revoke_a_seal_in_that_order() {
    let mut world = World::with_seal();
    let none = ActId::new(Uuid::from_u128(99));
    assert_eq!(world.refused("head", Statement::SealRetireApprove(named(none))), "seal-state-wrong");
    assert_eq!(world.refused("office", Statement::SealRevoke(named(none))), "seal-state-wrong");
    let about = world.done("head", retire());
    // Until it is approved another takes its place: the head who asked could not approve it.
    let about = {
        world.done("applicant", retire());
        world.done("head", retire());
        let Some(SealLife::Active(active)) =
            world.office.seals.get(&seal("contract")).map(|entry| entry.life.clone())
        else {
            panic!("not active")
        };
        assert_ne!(active.retiring.as_ref().unwrap().asked.act, about);
        active.retiring.unwrap().asked.act
    };
    assert_eq!(world.refused("office", Statement::SealRevoke(named(about))), "seal-state-wrong");
    assert_eq!(world.refused("head", Statement::SealRetireApprove(named(about))), "approver-is-applicant");
    assert_eq!(world.refused("second", Statement::SealRetireApprove(named(none))), "act-about-wrong");
    world.done("second", Statement::SealRetireApprove(named(about)));
    assert_eq!(world.refused("second", Statement::SealRetireApprove(named(about))), "act-done-already");
    assert_eq!(world.refused("applicant", retire()), "act-done-already");
    assert_eq!(world.refused("office", Statement::SealRevoke(named(none))), "act-about-wrong");
    world.done("office", Statement::SealRevoke(named(about)));
    assert_eq!(world.state("contract"), "revoked");
}

#[test]
fn revocation_is_final() {
    let mut world = revoked();
    for (by, statement) in [
        ("head", report("contract", ReportKind::Loss)),
        ("head", Statement::SealSuspend(because("contract"))),
        ("applicant", retire()),
        ("custodian", receive("contract")),
    ] {
        assert!(world.refused(by, statement.clone()).contains("seal-state-wrong"), "{}", statement.typ());
    }
    // Its name and key are free again; its id is not.
    world.make("contract2", "合同专用章", "custodian", "pkcs11:serial=1;id=%01");
}

#[test]
fn a_seal_without_a_custodian_is_revoked() {
    let mut world = World::with_seal();
    world.done("office", leave("custodian"));
    let about = world.done("applicant", retire());
    world.done("head", Statement::SealRetireApprove(named(about)));
    world.done("office", Statement::SealRevoke(named(about)));
    assert_eq!(world.state("contract"), "revoked");
}

#[test]
fn office_and_witness_destroy_a_revoked_seal() {
    let mut world = World::with_seal();
    assert_eq!(world.refused("office", destroy(CarrierEnd::KeyDestroyed)), "seal-state-wrong");
    let mut world = revoked();
    world.done("office", Statement::PersonRegister(entry("office2", &[Role::SealOffice])));
    world.done("office", destroy(CarrierEnd::KeyDestroyed));
    assert_eq!(world.refused("office", destroy(CarrierEnd::KeyDestroyed)), "second-person-needed");
    assert_eq!(world.refused("office2", destroy(CarrierEnd::KeyDestroyed)), "role-missing");
    let burnt = || CarrierEnd::Statement("粉碎".into());
    assert_eq!(world.refused("auditor", destroy(burnt())), "destruction-differs");
    // Who was wrong says it anew; that replaces what they said, and is no second voice.
    world.done("office", destroy(burnt()));
    assert_eq!(world.state("contract"), "revoked");
    world.done("auditor", destroy(burnt()));
    assert_eq!(world.state("contract"), "destroyed");
    assert_eq!(world.refused("office", destroy(burnt())), "seal-state-wrong");
}

#[test]
fn the_office_says_first_that_a_key_is_destroyed() {
    let mut world = revoked();
    // Else anybody could stand in the way with a statement that nobody else makes.
    assert_eq!(world.refused("auditor", destroy(CarrierEnd::Statement("x".into()))), "role-missing");
    world.done("office", Statement::PersonRegister(entry("office2", &[Role::SealOffice])));
    world.done("office2", destroy(CarrierEnd::KeyDestroyed));
    world.done("office", leave("office2"));
    // Who has left is no second person: the next act is the first again, and the office's to make.
    assert_eq!(world.refused("auditor", destroy(CarrierEnd::KeyDestroyed)), "role-missing");
    world.done("office", destroy(CarrierEnd::KeyDestroyed));
    world.done("auditor", destroy(CarrierEnd::KeyDestroyed));
    assert_eq!(world.state("contract"), "destroyed");
}

#[test]
fn a_key_that_a_live_seal_has_is_not_destroyed() {
    let mut world = revoked();
    world.make("contract2", "合同专用章", "custodian", "pkcs11:serial=1;id=%01");
    assert_eq!(world.refused("office", destroy(CarrierEnd::KeyDestroyed)), "seal-key-taken");
    world.done("office", destroy(CarrierEnd::Statement("密钥另有用途，载体未销毁".into())));
}

#[test]
fn a_key_said_to_be_destroyed_is_looked_for() {
    let mut world = revoked();
    let there = |outside: &mut Outside<'_>| outside.key_gone = false;
    world.file("office", destroy(CarrierEnd::KeyDestroyed), there).unwrap();
    assert_eq!(world.refused_with("auditor", destroy(CarrierEnd::KeyDestroyed), there), "key-still-there");
    world.done("auditor", destroy(CarrierEnd::KeyDestroyed));
    assert_eq!(world.state("contract"), "destroyed");
}

fn certificate(step: RevocationStep, authority: &str, about: ActId) -> Statement {
    Statement::CertificateRevocation(CertificateStep {
        seal: seal("contract"),
        about,
        step,
        authority: authority.into(),
        text: "受理号 2027-1".into(),
    })
}

fn told(world: &World) -> (String, bool) {
    let ended = world.office.seals[&seal("contract")].life.ended().unwrap();
    let certificate = ended.certificate.as_ref().unwrap();
    (certificate.authority.clone(), certificate.revoked.is_some())
}

#[test]
fn the_authority_is_asked_to_revoke_the_certificate_of_an_ended_seal_and_does() {
    use RevocationStep::{Asked, Revoked};
    let mut world = World::with_seal();
    let none = ActId::new(Uuid::from_u128(99));
    assert_eq!(world.refused("office", certificate(Asked, "CA", none)), "seal-state-wrong");

    let mut world = revoked();
    let about = world.office.seals[&seal("contract")].about();
    assert_eq!(world.refused("office", certificate(Asked, "CA", none)), "act-about-wrong");
    assert_eq!(world.refused("head", certificate(Asked, "CA", about)), "role-missing");
    assert_eq!(world.refused("office", certificate(Asked, "", about)), "act-text-bad");
    assert_eq!(world.refused("office", certificate(Asked, &"C".repeat(129), about)), "act-text-bad");
    assert_eq!(world.refused("office", certificate(Revoked, "CA", about)), "seal-state-wrong");
    world.done("office", certificate(Asked, "CA", about));
    assert_eq!(told(&world), ("CA".into(), false));
    assert_eq!(world.state("contract"), "revoked");

    // It is tracked beside the destruction, and after it.
    world.done("office", destroy(CarrierEnd::KeyDestroyed));
    world.done("auditor", destroy(CarrierEnd::KeyDestroyed));
    assert_eq!(told(&world), ("CA".into(), false));
    world.done("office", certificate(Revoked, "CA", about));
    assert_eq!(world.state("contract"), "destroyed");
    assert_eq!(told(&world), ("CA".into(), true));
    assert_eq!(world.refused("office", certificate(Revoked, "CA", about)), "act-done-already");
    assert_eq!(world.refused("office", certificate(Asked, "CA", about)), "act-done-already");
    let steps = world.office.seals[&seal("contract")].history.iter();
    assert_eq!(steps.filter(|step| step.typ == "certificate-revocation").count(), 2);
}

#[test]
fn the_authority_that_was_asked_is_the_one_that_did() {
    use RevocationStep::{Asked, Revoked};
    let mut world = revoked();
    let about = world.office.seals[&seal("contract")].about();
    world.done("office", certificate(Asked, "CA", about));
    assert_eq!(world.refused("office", certificate(Revoked, "CA 2", about)), "certificate-authority-differs");
    // The wrong one was asked: another is.
    world.done("office", certificate(Asked, "CA 2", about));
    assert_eq!(world.refused("office", certificate(Revoked, "CA", about)), "certificate-authority-differs");
    world.done("office", certificate(Revoked, "CA 2", about));
    assert_eq!(told(&world), ("CA 2".into(), true));
}

/// The seal, revoked for this reason.
fn revoked_for(world: &mut World, reason: RevocationReason) -> ActId {
    let retirement = Retirement { seal: seal("contract"), reason, text: "见附件".into() };
    let about = world.done("applicant", Statement::SealRetire(retirement));
    world.done("head", Statement::SealRetireApprove(named(about)));
    world.done("office", Statement::SealRevoke(named(about)))
}

/// Why another seal is not made with its key: of the same certificate, or another one.
fn next_with_its_key(world: &mut World, certificate: &str) -> String {
    let next = application("next", "合同专用章", "successor");
    let about = world.done("applicant", Statement::SealApply(Box::new(next)));
    world.done("head", Statement::SealApprove(NamedSeal { seal: seal("next"), about }));
    world.done("office", review("next", about));
    let mut made = made("next", about, "pkcs11:serial=1;id=%01");
    made.certificate_sha256 = digest(certificate);
    world.refused("office", Statement::SealMake(made))
}

#[test]
fn a_key_that_was_given_up_serves_no_other_seal() {
    use RevocationReason::{CustodianLeft, Expired, Other, Retired, TokenUnusable};
    for (reason, told) in [
        (Retired, "accepted"),
        (Expired, "accepted"),
        (CustodianLeft, "key-compromised"),
        (TokenUnusable, "key-compromised"),
        (Other, "key-compromised"),
    ] {
        for certificate in ["certificate of contract", "another certificate"] {
            let mut world = World::with_seal();
            revoked_for(&mut world, reason);
            assert_eq!(next_with_its_key(&mut world, certificate), told, "{reason:?}");
            // What the authority was asked counts before all else, and stays so.
            let mut world = World::with_seal();
            let revoked = revoked_for(&mut world, reason);
            world.done("office", certificate_asked(revoked));
            assert_eq!(next_with_its_key(&mut world, certificate), "certificate-revoked", "{reason:?}");
        }
    }
    // The certificate alone does not serve either, with whichever key it is said to be.
    let mut world = World::with_seal();
    let revoked = revoked_for(&mut world, Retired);
    world.done("office", certificate_asked(revoked));
    let next = application("next", "合同专用章", "successor");
    let about = world.done("applicant", Statement::SealApply(Box::new(next)));
    world.done("head", Statement::SealApprove(NamedSeal { seal: seal("next"), about }));
    world.done("office", review("next", about));
    let mut other_key = made("next", about, "pkcs11:serial=1;id=%02");
    other_key.certificate_sha256 = digest("certificate of contract");
    assert_eq!(world.refused("office", Statement::SealMake(other_key)), "certificate-revoked");
}

fn certificate_asked(about: ActId) -> Statement {
    certificate(RevocationStep::Asked, "CA", about)
}

#[test]
fn a_key_reported_lost_is_given_up_whatever_the_revocation_says() {
    let mut world = World::with_seal();
    world.done("custodian", report("contract", ReportKind::PinLeak));
    revoked_for(&mut world, RevocationReason::Retired);
    assert_eq!(next_with_its_key(&mut world, "another certificate"), "key-compromised");
    let mut world = World::with_seal();
    world.done("office", leave("custodian"));
    revoked_for(&mut world, RevocationReason::Retired);
    assert_eq!(next_with_its_key(&mut world, "another certificate"), "key-compromised");
    // What was found well again is no reason.
    let mut world = World::with_seal();
    let about = world.done("custodian", report("contract", ReportKind::Damage));
    world.done("head", Statement::SealResume(named(about)));
    world.done("office", Statement::SealResume(named(about)));
    revoked_for(&mut world, RevocationReason::Retired);
    assert_eq!(next_with_its_key(&mut world, "another certificate"), "accepted");
}

#[test]
fn a_key_that_is_given_up_stops_the_seal_that_has_it_now() {
    let mut world = World::with_seal();
    let about = revoked_for(&mut world, RevocationReason::Retired);
    assert_eq!(next_with_its_key(&mut world, "certificate of contract"), "accepted");
    world.done("office", issue("next", "successor"));
    world.done("successor", receive("next"));
    let terms = GrantTerms { seal: seal("next"), ..grant_terms() };
    world.done("office", Statement::Grant(terms));
    world.draft();
    let request = world.request.as_mut().unwrap();
    (request.binding.seal, request.binding.seal_object_sha256) = (seal("next"), digest("object of next"));
    let file = Statement::RequestFile(Box::new(world.binding()));
    world.done("applicant", file);
    world.approve("approver").unwrap();

    world.done("office", certificate_asked(about));
    assert_eq!(world.approve("second").unwrap_err().to_string(), "certificate-revoked");
    let (binding, request) = (world.binding(), world.request.as_ref().unwrap());
    let facts = UseFacts {
        now_us: world.now_us,
        policy: &world.policy,
        office: &world.office,
        request,
        seal: &world.office.seals[&seal("next")],
        custodian: None,
        channel: Channel::Local,
        stamped: Stamped {
            document_sha256: binding.document_sha256,
            seal_object_sha256: binding.seal_object_sha256,
            boxes: &binding.boxes,
        },
        copies_used: 0,
        used_today: 0,
    };
    assert_eq!(usage::admit(&facts).unwrap_err().to_string(), "certificate-revoked");

    // Nor is it received, if it is not in anybody's hands yet.
    let mut made = World::with_seal();
    let about = revoked_for(&mut made, RevocationReason::Retired);
    assert_eq!(next_with_its_key(&mut made, "certificate of contract"), "accepted");
    let mut issued = World { office: made.office.clone(), ..World::new() };
    issued.pass(60);
    issued.done("office", issue("next", "successor"));
    for world in [&mut made, &mut issued] {
        world.pass(120);
        world.done("office", certificate_asked(about));
    }
    assert_eq!(made.refused("office", issue("next", "successor")), "certificate-revoked");
    assert_eq!(issued.refused("successor", receive("next")), "certificate-revoked");
}
