use super::*;

/// The key of RFC 7515 §A.3.1, its private member left out.
const RFC_7515: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

/// The public key of RFC 6979 §A.2.5, written by Python's `cryptography`.
const PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7\n\
    Yfps5mliLmDyn7Z5A/4QCLi8maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==\n\
    -----END PUBLIC KEY-----\n";
const X: &str = "YP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Y";
const Y: &str = "eQP-EAi4vJmkGunpVii8ZPLxsgwtfp9Rd6PClNRGIpk";
const DER: &str = "3059301306072a8648ce3d020106082a8648ce3d0301070342000460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
const COMPRESSED: &str = "3039301306072a8648ce3d020106082a8648ce3d0301070322000360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6";
/// The private key of RFC 6979 §A.2.5 in PKCS #8 and SEC 1.
const PRIVATE_DER: [&str; 2] = [
    "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721a1440342000460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
    "30770201010420c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721a00a06082a8648ce3d030107a1440342000460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
];
/// A public key of P-384.
const P384_DER: &str = "3076301006072a8648ce3d020106052b81040022036200045e18612fbe83d413f675896e7bdbf10133f000672079db15132be45588832b61c3b859ea355ec749da59974a65d22c43fb153fcb5f04dd85a2261e8646bbea82cffd147ac6b29d1ce9bb04c014065415b94cd8893099999f547c3fe5a1c99918";

fn jwk(members: &str) -> Result<ActKey, KeyError> {
    ActKey::from_jwk(&format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}","y":"{Y}"{members}}}"#))
}

fn der(hex: &str) -> Result<ActKey, KeyError> {
    ActKey::from_spki_der(&hex::decode(hex).unwrap())
}

#[test]
fn one_key_reads_the_same_from_every_form() {
    let key = ActKey::from_pem(PEM).unwrap();
    assert_eq!(ActKey::from_pem(&PEM.replace('\n', "\r\n")).unwrap(), key);
    assert_eq!(jwk("").unwrap(), key);
    assert_eq!(der(DER).unwrap(), key);
    assert_eq!(der(COMPRESSED).unwrap(), key);
    assert_eq!(hex::encode(key.spki_der()), DER);
    assert_eq!(ActKey::from_jwk(&key.to_jwk()).unwrap(), key);
    assert_eq!(serde_json::to_string(&key).unwrap(), key.to_jwk());
    assert_eq!(serde_json::from_str::<ActKey>(&key.to_jwk()).unwrap(), key);
    assert_ne!(ActKey::from_jwk(RFC_7515).unwrap(), key);
}

#[test]
fn the_thumbprint_is_the_one_others_compute() {
    // RFC 9449 §4.2 and §6.1: the key of its proofs, and `jkt` for it.
    let key = ActKey::from_jwk(
        r#"{"kty":"EC","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA","crv":"P-256"}"#,
    );
    assert_eq!(key.unwrap().thumbprint().to_string(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
    let named = jwk(r#","kid":"another name""#).unwrap().thumbprint();
    assert_eq!(named.to_string(), "DOvxvJiAdIqVWIkFt5hDtCunXLF0BV4-JGv4f-ALSm0");
}

#[test]
fn a_key_id_has_one_spelling() {
    let id = jwk("").unwrap().thumbprint();
    let text = id.to_string();
    assert_eq!(text.parse(), Ok(id));
    assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{text}\""));
    assert_eq!(serde_json::from_str::<KeyId>(&format!("\"{text}\"")).unwrap(), id);
    // The last character holds four bits of the digest; its two unused bits are zero.
    let unused_bit = text.strip_suffix('0').unwrap().to_owned() + "1";
    for wrong in ["", "AA", &unused_bit, &format!("{text}="), &format!("{text}\n"), &text.replace('-', "+")] {
        assert_eq!(wrong.parse::<KeyId>(), Err(KeyIdError), "{wrong}");
    }
}

#[test]
fn a_private_key_is_refused_as_such_and_not_repeated() {
    let secret = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";
    let error = jwk(&format!(r#","d":"{secret}""#)).unwrap_err();
    assert_eq!(error, KeyError::Private);
    assert!(!format!("{error} {error:?} {:?}", error.violation()).contains(secret));
    assert_eq!(error.violation().reason.code(), "act-key-private");
    for private in PRIVATE_DER {
        assert_eq!(der(private), Err(KeyError::Private));
    }
    for label in ["PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"] {
        assert_eq!(ActKey::from_pem(&PEM.replace("PUBLIC KEY", label)), Err(KeyError::Private), "{label}");
    }
}

#[test]
fn what_programs_add_to_a_jwk_must_agree_with_its_use() {
    for fine in [
        r#","use":"sig""#,
        r#","alg":"ES256","kid":"x""#,
        // Web Cryptography
        r#","ext":true,"key_ops":["verify"]"#,
    ] {
        assert_eq!(jwk(fine), jwk(""), "{fine}");
    }
    for (wrong, name) in [
        (r#","use":"enc""#, "use"),
        (r#","alg":"ES384""#, "alg"),
        (r#","alg":null"#, "alg"),
        (r#","key_ops":["deriveKey"]"#, "key_ops"),
        (r#","key_ops":"verify""#, "key_ops"),
        (r#","kid":1"#, "kid"),
        (r#","x5u":"https://example.com""#, "x5u"),
        (r#","x5c":[]"#, "x5c"),
        (r#","k":"AA""#, "k"),
    ] {
        assert_eq!(jwk(wrong), Err(KeyError::Member(name.to_owned())), "{wrong}");
    }
}

#[test]
fn only_a_point_of_p256_is_a_key() {
    let rsa = r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#;
    let ed25519 = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    assert_eq!(ActKey::from_jwk(rsa), Err(KeyError::NotP256));
    assert_eq!(ActKey::from_jwk(ed25519), Err(KeyError::NotP256));
    assert_eq!(ActKey::from_jwk(&RFC_7515.replace("P-256", "P-384")), Err(KeyError::NotP256));
    assert_eq!(der(P384_DER), Err(KeyError::NotP256));
    let zero = "A".repeat(43);
    let beyond_field = "_".repeat(42) + "8";
    for other in [zero.as_str(), &beyond_field, X] {
        assert_eq!(
            ActKey::from_jwk(&jwk("").unwrap().to_jwk().replace(Y, other)),
            Err(KeyError::NotAPoint),
            "{other}"
        );
    }
    let origin = jwk("").unwrap().to_jwk().replace(X, &zero).replace(Y, &zero);
    assert_eq!(ActKey::from_jwk(&origin), Err(KeyError::NotAPoint));
    // The identity: a single zero byte (SEC 1 §2.3.3).
    assert_eq!(der("3019301306072a8648ce3d020106082a8648ce3d03010703020000"), Err(KeyError::NotAPoint));
    assert_eq!(der(&(DER[..DER.len() - 2].to_owned() + "98")), Err(KeyError::NotAPoint));
}

#[test]
fn a_key_in_no_proper_form_is_malformed() {
    let plain = jwk("").unwrap().to_jwk();
    for wrong in [
        "",
        "{}",
        "[]",
        &plain.replace(X, &format!("{X}=")),
        &plain.replace(X, &X[1..]),
        &plain.replace(X, &format!("AAAA{X}")),
        &plain.replace(&format!("\"{X}\""), "7"),
        &plain.replace("\"x\"", "\"z\"").replace("\"z\":", "\"kid\":"),
        &plain.replace('}', r#","x":"AA"}"#),
        &plain.replace('}', &format!(r#","kid":"{}"}}"#, "k".repeat(KEY_LIMIT))),
    ] {
        let error = ActKey::from_jwk(wrong).unwrap_err();
        assert!(matches!(error, KeyError::Malformed(_)), "{wrong}: {error}");
        assert_eq!(error.violation().reason.code(), "act-key-unfit");
    }
    let twice = plain.replace('}', r#","kty":"EC"}"#);
    assert!(serde_json::from_str::<ActKey>(&twice).unwrap_err().to_string().contains("stands twice"));
    for hex in ["", "30", &format!("{DER}00"), &DER[..DER.len() - 2]] {
        assert!(matches!(der(hex), Err(KeyError::Malformed(_))), "{hex}");
    }
    for text in
        ["", "PUBLIC KEY", &PEM.replace("PUBLIC KEY", "CERTIFICATE"), &format!("{PEM}{PEM}"), &PEM[..80]]
    {
        assert!(ActKey::from_pem(text).is_err(), "{text}");
    }
}

#[test]
fn the_signature_of_rfc_7515_a_3_verifies() {
    let key = ActKey::from_jwk(RFC_7515).unwrap();
    let signed = b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let signature: [u8; 64] =
        fixed("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")
            .unwrap();
    assert!(key.has_signed(signed, &signature));
    assert!(!key.has_signed(&signed[1..], &signature));
    assert!(!jwk("").unwrap().has_signed(signed, &signature));
    assert!(!key.has_signed(signed, &[0; 64]));
    for bit in 0..512 {
        let mut flipped = signature;
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(!key.has_signed(signed, &flipped), "bit {bit}");
    }
}
