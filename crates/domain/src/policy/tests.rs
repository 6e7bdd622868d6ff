//! What a policy file must be.

use super::*;

fn solo(text: &str) -> Result<Policy, PolicyError> {
    Policy::from_toml(text, Authority::Solo)
}

fn office(text: &str) -> Result<Policy, PolicyError> {
    Policy::from_toml(text, Authority::Office)
}

#[test]
fn the_policy_a_solo_journal_begins_with_is_accepted() {
    let policy = solo(Policy::SOLO_TOML).unwrap();
    assert_eq!(policy.classes[&policy.default_class].tickets, 0);
    assert_eq!(policy.unlock.default_idle_ms, 300_000);
    assert_eq!((policy.unlock.max_lifetime_ms, policy.unlock.default_lifetime_ms), (28_800_000, 3_600_000));
    assert_eq!(policy.unlock.wrong_pins_before_caution, 3);
    assert_eq!((policy.request_lifetime_ms, policy.ticket_lifetime_s), (72 * 3_600_000, 72 * 3_600));
    let InspectionRules { interval_ms, grace_ms, block_overdue, certificate_warning_ms } = policy.inspection;
    assert_eq!((interval_ms, grace_ms), (30 * 86_400_000, 7 * 86_400_000));
    assert_eq!((block_overdue, certificate_warning_ms), (true, 30 * 86_400_000));
    assert_eq!(office(Policy::SOLO_TOML).unwrap(), policy, "an office may do without tickets");
}

#[test]
fn the_policy_an_office_begins_with_asks_for_more_tickets_the_more_hangs_on_a_document() {
    let policy = office(Policy::OFFICE_TOML).unwrap();
    let mut classes: Vec<_> = policy.classes.iter().collect();
    classes.sort_by_key(|(_, class)| class.importance);
    let told: Vec<_> = classes.iter().map(|(name, class)| (name.as_str(), class.tickets)).collect();
    assert_eq!(told, [("ordinary", 1), ("important", 2), ("major", 3)]);
    let secrecy: Vec<_> = classes.iter().map(|(_, class)| class.secrecy).collect();
    assert_eq!(secrecy, [Secrecy::Internal, Secrecy::Internal, Secrecy::Confidential]);
    assert_eq!(policy.default_class, "ordinary");
    assert_eq!(policy.office, OfficeTerms { utc_offset_minutes: 480, act_lifetime_s: 7 * 86_400 });
}

#[test]
fn only_an_office_may_ask_for_tickets() {
    assert_eq!(solo(Policy::OFFICE_TOML), Err(PolicyError::TicketsInSolo("important".into())));
    let with = |tickets: &str| office(&Policy::OFFICE_TOML.replace("tickets = 3", tickets));
    assert_eq!(with("tickets = 16").unwrap().classes["major"].tickets, 16);
    assert_eq!(with("tickets = 17").unwrap_err().to_string(), "classes.major.tickets: must be from 0 to 16");
}

#[test]
fn what_it_cannot_hold_to_is_refused() {
    let refused = |from: &str, to: &str| {
        assert!(Policy::SOLO_TOML.contains(from), "{from}");
        solo(&Policy::SOLO_TOML.replace(from, to)).unwrap_err()
    };
    let said = refused("tickets = 0", "tickets = 1").to_string();
    assert_eq!(said, "classes.ordinary.tickets: must be 0 in a solo journal, where nobody else can approve");
    assert!(
        matches!(refused("max_uses = ", "most_uses = "), PolicyError::Syntax(m) if m.contains("most_uses"))
    );
    assert!(
        matches!(refused("\nlifetime_hours = 72", "\nlifetime_hours = 0"), PolicyError::Range { key, .. } if key == "requests.lifetime_hours")
    );
    assert!(matches!(
        refused("default_class = \"ordinary\"", "default_class = \"x\""),
        PolicyError::Range { .. }
    ));
    let class = "tickets = 0\nimportance = \"ordinary\"\nsecrecy = \"internal\"\n";
    let with_class = |name: &str| solo(&format!("{}\n[classes.{name}]\n{class}", Policy::SOLO_TOML));
    assert!(with_class("a_b").is_ok());
    assert!(matches!(
        with_class("\"a\\u001bb\"").unwrap_err(),
        PolicyError::Range { rule: "a name without control characters", .. }
    ));
    assert!(matches!(with_class("\"\"").unwrap_err(), PolicyError::Range { .. }));
    assert!(matches!(refused("version = 1", "version = 2"), PolicyError::Range { .. }));
}

#[test]
fn a_class_lies_on_both_axes() {
    let read = |from: &str, to: &str| {
        assert!(Policy::OFFICE_TOML.contains(from), "{from}");
        office(&Policy::OFFICE_TOML.replace(from, to))
    };
    let secret = read("secrecy = \"confidential\"", "secrecy = \"secret\"").unwrap().classes["major"];
    assert_eq!((secret.importance, secret.secrecy), (Importance::Major, Secrecy::Secret));
    let PolicyError::Syntax(said) = read("importance = \"major\"", "importance = \"grave\"").unwrap_err()
    else {
        panic!("no syntax error")
    };
    for part in ["importance = \"grave\"", "`ordinary`", "`important`", "`major`"] {
        assert!(said.contains(part), "{said}");
    }
    let gap = read("secrecy = \"confidential\"\n", "").unwrap_err();
    assert!(matches!(&gap, PolicyError::Syntax(message) if message.contains("`secrecy`")), "{gap}");
}

#[test]
fn each_threshold_has_its_range() {
    let read = |from: &str, to: &str| {
        assert!(Policy::SOLO_TOML.contains(from), "{from}");
        solo(&Policy::SOLO_TOML.replace(from, to))
    };
    for (key, from, good, bad) in [
        ("requests.ticket_lifetime_hours", "ticket_lifetime_hours = 72", "8784", "8785"),
        ("office.utc_offset_minutes", "utc_offset_minutes = 480", "-720", "-721"),
        ("office.utc_offset_minutes", "utc_offset_minutes = 480", "840", "841"),
        ("office.act_lifetime_days", "act_lifetime_days = 7", "366", "0"),
        ("unlock.max_idle_minutes", "max_idle_minutes = 60", "1440", "1441"),
        ("unlock.default_idle_minutes", "default_idle_minutes = 5", "60", "61"),
        ("unlock.max_minutes", "\nmax_minutes = 480", "1440", "1441"),
        ("unlock.default_minutes", "\ndefault_minutes = 60", "480", "481"),
        ("unlock.wrong_pins_before_caution", "wrong_pins_before_caution = 3", "10", "0"),
        ("inspection.interval_days", "interval_days = 30", "366", "0"),
        ("inspection.grace_days", "grace_days = 7", "0", "367"),
        ("inspection.certificate_warning_days", "certificate_warning_days = 30", "0", "367"),
    ] {
        let name = from.split('=').next().unwrap();
        assert!(read(from, &format!("{name}= {good}")).is_ok(), "{key}");
        let error = read(from, &format!("{name}= {bad}")).unwrap_err();
        assert!(matches!(&error, PolicyError::Range { key: told, .. } if told == key), "{error}");
    }
    let lenient = read("block_overdue = true", "block_overdue = false").unwrap();
    assert!(!lenient.inspection.block_overdue);
    // Every threshold stands in the file: one left out is told, not guessed.
    let gap = read("grace_days = 7\n", "").unwrap_err();
    assert!(matches!(&gap, PolicyError::Syntax(message) if message.contains("grace_days")), "{gap}");
}

#[test]
fn both_files_tell_the_same_of_each_threshold() {
    // Values, classes and the first lines differ; the keys and what explains them do not.
    let told = |text: &str| -> Vec<String> {
        let keys =
            text.split("# Document classes").next().unwrap().lines().skip_while(|line| !line.is_empty());
        keys.map(|line| line.split(" = ").next().unwrap().to_owned()).collect()
    };
    assert_eq!(told(Policy::SOLO_TOML), told(Policy::OFFICE_TOML));
}
