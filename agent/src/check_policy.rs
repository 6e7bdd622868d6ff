//! `seal-agent check-policy`: what is wrong with a policy file, or what it comes to.

use std::{
    fmt::{self, Write},
    path::Path,
};

use sealkeeper_domain::policy::{Authority, Brackets, DocumentRules, PictureRules, Policy, Severity};
use sealkeeper_journal::Mode;

use crate::{
    init::JOURNAL,
    policy::{PolicyFile, Rejection},
    store::mode_of,
};

/// Checks a file for a journal kept under this authority; its SHA-256 and its thresholds, in lines for a person.
pub(crate) fn check(path: &Path, authority: Authority) -> Result<String, Rejection> {
    let PolicyFile { policy, sha256, .. } = PolicyFile::read(path, authority)?;
    let journal = match authority {
        Authority::Solo => "a solo journal",
        Authority::Office => "the journal of a seal office",
    };
    let mut told = format!("{}: good for {journal}\nSHA-256 {sha256}\n\n", path.display());
    let classes = classes(&policy);
    let widest = classes.iter().map(|[name, ..]| name.chars().count()).max().unwrap_or_default();
    for [name, tickets, importance, secrecy, remark] in classes {
        let line = format!("{name:<widest$}  {tickets:<9}{importance:<12}{secrecy:<14}{remark}");
        // Writing to a string never fails.
        let _ = writeln!(told, "{}", line.trim_end());
    }
    told.push('\n');
    for (key, value, unit) in thresholds(&policy) {
        let _ = writeln!(told, "{}", format!("{key:<38}{value:>7} {unit}").trim_end());
    }
    told.truncate(told.trim_end().len());
    Ok(told)
}

/// For whose journal the policy of this home is: the journal says so.
pub(crate) fn authority_of(home: &Path) -> Authority {
    match mode_of(&home.join(JOURNAL)) {
        Some(Mode::Solo) => Authority::Solo,
        Some(Mode::Office) | None => Authority::Office,
    }
}

/// The table of classes, its head first; the gravest class last.
fn classes(policy: &Policy) -> Vec<[String; 5]> {
    let mut classes: Vec<_> = policy.classes.iter().collect();
    classes.sort_by_key(|(_, class)| (class.importance, class.secrecy));
    let head = ["class", "tickets", "importance", "secrecy", ""].map(str::to_owned);
    let rows = classes.into_iter().map(|(name, class)| {
        let default = (*name == policy.default_class).then(|| "where none is named".to_owned());
        let approvers: Vec<_> = class.approvers.iter().map(ToString::to_string).collect();
        let approvers = (!approvers.is_empty()).then(|| format!("approved by {} only", approvers.join(", ")));
        let remark: Vec<_> = default.into_iter().chain(approvers).collect();
        [
            name.clone(),
            class.tickets.to_string(),
            class.importance.to_string(),
            class.secrecy.to_string(),
            remark.join("; "),
        ]
    });
    std::iter::once(head).chain(rows).collect()
}

/// A threshold as the file writes it: dotted key, value, unit.
type Threshold = (&'static str, String, &'static str);

/// Every threshold, in the order of the file.
fn thresholds(policy: &Policy) -> Vec<Threshold> {
    let Policy { default_class: _, classes: _, copies_per_request, request_lifetime_ms, .. } = policy;
    let Policy { ticket_lifetime_s, office, unlock, inspection, .. } = policy;
    let Policy { remote, pictures, personal_data_ms, training_interval_months, document, .. } = policy;
    let mut told = vec![
        count("requests.copies_per_request", *copies_per_request),
        number("requests.lifetime_hours", request_lifetime_ms / 3_600_000, "hours"),
        number("requests.ticket_lifetime_hours", ticket_lifetime_s / 3_600, "hours"),
        ("office.utc_offset_minutes", office.utc_offset_minutes.to_string(), "minutes"),
        number("office.act_lifetime_days", office.act_lifetime_s / 86_400, "days"),
        count("unlock.max_uses", unlock.max_uses),
        minutes("unlock.max_idle_minutes", unlock.max_idle_ms),
        minutes("unlock.default_idle_minutes", unlock.default_idle_ms),
        minutes("unlock.max_minutes", unlock.max_lifetime_ms),
        minutes("unlock.default_minutes", unlock.default_lifetime_ms),
        count("unlock.wrong_pins_before_caution", unlock.wrong_pins_before_caution),
        days("inspection.interval_days", inspection.interval_ms),
        days("inspection.grace_days", inspection.grace_ms),
        ("inspection.block_overdue", inspection.block_overdue.to_string(), ""),
        days("inspection.certificate_warning_days", inspection.certificate_warning_ms),
        ("remote.allowed", remote.allowed.to_string(), ""),
        count("remote.additional_tickets", remote.additional_tickets),
        number("remote.ticket_lifetime_hours", remote.ticket_lifetime_s / 3_600, "hours"),
        number("remote.pin_seconds", remote.pin_s, "seconds"),
    ];
    told.extend(of_pictures(pictures));
    told.push(days("retention.personal_data_days", *personal_data_ms));
    told.push(number("custody.training_interval_months", u64::from(*training_interval_months), "months"));
    told.extend(of_documents(document));
    told.push(("clock.behind", format!("{:?}", policy.clock_behind.name()), ""));
    told
}

fn of_pictures(pictures: &PictureRules) -> [Threshold; 6] {
    let sizes = &pictures.customary;
    // Lists of numbers are written alike in TOML and by Debug.
    let list = |key, sizes: &dyn fmt::Debug| (key, format!("{sizes:?}"), "mm");
    [
        number("pictures.max_mm", u64::from(pictures.max_um / 1000), "mm"),
        number("pictures.min_dpi", u64::from(pictures.min_dpi), "dots per inch"),
        number("pictures.max_file_kib", pictures.max_file_bytes / 1024, "KiB"),
        list("pictures.customary_round_mm", &sizes.round_mm),
        list("pictures.customary_oval_mm", &sizes.oval_mm),
        list("pictures.customary_square_mm", &sizes.square_mm),
    ]
}

fn of_documents(document: &DocumentRules) -> [Threshold; 16] {
    let severity = |key, severity: Severity| (key, format!("\"{severity}\""), "");
    let list = |key, texts: Vec<String>| (key, format!("{texts:?}"), "");
    let placeholders = document.placeholders.iter().map(Brackets::to_string).collect();
    [
        severity("document.blank_document", document.blank_document),
        severity("document.stamp_on_blank_page", document.stamp_on_blank_page),
        severity("document.draft_marker", document.draft_marker),
        severity("document.placeholder", document.placeholder),
        severity("document.underline_gap", document.underline_gap),
        severity("document.active_content", document.active_content),
        severity("document.xfa", document.xfa),
        severity("document.hidden_layer", document.hidden_layer),
        severity("document.embedded_file", document.embedded_file),
        severity("document.external_content", document.external_content),
        severity("document.font_missing", document.font_missing),
        severity("document.form", document.form),
        severity("document.broken_signature", document.broken_signature),
        list("document.draft_markers", document.draft_markers.clone()),
        list("document.placeholders", placeholders),
        ("document.examine_all_pages", document.examine_all_pages.to_string(), ""),
    ]
}

fn number(key: &'static str, value: u64, unit: &'static str) -> Threshold {
    (key, value.to_string(), unit)
}

fn count(key: &'static str, value: u32) -> Threshold {
    (key, value.to_string(), "")
}

fn minutes(key: &'static str, ms: u64) -> Threshold {
    number(key, ms / 60_000, "minutes")
}

fn days(key: &'static str, ms: u64) -> Threshold {
    number(key, ms / 86_400_000, "days")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_threshold_of_the_file_is_told_in_its_order_with_its_value() {
        let policy = Policy::from_toml(Policy::OFFICE_TOML, Authority::Office).unwrap();
        let mut written = Vec::new();
        let mut table = "";
        for line in Policy::OFFICE_TOML.lines() {
            if let Some(name) = line.strip_prefix('[') {
                table = name.trim_end_matches(']');
            }
            if let Some((key, value)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
                written.push((format!("{table}.{key}"), value.to_owned()));
            }
        }
        // The version is the file's; the classes are told in a table of their own.
        written.retain(|(key, _)| {
            ![".version", "requests.default_class"].contains(&key.as_str()) && !key.starts_with("classes.")
        });
        let told = thresholds(&policy).into_iter().map(|(key, value, _)| (key.to_owned(), value));
        assert_eq!(told.collect::<Vec<_>>(), written);
    }
}
