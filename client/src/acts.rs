//! Acts (签批): a statement, by whom, to which journal, until when; signed with a person's key into the compact JWS that is filed.

use sealkeeper_domain::act::jws::{assemble, signing_input};
use sealkeeper_domain::act::{Claims, ClaimsError, MAX_LIFETIME_S, Statement};
use sealkeeper_domain::identity::PersonId;
use sealkeeper_domain::reason::Reason;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::act_signer::ActSigner;
use crate::error::ClientError;

/// How long an act is good where nobody says otherwise: 7 days, seconds.
pub const DEFAULT_LIFETIME_S: u64 = 7 * 86_400;

/// The members of a payload beside those of its statement.
const CLAIMS: [&str; 5] = ["iss", "aud", "jti", "iat", "exp"];
/// Stands for the issuer where a statement is read or written by itself.
const NOBODY: &str = "nobody";

/// Under what an act is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signing {
    /// Who says it.
    pub issuer: PersonId,
    /// Origin of the journal it is said to.
    pub origin: String,
    /// The time now, seconds since the Unix epoch.
    pub now_s: u64,
    /// For how long it can be filed, seconds.
    pub lifetime_s: u64,
}

impl Signing {
    /// The claims of a statement under a fresh id.
    pub fn claims(&self, statement: Statement) -> Claims {
        Claims::new(self.issuer.clone(), &self.origin, Uuid::new_v4(), self.now_s, self.lifetime_s, statement)
    }
}

/// Signs the claims: the act's text, a compact JWS (RFC 7515 §3.1).
///
/// # Errors
/// What the signer reports; [`Reason::BadArgument`] where the act would be malformed or too large.
pub fn sign(claims: &Claims, signer: &dyn ActSigner) -> Result<String, ClientError> {
    let malformed = |error: &dyn std::fmt::Display| ClientError::local(Reason::BadArgument, error);
    // What the agent would not read is not signed.
    let payload = claims.payload();
    Claims::read(claims.statement.typ(), &payload).map_err(|error| malformed(&error))?;
    let input = signing_input(claims.statement.typ(), &signer.key_id(), &payload)
        .map_err(|error| malformed(&error))?;
    let signature = signer.sign_act(&input)?;
    Ok(assemble(input, &signature))
}

/// A statement of this type (`request-approve`) from its members alone, without the claims around it.
///
/// # Errors
/// The first member that is missing, unknown or not of its form.
pub fn statement(typ: &str, members: &Map<String, Value>) -> Result<Statement, ClaimsError> {
    if let Some(claim) = CLAIMS.iter().find(|claim| members.contains_key(**claim)) {
        return Err(ClaimsError { member: (*claim).to_owned(), what: "not to be given here".to_owned() });
    }
    let mut payload = members.clone();
    payload.insert("iss".into(), NOBODY.into());
    payload.insert("aud".into(), "".into());
    payload.insert("jti".into(), Uuid::from_u128(1).to_string().into());
    payload.insert("iat".into(), 0.into());
    payload.insert("exp".into(), 0.into());
    Ok(Claims::read(typ, &payload)?.statement)
}

/// The members of a statement, as they stand in an act beside its claims.
///
/// # Errors
/// None that can be caused from outside: [`Reason::Internal`].
pub fn members(statement: &Statement) -> Result<Map<String, Value>, ClientError> {
    let issuer = NOBODY.parse().map_err(|error| ClientError::local(Reason::Internal, error))?;
    let mut payload = Claims::new(issuer, "", Uuid::nil(), 0, 0, statement.clone()).payload();
    CLAIMS.iter().for_each(|claim| drop(payload.remove(*claim)));
    Ok(payload)
}

/// A length of time in seconds: `30m`, `12h`, `3d`; more than nothing, at most [`MAX_LIFETIME_S`]. None if it is not.
pub fn lifetime(text: &str) -> Option<u64> {
    let unit_at = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit_at);
    let per_unit = match unit {
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    let seconds = number.parse::<u64>().ok()?.checked_mul(per_unit)?;
    (1..=MAX_LIFETIME_S).contains(&seconds).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use sealkeeper_domain::act::jws::UnverifiedJws;
    use sealkeeper_domain::act::key::ActKey;
    use serde_json::json;

    use super::*;

    struct InMemory(p256::ecdsa::SigningKey);

    impl ActSigner for InMemory {
        fn public_key(&self) -> ActKey {
            ActKey::from(self.0.verifying_key())
        }

        fn sign(&self, message: &[u8]) -> Result<[u8; 64], ClientError> {
            use p256::ecdsa::signature::Signer as _;
            let signature: p256::ecdsa::Signature = self.0.sign(message);
            Ok(signature.to_bytes().into())
        }
    }

    fn members(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn leave() -> Statement {
        statement("person-leave", &members(json!({"person": "li", "reason": "离职"}))).unwrap()
    }

    #[test]
    fn what_is_signed_verifies_and_says_what_was_asked() {
        let signer = InMemory(p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap());
        let signing = Signing {
            issuer: "office".parse().unwrap(),
            origin: "example.org/seal-journal/1".into(),
            now_s: 1_800_000_000,
            lifetime_s: 3_600,
        };
        let claims = signing.claims(leave());
        let act = sign(&claims, &signer).unwrap();
        let verified = UnverifiedJws::parse(&act).unwrap().verify(&signer.public_key()).unwrap();
        assert_eq!(verified.typ(), "person-leave");
        let read = Claims::read(verified.typ(), verified.payload()).unwrap();
        assert_eq!(read, claims);
        assert_eq!((read.expires_s, read.statement), (1_800_003_600, leave()));
        assert_ne!(claims.id, signing.claims(leave()).id, "every act has an id of its own");
    }

    #[test]
    fn a_statement_has_its_members_and_no_claims() {
        let error = |value| statement("person-leave", &members(value)).unwrap_err().to_string();
        assert!(error(json!({"person": "li"})).contains("reason"));
        assert!(error(json!({"person": "li", "reason": "x", "more": 1})).contains("more"));
        assert!(error(json!({"person": "li", "reason": "x", "iss": "office"})).starts_with("iss"));
        assert!(statement("person-leaves", &members(json!({}))).is_err());
        assert_eq!(super::members(&leave()).unwrap(), members(json!({"person": "li", "reason": "离职"})));
    }

    #[test]
    fn lifetimes_are_minutes_hours_or_days() {
        for (text, seconds) in [("30m", 1_800), ("12h", 43_200), ("3d", 259_200), ("366d", MAX_LIFETIME_S)] {
            assert_eq!(lifetime(text), Some(seconds), "{text}");
        }
        for wrong in ["", "3", "d", "0d", "-1d", "1.5d", "3 d", "3w", "367d", "99999999999999999999d", "３d"]
        {
            assert_eq!(lifetime(wrong), None, "{wrong}");
        }
    }
}
