//! `seal key show`

use std::path::PathBuf;

use clap::Args;
use sealkeeper_client::certificate::public_key_as_pem;
use sealkeeper_client::{KeyFile, read_public_key};

use super::{as_json, print_rows};
use crate::failure::Failure;
use crate::pin::{PassphraseAsked, PassphraseOptions};
use crate::{Session, screen};

/// Show a key's public half: its id (RFC 7638 thumbprint), JWK and PEM
///
/// A file of a public key is shown as it is; for a key file its passphrase is asked for.
#[derive(Args)]
pub(crate) struct Show {
    /// The key file, or FILE.pub
    file: PathBuf,

    #[command(flatten)]
    passphrase: PassphraseOptions,
}

impl Show {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let key = match read_public_key(&self.file)? {
            Some(key) => key,
            None => {
                let file = KeyFile::open(&self.file)?;
                let asked = PassphraseAsked { is_new: false, file: &self.file };
                let passphrase = self.passphrase.source()?.passphrase(session, &asked).await?;
                file.decrypt(&passphrase)?.public_key()
            }
        };
        if session.json {
            screen::print_json(&as_json(&key, &[])?);
        } else {
            let id = key.thumbprint().to_string();
            print_rows(session, &[("密钥编号", "key id", &id), ("JWK", "JWK", &key.to_jwk())]);
            screen::print(public_key_as_pem(&key.spki_der())?.trim_end());
        }
        Ok(())
    }
}
