use super::*;
use crate::{
    policy::{Authority, DocumentRules, Policy, Severity},
    reason::Reason,
    rule::document::examine,
};

fn rules() -> DocumentRules {
    Policy::from_toml(Policy::OFFICE_TOML, Authority::Office).unwrap().document
}

/// Each finding in one line: severity, code, page, particulars.
fn told(document: &Examined) -> Vec<String> {
    examine(document, &rules()).all().map(line).collect()
}

fn line(finding: &Finding) -> String {
    let details = finding.violation.details.iter().filter(|(key, _)| **key != "page");
    let details: Vec<_> = details.map(|(key, value)| format!("{key}={value}")).collect();
    let page = finding.page.map(|page| format!(" p{page}")).unwrap_or_default();
    format!("{} {}{page} {}", finding.severity, finding.reason().code(), details.join(" "))
        .trim_end()
        .to_owned()
}

fn good() -> Examined {
    Examined { pages: 3, blank_pages: vec![3], stamped_pages: vec![1], ..Examined::default() }
}

fn hit(page: u32, text: &str) -> Hit {
    Hit { page, text: text.into() }
}

fn named(page: Option<u32>, name: &str) -> Named {
    Named { page, name: name.into() }
}

#[test]
fn nothing_is_found_in_a_document_that_is_as_it_should_be() {
    let findings = examine(&good(), &rules());
    assert_eq!(findings, Findings::new(), "a blank page nobody stamps is no matter");
    assert!(findings.admit().is_ok());
}

#[test]
fn nothing_blank_is_stamped() {
    let blank =
        Examined { is_blank: true, blank_pages: vec![1, 2, 3], stamped_pages: vec![3, 1, 3], ..good() };
    let expected =
        ["refuse blank-document pages=3", "refuse stamp-on-blank-page p1", "refuse stamp-on-blank-page p3"];
    assert_eq!(told(&blank), expected);
    let refusal = examine(&blank, &rules()).admit().unwrap_err();
    assert_eq!(refusal.to_string(), "blank-document, stamp-on-blank-page, stamp-on-blank-page");
    assert_eq!(refusal.violations().last().unwrap().details["page"], "3");
}

#[test]
fn what_is_not_final_is_told_by_page_and_text() {
    let draft = Examined {
        draft_markers: vec![hit(2, "DRAFT"), hit(1, "草稿"), hit(2, "DRAFT")],
        placeholders: vec![hit(1, "【】")],
        underline_gaps: vec![hit(3, "____")],
        ..good()
    };
    let expected = [
        "refuse draft-marker p1 text=草稿",
        "refuse draft-marker p2 text=DRAFT times=2",
        "refuse placeholder p1 text=【】",
        "warn underline-gap p3 text=____",
    ];
    assert_eq!(told(&draft), expected);
}

#[test]
fn what_acts_or_can_change_is_told_with_where_it_hangs() {
    let script = Active { page: None, kind: ActiveKind::JavaScript, place: "object 3 0".into() };
    let launch = Active { page: Some(2), kind: ActiveKind::Launch, place: String::new() };
    let lost = Damaged { page: Some(1), kind: DamagedKind::Lost, place: "object 9 0".into() };
    let acting = Examined {
        active: vec![launch, script],
        damaged: vec![lost],
        xfa: true,
        hidden_layers: vec![named(None, "批注"), named(None, "")],
        embedded_files: vec![named(None, "附件.xlsx")],
        external: vec![External { page: Some(1), kind: ExternalKind::Content }],
        ..good()
    };
    let expected = [
        "refuse active-content kind=javascript place=object 3 0",
        "refuse active-content p2 kind=launch",
        "refuse pdf-damaged p1 place=object 9 0 what=lost-object",
        "refuse pdf-xfa",
        "refuse hidden-layer",
        "refuse hidden-layer name=批注",
        "warn embedded-file name=附件.xlsx",
        "warn external-content p1 kind=content",
    ];
    assert_eq!(told(&acting), expected);
}

#[test]
fn a_layout_that_is_not_fixed_is_told() {
    let loose = Examined {
        missing_fonts: vec![named(Some(1), "SimSun"), named(Some(1), "SimSun")],
        form_fields: vec![named(Some(2), "金额"), named(Some(2), "日期")],
        ..good()
    };
    assert_eq!(
        told(&loose),
        ["warn font-missing p1 name=SimSun times=2", "note form-fields fields=2 first=金额"]
    );
    let findings = examine(&loose, &rules());
    assert!(findings.admit().is_ok());
    assert_eq!(findings.shown().count(), 2);
}

#[test]
fn an_earlier_signature_that_does_not_verify_is_told_with_its_field() {
    let why = Reason::SignatureDigestMismatch.code().to_owned();
    let broken = Examined { broken_signatures: vec![Signature { field: "甲方".into(), why }], ..good() };
    assert_eq!(told(&broken), ["refuse broken-signature field=甲方 why=signature-digest-mismatch"]);
}

#[test]
fn the_policy_says_how_grave_each_is_and_a_refusal_names_all_it_is_for() {
    let mut rules = rules();
    let document = Examined {
        draft_markers: vec![hit(1, "草稿")],
        underline_gaps: vec![hit(1, "____")],
        embedded_files: vec![named(None, "a.zip")],
        ..good()
    };
    let codes = |rules: &DocumentRules| {
        let findings = examine(&document, rules);
        let shown: Vec<_> = findings.shown().map(|finding| finding.reason().code()).collect();
        (findings.admit().err().map(|refusal| refusal.to_string()), shown)
    };
    assert_eq!(codes(&rules), (Some("draft-marker".into()), vec!["underline-gap", "embedded-file"]));
    (rules.draft_marker, rules.underline_gap) = (Severity::Note, Severity::Refuse);
    rules.embedded_file = Severity::Refuse;
    assert_eq!(codes(&rules), (Some("underline-gap, embedded-file".into()), vec!["draft-marker"]));
    (rules.underline_gap, rules.embedded_file) = (Severity::Warn, Severity::Warn);
    assert_eq!(codes(&rules).0, None);
}

#[test]
fn of_many_findings_of_one_rule_the_first_are_told_and_how_many_more() {
    let many = Examined { placeholders: (1..=40).map(|page| hit(page, "【】")).collect(), ..good() };
    let findings = told(&many);
    assert_eq!(findings.len(), 16);
    assert_eq!(findings.first().map(String::as_str), Some("refuse placeholder p1 text=【】"));
    assert_eq!(findings.last().map(String::as_str), Some("refuse placeholder p16 more=24 text=【】"));
}
