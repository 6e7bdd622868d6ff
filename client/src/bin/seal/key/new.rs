//! `seal key new`

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Args;
use sealkeeper_client::certificate::public_key_as_pem;
use sealkeeper_client::error::ClientError;
use sealkeeper_client::escape::for_terminal;
use sealkeeper_client::output::{refuse_existing, write_new_with};
use sealkeeper_client::{ActSigner as _, KeyToken, PersonKey};
use sealkeeper_domain::reason::Reason;

use super::{as_json, print_rows};
use crate::failure::Failure;
use crate::own_key::OwnKeyOptions;
use crate::pin::PassphraseAsked;
use crate::signing::missing;
use crate::{Session, screen};

/// Make a key (P-256) in a new file, encrypted with a passphrase, and its public key in FILE.pub; or on a token
///
/// The passphrase is asked for twice. Whoever has the file and the passphrase can sign as its owner: keep both to yourself,
/// and hand out FILE.pub only. A key made on a token never leaves it: its public key is printed, to be handed out.
#[derive(Args)]
pub(crate) struct New {
    /// The new file (PKCS#8, PEM)
    #[arg(required_unless_present = "token")]
    file: Option<PathBuf>,

    /// Make it on this token instead, under this id or label: pkcs11:serial=…;id=… or …;object=…
    #[arg(long, value_name = "URI", conflicts_with = "file")]
    token: Option<PathBuf>,

    #[command(flatten)]
    own_key: OwnKeyOptions,
}

impl New {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        match (&self.token, &self.file) {
            (Some(uri), _) => self.on_token(session, uri).await,
            (None, Some(file)) => self.in_file(session, file).await,
            (None, None) => Err(missing(session, &["<FILE>"])),
        }
    }

    async fn on_token(&self, session: &Session, uri: &Path) -> Result<(), Failure> {
        let uri = KeyToken::parse_uri(&uri.to_string_lossy())?;
        let (key, uri) = self.own_key.make(session, uri).await?;
        let uri = uri.to_string();
        if session.json {
            screen::print_json(&as_json(&key, &[("key_uri", uri.into())])?);
            return Ok(());
        }
        let id = key.thumbprint().to_string();
        print_rows(
            session,
            &[("密钥", "key", &uri), ("密钥编号", "key id", &id), ("JWK", "JWK", &key.to_jwk())],
        );
        screen::print(public_key_as_pem(&key.spki_der())?.trim_end());
        screen::note(session.say(
            "接下来：请印章管理部门登记这个公钥；签署时用 --key 给出密钥的 URI",
            "next: have the seal office register this public key; sign with --key and the key's URI",
        ));
        Ok(())
    }

    async fn in_file(&self, session: &Session, file: &Path) -> Result<(), Failure> {
        let public = public_beside(file);
        refuse_existing(file).map_err(in_words_of_keys)?;
        refuse_existing(&public).map_err(in_words_of_keys)?;
        let asked = PassphraseAsked { is_new: true, file };
        let passphrase = self.own_key.passphrase.clone().source()?.passphrase(session, &asked).await?;
        let key = PersonKey::generate()?;
        key.save_new(file, &passphrase).map_err(in_words_of_keys)?;
        // A crash before here leaves the key without its public half, which `seal key show` tells.
        write_new_with(key.public_key_pem()?.as_bytes(), &public, 0o644).map_err(in_words_of_keys)?;
        let (file, public) = (file.to_string_lossy(), public.to_string_lossy());
        if session.json {
            let more = [("output", file.into()), ("public_output", public.into())];
            screen::print_json(&as_json(&key.public_key(), &more)?);
            return Ok(());
        }
        let rows = [
            ("密钥编号", "key id", &*key.key_id().to_string()),
            ("密钥文件", "key file", &file),
            ("公钥", "public key", &public),
        ];
        print_rows(session, &rows);
        let public = for_terminal(&public);
        let chinese = format!("接下来：请印章管理部门登记 {public}；密钥文件和口令只由本人保管");
        let english = format!(
            "next: have the seal office register {public}; keep the key file and its passphrase to yourself"
        );
        screen::note(session.say(&chinese, &english));
        Ok(())
    }
}

/// Of a key file there is, the hint that is given for other outputs would be wrong.
fn in_words_of_keys(error: ClientError) -> ClientError {
    match error {
        ClientError::Local { reason: Reason::OutputExists, detail } => {
            ClientError::Local { reason: Reason::KeyFileExists, detail }
        }
        error => error,
    }
}

/// FILE.pub of FILE.
fn public_beside(file: &Path) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(".pub");
    name.into()
}
