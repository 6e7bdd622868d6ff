//! Who calls. A local system user names one person (design: People and acts).

use sealkeeper_domain::{identity::PersonId, reason::Reason};

/// A registered person.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: PersonId,
    pub(crate) name: String,
    /// Whether they keep the seals of this agent.
    pub(crate) custodian: bool,
}

/// The people this agent knows.
pub(crate) trait People: Send + Sync {
    /// The person a local system user stands for.
    fn by_uid(&self, uid: u32) -> Option<Person>;
}

/// A caller who is known; only [`identify`] makes one.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    person: Person,
    uid: u32,
}

/// The person behind a connection, by the peer's uid as the kernel tells it.
pub(crate) fn identify(uid: u32, people: &dyn People) -> Result<Caller, Reason> {
    let person = people.by_uid(uid).ok_or(Reason::PersonUnknown)?;
    Ok(Caller { person, uid })
}

impl Caller {
    /// Who.
    pub(crate) fn person(&self) -> &Person {
        &self.person
    }

    /// As which system user.
    pub(crate) fn uid(&self) -> u32 {
        self.uid
    }

    /// The caller as custodian, who alone may unlock and confirm (C1).
    pub(crate) fn as_custodian(&self) -> Result<Custodian<'_>, Reason> {
        if self.person.custodian { Ok(Custodian(self)) } else { Err(Reason::NotCustodian) }
    }
}

/// A caller who is the custodian.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Custodian<'c>(&'c Caller);

impl Custodian<'_> {
    /// The caller behind it.
    pub(crate) fn caller(&self) -> &Caller {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct One(bool);
    impl People for One {
        fn by_uid(&self, uid: u32) -> Option<Person> {
            (uid == 7).then(|| Person { id: "p1".parse().unwrap(), name: "甲".into(), custodian: self.0 })
        }
    }

    #[test]
    fn only_the_registered_uid_is_known_and_only_a_custodian_confirms() {
        assert_eq!(identify(8, &One(true)).unwrap_err(), Reason::PersonUnknown);
        assert!(identify(7, &One(true)).unwrap().as_custodian().is_ok());
        assert_eq!(identify(7, &One(false)).unwrap().as_custodian().unwrap_err(), Reason::NotCustodian);
    }
}
