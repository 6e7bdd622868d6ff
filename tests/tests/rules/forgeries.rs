//! Acts that nobody has said, or not here, or not now: each forgery of several acts, all of which would be done if they were genuine.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use p256::ecdsa::{Signature, signature::Signer as _};
use sealkeeper_domain::act::Statement;
use sealkeeper_tests::{
    OfficeHome, Persona,
    office::{key_id, now_s, sign, with_text},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    Job, job,
    stage::{Refusing, Stage},
    table::Codes,
};

/// A forgery: its name, the reasons it is refused for, and how it is made.
type Forgery = (&'static str, &'static [&'static str], fn(&Forger<'_>) -> String);

/// Everything a forger has: somebody's key, and what they would have said.
struct Forger<'h> {
    home: &'h OfficeHome,
    who: Persona,
    statement: Statement,
}

const FORGERIES: &[Forgery] = &[
    ("no signature, algorithm none", &["act-algorithm-refused"], |forger| {
        let [header, payload] = forger.parts(|header| header["alg"] = json!("none"), |_| {});
        format!("{header}.{payload}.")
    }),
    ("HMAC with the public key", &["act-algorithm-refused"], |forger| {
        forger.forged(|header| header["alg"] = json!("HS256"), |_| {})
    }),
    ("ES384", &["act-algorithm-refused"], |forger| {
        forger.forged(|header| header["alg"] = json!("ES384"), |_| {})
    }),
    ("RS256", &["act-algorithm-refused"], |forger| {
        forger.forged(|header| header["alg"] = json!("RS256"), |_| {})
    }),
    ("es256 in small letters", &["act-algorithm-refused"], |forger| {
        forger.forged(|header| header["alg"] = json!("es256"), |_| {})
    }),
    ("a key of its own in the header", &["act-header-refused"], |forger| {
        forger.forged(|header| header["jwk"] = forger.who.jwk(), |_| {})
    }),
    ("a place where a key is", &["act-header-refused"], |forger| {
        forger.forged(|header| header["jku"] = json!("https://example.com/keys"), |_| {})
    }),
    ("a place where a certificate is", &["act-header-refused"], |forger| {
        forger.forged(|header| header["x5u"] = json!("https://example.com/certificate"), |_| {})
    }),
    ("a critical extension", &["act-header-refused"], |forger| {
        forger.forged(|header| header["crit"] = json!(["exp"]), |_| {})
    }),
    ("a payload that is not encoded", &["act-header-refused"], |forger| {
        forger.forged(|header| header["b64"] = json!(false), |_| {})
    }),
    ("the type of any token", &["act-type-unknown"], |forger| {
        forger.forged(|header| header["typ"] = json!("JWT"), |_| {})
    }),
    ("a type nobody knows", &["act-type-unknown"], |forger| {
        forger.forged(|header| header["typ"] = json!("sealkeeper-anything+jwt"), |_| {})
    }),
    ("another type over the same payload", &["act-malformed"], |forger| {
        forger.forged(|header| header["typ"] = json!("sealkeeper-notice-acknowledge+jwt"), |_| {})
    }),
    ("no key named", &["act-malformed"], |forger| {
        forger.forged(|header| drop(header.as_object_mut().unwrap().remove("kid")), |_| {})
    }),
    ("signed with a key that nobody registered", &["act-key-unknown"], |forger| {
        let stranger = forger.who.with_key_of("stranger");
        sign(&stranger, &forger.home.claims(&stranger, forger.statement.clone()))
    }),
    ("a registered key named, another has signed", &["act-signature-bad"], |forger| {
        let [header, payload] = forger.parts(|_| {}, |_| {});
        signed(&forger.who.with_key_of("stranger"), &header, &payload)
    }),
    ("somebody else's key, their own name", &["act-issuer-wrong"], |forger| {
        let thief = forger.who.with_key_of("outsider");
        sign(&thief, &forger.home.claims(&thief, forger.statement.clone()))
    }),
    ("said to another journal", &["act-audience-wrong"], |forger| {
        let journal = format!("other.example/seal-journal/{}", Uuid::nil().simple());
        forger.forged(|_| {}, |payload| payload["aud"] = json!(journal))
    }),
    ("said to several journals", &["act-malformed"], |forger| {
        forger.forged(|_| {}, |payload| payload["aud"] = json!([payload["aud"]]))
    }),
    ("over since a second", &["act-expired"], |forger| {
        forger.forged(|_| {}, |payload| times(payload, now_s() - 600, now_s() - 1))
    }),
    ("signed in ten minutes", &["act-too-early"], |forger| {
        forger.forged(|_| {}, |payload| times(payload, now_s() + 600, now_s() + 1200))
    }),
    ("good for longer than a year", &["act-lifetime-too-long"], |forger| {
        forger.forged(|_| {}, |payload| times(payload, now_s(), now_s() + 367 * 86_400))
    }),
    ("to another journal, and over", &["act-audience-wrong", "act-expired"], |forger| {
        forger.forged(
            |_| {},
            |payload| {
                payload["aud"] = json!("elsewhere");
                times(payload, now_s() - 600, now_s() - 1);
            },
        )
    }),
    ("an id that is none", &["act-malformed"], |forger| {
        forger.forged(|_| {}, |payload| payload["jti"] = json!("1"))
    }),
    ("no id", &["act-malformed"], |forger| {
        forger.forged(|_| {}, |payload| drop(payload.as_object_mut().unwrap().remove("jti")))
    }),
    ("no end", &["act-malformed"], |forger| {
        forger.forged(|_| {}, |payload| drop(payload.as_object_mut().unwrap().remove("exp")))
    }),
    ("an end in words", &["act-malformed"], |forger| {
        forger.forged(|_| {}, |payload| payload["exp"] = json!("tomorrow"))
    }),
    ("a member too many", &["act-malformed"], |forger| {
        forger.forged(|_| {}, |payload| payload["note"] = json!("and more"))
    }),
    ("a member twice", &["act-malformed"], |forger| {
        let [header, payload] = forger.parts(|_| {}, |_| {});
        let text = String::from_utf8(Base64UrlUnpadded::decode_vec(&payload).unwrap()).unwrap();
        let doubled = text.replacen('{', r#"{"iss":"office","#, 1);
        signed(&forger.who, &header, &Base64UrlUnpadded::encode_string(doubled.as_bytes()))
    }),
    ("a payload that was changed", &["act-signature-bad"], |forger| {
        let text = forger.genuine();
        let [header, _, signature] = text.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
        let [_, other] = forger.parts(|_| {}, |payload| payload["exp"] = json!(now_s() + 7200));
        format!("{header}.{other}.{signature}")
    }),
    ("a signature that was changed", &["act-signature-bad"], |forger| {
        let text = forger.genuine();
        let (rest, signature) = text.rsplit_once('.').unwrap();
        let mut bytes = Base64UrlUnpadded::decode_vec(signature).unwrap();
        bytes[40] ^= 1;
        format!("{rest}.{}", Base64UrlUnpadded::encode_string(&bytes))
    }),
    ("a signature in DER", &["act-malformed"], |forger| {
        let [header, payload] = forger.parts(|_| {}, |_| {});
        let signature: Signature = forger.who.key.sign(format!("{header}.{payload}").as_bytes());
        format!("{header}.{payload}.{}", Base64UrlUnpadded::encode_string(signature.to_der().as_bytes()))
    }),
    ("a signature of zeros", &["act-signature-bad"], |forger| {
        let [header, payload] = forger.parts(|_| {}, |_| {});
        format!("{header}.{payload}.{}", Base64UrlUnpadded::encode_string(&[0; 64]))
    }),
    ("a part too few", &["act-malformed"], |forger| forger.parts(|_| {}, |_| {}).join(".")),
    ("a part too many", &["act-malformed"], |forger| format!("{}.AAAA", forger.genuine())),
    ("base64 with padding", &["act-malformed"], |forger| format!("{}==", forger.genuine())),
    ("a line's end behind it", &["act-malformed"], |forger| format!("{}\n", forger.genuine())),
    ("in JSON", &["act-malformed"], |forger| {
        let [header, payload] = forger.parts(|_| {}, |_| {});
        json!({"protected": header, "payload": payload, "signature": ""}).to_string()
    }),
    ("nothing", &["act-malformed"], |_| String::new()),
    ("more than 16 KiB", &["act-too-large"], |forger| {
        forger.forged(|_| {}, |payload| payload["note"] = json!("长".repeat(16 << 10)))
    }),
];

/// One job: each forgery of each of these acts.
pub fn jobs(requests: &Stage) -> Vec<Job<'_>> {
    vec![job("forgeries".to_owned(), async |board| {
        let home = requests.home.copied();
        let mut agent = Refusing::start(&home).await;
        let before = agent.rpc.show_office().await.unwrap();
        let ticket = Statement::RequestApprove(Box::new(requests.known.requests["filed"].clone()));
        let filing = Statement::RequestFile(Box::new(requests.known.requests["drafted"].clone()));
        let acts = [
            ("first", ticket),
            ("applicant", filing),
            ("office", Statement::Grant(home.terms("clerk"))),
            ("head", Statement::SealSuspend(with_text())),
            ("keeper", Statement::SealOffer(home.hand_over())),
        ];
        for (who, statement) in acts {
            let forger = Forger { home: &home, who: home.who(who), statement };
            for (name, codes, forge) in FORGERIES {
                let expected: Codes = codes.iter().map(|code| (*code).to_owned()).collect();
                let result = agent.rpc.file(&forge(&forger)).await;
                let told = agent.told(result);
                board.refused(&format!("G3 {}: {name}", forger.statement.typ()), &expected, &told);
            }
        }
        if agent.rpc.show_office().await.unwrap() != before {
            board.wrong("forgeries", "one has changed the office");
        }
        board.on_record("forgeries", agent.stop().await);
    })]
}

impl Forger<'_> {
    fn genuine(&self) -> String {
        self.home.act(&self.who, self.statement.clone())
    }

    /// Header and payload as they would be, but for this.
    fn parts(&self, header: impl FnOnce(&mut Value), payload: impl FnOnce(&mut Value)) -> [String; 2] {
        let (typ, kid) = (self.statement.typ(), key_id(self.who.key.verifying_key()));
        let mut head = json!({"alg": "ES256", "typ": format!("sealkeeper-{typ}+jwt"), "kid": kid});
        let mut body = Value::Object(self.home.claims(&self.who, self.statement.clone()).payload());
        header(&mut head);
        payload(&mut body);
        [head, body].map(|part| Base64UrlUnpadded::encode_string(part.to_string().as_bytes()))
    }

    /// The same, signed by who it is.
    fn forged(&self, header: impl FnOnce(&mut Value), payload: impl FnOnce(&mut Value)) -> String {
        let [header, payload] = self.parts(header, payload);
        signed(&self.who, &header, &payload)
    }
}

fn signed(who: &Persona, header: &str, payload: &str) -> String {
    let signature: Signature = who.key.sign(format!("{header}.{payload}").as_bytes());
    format!("{header}.{payload}.{}", Base64UrlUnpadded::encode_string(&signature.to_bytes()))
}

fn times(payload: &mut Value, issued_s: u64, expires_s: u64) {
    payload["iat"] = json!(issued_s);
    payload["exp"] = json!(expires_s);
}
