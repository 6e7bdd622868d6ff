use super::*;
use crate::{
    channel::Channel,
    rule::usage::{self, Cleared, Stamped, UseFacts},
};

/// What the agent would hand to the rules for one use; tests alter it.
struct Use {
    confirms: Option<&'static str>,
    channel: Channel,
    document: Digest,
    object: Digest,
    boxes: Vec<BoundBox>,
    copies_used: u32,
    used_today: u32,
}

fn one(world: &World) -> Use {
    let binding = world.binding();
    Use {
        confirms: Some("custodian"),
        channel: Channel::Local,
        document: binding.document_sha256,
        object: binding.seal_object_sha256,
        boxes: binding.boxes,
        copies_used: 0,
        used_today: 0,
    }
}

fn facts<'a>(world: &'a World, one: &'a Use) -> UseFacts<'a> {
    UseFacts {
        now_us: world.now_us,
        policy: &world.policy,
        office: &world.office,
        request: world.request.as_ref().unwrap(),
        seal: &world.office.seals[&seal("contract")],
        custodian: one.confirms.map(|id| &world.office.people[&person(id)]),
        channel: one.channel,
        stamped: Stamped { document_sha256: one.document, seal_object_sha256: one.object, boxes: &one.boxes },
        copies_used: one.copies_used,
        used_today: one.used_today,
    }
}

fn stamp(world: &World) -> Result<Cleared, Refusal> {
    usage::check(&facts(world, &one(world)))
}

fn refused(world: &World) -> String {
    stamp(world).unwrap_err().to_string()
}

fn refused_when(world: &World, alter: impl FnOnce(&mut Use)) -> String {
    let mut one = one(world);
    alter(&mut one);
    usage::check(&facts(world, &one)).unwrap_err().to_string()
}

fn approved() -> World {
    let mut world = World::with_request();
    world.approve("approver").unwrap();
    world.approve("second").unwrap();
    world
}

#[test]
fn as_many_tickets_as_the_class_needs_and_only_such_as_count() {
    let mut world = World::with_request();
    assert_eq!(refused(&world), "tickets-missing");
    world.approve("approver").unwrap();
    let refusal = stamp(&world).unwrap_err();
    assert_eq!(
        (refusal.first().details["have"].as_str(), refusal.first().details["need"].as_str()),
        ("1", "2")
    );
    world.approve("second").unwrap();
    let cleared = stamp(&world).unwrap();
    let by: Vec<_> = cleared.tickets().iter().map(|ticket| ticket.by.as_str()).collect();
    assert_eq!((by, cleared.request()), (vec!["approver", "second"], world.binding().request));

    // None of these counts: run out, of somebody who approves no more, of the applicant, of the custodian, twice of one person.
    let mut late = approved();
    late.pass(3600);
    assert_eq!(refused(&late), "tickets-missing");
    let mut left = approved();
    left.done("office", leave("second"));
    assert_eq!(refused(&left), "tickets-missing");
    for by in ["applicant", "custodian", "approver"] {
        let mut forged = approved();
        let forged_by = forged.office.people.get_mut(&person(by)).unwrap();
        forged_by.roles.insert(Role::Approver);
        forged.request.as_mut().unwrap().tickets[1].by = person(by);
        assert_eq!(refused(&forged), "tickets-missing", "{by}");
    }
}

#[test]
fn who_comes_back_does_not_bring_their_tickets() {
    let mut world = approved();
    assert!(stamp(&world).is_ok());
    world.done("office", leave("second"));
    world.pass(60);
    let back = entry("second", &[Role::Approver]);
    world.done("office", Statement::PersonRegister(back.clone()));
    assert_eq!(refused(&world), "tickets-missing");
    // Nor does another entry of somebody who is there void anything.
    world.approve("second").unwrap();
    assert!(stamp(&world).is_ok());
    world.pass(60);
    world.done("office", Statement::PersonRegister(back));
    assert!(stamp(&world).is_ok());
}

#[test]
fn tickets_given_before_a_key_or_the_role_was_taken_are_void() {
    let with = |keys: &[&str], roles: &[Role]| {
        let keys = keys.iter().map(|of| jwk(of)).collect();
        Statement::PersonRegister(PersonEntry { keys, ..entry("second", roles) })
    };
    let (approver, head) = ([Role::Approver], [Role::UnitHead]);
    let mut world = approved();
    world.done("office", with(&["second", "spare"], &approver));
    assert!(stamp(&world).is_ok(), "one key more takes nothing");
    // Whichever key signed: one of them may be in other hands.
    for left in [["second"], ["spare"]] {
        let mut world = approved();
        world.done("office", with(&["second", "spare"], &approver));
        world.done("office", with(&left, &approver));
        assert_eq!(refused(&world), "tickets-missing", "{left:?}");
        // Nor does it count again once the key is back.
        world.pass(60);
        world.done("office", with(&["second", "spare"], &approver));
        assert_eq!(refused(&world), "tickets-missing", "{left:?}");
        world.approve("second").unwrap();
        assert!(stamp(&world).is_ok(), "{left:?}");
    }
    let mut world = approved();
    world.done("office", with(&["second"], &head));
    world.pass(60);
    world.done("office", with(&["second"], &approver));
    assert_eq!(refused(&world), "tickets-missing");
    world.approve("second").unwrap();
    assert!(stamp(&world).is_ok());
}

#[test]
fn tickets_live_no_longer_than_the_policy_in_force_lets_them() {
    let mut world = approved();
    world.policy.ticket_lifetime_s = 1800;
    world.pass(1799);
    assert!(stamp(&world).is_ok());
    world.pass(1);
    assert_eq!(refused(&world), "tickets-missing");
    world.policy.ticket_lifetime_s = 3600;
    assert!(stamp(&world).is_ok(), "longer again, but no longer than they say themselves");
    world.pass(1800);
    assert_eq!(refused(&world), "tickets-missing");
}

#[test]
fn only_tickets_of_those_whom_the_class_names_count() {
    let mut world = approved();
    let named = |world: &mut World, ids: &[&str]| {
        let approvers = ids.iter().map(|id| person(id)).collect();
        world.policy.classes.get_mut("important").unwrap().approvers = approvers;
    };
    named(&mut world, &["approver", "second"]);
    assert!(stamp(&world).is_ok());
    // The policy may say so after they were given.
    named(&mut world, &["approver", "third"]);
    assert_eq!(refused(&world), "tickets-missing");
    named(&mut world, &[]);
    assert!(stamp(&world).is_ok());
}

/// `minutes`: how old the tickets are.
fn from_afar(minutes: u64) -> World {
    let mut world = World::with_request();
    (world.policy.remote.allowed, world.policy.remote.ticket_lifetime_s) = (true, 1800);
    for approver in ["approver", "second", "third"] {
        if approver == "third" {
            world.done("office", Statement::PersonRegister(entry("third", &[Role::Approver])));
        }
        world.approve(approver).unwrap();
    }
    world.pass(minutes * 60);
    world
}

fn refused_from_afar(world: &World) -> String {
    refused_when(world, |one| one.channel = Channel::Remote)
}

#[test]
fn a_seal_is_used_from_afar_only_where_the_policy_allows_it() {
    let mut world = from_afar(0);
    let mut one = one(&world);
    one.channel = Channel::Remote;
    assert_eq!(usage::check(&facts(&world, &one)).unwrap().tickets().len(), 3);
    assert!(usage::unlock(&world.policy, Channel::Remote).is_ok());
    world.policy.remote.allowed = false;
    assert_eq!(refused_from_afar(&world), "remote-not-allowed");
    assert_eq!(usage::unlock(&world.policy, Channel::Remote).unwrap_err().to_string(), "remote-not-allowed");
    assert!(usage::unlock(&world.policy, Channel::Local).is_ok());
    assert_eq!(stamp(&world).unwrap().tickets().len(), 2, "nearby it goes on");
    assert!(usage::admit(&facts(&world, &one)).is_ok(), "asking is no use");
}

#[test]
fn a_use_from_afar_takes_more_tickets_and_younger_ones() {
    let mut world = from_afar(0);
    world.policy.remote.additional_tickets = 2;
    let told = |world: &World| {
        let mut one = one(world);
        one.channel = Channel::Remote;
        let refusal = usage::check(&facts(world, &one)).unwrap_err();
        assert_eq!(refusal.to_string(), "tickets-missing");
        let details = &refusal.first().details;
        ["have", "need", "of-class", "too-old"].map(|key| details[key].clone())
    };
    assert_eq!(told(&world), ["3", "4", "2", "0"]);
    assert!(stamp(&world).is_ok(), "nearby two do");
    // Of 1800 seconds none is left.
    let world = from_afar(30);
    assert_eq!(told(&world), ["0", "3", "2", "3"]);
    assert!(stamp(&world).is_ok(), "nearby they live on");
    assert_eq!(told(&approved_of_afar()), ["2", "3", "2", "0"]);
    // A class that needs none nearby needs one from afar.
    let mut free = from_afar(30);
    free.policy.classes.get_mut("important").unwrap().tickets = 0;
    assert_eq!(told(&free), ["0", "1", "0", "3"]);
}

fn approved_of_afar() -> World {
    let mut world = approved();
    world.policy.remote.allowed = true;
    world
}

#[test]
fn a_ticket_too_old_for_a_use_from_afar_is_given_anew_and_stays_one_vote() {
    let mut world = from_afar(30);
    let binding = world.binding();
    let mut ticket = |by: &str| world.refused(by, Statement::RequestApprove(Box::new(binding.clone())));
    assert_eq!(ticket("approver"), "accepted");
    assert_eq!(ticket("approver"), "approved-already");
    for by in ["second", "third"] {
        assert_eq!(ticket(by), "accepted", "{by}");
    }
    assert_eq!(world.request.as_ref().unwrap().tickets.len(), 3);
    let mut one = one(&world);
    one.channel = Channel::Remote;
    assert_eq!(usage::check(&facts(&world, &one)).unwrap().tickets().len(), 3);
    // Where nothing is used from afar, there is nothing to renew.
    let mut nearby = from_afar(30);
    nearby.policy.remote.allowed = false;
    assert_eq!(nearby.refused("approver", Statement::RequestApprove(Box::new(binding))), "approved-already");
}

#[test]
fn tickets_given_before_a_suspension_are_void() {
    let mut world = approved();
    assert!(stamp(&world).is_ok());
    world.done("head", Statement::SealSuspend(because("contract")));
    let SealLife::Suspended(suspended) = &world.office.seals[&seal("contract")].life else { panic!() };
    let about = suspended.by.act;
    let resume = || Statement::SealResume(NamedSeal { seal: seal("contract"), about });
    world.done("head", resume());
    world.done("office", resume());
    assert_eq!(refused(&world), "tickets-missing");
    world.pass(1);
    world.approve("approver").unwrap();
    world.approve("second").unwrap();
    assert!(stamp(&world).is_ok());
}

#[test]
fn only_an_active_seal_within_its_validity_is_used() {
    let mut world = approved();
    world.done("head", report("contract", ReportKind::Loss));
    assert_eq!(refused(&world), "seal-suspended, tickets-missing");
    assert_eq!(usage::admit(&facts(&world, &one(&world))).unwrap_err().to_string(), "seal-suspended");

    let mut world = approved();
    let SealLife::Active(active) = world.office.seals[&seal("contract")].life.clone() else { panic!() };
    for (code, life) in world.end_states() {
        world.set_life(life);
        assert_eq!(refused(&world), code);
    }
    for (code, valid_from_us, valid_until_us) in
        [("seal-expired", 0, NOW_US), ("seal-not-yet-valid", NOW_US + 1, u64::MAX)]
    {
        let mut active = active.clone();
        (active.made.valid_from_us, active.made.valid_until_us) = (valid_from_us, valid_until_us);
        world.set_life(SealLife::Active(active));
        assert_eq!(refused(&world), code);
    }
    world.set_life(SealLife::Made(active.made));
    assert_eq!(refused(&world), "seal-not-yet-active");
}

#[test]
fn only_the_custodian_confirms() {
    let world = approved();
    assert_eq!(refused_when(&world, |one| one.confirms = Some("successor")), "not-custodian");
    assert_eq!(refused_when(&world, |one| one.confirms = None), "not-custodian");
}

#[test]
fn who_has_left_neither_asks_nor_confirms() {
    let mut world = approved();
    world.done("office", leave("applicant"));
    assert_eq!(refused(&world), "person-left, grant-missing");
    let mut world = approved();
    world.done("office", leave("custodian"));
    assert_eq!(refused(&world), "seal-suspended, custodian-unfit, not-custodian, tickets-missing");
    let mut world = approved();
    world.office.people.remove(&person("applicant"));
    assert_eq!(refused(&world), "person-not-registered");
}

#[test]
fn a_use_lies_within_the_grant() {
    let granted = |alter: fn(&mut GrantTerms)| {
        let mut world = approved();
        let whose = (person("applicant"), seal("contract"));
        alter(&mut world.office.grants.get_mut(&whose).unwrap().terms);
        world
    };
    assert_eq!(refused(&granted(|terms| terms.classes = set(&["ordinary".to_owned()]))), "grant-class");
    assert_eq!(refused(&granted(|terms| terms.copies_per_request = 1)), "grant-copies");
    assert_eq!(refused(&granted(|terms| terms.until_s = NOW_US / SECOND_US)), "grant-expired");
    assert_eq!(refused_when(&approved(), |one| one.used_today = 3), "grant-day-used-up");
    let mut world = approved();
    world.office.grants.clear();
    assert_eq!(refused(&world), "grant-missing");

    // 1_800_000_000 s is 08:00 UTC, 16:00 in the office.
    let from = |from_minute, until_minute| {
        let mut world = approved();
        let whose = (person("applicant"), seal("contract"));
        let hours = Some(Hours { from_minute, until_minute });
        world.office.grants.get_mut(&whose).unwrap().terms.hours = hours;
        world
    };
    assert!(stamp(&from(16 * 60, 16 * 60 + 1)).is_ok());
    assert_eq!(refused(&from(8 * 60, 16 * 60)), "grant-hours");
    assert_eq!(refused(&from(16 * 60 + 1, 24 * 60)), "grant-hours");
    assert!(usage::admit(&facts(&from(8 * 60, 16 * 60), &one(&world))).is_ok(), "asked for at any hour");
}

#[test]
fn the_class_lies_in_the_seals_scope_and_in_the_policy() {
    let mut world = approved();
    world.request.as_mut().unwrap().binding.class = "major".into();
    assert_eq!(refused(&world), "grant-class, class-outside-scope, tickets-missing");
    world.policy.classes.remove("major");
    assert_eq!(refused(&world), "grant-class, class-outside-scope, class-unknown");
}

#[test]
fn what_is_stamped_is_what_was_asked_for() {
    let world = approved();
    assert_eq!(refused_when(&world, |one| one.document = digest("x")), "ticket-document-changed");
    assert_eq!(refused_when(&world, |one| one.object = digest("x")), "ticket-seal-changed");
    assert_eq!(refused_when(&world, |one| one.boxes.clear()), "ticket-placement-changed");
    let mut remade = approved();
    let entry = remade.office.seals.get_mut(&seal("contract")).unwrap();
    let SealLife::Active(active) = &mut entry.life else { panic!() };
    active.made.seal.object_sha256 = digest("x");
    assert_eq!(refused(&remade), "ticket-seal-changed");
}

#[test]
fn an_open_request_is_filed_by_its_applicant() {
    let in_state = |state| {
        let mut world = approved();
        world.request.as_mut().unwrap().state = state;
        world
    };
    let by = || world_act_ref();
    assert_eq!(refused(&in_state(RequestState::Drafted)), "request-not-filed");
    assert_eq!(refused(&in_state(RequestState::Rejected(by()))), "request-rejected");
    assert_eq!(refused(&in_state(RequestState::Withdrawn(by()))), "request-withdrawn");
    // Without a signature only the custodian files, for themselves; and they need a grant and tickets like anybody.
    assert_eq!(refused(&in_state(RequestState::Filed(None))), "request-not-filed");
    let mut own = in_state(RequestState::Filed(None));
    own.request.as_mut().unwrap().binding.applicant = person("custodian");
    assert_eq!(refused(&own), "grant-missing");
    own.done("office", Statement::Grant(GrantTerms { person: person("custodian"), ..grant_terms() }));
    assert!(stamp(&own).is_ok());

    let mut late = approved();
    late.request.as_mut().unwrap().expires_us = NOW_US;
    assert_eq!(refused(&late), "request-expired");
}

fn world_act_ref() -> ActRef {
    ActRef { act: ActId::new(Uuid::from_u128(1)), by: person("approver"), at_us: NOW_US }
}

#[test]
fn no_more_copies_than_were_approved() {
    let world = approved();
    let mut last = one(&world);
    last.copies_used = 1;
    assert!(usage::check(&facts(&world, &last)).is_ok());
    assert_eq!(refused_when(&world, |one| one.copies_used = 2), "copies-used-up");
}

#[test]
fn everything_that_stands_against_a_use_is_told_at_once() {
    let mut world = World::with_request();
    world.office.grants.clear();
    world.request.as_mut().unwrap().state = RequestState::Drafted;
    let codes = refused_when(&world, |one| {
        one.confirms = Some("head");
        one.document = digest("x");
        one.copies_used = 2;
    });
    assert_eq!(
        codes,
        "grant-missing, ticket-document-changed, not-custodian, request-not-filed, tickets-missing, copies-used-up"
    );
}
