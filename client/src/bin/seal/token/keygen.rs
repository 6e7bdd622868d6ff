//! `seal token keygen`

use clap::Args;
use clap::builder::PossibleValuesParser;
use sealkeeper_client::NewKey;
use sealkeeper_client::certificate::public_key_as_pem;
use sealkeeper_client::escape::for_terminal;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;
use crate::screen::{self, hex, label};
use crate::{Session, token};

/// Generate a key on an unlocked token, never to leave it
///
/// No seal uses the key yet: ask for a certificate with `seal token csr`, and put it on the token with
/// `seal token import-cert`.
#[derive(Args)]
pub(crate) struct Keygen {
    /// The token's serial; may be left out while there is only one
    serial: Option<String>,

    /// Kind and size of the key
    #[arg(long, value_name = "ALGORITHM", default_value = "ec-p256",
        value_parser = PossibleValuesParser::new(["ec-p256", "ec-p384", "rsa-2048", "rsa-3072", "rsa-4096"]))]
    algorithm: String,

    /// What the key is called on the token, 1 to 64 characters
    #[arg(long, value_name = "TEXT")]
    label: String,

    /// Its CKA_ID, hexadecimal, 1 to 64 bytes; by default one that the token has not
    #[arg(long, value_name = "HEX", value_parser = KeyId::parse)]
    id: Option<KeyId>,
}

#[derive(Debug, Clone)]
struct KeyId(Vec<u8>);

impl KeyId {
    fn parse(digits: &str) -> Result<Self, String> {
        match hex::decode(digits) {
            Ok(bytes) if (1..=64).contains(&bytes.len()) => Ok(Self(bytes)),
            Ok(bytes) => Err(format!("{} bytes", bytes.len())),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Keygen {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let agent = session.connect().await?;
        let token = token::choose(&agent, self.serial.as_deref()).await?;
        let id = self.id.map(|KeyId(bytes)| bytes).unwrap_or_default();
        let key = NewKey { algorithm: self.algorithm, label: self.label, id };
        let made = agent.generate_key(&token.serial, key).await?;
        let pem = public_key_as_pem(&made.public_key_der)?;
        let sha256 = hex(&Sha256::digest(&made.public_key_der));
        if session.json {
            screen::print_json(&json!({
                "outcome": "done",
                "key_uri": made.key_uri,
                "public_key_pem": pem,
                "public_key_sha256": sha256,
                "journal_seq": made.journal_seq,
            }));
            return Ok(());
        }
        let rows = [
            ("密钥", "key", made.key_uri.clone()),
            ("公钥", "public key", format!("SHA-256 {sha256}")),
            ("用印记录", "journal", made.journal_seq.to_string()),
        ];
        for (chinese, english, value) in rows {
            let name = label(session.say(chinese, english));
            screen::print(format_args!("{name}{}", for_terminal(&value)));
        }
        let uri = for_terminal(&made.key_uri);
        let chinese = format!("接下来：seal token csr '{uri}' --subject 主体 -o 文件");
        let english = format!("next: seal token csr '{uri}' --subject SUBJECT -o FILE");
        screen::note(session.say(&chinese, &english));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::KeyId;

    #[test]
    fn an_id_is_hexadecimal_and_of_a_length_tokens_take() {
        assert_eq!(KeyId::parse("02fF").unwrap().0, [2, 255]);
        assert_eq!(KeyId::parse(&"00".repeat(64)).unwrap().0.len(), 64);
        for wrong in ["", "2", "0x02", "zz", &"00".repeat(65)] {
            assert!(KeyId::parse(wrong).is_err(), "{wrong}");
        }
    }
}
