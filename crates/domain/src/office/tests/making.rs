use super::*;

fn apply(world: &mut World) -> ActId {
    world
        .done("applicant", Statement::SealApply(Box::new(application("contract", "合同专用章", "custodian"))))
}

fn named(about: ActId) -> NamedSeal {
    NamedSeal { seal: seal("contract"), about }
}

const KEY: &str = "pkcs11:serial=1;id=%01";

#[test]
fn a_seal_becomes_active_by_seven_acts_in_their_order() {
    let world = World::with_seal();
    let entry = &world.office.seals[&seal("contract")];
    let steps: Vec<_> =
        entry.history.iter().map(|step| format!("{} by {}: {}", step.typ, step.by.by, step.state)).collect();
    assert_eq!(
        steps,
        [
            "seal-apply by applicant: applied",
            "seal-approve by head: approved",
            "seal-review by office: reviewed",
            "seal-make by office: made",
            "seal-issue by office: issued",
            "seal-receive by custodian: active",
        ]
    );
    let active = entry.usable(NOW_US).unwrap();
    assert_eq!(active.custodian, person("custodian"));
    assert_eq!(entry.token().unwrap().as_str(), "1");
}

#[test]
fn a_picture_is_fine_enough_for_its_size_and_no_larger_than_allowed() {
    let mut world = World::new();
    let mut applied = |bytes: u64, pixels: Option<[u32; 2]>| {
        let application = application("contract", "合同专用章", "custodian");
        world.refused_with("applicant", Statement::SealApply(Box::new(application)), |outside| {
            outside.picture = Some(PictureFacts { bytes, pixels });
        })
    };
    // 40 mm at 300 dpi.
    assert_eq!(applied(100, Some([471, 472])), "seal-picture-coarse");
    assert_eq!(applied((4 << 20) + 1, None), "seal-picture-too-large");
    assert_eq!(applied((4 << 20) + 1, Some([1, 1])), "seal-picture-too-large, seal-picture-coarse");
    assert_eq!(applied(4 << 20, Some([472, 472])), "accepted");

    // What the policy says when it is made counts then, of the size too.
    let mut world = World::new();
    let about = apply(&mut world);
    world.done("head", Statement::SealApprove(named(about)));
    world.done("office", review("contract", about));
    let make = || Statement::SealMake(made("contract", about, KEY));
    let coarse = world.refused_with("office", make(), |outside| {
        outside.made.as_mut().unwrap().picture.pixels = Some([400, 400]);
    });
    assert_eq!(coarse, "seal-picture-coarse");
    world.policy.pictures.max_um = 39_000;
    assert_eq!(world.refused("office", make()), "seal-size-bad");
    let small =
        SealApplication {
            width_um: 39_000, height_um: 39_000, ..application("small", "小章", "custodian")
        };
    world.done("applicant", Statement::SealApply(Box::new(small)));
}

#[test]
fn no_step_can_be_skipped_or_repeated() {
    let mut world = World::new();
    let about = apply(&mut world);
    // Each step in its turn; all the others are tried before it and refused.
    let steps = [
        ("head", Statement::SealApprove(named(about))),
        ("office", review("contract", about)),
        ("office", Statement::SealMake(made("contract", about, KEY))),
        ("office", issue("contract", "custodian")),
        ("custodian", receive("contract")),
    ];
    for turn in 0..=steps.len() {
        for (other, (by, statement)) in steps.iter().enumerate() {
            if other != turn {
                let codes = world.refused(by, statement.clone());
                assert_eq!(codes, "seal-state-wrong", "{} before step {turn}", statement.typ());
            }
        }
        if let Some((by, statement)) = steps.get(turn) {
            world.done(by, statement.clone());
        }
    }
    assert_eq!(world.refused("head", Statement::SealRefuse(because("contract"))), "seal-state-wrong");
    assert_eq!(world.refused("head", Statement::SealSuspend(because("none"))), "seal-unknown");
}

#[test]
fn everything_an_application_lacks_is_named() {
    let mut world = World::new();
    let nothing = SealApplication {
        name: " ".into(),
        unit: String::new(),
        purpose: String::new(),
        scope: set(&[]),
        custodian: person("applicant"),
        width_um: 0,
        ..application("contract", "", "applicant")
    };
    let act = world.act("applicant", Statement::SealApply(Box::new(nothing)));
    let mut outside = world.outside(&act.claims.statement);
    outside.attachment = None;
    let refusal = world.office.judge(&act, &outside).unwrap_err();
    let parts: Vec<_> = refusal.violations().filter_map(|found| found.details.get("part")).collect();
    assert_eq!(parts, ["name", "unit", "purpose", "scope", "size"]);
    let codes = refusal.to_string();
    for code in ["seal-part-missing", "unit-foreign", "act-attachment-missing", "custodian-unfit"] {
        assert!(codes.contains(code), "{codes}");
    }
    let large = SealApplication { height_um: 58_001, ..application("contract", "章", "custodian") };
    assert_eq!(world.refused("applicant", Statement::SealApply(Box::new(large))), "seal-size-bad");
}

#[test]
fn ids_names_and_keys_are_one_seals_only() {
    let mut world = World::with_seal();
    let again = |id: &str, name: &str| Statement::SealApply(Box::new(application(id, name, "custodian")));
    assert_eq!(world.refused("applicant", again("contract", "新章")), "seal-id-taken");
    assert_eq!(world.refused("applicant", again("second", "合同专用章")), "seal-name-taken");
    // Nor what a person would take for the same.
    for alike in ["合同专用章 ", "合同 专用章", "合同专⽤章"] {
        assert_eq!(world.refused("applicant", again("second", alike)), "seal-name-taken", "{alike:?}");
    }
    let about = world.done("applicant", again("second", "财务专用章"));
    world.done("head", Statement::SealApprove(NamedSeal { seal: seal("second"), about }));
    world.done("office", review("second", about));
    assert_eq!(world.refused("office", Statement::SealMake(made("second", about, KEY))), "seal-key-taken");
    world.done("office", Statement::SealMake(made("second", about, "pkcs11:serial=1;id=%02")));
    // Refused, it gives its name back, but never its id.
    world.done("office", Statement::SealRefuse(because("second")));
    assert_eq!(world.refused("applicant", again("second", "财务专用章")), "seal-id-taken");
    world.done("applicant", again("third", "财务专用章"));
}

#[test]
fn nobody_approves_what_they_applied_for() {
    let mut world = World::new();
    let application = application("contract", "合同专用章", "custodian");
    let about = world.done("head", Statement::SealApply(Box::new(application)));
    assert_eq!(world.refused("head", Statement::SealApprove(named(about))), "approver-is-applicant");
    world.done("second", Statement::SealApprove(named(about)));
}

#[test]
fn a_step_follows_the_act_it_names() {
    let mut world = World::new();
    let about = apply(&mut world);
    let other = ActId::new(Uuid::from_u128(99));
    assert_eq!(world.refused("head", Statement::SealApprove(named(other))), "act-about-wrong");
    world.done("head", Statement::SealApprove(named(about)));
    assert_eq!(world.refused("office", review("contract", other)), "act-about-wrong");
    world.done("office", review("contract", about));
    let made = made("contract", other, KEY);
    assert_eq!(world.refused("office", Statement::SealMake(made)), "act-about-wrong");
}

fn reviewed() -> (World, ActId) {
    let mut world = World::new();
    let about = apply(&mut world);
    world.done("head", Statement::SealApprove(named(about)));
    world.done("office", review("contract", about));
    (world, about)
}

#[test]
fn what_an_act_names_is_filed_with_it() {
    let (mut world, about) = reviewed();
    let make = || Statement::SealMake(made("contract", about, KEY));
    let none = world.refused_with("office", make(), |outside| {
        outside.attachment = None;
        outside.made = None;
    });
    assert_eq!(none, "seal-object-unverified, act-attachment-missing");
    let other = world.refused_with("office", make(), |outside| outside.attachment = Some(digest("x")));
    assert_eq!(other, "act-attachment-wrong");
    let unnamed = world.refused_with("office", review("contract", about), |outside| {
        outside.attachment = Some(digest("x"));
    });
    assert_eq!(unnamed, "seal-state-wrong, act-attachment-wrong");
}

#[test]
fn the_seal_object_is_what_was_applied_for() {
    let (mut world, about) = reviewed();
    let make = || Statement::SealMake(made("contract", about, KEY));
    type Altered = fn(&mut MadeFacts);
    let alterations: [(&str, Altered); 7] = [
        ("id", |told| told.id = seal("other")),
        ("name", |told| told.name = "公章".into()),
        ("width", |told| told.width_um += 1),
        ("height", |told| told.height_um += 1),
        ("picture", |told| told.picture_sha256 = digest("x")),
        ("certificate", |told| told.certificate_sha256 = digest("x")),
        ("key", |told| told.key_sha256 = digest("x")),
    ];
    for (member, alter) in alterations {
        let act = world.act("office", make());
        let mut outside = world.outside(&act.claims.statement);
        alter(outside.made.as_mut().unwrap());
        let refusal = world.office.judge(&act, &outside).unwrap_err();
        assert_eq!(refusal.to_string(), "seal-object-differs", "{member}");
        assert_eq!(refusal.first().details["member"], member);
    }
    let expired = world.refused_with("office", make(), |outside| {
        outside.made.as_mut().unwrap().valid_until_us = NOW_US;
    });
    assert_eq!(expired, "seal-expired");
    let early = world.refused_with("office", make(), |outside| {
        outside.made.as_mut().unwrap().valid_from_us = NOW_US + 1;
    });
    assert_eq!(early, "seal-not-yet-valid");
    world.done("office", make());
    let mut other = issue("contract", "successor");
    if let Statement::SealIssue(issue) = &mut other {
        issue.object_sha256 = digest("x");
    }
    assert_eq!(world.refused("office", other), "seal-object-differs, seal-object-differs");
}

#[test]
fn key_and_certificate_are_named_on_one_token() {
    let (mut world, about) = reviewed();
    for (key, certificate) in [
        ("pkcs11:id=%01", "pkcs11:serial=1;id=%01"),
        ("pkcs11:serial=1;id=%01;type=cert", "pkcs11:serial=1;id=%01"),
        ("pkcs11:serial=1;id=%01", "pkcs11:serial=2;id=%01"),
        ("pkcs11:serial=1;id=%01?pin-value=1", "pkcs11:serial=1;id=%01"),
    ] {
        let made =
            MadeSeal { key: key.into(), certificate: certificate.into(), ..made("contract", about, KEY) };
        assert_eq!(world.refused("office", Statement::SealMake(made)), "seal-uri-bad", "{key} {certificate}");
    }
}

#[test]
fn a_seal_is_issued_on_an_identity_document() {
    let (mut world, about) = reviewed();
    world.done("office", Statement::SealMake(made("contract", about, KEY)));
    for (kind, last) in [("", "1234"), ("居民身份证", "1"), ("居民身份证", "1234567"), ("居民身份证", "12 4")]
    {
        let Statement::SealIssue(mut issue) = issue("contract", "custodian") else { unreachable!() };
        issue.identity = IdentityDocument { kind: kind.into(), last: last.into() };
        assert_eq!(
            world.refused("office", Statement::SealIssue(issue)),
            "identity-document-bad",
            "{kind}{last}"
        );
    }
}

#[test]
fn only_the_receipt_with_the_token_in_hand_makes_it_active() {
    let mut world = World::new();
    world.make_up_to_issue("contract", "合同专用章", "custodian", KEY);
    assert_eq!(world.refused("successor", receive("contract")), "not-custodian");
    let unproved =
        world.refused_with("custodian", receive("contract"), |outside| outside.control_proved = false);
    assert_eq!(unproved, "token-control-unproved");
    assert_eq!(world.state("contract"), "issued");
    world.done("custodian", receive("contract"));
    assert_eq!(world.state("contract"), "active");
}
