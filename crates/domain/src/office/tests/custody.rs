use super::*;

const OTHER_KEY: &str = "pkcs11:serial=1;id=%02";

fn offer(id: &str) -> Statement {
    Statement::SealOffer(hand_over(id, "custodian", "successor"))
}

fn accept(id: &str) -> Statement {
    Statement::SealAccept(hand_over(id, "custodian", "successor"))
}

fn register(id: &str) -> Statement {
    Statement::SealHandOver(hand_over(id, "custodian", "successor"))
}

fn custodian(world: &World, id: &str) -> PersonId {
    world.office.seals[&seal(id)].custodian().unwrap().clone()
}

#[test]
fn a_hand_over_is_offered_accepted_and_registered() {
    let mut world = World::with_seal();
    assert_eq!(world.refused("office", register("contract")), "hand-over-missing");
    assert_eq!(world.refused("successor", accept("contract")), "hand-over-missing");
    world.done("custodian", offer("contract"));
    assert_eq!(world.refused("office", register("contract")), "hand-over-missing");
    world.done("successor", accept("contract"));
    assert_eq!(world.refused("successor", accept("contract")), "act-done-already");
    assert_eq!(custodian(&world, "contract"), person("custodian"), "until it is registered nothing changes");
    world.done("office", register("contract"));
    assert_eq!(custodian(&world, "contract"), person("successor"));
    assert_eq!(world.refused("office", register("contract")), "hand-over-missing");
    assert_eq!(world.refused("custodian", offer("contract")), "not-custodian");
}

#[test]
fn a_new_offer_takes_the_place_of_one_that_was_accepted() {
    let mut world = World::with_seal();
    world.done("custodian", offer("contract"));
    world.done("successor", accept("contract"));
    world.done("custodian", offer("contract"));
    assert_eq!(world.refused("office", register("contract")), "hand-over-missing");
}

#[test]
fn a_seal_goes_only_to_a_custodian_who_is_there() {
    let mut world = World::with_seal();
    let to_approver = hand_over("contract", "custodian", "approver");
    assert_eq!(world.refused("custodian", Statement::SealOffer(to_approver)), "custodian-unfit");
    world.done("custodian", offer("contract"));
    world.done("successor", accept("contract"));
    world.done("office", leave("successor"));
    assert_eq!(world.refused("office", register("contract")), "custodian-unfit");
    let mut world = World::new();
    world.make_up_to_issue("contract", "合同专用章", "custodian", "pkcs11:serial=1;id=%01");
    world.done("office", leave("custodian"));
    assert_eq!(world.refused("custodian", receive("contract")), "custodian-unfit");
}

#[test]
fn all_seals_on_a_token_have_one_custodian() {
    let mut world = World::with_seal();
    // Another custodian's seal cannot be made on this token.
    let application = application("finance", "财务专用章", "successor");
    let about = world.done("applicant", Statement::SealApply(Box::new(application)));
    world.done("head", Statement::SealApprove(NamedSeal { seal: seal("finance"), about }));
    world.done("office", review("finance", about));
    let make = made("finance", about, OTHER_KEY);
    assert_eq!(world.refused("office", Statement::SealMake(make)), "token-custodian-differs");
    world.done("office", Statement::SealMake(made("finance", about, "pkcs11:serial=2;id=%01")));
    world.done("office", issue("finance", "successor"));
    world.done("successor", receive("finance"));

    // Two seals of one custodian go together, by one act of the office.
    world.make("personnel", "人事专用章", "custodian", OTHER_KEY);
    world.done("custodian", offer("contract"));
    world.done("successor", accept("contract"));
    assert_eq!(world.refused("office", register("contract")), "hand-over-incomplete");
    world.done("custodian", offer("personnel"));
    assert_eq!(world.refused("office", register("contract")), "hand-over-incomplete");
    world.done("successor", accept("personnel"));
    world.done("office", register("contract"));
    assert_eq!(custodian(&world, "contract"), person("successor"));
    assert_eq!(custodian(&world, "personnel"), person("successor"));
}

#[test]
fn a_seal_made_before_its_token_was_handed_over_is_not_issued_on_it() {
    let mut world = World::with_seal();
    let application = application("finance", "财务专用章", "custodian");
    let about = world.done("applicant", Statement::SealApply(Box::new(application)));
    world.done("head", Statement::SealApprove(NamedSeal { seal: seal("finance"), about }));
    world.done("office", review("finance", about));
    world.done("office", Statement::SealMake(made("finance", about, OTHER_KEY)));
    world.done("custodian", offer("contract"));
    world.done("successor", accept("contract"));
    world.done("office", register("contract"));
    assert_eq!(world.refused("office", issue("finance", "custodian")), "token-custodian-differs");
}

#[test]
fn what_is_issued_and_not_received_holds_its_token() {
    let mut world = World::with_seal();
    world.make_up_to_issue("finance", "财务专用章", "custodian", OTHER_KEY);
    world.done("custodian", offer("contract"));
    world.done("successor", accept("contract"));
    assert_eq!(world.refused("office", register("contract")), "hand-over-incomplete");
}

#[test]
fn a_suspended_seal_is_handed_over_and_stays_suspended() {
    let mut world = World::with_seal();
    world.done("head", report("contract", ReportKind::PinLeak));
    world.done("custodian", offer("contract"));
    world.done("successor", accept("contract"));
    world.done("office", register("contract"));
    assert_eq!((world.state("contract"), custodian(&world, "contract")), ("suspended", person("successor")));
}

#[test]
fn who_kept_another_seal_on_a_token_is_known_whatever_became_of_it() {
    let mut world = World::with_seal();
    let token = "1".parse().unwrap();
    let before = |world: &World, than: &str| {
        world.office.kept_token_before(&token, &person(than)).map(|keeper| keeper.as_str().to_owned())
    };
    assert_eq!(before(&world, "custodian"), None);
    assert_eq!(before(&world, "successor"), Some("custodian".into()));
    assert_eq!(world.office.kept_token_before(&"2".parse().unwrap(), &person("successor")), None);
    for (_, life) in world.end_states().into_iter().skip(1) {
        world.set_life(life);
        assert_eq!(before(&world, "successor"), Some("custodian".into()));
    }
    let mut handed = World::with_seal();
    let to_successor = || hand_over("contract", "custodian", "successor");
    handed.done("custodian", Statement::SealOffer(to_successor()));
    handed.done("successor", Statement::SealAccept(to_successor()));
    handed.done("office", Statement::SealHandOver(to_successor()));
    assert_eq!(before(&handed, "custodian"), Some("successor".into()));
    assert_eq!(before(&handed, "successor"), Some("custodian".into()));
}
