//! From a text to an act: whose signature it is, and whether it is said to this journal, now (G3).

use super::{Office, Person};
use crate::{
    act::{
        Act, Claims,
        jws::{ActError, UnverifiedJws},
        key::{ActKey, KeyId},
    },
    reason::Reason,
    refusal::{Refusal, Violation},
    rule::signed::{self, SignedFacts},
};

impl Office {
    /// Reads an act and verifies that who it names as its issuer has signed it, for this journal and for now.
    ///
    /// Whether its id is new is not known here: the store holds ids in the transaction that writes it, and
    /// [`Outside::is_known`](super::Outside::is_known) tells the rules.
    ///
    /// # Errors
    /// Form, key and signature each alone, for of a forgery nothing else is worth telling; then everything the claims break together.
    pub fn authenticate(&self, text: &str, now_us: u64) -> Result<Act, Refusal> {
        let refused = |error: ActError| Refusal::from(error.violation());
        let jws = UnverifiedJws::parse(text).map_err(refused)?;
        let named = *jws.key_id();
        let (signer, key) = self.owner_of(&named).ok_or_else(|| refused(ActError::KeyUnknown { named }))?;
        let jws = jws.verify(key).map_err(refused)?;
        let claims = Claims::read(jws.typ(), jws.payload()).map_err(|error| {
            let reason = if error.member == "typ" { Reason::ActTypeUnknown } else { Reason::ActMalformed };
            Violation::new(reason).with("part", "payload").with("why", error)
        })?;
        signed::check(&SignedFacts { office: self, signer, claims: &claims, now_us })?;
        Ok(Act { claims, text: jws.text().to_owned(), key: named })
    }

    /// The person a key was registered for, whether they are still there or not.
    pub fn owner_of(&self, key: &KeyId) -> Option<(&Person, &ActKey)> {
        self.people.values().find_map(|person| {
            let held = person.keys.iter().find(|held| held.thumbprint() == *key)?;
            Some((person, held))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        Status,
        tests::{NOW_US, SECOND_US, World, leave, person, signing_key},
    };
    use crate::{
        act::{Claims, MAX_LIFETIME_S, jws},
        refusal::Refusal,
    };

    fn claims(world: &mut World) -> Claims {
        world.act("office", leave("applicant")).claims().clone()
    }

    fn signed(claims: &Claims, key: &str) -> String {
        jws::sign(claims.statement.typ(), &claims.payload(), &signing_key(key)).unwrap()
    }

    fn codes(world: &World, text: &str) -> String {
        let told = |refusal: Refusal| refusal.to_string();
        world.office.authenticate(text, NOW_US).map_or_else(told, |_| "accepted".into())
    }

    #[test]
    fn what_was_signed_is_what_is_read() {
        let mut world = World::new();
        let claims = claims(&mut world);
        let text = signed(&claims, "office");
        let act = world.office.authenticate(&text, NOW_US).unwrap();
        assert_eq!((act.claims(), act.text()), (&claims, text.as_str()));
    }

    #[test]
    fn a_key_speaks_for_its_owner_alone() {
        let mut world = World::new();
        let mut claims = claims(&mut world);
        assert_eq!(codes(&world, &signed(&claims, "head")), "act-issuer-wrong");
        assert_eq!(codes(&world, &signed(&claims, "a stranger")), "act-key-unknown");
        claims.issuer = person("nobody");
        assert_eq!(codes(&world, &signed(&claims, "office")), "act-issuer-wrong");
    }

    #[test]
    fn a_changed_payload_is_no_longer_signed() {
        let mut world = World::new();
        let first = signed(&claims(&mut world), "office");
        let second = signed(&claims(&mut world), "office");
        let (head, _) = first.rsplit_once('.').unwrap();
        let (_, signature) = second.rsplit_once('.').unwrap();
        assert_eq!(codes(&world, &format!("{head}.{signature}")), "act-signature-bad");
    }

    #[test]
    fn an_act_of_one_type_is_none_of_another() {
        let mut world = World::new();
        let claims = claims(&mut world);
        let key = signing_key("office");
        let as_grant = jws::sign("grant", &claims.payload(), &key).unwrap();
        assert_eq!(codes(&world, &as_grant), "act-malformed");
        let as_new = jws::sign("coup", &claims.payload(), &key).unwrap();
        assert_eq!(codes(&world, &as_new), "act-type-unknown");
    }

    #[test]
    fn an_act_to_another_journal_is_refused() {
        let mut world = World::new();
        let mut claims = claims(&mut world);
        claims.audience.push('x');
        assert_eq!(codes(&world, &signed(&claims, "office")), "act-audience-wrong");
    }

    #[test]
    fn an_act_counts_between_its_times() {
        let mut world = World::new();
        let now_s = NOW_US / SECOND_US;
        let mut at = |issued_s: u64, expires_s: u64| {
            let claims = Claims { issued_s, expires_s, ..claims(&mut world) };
            codes(&world, &signed(&claims, "office"))
        };
        assert_eq!(at(now_s + 300, now_s + 301), "accepted");
        assert_eq!(at(now_s + 301, now_s + 302), "act-too-early");
        assert_eq!(at(now_s - 10, now_s + 1), "accepted");
        assert_eq!(at(now_s - 10, now_s), "act-expired");
        assert_eq!(at(now_s, now_s + MAX_LIFETIME_S), "accepted");
        assert_eq!(at(now_s, now_s + MAX_LIFETIME_S + 1), "act-lifetime-too-long");
        assert_eq!(at(now_s + 301, now_s - 1), "act-expired, act-too-early", "all of it is told");
    }

    #[test]
    fn who_has_left_signs_nothing() {
        let mut world = World::new();
        let text = signed(&claims(&mut world), "office");
        world.office.people.get_mut(&person("office")).unwrap().status = Status::Left(NOW_US);
        assert_eq!(codes(&world, &text), "person-left");
    }
}
