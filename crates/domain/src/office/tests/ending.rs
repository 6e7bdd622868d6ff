use super::*;

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
