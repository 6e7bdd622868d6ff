use super::*;

fn resume(world: &World) -> Statement {
    let SealLife::Suspended(suspended) = &world.office.seals[&seal("contract")].life else {
        panic!("not suspended")
    };
    Statement::SealResume(NamedSeal { seal: seal("contract"), about: suspended.by.act })
}

#[test]
fn anyone_entitled_reports_and_the_seal_is_suspended_at_once() {
    // Custodian, head, office, a grantee of another unit, a member of the unit.
    for by in ["custodian", "head", "office", "grantee", "approver"] {
        let mut world = World::with_seal();
        let grantee = PersonEntry { unit: "另一单位".into(), ..entry("grantee", &[Role::Applicant]) };
        world.done("office", Statement::PersonRegister(grantee));
        world.done("office", Statement::Grant(GrantTerms { person: person("grantee"), ..grant_terms() }));
        let about = world.done(by, report("contract", ReportKind::Loss));
        assert_eq!(world.state("contract"), "suspended", "{by}");
        assert!(world.office.notices[&about].is_open());
    }
}

#[test]
fn a_notice_stays_open_until_head_and_office_took_note() {
    let mut world = World::with_seal();
    let about = world.done("custodian", report("contract", ReportKind::Damage));
    let note = || Statement::NoticeAcknowledge(NamedAct { about });
    assert_eq!(world.refused("custodian", note()), "role-missing");
    world.done("head", note());
    assert_eq!(world.refused("second", note()), "act-done-already");
    assert!(world.office.notices[&about].is_open());
    world.done("office", note());
    assert!(!world.office.notices[&about].is_open());
    let other = NamedAct { about: ActId::new(Uuid::from_u128(99)) };
    assert_eq!(world.refused("office", Statement::NoticeAcknowledge(other)), "notice-unknown");
}

#[test]
fn two_persons_and_an_inspection_resume_a_seal() {
    let mut world = World::with_seal();
    world.done("head", Statement::SealSuspend(because("contract")));
    assert_eq!(world.refused("head", Statement::SealSuspend(because("contract"))), "seal-state-wrong");
    world.done("head", resume(&world));
    assert_eq!(world.state("contract"), "suspended");
    assert_eq!(world.refused("head", resume(&world)), "second-person-needed");
    assert_eq!(world.refused("second", resume(&world)), "role-missing", "two heads are not head and office");
    let uninspected =
        world.refused_with("office", resume(&world), |outside| outside.inspection_passed = false);
    assert_eq!(uninspected, "inspection-needed");
    world.done("office", resume(&world));
    assert_eq!(world.state("contract"), "active");
}

#[test]
fn one_who_is_office_and_head_still_counts_once() {
    let mut world = World::with_seal();
    world.done("office", Statement::PersonRegister(entry("both", &[Role::SealOffice, Role::UnitHead])));
    world.done("both", Statement::SealSuspend(because("contract")));
    world.done("both", resume(&world));
    assert_eq!(world.refused("both", resume(&world)), "second-person-needed");
    world.done("second", resume(&world));
    assert_eq!(world.state("contract"), "active");
}

#[test]
fn who_may_no_longer_resume_counts_no_more() {
    let mut world = World::with_seal();
    world.done("head", Statement::SealSuspend(because("contract")));
    world.done("head", resume(&world));
    world.done("office", leave("head"));
    world.done("office", resume(&world));
    assert_eq!(world.state("contract"), "suspended");
    world.done("second", resume(&world));
    assert_eq!(world.state("contract"), "active");
}

#[test]
fn another_report_voids_what_was_done_to_resume() {
    let mut world = World::with_seal();
    world.done("head", report("contract", ReportKind::Loss));
    let earlier = resume(&world);
    world.done("office", resume(&world));
    world.done("custodian", report("contract", ReportKind::PinLeak));
    assert_eq!(world.refused("head", earlier), "act-about-wrong");
    world.done("head", resume(&world));
    assert_eq!(world.state("contract"), "suspended");
    assert_eq!(world.office.notices.len(), 2);
}

#[test]
fn without_a_custodian_a_seal_is_not_resumed() {
    let mut world = World::with_seal();
    world.done("office", leave("custodian"));
    assert_eq!(world.refused("office", resume(&world)), "custodian-unfit");
}

#[test]
fn a_seal_reported_before_its_receipt_is_made_anew_with_another_key() {
    const KEY: &str = "pkcs11:serial=1;id=%01";
    for issued in [false, true] {
        let mut world = World::new();
        world.make_up_to_issue("contract", "合同专用章", "custodian", KEY);
        if !issued {
            // Back to what it was before it was handed out.
            let entry = world.office.seals.get_mut(&seal("contract")).unwrap();
            let SealLife::Issued { made, .. } = entry.life.clone() else { panic!() };
            entry.life = SealLife::Made(made);
        }
        let by = if issued { "custodian" } else { "office" };
        let notice = world.done(by, report("contract", ReportKind::Loss));
        assert_eq!(world.state("contract"), "approved");
        assert!(world.office.notices[&notice].is_open(), "head and office take note of it like of any");
        // Whoever has the token now gets no active seal out of it.
        assert_eq!(world.refused("custodian", receive("contract")), "seal-state-wrong");
        let about = world.office.seals[&seal("contract")].applied.act;
        world.done("office", review("contract", about));
        assert_eq!(
            world.refused("office", Statement::SealMake(made("contract", about, KEY))),
            "key-compromised"
        );
        let mut anew = made("contract", about, "pkcs11:serial=2;id=%01");
        anew.certificate_sha256 = digest("another certificate");
        world.done("office", Statement::SealMake(anew));
        world.done("office", issue("contract", "custodian"));
        world.done("custodian", receive("contract"));
        assert_eq!(world.state("contract"), "active");
    }
    // Before it is made there is nothing to lose.
    let mut world = World::new();
    world.done(
        "applicant",
        Statement::SealApply(Box::new(application("contract", "合同专用章", "custodian"))),
    );
    assert_eq!(world.refused("office", report("contract", ReportKind::Loss)), "seal-state-wrong");
}
