//! What the office's rows need not hold any more once the time is over that the policy keeps names and texts.

use super::{Changed, Finding, Notice, Office, Person, Status};

impl Office {
    /// The rows as they are to be without the names of who left before this time (µs since the Unix epoch) and without the texts of reports and
    /// findings from before it that are closed: those only that still hold any. In the place of a name stands the person's id, in that of a text
    /// nothing. Keys, roles and times stay: they say who might sign what, and when.
    pub fn outdated(&self, before_us: u64) -> Vec<Changed> {
        let people = self.people.values().filter(|person| {
            matches!(person.status, Status::Left(left_us) if left_us < before_us)
                && person.name != person.id.as_str()
        });
        let people = people.map(|person| {
            Changed::Person(Person { name: person.id.to_string(), uid: None, ..person.clone() })
        });
        let notices = self
            .notices
            .values()
            .filter(|notice| !notice.is_open() && notice.by.at_us < before_us && !notice.text.is_empty());
        let notices = notices.map(|notice| Changed::Notice(Notice { text: String::new(), ..notice.clone() }));
        let findings = self.findings.values().filter_map(|found| {
            let (by, answer) = found.answered.as_ref()?;
            let holds_text = !found.finding.text.is_empty() || !answer.is_empty();
            (holds_text && by.at_us < before_us).then(|| {
                let mut forgotten = Finding { answered: Some((by.clone(), String::new())), ..found.clone() };
                forgotten.finding.text.clear();
                Changed::Finding(forgotten)
            })
        });
        people.chain(notices).chain(findings).collect()
    }
}
