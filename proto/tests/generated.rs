//! The generated code is checked in; this test generates it again from the contract and compares.
//! `UPDATE_GENERATED=1 cargo test -p sealkeeper-proto` writes it anew after a change of the contract.

use std::{fs, path::Path};

const FILES: [&str; 7] = [
    "sealkeeper/v1/refusal.proto",
    "sealkeeper/v1/token.proto",
    "sealkeeper/v1/seal.proto",
    "sealkeeper/v1/use.proto",
    "sealkeeper/v1/journal.proto",
    "sealkeeper/v1/diagnosis.proto",
    "sealkeeper/v1/office.proto",
];

/// The messages that carry a PIN: never in Debug output, wiped when the message goes.
const SECRET: [&str; 7] = [
    "sealkeeper.v1.UnlockRequest",
    "sealkeeper.v1.ChangePinRequest",
    "sealkeeper.v1.SetPinRequest",
    "sealkeeper.v1.RequestCertificateRequest",
    "sealkeeper.v1.InspectTokenRequest",
    "sealkeeper.v1.StampRequest",
    "sealkeeper.v1.FileActRequest",
];

#[test]
fn generated_code_is_that_of_the_contract() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = std::env::temp_dir().join(format!("sealkeeper-proto-{}", std::process::id()));
    fs::create_dir_all(&out).unwrap();
    let descriptors = protox::compile(FILES, [here]).unwrap();
    let mut builder = tonic_prost_build::configure().out_dir(&out).build_transport(false).skip_debug(SECRET);
    for message in SECRET {
        builder = builder.type_attribute(message, "#[derive(zeroize::Zeroize, zeroize::ZeroizeOnDrop)]");
    }
    builder.compile_fds(descriptors).unwrap();
    let fresh = fs::read_to_string(out.join("sealkeeper.v1.rs")).unwrap();
    fs::remove_dir_all(&out).unwrap();
    let checked_in = here.join("src/generated/sealkeeper.v1.rs");
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(&checked_in, &fresh).unwrap();
    }
    let kept = fs::read_to_string(&checked_in).unwrap();
    assert!(
        kept == fresh,
        "src/generated/sealkeeper.v1.rs is stale: run UPDATE_GENERATED=1 cargo test -p sealkeeper-proto"
    );
}

#[test]
fn every_field_and_every_call_is_documented() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut bare = Vec::new();
    for file in FILES {
        let text = fs::read_to_string(here.join(file)).unwrap();
        let mut before = "";
        for line in text.lines().map(str::trim) {
            let declares = line.ends_with(';') && line.contains(" = ") && !line.starts_with("syntax");
            if (declares || line.starts_with("rpc ")) && !before.starts_with("//") {
                bare.push(format!("{file}: {line}"));
            }
            before = line;
        }
    }
    assert!(bare.is_empty(), "without a comment: {bare:#?}");
}

#[test]
fn every_message_with_a_pin_is_secret() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut with_pin = Vec::new();
    for file in FILES {
        let text = fs::read_to_string(here.join(file)).unwrap();
        let mut message = String::new();
        for line in text.lines().map(str::trim) {
            if let Some(rest) = line.strip_prefix("message ") {
                message = format!("sealkeeper.v1.{}", rest.trim_end_matches([' ', '{', '}']));
            }
            let is_pin = line.starts_with("bytes ") && line.contains("pin = ");
            if is_pin && !with_pin.contains(&message) {
                with_pin.push(message.clone());
            }
        }
    }
    with_pin.sort();
    let mut secret = SECRET;
    secret.sort_unstable();
    assert_eq!(with_pin, secret);
}
