use super::*;

const MONTH_S: u64 = 2_629_746;

fn train(id: &str, until_s: u64) -> Statement {
    Statement::Training(TrainingGiven { person: person(id), topic: "印章保管规范".into(), until_s })
}

#[test]
fn training_is_of_staff_and_still_counts() {
    let mut world = World::new();
    let now_s = NOW_US / SECOND_US;
    assert_eq!(world.refused("custodian", train("custodian", now_s + 1)), "role-missing");
    assert_eq!(world.refused("office", train("nobody", now_s + 1)), "person-not-registered");
    assert_eq!(world.refused("office", train("custodian", now_s)), "training-ended");
    let topic = |topic: &str| {
        let given = TrainingGiven { person: person("custodian"), topic: topic.into(), until_s: now_s + 1 };
        Statement::Training(given)
    };
    assert_eq!(world.refused("office", topic(" ")), "act-text-bad");
    assert_eq!(world.refused("office", topic(&"训".repeat(129))), "act-text-bad");
    world.done("office", topic(&"训".repeat(128)));
    world.done("office", leave("approver"));
    assert_eq!(world.refused("office", train("approver", now_s + 1)), "person-left");
    assert_eq!(world.office.trainings.len(), 1);
}

#[test]
fn training_of_a_custodian_is_missing_current_or_past() {
    let mut world = World::new();
    let now_s = NOW_US / SECOND_US;
    let state = |world: &World, id: &str, months| {
        world.office.training_state(&person(id), months, world.now_us).map(TrainingState::code)
    };
    assert_eq!(state(&world, "custodian", 12), Some("missing"));
    assert_eq!(state(&world, "custodian", 0), None, "the policy asks for none");
    assert_eq!(state(&world, "approver", 12), None, "no custodian");
    assert_eq!(state(&world, "nobody", 12), None);

    world.done("office", train("custodian", now_s + 24 * MONTH_S));
    world.pass(12 * MONTH_S - 1);
    assert_eq!(state(&world, "custodian", 12), Some("current"));
    assert_eq!(state(&world, "successor", 12), Some("missing"), "it is another person's");
    world.pass(1);
    assert_eq!(state(&world, "custodian", 12), Some("past"), "the policy asks for it every year");
    assert_eq!(state(&world, "custodian", 24), Some("current"));

    // The next one counts for less than the policy would let it.
    let until_s = world.now_us / SECOND_US + MONTH_S;
    world.done("office", train("custodian", until_s));
    assert_eq!(
        world.office.training_state(&person("custodian"), 12, world.now_us),
        Some(TrainingState::Current(until_s * SECOND_US))
    );
    world.pass(MONTH_S);
    assert_eq!(state(&world, "custodian", 12), Some("past"));
    assert_eq!(world.office.trainings_of(&person("custodian")).count(), 2);
    world.done("office", leave("custodian"));
    assert_eq!(state(&world, "custodian", 12), None, "who has left keeps nothing");
}
