use super::*;

fn register(entry: PersonEntry) -> Statement {
    Statement::PersonRegister(entry)
}

#[test]
fn a_person_is_registered_and_their_entry_replaced_whole() {
    let mut world = World::new();
    world.done("office", register(PersonEntry { uid: Some(1000), ..entry("new", &[Role::Applicant]) }));
    assert_eq!(world.office.person_of_uid(1000).unwrap().id, person("new"));
    world.done("office", register(entry("new", &[Role::Approver])));
    assert!(world.office.person_of_uid(1000).is_none());
    assert_eq!(world.office.people[&person("new")].roles, set(&[Role::Approver]));
}

#[test]
fn an_act_counts_once() {
    let mut world = World::new();
    let again = world.refused_with("office", leave("applicant"), |outside| outside.is_known = true);
    assert_eq!(again, "act-repeated");
}

#[test]
fn each_act_takes_its_role() {
    let mut world = World::with_request();
    let about = world.office.seals[&seal("contract")].applied.act;
    let binding = world.binding();
    let named = NamedSeal { seal: seal("contract"), about };
    let request = binding.request;
    let end = || EndedRequest { request, reason: "不用了".into() };
    for (by, statement, refused) in [
        ("head", register(entry("new", &[])), "role-missing"),
        ("auditor", leave("applicant"), "role-missing"),
        ("custodian", Statement::Grant(grant_terms()), "role-missing"),
        ("approver", Statement::Policy(PolicyDigest { sha256: digest("policy") }), "role-missing"),
        ("applicant", Statement::SealApprove(named.clone()), "role-missing"),
        ("auditor", Statement::SealApply(Box::new(application("new", "新章", "custodian"))), "unit-foreign"),
        ("auditor", report("contract", ReportKind::Loss), "unit-foreign"),
        ("successor", Statement::SealOffer(hand_over("contract", "custodian", "successor")), "not-custodian"),
        ("head", Statement::SealHandOver(hand_over("contract", "custodian", "successor")), "role-missing"),
        ("applicant", Statement::SealSuspend(because("contract")), "role-missing"),
        ("head", Statement::SealRevoke(named), "role-missing"),
        ("applicant", Statement::RequestApprove(Box::new(binding)), "role-missing"),
        ("applicant", Statement::RequestReject(end()), "role-missing"),
        ("approver", Statement::RequestWithdraw(end()), "not-applicant"),
        (
            "office",
            Statement::Finding(FindingText {
                person: person("head"), text: "整改".into(), due_s: u64::MAX
            }),
            "role-missing",
        ),
    ] {
        let typ = statement.typ();
        let codes = world.refused(by, statement);
        assert!(codes.split(", ").any(|code| code == refused), "{by}: {typ}: {codes}");
    }
}

#[test]
fn a_head_is_the_head_of_their_own_unit_only() {
    let mut world = World::with_seal();
    world.done(
        "office",
        register(PersonEntry { unit: "另一单位".into(), ..entry("head2", &[Role::UnitHead]) }),
    );
    assert_eq!(world.refused("head2", Statement::SealSuspend(because("contract"))), "role-missing");
    world.done("head", Statement::SealSuspend(because("contract")));
}

#[test]
fn nobody_is_two_of_office_custodian_and_auditor() {
    let mut world = World::new();
    for (index, first) in Role::APART.iter().enumerate() {
        for second in &Role::APART[index + 1..] {
            let roles = [*first, *second, Role::Approver];
            assert_eq!(world.refused("office", register(entry("new", &roles))), "roles-incompatible");
        }
    }
    world.done("office", register(entry("new", &[Role::Custodian, Role::Approver, Role::UnitHead])));
    world.done("office", register(entry("both", &[Role::SealOffice, Role::Approver])));
    for other in Role::ALL.into_iter().filter(|role| *role != Role::Auditor) {
        let refused = world.refused("office", register(entry("watcher", &[Role::Auditor, other])));
        assert_eq!(refused, "roles-incompatible", "{}", other.code());
    }
    world.done("office", register(entry("watcher", &[Role::Auditor])));
}

#[test]
fn an_auditor_changes_nothing_and_uses_no_seal() {
    let mut world = World::with_request();
    // Of the unit, where anybody may apply, ask for the end of a seal and report its loss.
    world.done("office", register(entry("watcher", &[Role::Auditor])));
    let ending =
        Retirement { seal: seal("contract"), reason: RevocationReason::Other, text: "其他".into() };
    for statement in [
        Statement::SealApply(Box::new(application("new", "新章", "custodian"))),
        Statement::SealRetire(ending),
        report("contract", ReportKind::Loss),
    ] {
        assert_eq!(world.refused("watcher", statement.clone()), "role-missing", "{}", statement.typ());
        assert_eq!(world.refused("approver", statement), "accepted");
    }
    let watcher = || GrantTerms { person: person("watcher"), ..grant_terms() };
    assert_eq!(world.refused("office", Statement::Grant(watcher())), "roles-incompatible");

    // Who becomes one has neither grants nor requests any more, and gets the grants back by new acts alone.
    world.done("office", register(entry("applicant", &[Role::Auditor])));
    assert!(world.office.grants.is_empty());
    let request = world.binding().request;
    let withdraw = EndedRequest { request, reason: "不用了".into() };
    assert_eq!(world.refused("applicant", Statement::RequestWithdraw(withdraw)), "role-missing");
    world.done("office", register(entry("applicant", &[Role::Applicant])));
    assert!(world.office.grants.is_empty());
}

#[test]
fn a_key_or_a_user_is_one_persons_only() {
    let mut world = World::new();
    world.done("office", register(PersonEntry { uid: Some(1000), ..entry("new", &[Role::Applicant]) }));
    let taken = PersonEntry { keys: vec![jwk("new"), jwk("other")], uid: Some(1000), ..entry("other", &[]) };
    assert_eq!(world.refused("office", register(taken.clone())), "key-taken, uid-taken");
    // Who has left gives back the user, not the key: what it signed stays theirs.
    world.done("office", leave("new"));
    assert_eq!(world.refused("office", register(taken)), "key-taken");

    let mut many = entry("many", &[]);
    many.keys = (0..9).map(|index| jwk(&index.to_string())).collect();
    assert_eq!(world.refused("office", register(many)), "keys-too-many");
    let mut private = entry("private", &[]);
    private.keys[0]["d"] = "AQ".into();
    private.keys.push(serde_json::json!({"kty": "RSA"}));
    assert_eq!(world.refused("office", register(private)), "act-key-private, act-key-unfit");
}

#[test]
fn a_certificate_is_one_persons_only() {
    let mut world = World::new();
    let with = |id: &str, certificates: &[&str]| {
        let certificates = certificates.iter().map(|of| digest(of)).collect();
        register(PersonEntry { certificates, ..entry(id, &[Role::Custodian]) })
    };
    world.done("office", with("new", &["laptop", "desk"]));
    assert_eq!(world.office.person_of_certificate(&digest("desk")).unwrap().id, person("new"));
    assert!(world.office.person_of_certificate(&digest("other")).is_none());
    assert_eq!(world.refused("office", with("other", &["other", "desk"])), "certificate-taken");
    // Their own they keep or give up with each new entry.
    world.done("office", with("new", &["desk"]));
    world.done("office", with("other", &["laptop"]));
    // Who has left shows it no more.
    world.done("office", leave("new"));
    assert!(world.office.person_of_certificate(&digest("desk")).is_none());
    world.done("office", with("other", &["laptop", "desk"]));
    assert_eq!(world.refused("office", with("new", &["desk"])), "certificate-taken");

    let many: Vec<_> = (0..9).map(|index| index.to_string()).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    assert_eq!(world.refused("office", with("many", &many)), "certificates-too-many");
    world.done("office", with("many", &many[..8]));
}

#[test]
fn the_last_of_the_office_cannot_remove_themselves() {
    let mut world = World::new();
    assert_eq!(world.refused("office", leave("office")), "seal-office-last");
    assert_eq!(world.refused("office", register(entry("office", &[Role::Approver]))), "seal-office-last");
    let keyless = PersonEntry { keys: vec![], ..entry("office", &[Role::SealOffice]) };
    assert_eq!(world.refused("office", register(keyless)), "seal-office-last");
    world.done("office", register(entry("office2", &[Role::SealOffice])));
    world.done("office", leave("office"));
    assert_eq!(world.refused("office2", leave("office2")), "seal-office-last");
}

#[test]
fn who_keeps_a_seal_stays_a_custodian_until_it_is_handed_over() {
    let mut world = World::with_seal();
    assert_eq!(
        world.refused("office", register(entry("custodian", &[Role::Approver]))),
        "custodian-keeps-seals"
    );
    world.done("custodian", Statement::SealOffer(hand_over("contract", "custodian", "successor")));
    world.done("successor", Statement::SealAccept(hand_over("contract", "custodian", "successor")));
    world.done("office", Statement::SealHandOver(hand_over("contract", "custodian", "successor")));
    world.done("office", register(entry("custodian", &[Role::Approver])));
}

#[test]
fn a_custodian_who_leaves_blocks_their_seals_at_once() {
    let mut world = World::with_request();
    world.approve("approver").unwrap();
    world.done("office", leave("custodian"));
    assert_eq!(world.state("contract"), "suspended");
    assert_eq!(world.approve("second").unwrap_err().to_string(), "seal-suspended");
    assert_eq!(world.refused("office", leave("custodian")), "person-left");
    assert_eq!(world.refused("office", leave("nobody")), "person-not-registered");
}

#[test]
fn a_grant_is_for_staff_and_within_the_seals_scope() {
    let mut world = World::with_seal();
    world.done("office", Statement::Grant(grant_terms()));
    let bad = GrantTerms {
        classes: set(&["major".to_owned()]),
        copies_per_request: 0,
        uses_per_day: 0,
        hours: Some(Hours { from_minute: 600, until_minute: 600 }),
        until_s: NOW_US / SECOND_US,
        ..grant_terms()
    };
    assert_eq!(
        world.refused("office", Statement::Grant(bad)),
        "grant-terms-bad, grant-terms-bad, grant-terms-bad, grant-terms-bad, grant-beyond-scope"
    );
    let empty = GrantTerms { classes: set(&[]), ..grant_terms() };
    assert_eq!(world.refused("office", Statement::Grant(empty)), "grant-terms-bad");
    world.done("office", leave("applicant"));
    assert_eq!(world.refused("office", Statement::Grant(grant_terms())), "person-left");
}

#[test]
fn a_grant_ends_once() {
    let mut world = World::with_seal();
    world.done("office", Statement::Grant(grant_terms()));
    let end = EndedGrant { person: person("applicant"), seal: seal("contract"), reason: "到期".into() };
    world.done("office", Statement::GrantEnd(end.clone()));
    assert!(world.office.grants.is_empty());
    assert_eq!(world.refused("office", Statement::GrantEnd(end)), "grant-missing");
}

#[test]
fn no_grant_is_given_of_a_seal_that_has_ended() {
    let mut world = World::with_seal();
    for (code, life) in world.end_states() {
        world.set_life(life);
        assert_eq!(world.refused("office", Statement::Grant(grant_terms())), code);
    }
    let of_none = GrantTerms { seal: seal("none"), ..grant_terms() };
    assert_eq!(world.refused("office", Statement::Grant(of_none)), "seal-unknown");
}

#[test]
fn texts_are_there_and_within_their_limits() {
    let mut world = World::new();
    for name in ["", " ", "张\u{7}三", &"名".repeat(129)] {
        let entry = PersonEntry { name: name.into(), ..entry("new", &[]) };
        assert_eq!(world.refused("office", register(entry)), "act-text-bad", "{name:?}");
    }
    // What shows nothing, or turns what stands around it, makes one name look like another's.
    for name in ["张\u{200b}三", "张三\u{202e}", "\u{2066}张三", "张\u{ad}三", "张\u{3164}三"] {
        let entry = PersonEntry { name: name.into(), ..entry("new", &[]) };
        assert_eq!(world.refused("office", register(entry)), "act-text-bad", "{name:?}");
        let entry = PersonEntry { unit: name.into(), ..super::entry("new", &[]) };
        assert_eq!(world.refused("office", register(entry)), "act-text-bad", "{name:?}");
        let seal = Statement::SealApply(Box::new(application("new", name, "custodian")));
        assert_eq!(world.refused("applicant", seal), "act-text-bad", "{name:?}");
    }
    // A reason is shown with what is hidden in it, and tells nobody from another.
    let leaver = NamedPerson { person: person("applicant"), reason: "离职\u{200b}".into() };
    assert_eq!(world.refused("office", Statement::PersonLeave(leaver)), "accepted");
    let leaver = NamedPerson { person: person("head"), reason: "离".repeat(1001) };
    assert_eq!(world.refused("office", Statement::PersonLeave(leaver)), "act-text-bad");
}

#[test]
fn an_act_lives_no_longer_than_the_policy_allows() {
    let mut world = World::new();
    let mut act = world.act("office", leave("applicant"));
    act.claims.expires_s = act.claims.issued_s + 7 * 86_400;
    assert!(world.office.judge(&act, &world.outside(&act.claims.statement)).is_ok());
    act.claims.expires_s += 1;
    let refusal = world.office.judge(&act, &world.outside(&act.claims.statement)).unwrap_err();
    assert_eq!(refusal.to_string(), "act-lifetime-too-long");
}

#[test]
fn the_policy_is_what_the_office_signed() {
    let mut world = World::new();
    let policy = || Statement::Policy(PolicyDigest { sha256: digest("policy") });
    assert_eq!(world.refused("head", policy()), "role-missing");
    world.done("office", policy());
    assert_eq!(world.office.policy, Some(digest("policy")));
}

#[test]
fn an_act_that_was_held_back_undoes_nothing() {
    let mut world = World::new();
    let held_back = world.act("office", Statement::PersonRegister(entry("new", &[Role::Approver])));
    world.pass(60);
    world.done("office", Statement::PersonRegister(entry("new", &[Role::Applicant])));
    let refused = world.office.judge(&held_back, &world.outside(&held_back.claims.statement)).unwrap_err();
    assert_eq!(refused.to_string(), "act-superseded");
    world.done("office", leave("new"));
    let refused = world.office.judge(&held_back, &world.outside(&held_back.claims.statement)).unwrap_err();
    assert_eq!(refused.to_string(), "act-superseded", "who has left does not come back by an old act");
}

#[test]
fn who_leaves_leaves_their_grants() {
    let mut world = World::with_request();
    assert!(world.office.grants.keys().any(|(holder, _)| holder.as_str() == "applicant"));
    world.done("office", leave("applicant"));
    assert!(!world.office.grants.keys().any(|(holder, _)| holder.as_str() == "applicant"));
}

#[test]
fn a_grant_that_was_held_back_does_not_revive_when_its_holder_comes_back() {
    for end in ["left", "became an auditor"] {
        // Whether there was a grant to end or not.
        for had_one in [true, false] {
            let mut world = World::with_seal();
            if had_one {
                world.done("office", Statement::Grant(grant_terms()));
            }
            let held_back = world.act("office", Statement::Grant(grant_terms()));
            world.pass(60);
            let ends = match end {
                "left" => leave("applicant"),
                _ => register(entry("applicant", &[Role::Auditor])),
            };
            world.done("office", ends);
            world.pass(60);
            world.done("office", register(entry("applicant", &[Role::Applicant])));
            let refused =
                world.office.judge(&held_back, &world.outside(&held_back.claims.statement)).unwrap_err();
            assert_eq!(refused.to_string(), "act-superseded", "{end}, {had_one}");
            world.done("office", Statement::Grant(grant_terms()));
        }
    }
}

#[test]
fn a_clock_that_is_ahead_keeps_nobody_from_saying_otherwise() {
    let mut world = World::with_seal();
    let mut ahead = world.act("office", register(entry("new", &[Role::Approver])));
    ahead.claims.issued_s += 300;
    let change = world.office.judge(&ahead, &world.outside(&ahead.claims.statement)).unwrap();
    world.office.apply(change);
    world.done("office", leave("new"));
    assert!(!world.office.people[&person("new")].is_employed());
}
