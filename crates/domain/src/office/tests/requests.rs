use super::*;

fn file(world: &World) -> Statement {
    Statement::RequestFile(Box::new(world.binding()))
}

fn ended(world: &World) -> EndedRequest {
    EndedRequest { request: world.binding().request, reason: "不办了".into() }
}

#[test]
fn whatever_is_changed_is_told_by_its_own_reason() {
    type Altered = fn(&mut Binding);
    let alterations: [(&str, Altered); 9] = [
        ("ticket-document-changed", |bound| bound.document_sha256 = digest("x")),
        ("ticket-file-name-changed", |bound| bound.file_name.push('x')),
        ("ticket-seal-other", |bound| bound.seal = seal("other")),
        ("ticket-seal-changed", |bound| bound.seal_object_sha256 = digest("x")),
        ("ticket-placement-changed", |bound| bound.boxes[0].left_um += 1),
        ("ticket-class-changed", |bound| bound.class = "ordinary".into()),
        ("ticket-copies-changed", |bound| bound.copies += 1),
        ("ticket-reason-changed", |bound| bound.reason.push('x')),
        ("ticket-applicant-changed", |bound| bound.applicant = person("head")),
    ];
    let mut drafted = World::with_seal();
    drafted.draft();
    let mut filed = World::with_request();
    for (code, alter) in alterations {
        let mut binding = drafted.binding();
        alter(&mut binding);
        assert_eq!(drafted.refused("applicant", Statement::RequestFile(Box::new(binding.clone()))), code);
        assert_eq!(filed.refused("approver", Statement::RequestApprove(Box::new(binding))), code);
    }
    let mut all = filed.binding();
    alterations.iter().for_each(|(_, alter)| alter(&mut all));
    let together: Vec<_> = alterations.iter().map(|(code, _)| *code).collect();
    assert_eq!(filed.refused("approver", Statement::RequestApprove(Box::new(all))), together.join(", "));
}

#[test]
fn only_the_applicant_files_and_only_once() {
    let mut world = World::with_seal();
    world.draft();
    assert_eq!(world.approve("approver").unwrap_err().to_string(), "request-not-filed");
    assert_eq!(world.refused("head", file(&world)), "not-applicant");
    world.done("applicant", file(&world));
    assert_eq!(world.refused("applicant", file(&world)), "request-filed-already");
    world.request = None;
    assert_eq!(
        world.refused("applicant", Statement::RequestFile(Box::new(World::with_request().binding()))),
        "request-unknown"
    );
}

#[test]
fn nobody_approves_their_own_request() {
    let mut world = World::with_request();
    let both = entry("applicant", &[Role::Applicant, Role::Approver]);
    world.done("office", Statement::PersonRegister(both));
    assert_eq!(world.approve("applicant").unwrap_err().to_string(), "approver-is-applicant");
}

#[test]
fn a_custodian_does_not_approve_uses_of_their_seal() {
    let mut world = World::with_request();
    let both = entry("custodian", &[Role::Custodian, Role::Approver]);
    world.done("office", Statement::PersonRegister(both));
    assert_eq!(world.approve("custodian").unwrap_err().to_string(), "approver-is-custodian");
}

#[test]
fn one_person_has_one_vote_whatever_keys_they_hold() {
    let mut world = World::with_request();
    world.approve("approver").unwrap();
    assert_eq!(world.approve("approver").unwrap_err().to_string(), "approved-already");
    let mut more_keys = entry("approver", &[Role::Approver]);
    more_keys.keys.push(jwk("another key of the approver"));
    world.done("office", Statement::PersonRegister(more_keys));
    assert_eq!(world.approve("approver").unwrap_err().to_string(), "approved-already");
    // A ticket that has run out gives way to a new one, and the person still counts once.
    world.pass(3600);
    world.approve("approver").unwrap();
    assert_eq!(world.request.as_ref().unwrap().tickets.len(), 1);
    world.approve("second").unwrap();
    assert_eq!(world.request.as_ref().unwrap().tickets.len(), 2);
}

#[test]
fn a_ticket_lives_no_longer_than_the_policy_allows() {
    let mut world = World::with_request();
    let binding = world.binding();
    let mut act = world.act("approver", Statement::RequestApprove(Box::new(binding)));
    act.claims.expires_s = act.claims.issued_s + 72 * 3600;
    assert!(world.office.judge(&act, &world.outside(&act.claims.statement)).is_ok());
    act.claims.expires_s += 1;
    let refusal = world.office.judge(&act, &world.outside(&act.claims.statement)).unwrap_err();
    assert_eq!(refusal.to_string(), "ticket-lifetime-too-long");
}

#[test]
fn a_request_that_ended_takes_no_acts() {
    let mut world = World::with_request();
    world.done("approver", Statement::RequestReject(ended(&world)));
    assert_eq!(world.approve("second").unwrap_err().to_string(), "request-rejected");
    assert_eq!(world.refused("applicant", Statement::RequestWithdraw(ended(&world))), "request-rejected");

    let mut world = World::with_request();
    world.done("applicant", Statement::RequestWithdraw(ended(&world)));
    assert_eq!(world.approve("second").unwrap_err().to_string(), "request-withdrawn");
    assert_eq!(world.refused("applicant", file(&world)), "request-withdrawn");

    let mut world = World::with_request();
    world.pass(72 * 3600);
    assert_eq!(world.approve("second").unwrap_err().to_string(), "request-expired");

    let mut world = World::with_request();
    let copies = world.binding().copies;
    for (by, statement) in [
        ("approver", Statement::RequestApprove(Box::new(world.binding()))),
        ("approver", Statement::RequestReject(ended(&world))),
        ("applicant", Statement::RequestWithdraw(ended(&world))),
    ] {
        let used_up = |outside: &mut Outside<'_>| outside.copies_used = copies;
        assert_eq!(world.refused_with(by, statement, used_up), "copies-used-up");
    }
}

#[test]
fn nothing_is_filed_or_approved_for_a_seal_that_cannot_be_used() {
    let mut world = World::with_request();
    let active = world.office.seals[&seal("contract")].kept().unwrap().clone();
    for (code, life) in world.end_states() {
        world.set_life(life);
        assert_eq!(world.approve("approver").unwrap_err().to_string(), code);
    }
    for (code, valid_from_us, valid_until_us) in
        [("seal-expired", 0, NOW_US), ("seal-not-yet-valid", NOW_US + 1, u64::MAX)]
    {
        let mut active = active.clone();
        (active.made.valid_from_us, active.made.valid_until_us) = (valid_from_us, valid_until_us);
        world.set_life(SealLife::Active(active));
        assert_eq!(world.approve("approver").unwrap_err().to_string(), code);
    }
    world.set_life(SealLife::Made(active.made.clone()));
    assert_eq!(world.approve("approver").unwrap_err().to_string(), "seal-not-yet-active");
    world.set_life(SealLife::Active(active));
    world.done("head", Statement::SealSuspend(because("contract")));
    assert_eq!(world.approve("approver").unwrap_err().to_string(), "seal-suspended");
    world.draft();
    assert_eq!(world.refused("applicant", file(&world)), "seal-suspended");
    world.office.seals.clear();
    assert_eq!(world.refused("applicant", file(&world)), "seal-unknown");
}

#[test]
fn a_clock_that_is_ahead_carries_no_ticket_over_a_suspension() {
    let mut world = World::with_request();
    let binding = world.binding();
    let mut act = world.act("approver", Statement::RequestApprove(Box::new(binding)));
    act.claims.issued_s += 300;
    let change = world.office.judge(&act, &world.outside(&act.claims.statement)).unwrap();
    let [Changed::Request(approved)] = change.entities.as_slice() else { panic!("{change:?}") };
    assert_eq!(approved.tickets[0].issued_s, NOW_US / SECOND_US);
}

#[test]
fn a_finding_stays_open_until_the_person_named_answers() {
    let mut world = World::new();
    let finding = |due_s| {
        Statement::Finding(FindingText { person: person("head"), text: "台账不全".into(), due_s })
    };
    assert_eq!(world.refused("auditor", finding(NOW_US / SECOND_US)), "finding-due-bad");
    let about = world.done("auditor", finding(NOW_US / SECOND_US + 1));
    assert!(world.office.findings[&about].answered.is_none());
    let answer = |about| Statement::FindingAnswer(FindingAnswer { about, text: "已补全".into() });
    assert_eq!(world.refused("office", answer(about)), "finding-of-another");
    assert_eq!(world.refused("head", answer(ActId::new(Uuid::from_u128(99)))), "finding-unknown");
    world.done("head", answer(about));
    assert_eq!(world.office.findings[&about].answered.as_ref().unwrap().1, "已补全");
    assert_eq!(world.refused("head", answer(about)), "act-done-already");
    let of_nobody = FindingText { person: person("nobody"), text: "x".into(), due_s: u64::MAX };
    assert_eq!(world.refused("auditor", Statement::Finding(of_nobody)), "person-not-registered");
}

#[test]
fn a_class_may_have_approvers_of_its_own() {
    let mut world = World::with_request();
    let approvers = set(&[person("second"), person("approver")]);
    world.policy.classes.get_mut("important").unwrap().approvers = approvers;
    world.done("office", Statement::PersonRegister(entry("third", &[Role::Approver])));
    assert_eq!(world.approve("third").unwrap_err().to_string(), "approver-not-entitled");
    let reject = Statement::RequestReject(ended(&world));
    assert_eq!(world.refused("third", reject.clone()), "approver-not-entitled");
    assert_eq!(world.refused("head", reject.clone()), "role-missing", "named by nobody, and no approver");
    world.policy.classes.get_mut("important").unwrap().approvers.insert(person("head"));
    assert_eq!(world.refused("head", reject.clone()), "role-missing", "the role is the office's to give");
    world.approve("approver").unwrap();
    world.done("second", reject);
}
