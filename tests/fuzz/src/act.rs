//! Acts (签批): what parses is what was signed, and claims are read as they are written.

use std::sync::OnceLock;

use p256::ecdsa::SigningKey;
use sealkeeper_domain::act::Claims;
use sealkeeper_domain::act::jws::{UnverifiedJws, sign};
use sealkeeper_domain::act::key::ActKey;
use serde_json::{Map, Value};

use crate::Reach;

/// The text of an act; or a type, and in the next line its payload; or a key.
pub(crate) fn run(input: &[u8]) -> Reach {
    let from_der = ActKey::from_spki_der(input).ok();
    if let Some(key) = &from_der {
        assert_eq!(key.spki_der(), input, "a key has one encoding");
    }
    let Ok(text) = std::str::from_utf8(input) else { return reach(from_der.is_some()) };
    for key in [ActKey::from_jwk(text), ActKey::from_pem(text)].into_iter().flatten() {
        assert_eq!(ActKey::from_jwk(&key.to_jwk()), Ok(key.clone()), "a key is read as it is written");
        assert_eq!(ActKey::from_spki_der(&key.spki_der()), Ok(key));
    }
    if ActKey::from_jwk(text).is_ok() || ActKey::from_pem(text).is_ok() {
        return Reach::Accepted;
    }
    if let Ok(act) = UnverifiedJws::parse(text) {
        claims(act.typ(), act.unverified_claims());
        return reach(act.verify(&ActKey::from(key().verifying_key())).is_ok());
    }
    let Some((typ, payload)) = text.split_once('\n') else { return Reach::Refused };
    let Ok(payload) = serde_json::from_str::<Map<String, Value>>(payload) else { return Reach::Refused };
    let Ok(text) = sign(typ, &payload, key()) else { return Reach::Refused };
    let act = UnverifiedJws::parse(&text).expect("an act that was signed parses");
    let act = act.verify(&ActKey::from(key().verifying_key())).expect("and verifies");
    // Its numbers may have been written otherwise.
    let canonical = |payload: &Map<String, Value>| serde_json_canonicalizer::to_string(payload).ok();
    assert_eq!((act.typ(), act.text()), (typ, text.as_str()), "what was signed is read");
    assert_eq!(canonical(act.payload()), canonical(&payload), "and says what was signed");
    reach(claims(typ, act.payload()))
}

/// Whether they are the claims of an act.
fn claims(typ: &str, payload: &Map<String, Value>) -> bool {
    let Ok(claims) = Claims::read(typ, payload) else { return false };
    assert_eq!(
        Claims::read(claims.statement.typ(), &claims.payload()),
        Ok(claims),
        "claims are read as written"
    );
    true
}

fn reach(accepted: bool) -> Reach {
    if accepted { Reach::Accepted } else { Reach::Refused }
}

/// It protects nothing.
fn key() -> &'static SigningKey {
    static KEY: OnceLock<SigningKey> = OnceLock::new();
    KEY.get_or_init(|| SigningKey::from_slice(&[7; 32]).expect("a scalar of the curve"))
}
