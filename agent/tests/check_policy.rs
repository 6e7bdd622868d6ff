//! `seal-agent check-policy`, word for word.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use sealkeeper_domain::{identity::Digest, policy::Policy};

fn seal_agent(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_seal-agent"))
        .args(arguments)
        .current_dir(folder)
        .env("XDG_DATA_HOME", folder)
        .output()
        .unwrap()
}

/// Exit code, standard output and standard error.
fn checked(policy: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("p.toml"), policy).unwrap();
    let output = seal_agent(folder.path(), &[&["check-policy"], arguments].concat());
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn office_with(from: &str, to: &str) -> String {
    assert!(Policy::OFFICE_TOML.contains(from), "{from}");
    Policy::OFFICE_TOML.replace(from, to)
}

#[test]
fn a_good_one_is_told_by_its_digest_classes_and_thresholds() {
    for (policy, arguments, expected) in [
        (Policy::OFFICE_TOML, &["p.toml"][..], include_str!("check_policy/office.txt")),
        (Policy::SOLO_TOML, &["p.toml", "--solo"], include_str!("check_policy/solo.txt")),
    ] {
        let (code, stdout, stderr) = checked(policy, arguments);
        assert_eq!((code, stderr.as_str()), (Some(0), ""));
        let expected = expected.replace("{sha256}", &Digest::of(policy.as_bytes()).to_string());
        assert_eq!(stdout, expected, "{stdout}");
    }
}

#[test]
fn who_alone_approves_a_class_is_told_with_it() {
    let named = office_with("[classes.ordinary]\n", "[classes.ordinary]\napprovers = [\"p-4\", \"p-7\"]\n");
    let (code, stdout, stderr) = checked(&named, &["p.toml"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let line = stdout.lines().find(|line| line.starts_with("ordinary ")).unwrap();
    assert!(line.ends_with("internal      where none is named; approved by p-4, p-7 only"), "{line}");
    let too_few = office_with("tickets = 3\n", "tickets = 3\napprovers = [\"p-4\"]\n");
    let (code, _, stderr) = checked(&too_few, &["p.toml"]);
    assert_eq!(code, Some(1));
    let told = "classes.major.approvers: must be at least as many persons as tickets are needed, or left out";
    assert!(stderr.contains(told), "{stderr}");
}

#[test]
fn what_is_wrong_is_told_with_its_key_and_what_it_must_be() {
    let unknown = office_with("grace_days", "grace_weeks");
    let missing = office_with("secrecy = \"confidential\"\n", "");
    let grave = office_with("importance = \"major\"", "importance = \"grave\"");
    let long = office_with("act_lifetime_days = 7", "act_lifetime_days = 367");
    let strayed = office_with("default_class = \"ordinary\"", "default_class = \"secret\"");
    let mut told = String::new();
    for (policy, arguments) in [
        (unknown.as_str(), &["p.toml"][..]),
        (&missing, &["p.toml"]),
        (&grave, &["p.toml"]),
        (&long, &["p.toml"]),
        (&strayed, &["p.toml"]),
        (Policy::OFFICE_TOML, &["p.toml", "--solo"]),
        ("", &["none.toml"]),
    ] {
        let (code, stdout, stderr) = checked(policy, arguments);
        assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
        told += &stderr;
    }
    assert_eq!(told, include_str!("check_policy/wrong.txt"), "{told}");
}

#[test]
fn the_homes_own_file_is_checked_for_its_own_journal_where_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    assert!(seal_agent(folder.path(), &["init", "--solo"]).status.success());
    let [by_default, by_home] = [&["check-policy"][..], &["check-policy", "--home", "sealkeeper"]]
        .map(|arguments| seal_agent(folder.path(), arguments));
    let path = folder.path().join("sealkeeper/policy.toml");
    let told = String::from_utf8(by_default.stdout).unwrap();
    assert!(told.starts_with(&format!("{}: good for a solo journal\n", path.display())), "{told}");
    assert!(by_home.stdout.starts_with(b"sealkeeper/policy.toml: good for a solo journal\n"));
    fs::write(path, Policy::OFFICE_TOML).unwrap();
    let no = seal_agent(folder.path(), &["check-policy"]);
    assert_eq!(no.status.code(), Some(1));
    assert!(String::from_utf8(no.stderr).unwrap().contains("must be 0 in a solo journal"));
}
