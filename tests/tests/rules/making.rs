//! What is said on the way of a seal from its application to its receipt (A1 to A6).

use sealkeeper_domain::{
    act::{
        Statement,
        statement::{MadeSeal, NamedObject, NamedSeal, SealApplication, SealIssue},
    },
    identity::{ActId, Digest},
};
use sealkeeper_tests::{
    OfficeHome,
    office::{BRANCH, seal},
};
use uuid::Uuid;

use crate::{
    contents::{Bad, bad},
    stage::Known,
};

/// Applications (A1, A4, A5, C1).
pub(super) fn applications(home: &OfficeHome, _: &Known) -> Vec<Bad> {
    let (whole, picture) = home.application();
    let Statement::SealApply(whole) = whole else { panic!("it is an application") };
    let second = SealApplication { seal: "second".parse().unwrap(), name: "公章".to_owned(), ..*whole };
    let with = |change: fn(&mut SealApplication)| {
        let mut changed = second.clone();
        change(&mut changed);
        (Statement::SealApply(Box::new(changed)), picture.clone())
    };
    let said = |name, who, said, codes| Bad { name, who, said, codes };
    let missing: &[&str] = &["seal-part-missing"];
    let whole = Statement::SealApply(Box::new(second.clone()));
    vec![
        said("without a name", "clerk", with(|it| it.name = " ".to_owned()), missing),
        said("without a purpose", "clerk", with(|it| it.purpose = String::new()), missing),
        said("without a scope", "clerk", with(|it| it.scope = [].into()), missing),
        said("without a size", "clerk", with(|it| it.width_um = 0), missing),
        said(
            "without a unit",
            "clerk",
            with(|it| it.unit = String::new()),
            &["seal-part-missing", "unit-foreign"],
        ),
        said("larger than 58 mm", "clerk", with(|it| it.height_um = 58_001), &["seal-size-bad"]),
        said("of another unit", "clerk", with(|it| it.unit = BRANCH.to_owned()), &["unit-foreign"]),
        said(
            "kept by nobody's custodian",
            "clerk",
            with(|it| it.custodian = "clerk".parse().unwrap()),
            &["custodian-unfit"],
        ),
        said(
            "kept by who has left",
            "clerk",
            with(|it| it.custodian = "left".parse().unwrap()),
            &["custodian-unfit"],
        ),
        said(
            "under a name that its unit has",
            "clerk",
            with(|it| it.name = "合同专用章".to_owned()),
            &["seal-name-taken"],
        ),
        said("without its picture", "clerk", (whole.clone(), Vec::new()), &["act-attachment-missing"]),
        said("with another picture", "clerk", (whole, b"another".to_vec()), &["act-attachment-wrong"]),
        said("a name too long", "clerk", with(|it| it.name = "名".repeat(129)), &["act-text-bad"]),
    ]
}

pub(super) fn after_application(home: &OfficeHome, _: &Known) -> Vec<Bad> {
    let about = ActId::new(Uuid::new_v4());
    let approve = |about| Statement::SealApprove(NamedSeal { seal: seal(), about });
    let other = NamedSeal { seal: "other".parse().unwrap(), about };
    vec![
        bad("of another application", "head", approve(about), &["act-about-wrong"]),
        bad(
            "of another, by who asked",
            "deputy",
            approve(about),
            &["act-about-wrong", "approver-is-applicant"],
        ),
        bad("of a seal there is not", "head", Statement::SealApprove(other), &["seal-unknown"]),
        bad("too early", "office", home.review(about), &["act-about-wrong", "seal-state-wrong"]),
    ]
}

/// What is made is what was applied for, with the key the act names (A3).
pub(super) fn making(home: &OfficeHome, known: &Known) -> Vec<Bad> {
    let (statement, object) = home.making("office", known.application);
    let Statement::SealMake(made) = statement else { panic!("it is a making") };
    let said = |name, said, codes| Bad { name, who: "office", said, codes };
    let with = |change: &dyn Fn(&mut MadeSeal)| {
        let mut changed = made.clone();
        change(&mut changed);
        (Statement::SealMake(changed), object.clone())
    };
    let another = Digest::of(b"another");
    let mut damaged = object.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let damaged_sha256 = Digest::of(&damaged);
    let by_head = home.object("head");
    let by_head_sha256 = Digest::of(&by_head);
    vec![
        said(
            "with nothing",
            (with(&|_| {}).0, Vec::new()),
            &["act-attachment-missing", "seal-object-unverified"],
        ),
        said(
            "signed by somebody else",
            (with(&|it| it.object_sha256 = by_head_sha256).0, by_head),
            &["seal-object-unverified"],
        ),
        said(
            "damaged",
            (with(&|it| it.object_sha256 = damaged_sha256).0, damaged),
            &["seal-object-unverified"],
        ),
        said(
            "no object at all",
            (with(&|it| it.object_sha256 = another).0, b"another".to_vec()),
            &["seal-object-unverified"],
        ),
        said("another than the act names", with(&|it| it.object_sha256 = another), &["act-attachment-wrong"]),
        said(
            "of another application",
            with(&|it| it.about = ActId::new(Uuid::new_v4())),
            &["act-about-wrong"],
        ),
        said("with another key's digest", with(&|it| it.key_sha256 = another), &["seal-object-differs"]),
        said(
            "with another certificate's digest",
            with(&|it| it.certificate_sha256 = another),
            &["seal-object-differs"],
        ),
        said("on another key", with(&|it| it.key = home.home.token.key_uri(2)), &["seal-object-differs"]),
        said(
            "with another certificate",
            with(&|it| it.certificate = home.home.token.certificate_uri(2)),
            &["seal-object-differs"],
        ),
    ]
}

pub(super) fn issue(home: &OfficeHome, _: &Known) -> Vec<Bad> {
    let Statement::SealIssue(whole) = home.issue() else { panic!("it is an issue") };
    let with = |change: &dyn Fn(&mut SealIssue)| {
        let mut changed = whole.clone();
        change(&mut changed);
        Statement::SealIssue(changed)
    };
    let (keeper2, clerk) = (home.who("keeper2").id, home.who("clerk").id);
    vec![
        bad(
            "no kind of document",
            "office",
            with(&|it| it.identity.kind = String::new()),
            &["identity-document-bad"],
        ),
        bad(
            "the whole number",
            "office",
            with(&|it| it.identity.last = "110101199001011234".to_owned()),
            &["identity-document-bad"],
        ),
        bad("one digit", "office", with(&|it| it.identity.last = "1".to_owned()), &["identity-document-bad"]),
        bad(
            "another object",
            "office",
            with(&|it| it.object_sha256 = Digest::of(b"another")),
            &["seal-object-differs"],
        ),
        bad(
            "to another custodian",
            "office",
            with(&|it| it.custodian = keeper2.clone()),
            &["seal-object-differs"],
        ),
        bad(
            "to no custodian",
            "office",
            with(&|it| it.custodian = clerk.clone()),
            &["custodian-unfit", "seal-object-differs"],
        ),
    ]
}

pub(super) fn receipt(home: &OfficeHome, _: &Known) -> Vec<Bad> {
    let other = NamedObject { seal: seal(), object_sha256: Digest::of(b"another") };
    vec![
        bad(
            "of another object",
            "keeper",
            Statement::SealReceive(other),
            &["seal-object-differs", "token-control-unproved"],
        ),
        bad("without control of the token", "keeper", home.receipt(), &["token-locked"]),
    ]
}
