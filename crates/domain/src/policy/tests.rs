//! What a policy file must be.

use super::*;
use crate::{reason::Reason, seal::SealSize};

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
fn both_begin_without_use_from_afar_and_with_the_regulations_pictures_and_documents() {
    for policy in [solo(Policy::SOLO_TOML).unwrap(), office(Policy::OFFICE_TOML).unwrap()] {
        let terms =
            RemoteTerms { allowed: false, additional_tickets: 1, ticket_lifetime_s: 24 * 3600, pin_s: 60 };
        assert_eq!(policy.remote, terms);
        let PictureRules { max_um, min_dpi, max_file_bytes, customary } = policy.pictures;
        assert_eq!((max_um, min_dpi, max_file_bytes), (SealSize::MAX_UM, 300, 4 << 20));
        assert_eq!((customary.round_mm, customary.square_mm), (vec![38, 40, 42, 58], [18, 22]));
        assert_eq!(customary.oval_mm, [[45, 30], [40, 30]]);
        assert_eq!((policy.personal_data_ms, policy.training_interval_months), (3650 * 86_400_000, 12));
        let document = policy.document;
        assert!(document.examine_all_pages);
        let told =
            [document.blank_document, document.underline_gap, document.form, document.broken_signature];
        assert_eq!(told, [Severity::Refuse, Severity::Warn, Severity::Note, Severity::Refuse]);
    }
}

#[test]
fn tickets_from_afar_live_shorter_where_they_are_needed() {
    let with = |lifetime: u32, allowed: bool| {
        let text = Policy::OFFICE_TOML
            .replace("ticket_lifetime_hours = 24", &format!("ticket_lifetime_hours = {lifetime}"));
        office(&text.replace("allowed = false", &format!("allowed = {allowed}")))
    };
    assert!(with(71, true).unwrap().remote.allowed);
    let PolicyError::Range { key, rule } = with(72, true).unwrap_err() else { panic!("no range") };
    assert_eq!(key, "remote.ticket_lifetime_hours");
    assert_eq!(rule, "less than requests.ticket_lifetime_hours where remote.allowed is true");
    assert_eq!(with(72, false).unwrap().remote.ticket_lifetime_s, 72 * 3600, "nobody asks");
    let alone = solo(&Policy::SOLO_TOML.replace("allowed = false", "allowed = true"));
    assert_eq!(alone, Err(PolicyError::RemoteInSolo));
}

#[test]
fn a_pin_is_fresh_for_so_many_seconds() {
    let terms = office(Policy::OFFICE_TOML).unwrap().remote;
    let given_us = 1_800_000_000_000_000;
    for (later_us, fresh) in
        [(0, true), (60_000_000, true), (60_000_001, false), (u64::MAX - given_us, false)]
    {
        assert_eq!(terms.is_fresh(given_us, given_us + later_us), fresh, "{later_us}");
    }
    assert!(!terms.is_fresh(given_us + 1, given_us), "not yet given");
}

#[test]
fn sizes_are_customary_by_their_shape_and_pictures_fine_enough_by_both_sides() {
    let rules = office(Policy::OFFICE_TOML).unwrap().pictures;
    let size = |wide, high| SealSize::new(wide, high).unwrap();
    for (wide, high, customary) in [
        (40_000, 40_000, true),
        (58_000, 58_000, true),
        (20_500, 20_500, true),
        (45_000, 30_000, true),
        (30_000, 45_000, false),
        (40_000, 38_000, false),
        (41_000, 41_000, false),
        (38_500, 38_500, false),
    ] {
        assert_eq!(rules.is_customary(size(wide, high)), customary, "{wide} × {high}");
        assert_eq!(rules.warning(size(wide, high)).is_none(), customary, "{wide} × {high}");
    }
    let warning = rules.warning(size(41_500, 41_000)).unwrap();
    assert_eq!(warning.reason, Reason::SealSizeUncommon);
    let told = |key: &str| warning.details[key].as_str();
    assert_eq!((told("size-mm"), told("round-mm")), ("41.5×41", "38 40 42 58"));
    assert_eq!((told("oval-mm"), told("square-mm")), ("45×30 40×30", "18–22"));
    assert!(rules.is_fine_enough([473, 472], size(40_000, 40_000)));
    assert!(!rules.is_fine_enough([473, 471], size(40_000, 40_000)));
    assert!(!rules.is_fine_enough([471, 473], size(40_000, 40_000)));
    let narrow = PictureRules { max_um: 42_000, ..rules };
    assert!(narrow.allows(size(42_000, 1_000)) && !narrow.allows(size(1_000, 42_001)));
}

#[test]
fn markers_and_brackets_are_found_whatever_stands_between() {
    let rules = office(Policy::OFFICE_TOML).unwrap().document;
    for (line, marker) in [
        (" 草 稿 ", Some("草稿")),
        ("D R a f t", Some("DRAFT")),
        ("征求意见稿", Some("征求意见稿")),
        ("本合同草稿已由双方确认", None),
        ("", None),
    ] {
        assert_eq!(rules.marker_in(line), marker, "{line}");
    }
    let empty =
        |text: &str| rules.placeholders_in(text).map(|brackets| brackets.to_string()).collect::<Vec<_>>();
    assert_eq!(empty("甲方：【\u{3000} 】，乙方：【】，[x] [ ]【【】"), ["【】", "【】", "[]", "【】"]);
    assert!(empty("【甲】[1]【 ] 〔2027〕").is_empty());
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
    let secret = read("secrecy = \"confidential\"", "secrecy = \"secret\"").unwrap().classes["major"].clone();
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
fn a_class_may_name_its_approvers_if_they_suffice() {
    let with = |approvers: &str| {
        let text = Policy::OFFICE_TOML.replace("tickets = 2\n", &format!("tickets = 2\n{approvers}\n"));
        office(&text)
    };
    let person = |id: &str| id.parse::<PersonId>().unwrap();
    let policy = with("approvers = [\"p-1\", \"p-2\"]").unwrap();
    assert!(policy.entitles(&person("p-2"), "important") && !policy.entitles(&person("p-3"), "important"));
    assert!(policy.entitles(&person("p-3"), "ordinary"), "named nobody, everybody is");
    assert!(!policy.entitles(&person("p-1"), "gone"));
    assert_eq!(with("approvers = []"), with(""));
    for (approvers, rule) in [
        ("approvers = [\"p-1\"]", "at least as many persons as tickets are needed, or left out"),
        ("approvers = [\"p-1\", \"p-1\"]", "at most 64 persons, none of them twice"),
        ("approvers = [\"p 1\", \"p-2\"]", "ids of persons, as they are registered"),
    ] {
        let told = with(approvers).unwrap_err();
        assert_eq!(told, PolicyError::Range { key: "classes.important.approvers".into(), rule });
    }
    let many: Vec<_> = (0..65).map(|number| format!("\"p-{number}\"")).collect();
    let told = with(&format!("approvers = [{}]", many.join(", "))).unwrap_err();
    assert!(told.to_string().contains("at most 64 persons"), "{told}");
}

const MARKERS: &str = "draft_markers = [\"草稿\", \"草案\", \"初稿\", \"征求意见稿\", \"讨论稿\", \"送审稿\", \"样本\", \"样稿\", \"样张\", \"未定稿\", \
                       \"DRAFT\", \"SAMPLE\", \"SPECIMEN\"]";

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
        ("remote.additional_tickets", "additional_tickets = 1", "16", "0"),
        ("remote.ticket_lifetime_hours", "\nticket_lifetime_hours = 24", "8784", "0"),
        ("remote.pin_seconds", "pin_seconds = 60", "600", "9"),
        ("remote.pin_seconds", "pin_seconds = 60", "10", "601"),
        ("pictures.max_mm", "max_mm = 58", "1", "59"),
        ("pictures.min_dpi", "min_dpi = 300", "72", "71"),
        ("pictures.max_file_kib", "max_file_kib = 4096", "1", "4097"),
        ("pictures.customary_round_mm", "customary_round_mm = [38, 40, 42, 58]", "[]", "[59]"),
        ("pictures.customary_oval_mm", "customary_oval_mm = [[45, 30], [40, 30]]", "[[58, 1]]", "[[45, 0]]"),
        ("pictures.customary_square_mm", "customary_square_mm = [18, 22]", "[18, 18]", "[22, 18]"),
        ("retention.personal_data_days", "personal_data_days = 3650", "36500", "29"),
        ("custody.training_interval_months", "training_interval_months = 12", "0", "121"),
        ("document.draft_markers", MARKERS, "[]", "[\" \"]"),
        ("document.placeholders", "placeholders = [\"【】\", \"[]\", \"〔〕\"]", "[\"[ ]\"]", "[\"||\"]"),
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

#[test]
fn a_file_that_says_nothing_of_the_clock_refuses_uses_while_it_is_behind() {
    let silent = Policy::OFFICE_TOML.replace("[clock]\n", "").replace("behind = \"refuse\"\n", "");
    let policy = |text: &str| Policy::from_toml(text, Authority::Office);
    assert_eq!(policy(&silent).unwrap(), policy(Policy::OFFICE_TOML).unwrap());
    for (text, behind) in [("refuse", ClockBehind::Refuse), ("warn", ClockBehind::Warn)] {
        let file = Policy::OFFICE_TOML.replace("behind = \"refuse\"", &format!("behind = \"{text}\""));
        let read = policy(&file).unwrap().clock_behind;
        assert_eq!((read, read.name()), (behind, text));
    }
    assert!(policy(&Policy::OFFICE_TOML.replace("behind = \"refuse\"", "behind = \"note\"")).is_err());
}
