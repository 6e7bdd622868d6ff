//! Who calls. A local system user names one person, and so does a certificate from afar (design: People and acts).

use std::net::IpAddr;

use sealkeeper_domain::{
    channel::Channel,
    identity::{Digest, PersonId},
    reason::Reason,
    refusal::Violation,
};

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
    /// The person a certificate stands for, by the SHA-256 of its DER.
    fn by_certificate(&self, sha256: Digest) -> Option<Person>;
}

/// From where a call comes, and as what its caller shows themselves there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// From this machine, as the kernel tells it.
    Local {
        /// The system user.
        uid: u32,
    },
    /// From afar, as a handshake proved it (U6).
    Remote {
        /// From which address; the last hop's, where there are several.
        address: IpAddr,
        /// SHA-256 of the caller's certificate, DER.
        certificate: Digest,
    },
}

/// As whom a caller shows themselves, wherever they are: calls of one sender count together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Sender {
    /// A registered person.
    Person(PersonId),
    /// A system user nobody registered.
    Uid(u32),
    /// A certificate nobody registered; by its SHA-256.
    Certificate(Digest),
}

/// Whose a login on a token is. It signs for nobody else: what was unlocked here is no fresh PIN from afar, and the other way round (U10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// Whoever keeps the token, on this machine.
    Local,
    /// A caller from afar, by the SHA-256 over their certificate's and their id.
    Remote(Digest),
}

impl Holder {
    /// What stands against a signature for a caller who is not the holder of the login there is: from afar they have to give the PIN themselves,
    /// and here the token is as good as locked.
    pub(crate) fn without_login(self) -> Reason {
        match self {
            Holder::Local => Reason::TokenLocked,
            Holder::Remote(_) => Reason::PinNotFresh,
        }
    }
}

impl Origin {
    /// As the rules call it.
    pub(crate) fn channel(self) -> Channel {
        match self {
            Origin::Local { .. } => Channel::Local,
            Origin::Remote { .. } => Channel::Remote,
        }
    }

    /// Whether it is not this machine.
    pub(crate) fn is_remote(self) -> bool {
        matches!(self, Origin::Remote { .. })
    }

    /// Its sender, as long as no person stands behind it. Not the address: whoever has one certificate may have many of these.
    pub(crate) fn sender(self) -> Sender {
        match self {
            Origin::Local { uid } => Sender::Uid(uid),
            Origin::Remote { certificate, .. } => Sender::Certificate(certificate),
        }
    }

    /// What has to be done where the token is, or carries a PIN that only unlocking and confirming may carry from afar (U10).
    ///
    /// # Errors
    /// [`Reason::NotFromAfar`].
    pub(crate) fn must_be_here(self) -> Result<(), Violation> {
        if self.is_remote() { Err(Reason::NotFromAfar.into()) } else { Ok(()) }
    }
}

/// A caller who is known; only [`identify`] makes one.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    person: Person,
    origin: Origin,
}

/// The person behind a connection, by the peer's uid as the kernel tells it, or by the certificate that the handshake proved.
pub(crate) fn identify(origin: Origin, people: &dyn People) -> Result<Caller, Reason> {
    let person = match origin {
        Origin::Local { uid } => people.by_uid(uid),
        Origin::Remote { certificate, .. } => people.by_certificate(certificate),
    };
    Ok(Caller { person: person.ok_or(Reason::PersonUnknown)?, origin })
}

impl Caller {
    /// Who.
    pub(crate) fn person(&self) -> &Person {
        &self.person
    }

    /// From where.
    pub(crate) fn origin(&self) -> Origin {
        self.origin
    }

    /// As whom they may use a login: one that they made themselves, over the same channel.
    pub(crate) fn holder(&self) -> Holder {
        match self.origin {
            Origin::Local { .. } => Holder::Local,
            Origin::Remote { certificate, .. } => {
                let caller = [&certificate.0, self.person.id.as_str().as_bytes()].concat();
                Holder::Remote(Digest::of(&caller))
            }
        }
    }

    /// As whom their calls count.
    pub(crate) fn sender(&self) -> Sender {
        Sender::Person(self.person.id.clone())
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

    /// Of one person, known by uid 7 and by the certificate "c".
    struct One(bool);
    impl One {
        fn person(&self) -> Person {
            Person { id: "p1".parse().unwrap(), name: "甲".into(), custodian: self.0 }
        }
    }
    impl People for One {
        fn by_uid(&self, uid: u32) -> Option<Person> {
            (uid == 7).then(|| self.person())
        }
        fn by_certificate(&self, sha256: Digest) -> Option<Person> {
            (sha256 == Digest::of(b"c")).then(|| self.person())
        }
    }

    fn afar(certificate: &[u8]) -> Origin {
        Origin::Remote { address: "192.0.2.7".parse().unwrap(), certificate: Digest::of(certificate) }
    }

    #[test]
    fn only_the_registered_uid_is_known_and_only_a_custodian_confirms() {
        let (known, unknown) = (Origin::Local { uid: 7 }, Origin::Local { uid: 8 });
        assert_eq!(identify(unknown, &One(true)).unwrap_err(), Reason::PersonUnknown);
        assert!(identify(known, &One(true)).unwrap().as_custodian().is_ok());
        assert_eq!(identify(known, &One(false)).unwrap().as_custodian().unwrap_err(), Reason::NotCustodian);
    }

    #[test]
    fn a_certificate_stands_for_whom_it_is_registered_and_never_for_a_uid() {
        let caller = identify(afar(b"c"), &One(true)).unwrap();
        assert_eq!(identify(afar(b"d"), &One(true)).unwrap_err(), Reason::PersonUnknown);
        let here = identify(Origin::Local { uid: 7 }, &One(true)).unwrap();
        assert_eq!(caller.sender(), here.sender(), "one person has one share, wherever they are");
        assert_ne!(caller.origin(), here.origin());
        assert_eq!(caller.origin().must_be_here().unwrap_err().reason, Reason::NotFromAfar);
        assert!(here.origin().must_be_here().is_ok());
    }
}
