//! `seal key show`

use std::path::PathBuf;

use clap::Args;
use sealkeeper_client::certificate::public_key_as_pem;
use sealkeeper_client::read_public_key;

use super::{as_json, print_rows};
use crate::failure::Failure;
use crate::own_key::{self, OwnKeyOptions};
use crate::{Session, screen};

/// Show a key's public half: its id (RFC 7638 thumbprint), JWK and PEM
///
/// A file of a public key is shown as it is; for a key file its passphrase is asked for, for a key on a token its PIN.
#[derive(Args)]
pub(crate) struct Show {
    /// The key file, FILE.pub, or a key on a token: pkcs11:serial=…;id=…
    #[arg(value_name = "FILE|URI")]
    key: PathBuf,

    #[command(flatten)]
    own_key: OwnKeyOptions,
}

impl Show {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let public = match own_key::uri(&self.key)? {
            Some(_) => None,
            None => read_public_key(&self.key)?,
        };
        let key = match public {
            Some(key) => key,
            None => self.own_key.open(session, &self.key).await?.signer().public_key(),
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
