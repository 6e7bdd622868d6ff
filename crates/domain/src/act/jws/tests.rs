use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Made by Python's `cryptography` (RFC 6979, deterministic) with the key of RFC 6979 §A.2.5.
const VECTOR: &str = "eyJhbGciOiJFUzI1NiIsInR5cCI6InNlYWxrZWVwZXItcmVxdWVzdC1hcHByb3ZlK2p3dCIsImtpZCI6IkRPdnh2SmlBZElxVldJa0Z0NWhEdEN1blhMRjBCVjQtSkd2NGYtQUxTbTAifQ.eyJhdWQiOiJleGFtcGxlLmNvbS9zZWFsLWpvdXJuYWwvNmY5NjE5ZmYiLCJjb3BpZXMiOjIsImV4cCI6MTc5MDAwMDAwMCwianRpIjoiNmY5NjE5ZmYtOGI4Ni00ZDAxLWI0MmQtMDBjZjRmYzk2NGZmIiwicmVhc29uIjoi5ZCI5ZCM55So5Y2wIn0.QXOaQI8ZeH7xG5dOu5wBWNPUP4o37S4ePn0cjscCmXGXF8jwbLIUiTZm47Vr5oFhs1H4JM3LogCO1QmTDFFtcA";
const KID: &str = "DOvxvJiAdIqVWIkFt5hDtCunXLF0BV4-JGv4f-ALSm0";

fn signer() -> SigningKey {
    let secret = hex::decode("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721").unwrap();
    SigningKey::from_slice(&secret).unwrap()
}

fn key_of(signer: &SigningKey) -> ActKey {
    signer.verifying_key().into()
}

fn payload() -> Value {
    json!({
        "aud": "example.com/seal-journal/6f9619ff", "copies": 2, "exp": 1_790_000_000,
        "jti": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "reason": "合同用印",
    })
}

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

/// An act with this header and payload, truly signed, so that nothing but its form can stand against it.
fn signed(header: &str, payload: &str) -> String {
    let input = format!("{}.{}", base64url(header), base64url(payload));
    let signature: Signature = signer().sign(input.as_bytes());
    assemble(input, &signature.to_bytes().into())
}

fn with_header(header: &str) -> ActError {
    UnverifiedJws::parse(&signed(header, "{}")).unwrap_err()
}

fn with_members(members: &str) -> ActError {
    with_header(&format!(
        r#"{{"alg":"ES256","typ":"sealkeeper-request-approve+jwt","kid":"{KID}"{members}}}"#
    ))
}

fn with_algorithm(algorithm: &str) -> String {
    format!(r#"{{"alg":{algorithm},"typ":"sealkeeper-request-approve+jwt","kid":"{KID}"}}"#)
}

/// Whether an act with this text would count.
fn counts(text: &str) -> bool {
    UnverifiedJws::parse(text).and_then(|act| act.verify(&key_of(&signer()))).is_ok()
}

fn code(error: &ActError) -> &'static str {
    error.violation().reason.code()
}

#[test]
fn an_act_made_elsewhere_is_read_and_verified() {
    let act = UnverifiedJws::parse(VECTOR).unwrap();
    assert_eq!((act.typ(), act.key_id().to_string().as_str()), ("request-approve", KID));
    assert_eq!(act.unverified_claims()["copies"], 2);
    let act = act.verify(&key_of(&signer())).unwrap();
    assert_eq!((act.typ(), act.key_id().to_string().as_str(), act.text()), ("request-approve", KID, VECTOR));
    assert_eq!(Value::Object(act.payload().clone()), payload());
    assert_eq!(act.digest(), Digest::of(VECTOR.as_bytes()));
}

#[test]
fn an_act_made_here_is_the_one_made_elsewhere() {
    assert_eq!(sign("request-approve", &payload(), &signer()).unwrap(), VECTOR);
}

#[test]
fn another_algorithm_is_refused_whatever_the_signature() {
    let public = key_of(&signer());
    for algorithm in [
        r#""none""#,
        r#""HS256""#,
        r#""RS256""#,
        r#""ES384""#,
        r#""EdDSA""#,
        r#""es256""#,
        r#""""#,
        "null",
        "[\"ES256\"]",
    ] {
        let header = with_algorithm(algorithm);
        let error = with_header(&header);
        assert_eq!(error, ActError::AlgorithmRefused { found: algorithm.to_owned() });
        assert_eq!(code(&error), "act-algorithm-refused");
        // Without a signature, as `none` has it.
        let bare = format!("{}.{}.", base64url(&header), base64url("{}"));
        assert_eq!(UnverifiedJws::parse(&bare), Err(error));
    }
    // HMAC (RFC 2104) with what everybody knows, the public key, as secret.
    for secret in [public.spki_der(), public.to_jwk().into_bytes()] {
        for header in [with_algorithm(r#""HS256""#), with_algorithm(r#""ES256""#)] {
            let input = format!("{}.{}", base64url(&header), base64url("{}"));
            let mac = hmac(&secret, input.as_bytes());
            for signature in [base64url(mac), base64url([mac, mac].concat())] {
                assert!(!counts(&format!("{input}.{signature}")));
            }
        }
    }
}

fn hmac(secret: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0u8; 64];
    let secret = if secret.len() > 64 { Digest::of(secret).0.to_vec() } else { secret.to_vec() };
    block[..secret.len()].copy_from_slice(&secret);
    let inner = Digest::of(&[&block.map(|b| b ^ 0x36), message].concat());
    Digest::of(&[block.map(|b| b ^ 0x5c).as_slice(), &inner.0].concat()).0
}

#[test]
fn a_header_that_brings_anything_else_is_refused() {
    for (name, value) in [
        ("jku", r#""https://example.com/keys""#),
        ("x5u", r#""https://example.com/chain""#),
        ("jwk", "{}"),
        ("x5c", "[]"),
        ("x5t", r#""AA""#),
        ("x5t#S256", r#""AA""#),
        ("crit", "[]"),
        ("b64", "false"),
        ("enc", r#""A256GCM""#),
        ("zip", r#""DEF""#),
        ("cty", r#""JWT""#),
        ("ALG", r#""none""#),
        ("", "null"),
    ] {
        let error = with_members(&format!(r#","{name}":{value}"#));
        assert_eq!(error, ActError::HeaderRefused { member: name.to_owned() });
        assert_eq!(code(&error), "act-header-refused");
    }
}

#[test]
fn a_member_of_the_header_that_is_missing_or_twice_is_refused() {
    let members = [
        ("alg", r#""ES256""#.to_owned()),
        ("typ", r#""sealkeeper-a+jwt""#.to_owned()),
        ("kid", format!("\"{KID}\"")),
    ];
    let write = |members: &[&(&str, String)]| {
        format!(
            "{{{}}}",
            members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect::<Vec<_>>().join(",")
        )
    };
    assert!(counts(&signed(&write(&members.each_ref()), "{}")));
    for left_out in &members {
        let rest: Vec<_> = members.iter().filter(|member| *member != left_out).collect();
        assert_eq!(with_header(&write(&rest)), Part::Header.malformed(format!("{} is missing", left_out.0)));
        let twice: Vec<_> = members.iter().chain([left_out]).collect();
        assert_eq!(code(&with_header(&write(&twice))), "act-malformed");
    }
    // Which of the two a reader takes must never matter.
    let twice = with_header(&format!(r#"{{"alg":"none",{}"#, &with_algorithm(r#""ES256""#)[1..]));
    assert!(matches!(twice, ActError::Malformed { part: Part::Header, why } if why.contains("stands twice")));
}

#[test]
fn a_typ_that_is_no_type_of_act_is_refused() {
    let long = format!("sealkeeper-{}+jwt", "a".repeat(41));
    for typ in [
        "JWT",
        "jwt",
        "",
        "sealkeeper-+jwt",
        "sealkeeper-approve",
        "approve+jwt",
        "sealkeeper-Approve+jwt",
        "sealkeeper-approve2+jwt",
        "sealkeeper-approve+JWT",
        "application/sealkeeper-approve+jwt",
        "sealkeeper-approve+jwt+jwt",
        " sealkeeper-approve+jwt",
        "sealkeeper-批准+jwt",
        long.as_str(),
    ] {
        let error = with_header(&format!(r#"{{"alg":"ES256","typ":"{typ}","kid":"{KID}"}}"#));
        assert_eq!(error, ActError::TypeUnknown { found: format!("\"{typ}\"") });
        assert_eq!(code(&error), "act-type-unknown");
    }
    for kind in ["", "Approve", "a\"", "a+jwt", &"a".repeat(41)] {
        assert_eq!(
            sign(kind, &payload(), &signer()).unwrap_err(),
            ActError::TypeUnknown { found: Value::from(kind).to_string() }
        );
    }
    assert!(counts(&sign(&"a".repeat(40), &payload(), &signer()).unwrap()));
}

#[test]
fn a_kid_that_is_no_thumbprint_is_refused() {
    for kid in
        [r#""""#, r#""alice""#, "7", &format!("\"{KID}=\""), &format!("\"{}\"", KID.replace("Sm0", "Sm1"))]
    {
        let error = with_header(&format!(r#"{{"alg":"ES256","typ":"sealkeeper-a+jwt","kid":{kid}}}"#));
        assert!(matches!(error, ActError::Malformed { part: Part::Header, .. }), "{kid}: {error}");
    }
}

#[test]
fn a_payload_two_readers_may_take_differently_is_refused() {
    let header = with_algorithm(r#""ES256""#);
    for payload in [
        "",
        "[]",
        "null",
        "\"a\"",
        r#"{"exp":1,"exp":2}"#,
        r#"{"a":[{"b":1,"b":1}]}"#,
        r#"{"exp":1.5}"#,
        r#"{"exp":1e9}"#,
        r#"{"exp":9007199254740992}"#,
        "{} {}",
    ] {
        let error = UnverifiedJws::parse(&signed(&header, payload)).unwrap_err();
        assert!(matches!(error, ActError::Malformed { part: Part::Payload, .. }), "{payload}: {error}");
    }
    let error =
        UnverifiedJws::parse(&format!("{}.{}.AA", base64url(&header), base64url(b"{\"a\":\"\xff\"}")));
    assert_eq!(error, Err(Part::Payload.malformed("not UTF-8")));
    // Nor is one made.
    for payload in
        [json!([1]), json!(null), json!({"a": 1.5}), json!({"a": 1_u64 << 53}), json!({"a": 1e300})]
    {
        let error = sign("a", &payload, &signer()).unwrap_err();
        assert!(matches!(error, ActError::Malformed { part: Part::Payload, .. }), "{payload}: {error}");
    }
}

#[test]
fn nothing_may_stand_around_the_parts_or_be_left_out() {
    let [header, payload, signature]: [&str; 3] = VECTOR.split('.').collect::<Vec<_>>().try_into().unwrap();
    for wrong in [
        String::new(),
        ".".into(),
        "..".into(),
        format!("{header}.{payload}"),
        format!("{header}.{payload}."),
        format!("{header}..{signature}"),
        format!(".{payload}.{signature}"),
        format!("{VECTOR}."),
        format!("{VECTOR}.{signature}"),
        format!("{VECTOR}\n"),
        format!("{VECTOR}\r\n"),
        format!(" {VECTOR}"),
        format!("{VECTOR}=="),
        format!("{header}.{payload}=.{signature}"),
        format!("{header}\n.{payload}.{signature}"),
        format!("{{\"payload\":\"{payload}\"}}"),
        VECTOR.replace(".QXO", ".+XO"),
        VECTOR.replace(".QXO", "./XO"),
        VECTOR.replace('i', "і"),
    ] {
        let error = UnverifiedJws::parse(&wrong).unwrap_err();
        assert_eq!(code(&error), "act-malformed", "{wrong}");
    }
}

#[test]
fn a_signature_in_another_encoding_is_refused() {
    let (input, signature) = VECTOR.rsplit_once('.').unwrap();
    let raw: [u8; 64] = fixed(signature).unwrap();
    let der = Signature::from_slice(&raw).unwrap().to_der();
    for other in [der.as_bytes(), &raw[..63], &[&raw[..], &[0]].concat(), &[]] {
        let error = UnverifiedJws::parse(&format!("{input}.{}", base64url(other))).unwrap_err();
        assert!(matches!(error, ActError::Malformed { part: Part::Signature, .. }), "{error}");
    }
    // 64 bytes leave four bits of the last character unused; set, they would give one act many texts.
    assert!(signature.ends_with('A'));
    for unused in ["B", "H", "P"] {
        let text = format!("{input}.{}{unused}", signature.strip_suffix('A').unwrap());
        assert!(matches!(
            UnverifiedJws::parse(&text),
            Err(ActError::Malformed { part: Part::Signature, .. })
        ));
    }
    // r = 0, s = 0 and beyond the order: well-formed, never a signature.
    for scalars in [[0u8; 64], [0xff; 64]] {
        let error =
            UnverifiedJws::parse(&assemble(input.into(), &scalars)).unwrap().verify(&key_of(&signer()));
        assert_eq!(code(&error.unwrap_err()), "act-signature-bad");
    }
}

#[test]
fn both_values_of_s_are_accepted_with_one_id() {
    let (input, signature) = VECTOR.rsplit_once('.').unwrap();
    let signature = Signature::from_slice(&fixed::<64>(signature).unwrap()).unwrap();
    let (r, s) = signature.split_scalars();
    let other = Signature::from_scalars(r, -s).unwrap();
    let key = key_of(&signer());
    let one = UnverifiedJws::parse(VECTOR).unwrap().verify(&key).unwrap();
    let two = UnverifiedJws::parse(&assemble(input.into(), &other.to_bytes().into()))
        .unwrap()
        .verify(&key)
        .unwrap();
    assert_ne!(one.digest(), two.digest());
    assert_eq!(one.payload()["jti"], two.payload()["jti"]);
}

#[test]
fn another_persons_key_verifies_nothing() {
    let other = SigningKey::from_slice(&[7; 32]).unwrap();
    let error = UnverifiedJws::parse(VECTOR).unwrap().verify(&key_of(&other)).unwrap_err();
    assert_eq!(code(&error), "act-key-mismatch");
    assert_eq!(error.violation().details["named"], KID);
    // Signed by one key in another's name.
    let named: KeyId = KID.parse().unwrap();
    let input = signing_input("request-approve", &named, &payload()).unwrap();
    let signature: Signature = other.sign(input.as_bytes());
    let forged = UnverifiedJws::parse(&assemble(input, &signature.to_bytes().into())).unwrap();
    assert_eq!(code(&forged.clone().verify(&key_of(&signer())).unwrap_err()), "act-signature-bad");
    assert_eq!(code(&forged.verify(&key_of(&other)).unwrap_err()), "act-key-mismatch");
}

#[test]
fn every_flipped_bit_of_what_is_signed_is_found() {
    let parts: Vec<Vec<u8>> =
        VECTOR.split('.').map(|part| Base64UrlUnpadded::decode_vec(part).unwrap()).collect();
    for (which, part) in parts.iter().enumerate() {
        for bit in 0..part.len() * 8 {
            let mut flipped = parts.clone();
            flipped[which][bit / 8] ^= 1 << (bit % 8);
            assert!(
                !counts(&flipped.iter().map(base64url).collect::<Vec<_>>().join(".")),
                "part {which}, bit {bit}"
            );
        }
    }
}

#[test]
fn an_act_may_be_just_as_long_as_the_limit() {
    let act = |characters: usize| sign("a", &json!({ "reason": "x".repeat(characters) }), &signer());
    let longest = (11_000..13_000).rev().find_map(|n| act(n).ok().map(|text| (n, text))).unwrap();
    assert!((ACT_LIMIT - 1..=ACT_LIMIT).contains(&longest.1.len()), "{}", longest.1.len());
    assert!(counts(&longest.1));
    let error = act(longest.0 + 1).unwrap_err();
    assert_eq!(code(&error), "act-too-large");
    let text = "x".repeat(ACT_LIMIT + 1);
    assert_eq!(UnverifiedJws::parse(&text), Err(ActError::TooLarge { bytes: ACT_LIMIT + 1 }));
}

fn claims() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-(1_i64 << 53) + 1..1 << 53).prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,8}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    prop::collection::btree_map(".{0,8}", value, 0..6)
        .prop_map(|all| Value::Object(all.into_iter().collect()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_signed_is_what_is_verified(typ in "[a-z-]{1,40}", claims in claims(), secret in any::<[u8; 32]>()) {
        prop_assume!(SigningKey::from_slice(&secret).is_ok());
        let signer = SigningKey::from_slice(&secret).unwrap();
        let text = sign(&typ, &claims, &signer).unwrap();
        let act = UnverifiedJws::parse(&text).unwrap().verify(&key_of(&signer)).unwrap();
        prop_assert_eq!(act.typ(), typ);
        prop_assert_eq!(Value::Object(act.payload().clone()), claims);
    }

    #[test]
    fn no_change_of_one_character_goes_unnoticed(
        at in 0..VECTOR.len(), replaced in prop_oneof!["[A-Za-z0-9_.=-]", ".", "\n"], how in 0..3,
    ) {
        let (before, after) = VECTOR.split_at(at);
        let changed = match how {
            0 => format!("{before}{replaced}{}", &after[1..]),
            1 => format!("{before}{replaced}{after}"),
            _ => format!("{before}{}", &after[1..]),
        };
        prop_assume!(changed != VECTOR);
        prop_assert!(!counts(&changed));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in prop_oneof![".*", "[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{86}"]) {
        prop_assert!(!counts(&text));
        prop_assert!(ActKey::from_jwk(&text).is_err());
        prop_assert!(ActKey::from_pem(&text).is_err());
        prop_assert!(ActKey::from_spki_der(text.as_bytes()).is_err());
    }

    #[test]
    fn no_header_or_payload_makes_the_reader_panic(header in ".*", payload in ".*") {
        prop_assert!(!counts(&signed(&header, &payload)));
        let unended = payload + "x";
        prop_assert!(!counts(&signed(&with_algorithm(r#""ES256""#), &unended)));
    }
}
