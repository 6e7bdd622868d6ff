//! The claims of an act: who says what, to which journal, from when until when, under which id (RFC 7519 §4.1).

use serde_json::{Map, Value};
use uuid::Uuid;

use super::{key::KeyId, statement::Statement};
use crate::identity::{ActId, PersonId};

/// How far `iat` may lie ahead of the agent's clock, seconds.
pub const MAX_CLOCK_AHEAD_S: u64 = 300;
/// Longest time from `iat` to `exp`, seconds: 366 days. The policy may allow less.
pub const MAX_LIFETIME_S: u64 = 366 * 86_400;

/// What an act says, as read; whether it was signed by whom it names is not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// `iss`: who says it.
    pub issuer: PersonId,
    /// `aud`: the origin of the journal it is said to.
    pub audience: String,
    /// `iat`: when it was signed, seconds since the Unix epoch.
    pub issued_s: u64,
    /// `exp`: until when it can be filed, seconds since the Unix epoch. A ticket is good for stamping until then too.
    pub expires_s: u64,
    /// `jti`: its id, taken once.
    pub id: ActId,
    /// What is said.
    pub statement: Statement,
}

/// Claims whose signature was verified with a key registered for their issuer: made by [`crate::office::Office::authenticate`] only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    pub(crate) claims: Claims,
    pub(crate) text: String,
    pub(crate) key: KeyId,
}

impl Act {
    /// What it says.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The key that signed it.
    pub fn key(&self) -> &KeyId {
        &self.key
    }

    /// Its text, the compact JWS.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// What is wrong with a payload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{member}: {what}")]
pub struct ClaimsError {
    /// The member.
    pub member: String,
    /// What it must be.
    pub what: String,
}

impl ClaimsError {
    pub(super) fn new(member: &str, what: impl Into<String>) -> Self {
        ClaimsError { member: member.to_owned(), what: what.into() }
    }
}

impl Claims {
    /// Reads the payload of an act of this type (`request-approve`).
    ///
    /// # Errors
    /// The first member that is missing, unknown or not of its form.
    pub fn read(typ: &str, payload: &Map<String, Value>) -> Result<Claims, ClaimsError> {
        let mut rest = payload.clone();
        let mut text = |member: &str| match rest.remove(member) {
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(ClaimsError::new(member, "a string")),
            None => Err(ClaimsError::new(member, "missing")),
        };
        let issuer = text("iss")?.parse().map_err(|error| ClaimsError::new("iss", format!("{error}")))?;
        let audience = text("aud")?;
        let id = text("jti")?.parse().map_err(|error| ClaimsError::new("jti", format!("{error}")))?;
        let mut time = |member: &str| match rest.remove(member) {
            Some(value) => value.as_u64().ok_or_else(|| ClaimsError::new(member, "whole seconds since 1970")),
            None => Err(ClaimsError::new(member, "missing")),
        };
        let (issued_s, expires_s) = (time("iat")?, time("exp")?);
        let statement = Statement::read(typ, rest)?;
        Ok(Claims { issuer, audience, issued_s, expires_s, id, statement })
    }

    /// The payload as it is signed.
    pub fn payload(&self) -> Map<String, Value> {
        let mut payload = self.statement.members();
        payload.insert("iss".into(), self.issuer.as_str().into());
        payload.insert("aud".into(), self.audience.as_str().into());
        payload.insert("iat".into(), self.issued_s.into());
        payload.insert("exp".into(), self.expires_s.into());
        payload.insert("jti".into(), self.id.to_string().into());
        payload
    }

    /// A fresh statement's claims.
    pub fn new(
        issuer: PersonId,
        audience: &str,
        id: Uuid,
        issued_s: u64,
        lifetime_s: u64,
        statement: Statement,
    ) -> Self {
        Claims {
            issuer,
            audience: audience.to_owned(),
            issued_s,
            expires_s: issued_s.saturating_add(lifetime_s),
            id: ActId::new(id),
            statement,
        }
    }
}
