//! Who acted, and from where.

use serde::{Deserialize, Serialize};

use crate::{Commitment, Id};

/// A registered person: the opaque id in clear, the name committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The opaque id.
    pub id: Id,
    /// Commitment to the name as registered at that time.
    pub name: Commitment,
}

/// From where a call came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// How it came.
    pub channel: Channel,
    /// Commitment to the caller's host: the machine's host name for a local call, the address for a remote one.
    pub host: Commitment,
    /// Commitment to the caller's user id in decimal, where the system tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<Commitment>,
    /// Commitment to the SHA-256 of the caller's certificate (DER), 64 hexadecimal digits in lower case, of a remote call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Commitment>,
}

/// How a call came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// Over the agent's local socket.
    Local,
    /// Over the network (rule U10).
    Remote,
}

/// A registered person acting from somewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// Who.
    pub person: Person,
    /// From where.
    pub from: Endpoint,
}

/// Gathers a record's commitments under their paths.
#[derive(Default)]
pub(super) struct Commitments(Vec<(String, Commitment)>);

impl Commitments {
    pub(super) fn add(&mut self, path: &str, commitment: &Commitment) {
        self.0.push((path.to_owned(), *commitment));
    }

    pub(super) fn add_some(&mut self, path: &str, commitment: Option<&Commitment>) {
        if let Some(commitment) = commitment {
            self.add(path, commitment);
        }
    }

    pub(super) fn into_vec(self) -> Vec<(String, Commitment)> {
        self.0
    }
}

impl Person {
    pub(super) fn commitments(&self, path: &str, found: &mut Commitments) {
        found.add(&format!("{path}.name"), &self.name);
    }
}

impl Endpoint {
    pub(super) fn commitments(&self, path: &str, found: &mut Commitments) {
        found.add(&format!("{path}.host"), &self.host);
        found.add_some(&format!("{path}.uid"), self.uid.as_ref());
        found.add_some(&format!("{path}.certificate"), self.certificate.as_ref());
    }
}

impl Actor {
    pub(super) fn commitments(&self, path: &str, found: &mut Commitments) {
        self.person.commitments(&format!("{path}.person"), found);
        self.from.commitments(&format!("{path}.from"), found);
    }
}
