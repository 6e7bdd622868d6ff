//! `seal people list`

use clap::Args;
use sealkeeper_proto::v1;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::office::{columns, role_in_words};
use crate::{Session, screen};

/// List the registered people with their roles, the seals they were granted, and what they were trained in
#[derive(Args)]
pub(crate) struct List {
    /// Also those who have left
    #[arg(long)]
    all: bool,
}

impl List {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let office = session.connect().await?.show_office().await?;
        let people = office.people.iter().filter(|person| self.all || person.left_us == 0);
        if session.json {
            let people = people.map(|person| as_json(person, &office));
            let people: Vec<Value> = people.collect();
            screen::print_json(&json!({ "outcome": "done", "people": people }));
            return Ok(());
        }
        for person in people {
            screen::print(line(session, person));
            for certificate in &person.certificates_sha256 {
                screen::print(format_args!("  {}", certificate_line(session, certificate)));
            }
            for training in trained(&office.trainings, &person.person_id) {
                screen::print(format_args!("  {}", training_line(session, training)));
            }
            for grant in granted(&office.grants, &person.person_id) {
                screen::print(format_args!("  {}", grant_line(session, grant)));
            }
        }
        Ok(())
    }
}

fn granted<'a>(
    grants: &'a [v1::OfficeGrant],
    person_id: &'a str,
) -> impl Iterator<Item = &'a v1::OfficeGrant> {
    grants.iter().filter(move |grant| grant.person_id == person_id)
}

fn trained<'a>(
    trainings: &'a [v1::OfficeTraining],
    person_id: &'a str,
) -> impl Iterator<Item = &'a v1::OfficeTraining> {
    trainings.iter().filter(move |training| training.person_id == person_id)
}

/// What there is to say of a custodian's training, where the policy asks for it.
fn training_in_words(session: &Session, person: &v1::OfficePerson) -> String {
    let until = screen::time_us(person.trained_until_us);
    let (chinese, english) = match person.training.as_str() {
        "missing" => ("缺培训".to_owned(), "training missing".to_owned()),
        "past" => (format!("培训已于 {until} 过期"), format!("training ended {until}")),
        "current" => (format!("培训有效至 {until}"), format!("trained until {until}")),
        _ => return String::new(),
    };
    session.say(&chinese, &english).to_owned()
}

fn training_line(session: &Session, training: &v1::OfficeTraining) -> String {
    let (given, until) = (screen::time_us(training.time_us), screen::time_s(training.until_s));
    let (chinese, english) = (format!("至 {until}"), format!("until {until}"));
    columns(&[session.say("培训", "trained"), &training.topic, &given, session.say(&chinese, &english)])
}

fn line(session: &Session, person: &v1::OfficePerson) -> String {
    let roles: Vec<_> = person.roles.iter().map(|role| role_in_words(session, role)).collect();
    let left = screen::time_us(person.left_us);
    let (chinese, english) = (format!("{left} 离职"), format!("left {left}"));
    columns(&[
        &person.person_id,
        &person.name,
        &person.unit,
        &roles.join(session.say("、", ", ")),
        if person.left_us == 0 { "" } else { session.say(&chinese, &english) },
        &training_in_words(session, person),
        if person.is_caller { session.say("本人", "oneself") } else { "" },
    ])
}

fn certificate_line(session: &Session, sha256: &[u8]) -> String {
    columns(&[session.say("证书 SHA-256", "certificate SHA-256"), &screen::hex(sha256)])
}

fn grant_line(session: &Session, grant: &v1::OfficeGrant) -> String {
    let classes = grant.classes.join(session.say("、", ", "));
    let (copies, uses) = (grant.copies_per_request, grant.uses_per_day);
    let chinese = format!("每次 {copies} 份，每日 {uses} 份");
    let english = format!("copies: {copies}, uses a day: {uses}");
    let clock = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
    let hours = match grant.until_minute {
        0 => String::new(),
        until => format!("{}-{}", clock(grant.from_minute), clock(until)),
    };
    let until = screen::time_s(grant.until_s);
    let (chinese_until, english_until) = (format!("至 {until}"), format!("until {until}"));
    columns(&[
        &grant.seal_id,
        &classes,
        session.say(&chinese, &english),
        &hours,
        session.say(&chinese_until, &english_until),
    ])
}

fn as_json(person: &v1::OfficePerson, office: &v1::ShowOfficeReply) -> Value {
    let trainings = trained(&office.trainings, &person.person_id).map(|training| {
        json!({
            "topic": training.topic,
            "until_s": training.until_s,
            "time_us": training.time_us,
            "act_id": training.act_id,
        })
    });
    let grants = granted(&office.grants, &person.person_id).map(|grant| {
        let hours = (grant.until_minute != 0)
            .then(|| json!({ "from_minute": grant.from_minute, "until_minute": grant.until_minute }));
        json!({
            "seal_id": grant.seal_id,
            "classes": grant.classes,
            "copies_per_request": grant.copies_per_request,
            "uses_per_day": grant.uses_per_day,
            "hours": hours,
            "until_s": grant.until_s,
            "act_id": grant.act_id,
        })
    });
    let certificates = person.certificates_sha256.iter().map(|sha256| screen::hex(sha256));
    json!({
        "person_id": person.person_id,
        "name": person.name,
        "unit": person.unit,
        "roles": person.roles,
        "key_ids": person.key_ids,
        "certificates_sha256": certificates.collect::<Vec<_>>(),
        "left_us": (person.left_us != 0).then_some(person.left_us),
        "is_caller": person.is_caller,
        "training": (!person.training.is_empty()).then_some(&person.training),
        "trained_until_us": (person.trained_until_us != 0).then_some(person.trained_until_us),
        "trainings": trainings.collect::<Vec<_>>(),
        "grants": grants.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {

    use sealkeeper_domain::reason::Language;

    use super::*;

    #[test]
    fn a_person_and_a_grant_stand_on_one_line_each() {
        let session = |language| Session::with_no_agent(language);
        let (english, chinese) = (session(Language::English), session(Language::Chinese));
        let person = v1::OfficePerson {
            person_id: "li".into(),
            name: "李四".into(),
            unit: "采购部".into(),
            roles: vec!["applicant".into(), "approver".into()],
            is_caller: true,
            ..Default::default()
        };
        assert_eq!(line(&english, &person), "li  李四  采购部  applicant, approver  oneself");
        assert_eq!(line(&chinese, &person), "li  李四  采购部  用印人、审批人  本人");
        let custodian = |training: &str| v1::OfficePerson {
            person_id: "wu".into(),
            training: training.into(),
            trained_until_us: 1_800_000_000_000_000,
            ..Default::default()
        };
        assert_eq!(line(&english, &custodian("missing")), "wu  training missing");
        assert!(line(&english, &custodian("past")).starts_with("wu  training ended 2027-01-1"));
        assert!(line(&chinese, &custodian("current")).starts_with("wu  培训有效至 2027-01-1"));
        let grant = v1::OfficeGrant {
            seal_id: "contract".into(),
            classes: vec!["contract".into()],
            copies_per_request: 2,
            uses_per_day: 10,
            from_minute: 540,
            until_minute: 1_080,
            until_s: 1_800_000_000,
            ..Default::default()
        };
        let shown = grant_line(&english, &grant);
        assert!(
            shown.starts_with("contract  contract  copies: 2, uses a day: 10  09:00-18:00  until 2027-01-1"),
            "{shown}"
        );
    }
}
