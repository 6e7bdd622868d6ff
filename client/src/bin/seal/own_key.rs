//! The key whoever sits here signs acts with: in a file with its passphrase, or on a token with its PIN.

use std::env;
use std::path::{Path, PathBuf};

use clap::Args;
use sealkeeper_client::error::ClientError;
use sealkeeper_client::{ActSigner, KeyFile, KeyToken, TokenKey, TokenLimits, TokenProgram};
use sealkeeper_domain::act::key::ActKey;
use sealkeeper_domain::pin::Pin;
use sealkeeper_domain::pkcs11_uri::ObjectUri;
use sealkeeper_domain::reason::Reason;
use sealkeeper_proto::v1;

use crate::failure::Failure;
use crate::pin::{OnPad, PassphraseAsked, PassphraseOptions, PinAsked, PinKind};
use crate::{Session, token, token_worker};

/// With what a key is opened.
#[derive(Args)]
pub(crate) struct OwnKeyOptions {
    #[command(flatten)]
    pub(crate) passphrase: PassphraseOptions,

    /// PKCS#11 module of the token that the key lies on; else SEALKEEPER_MODULE
    #[arg(long, value_name = "PATH")]
    module: Option<PathBuf>,

    /// Read the PIN of that token from this descriptor: its first line
    #[arg(long, value_name = "N", conflicts_with = "pinentry")]
    pin_fd: Option<u32>,

    /// Try that PIN although the token says that only one try is left
    #[arg(long)]
    final_try: bool,
}

/// A key that can sign now.
pub(crate) enum OwnKey {
    /// Out of a file.
    File(Box<dyn ActSigner>),
    /// On a token, with what is known of that.
    Token(Box<TokenKey>, Box<v1::Token>),
}

impl OwnKey {
    /// The key.
    pub(crate) fn signer(&self) -> &dyn ActSigner {
        match self {
            Self::File(key) => &**key,
            Self::Token(key, _) => &**key,
        }
    }

    /// Says before it signs that somebody has to type a PIN for it on the token.
    pub(crate) fn announce(&self, session: &Session) {
        if let Self::Token(key, token) = self
            && key.asks_on_pad()
        {
            OnPad::Pin.tell(session, token);
        }
    }
}

/// The URI of a key on a token; None where a file is named.
pub(crate) fn uri(named: &Path) -> Result<Option<ObjectUri>, ClientError> {
    match named.to_str().filter(|text| text.starts_with("pkcs11:")) {
        // Not by the parser of arguments: it would repeat what may hold a PIN.
        Some(text) => KeyToken::parse_uri(text).map(Some),
        None => Ok(None),
    }
}

impl OwnKeyOptions {
    /// The key of this file or URI, once its passphrase or PIN was given.
    pub(crate) async fn open(&self, session: &Session, named: &Path) -> Result<OwnKey, Failure> {
        if let Some(uri) = uri(named)? {
            let (key, token) = self.on_token(session, uri, KeyToken::open).await?;
            return Ok(OwnKey::Token(Box::new(key), Box::new(token)));
        }
        let file = KeyFile::open(named)?;
        let asked = PassphraseAsked { is_new: false, file: named };
        let passphrase = self.passphrase.clone().source()?.passphrase(session, &asked).await?;
        Ok(OwnKey::File(Box::new(file.decrypt(&passphrase)?)))
    }

    /// A new key on the token, of this URI.
    pub(crate) async fn make(
        &self,
        session: &Session,
        uri: ObjectUri,
    ) -> Result<(ActKey, ObjectUri), Failure> {
        let (key, _) = self.on_token(session, uri, KeyToken::make_key).await?;
        Ok((key.public_key(), key.uri().clone()))
    }

    /// Finds the token, asks for its PIN unless that is typed there, and does this with it, once.
    async fn on_token(
        &self,
        session: &Session,
        uri: ObjectUri,
        act: fn(KeyToken, Option<Pin>, bool) -> Result<TokenKey, ClientError>,
    ) -> Result<(TokenKey, v1::Token), Failure> {
        let module = self
            .module
            .clone()
            .or_else(|| env::var_os("SEALKEEPER_MODULE").filter(|path| !path.is_empty()).map(PathBuf::from));
        let module = module.ok_or(Reason::OwnModuleMissing)?;
        let program = TokenProgram {
            // Not by the name of its file: an update may have put another one there.
            program: "/proc/self/exe".into(),
            arguments: vec![token_worker::NAME.into()],
        };
        let found = KeyToken::find(&program, &module, uri, TokenLimits::default())?;
        let token = shown(&found);
        token::check_tries(&token, self.final_try)?;
        let final_try = self.final_try;
        if token.protected_authentication_path {
            let typed = async {
                let waiting = tokio::task::spawn_blocking(move || act(found, None, final_try));
                waiting.await.unwrap_or_else(|_| {
                    Err(ClientError::Local { reason: Reason::Internal, detail: String::new() })
                })
            };
            return Ok((OnPad::Pin.wait(session, &token, typed).await?, token));
        }
        let asked = PinAsked { which: PinKind::User, token: &token, seal: None, document: None };
        let source = self.passphrase.pin_source(self.pin_fd);
        let pin = source.ok_or(Reason::PinUnreadable)?.ask(session, &asked).await?;
        Ok((act(found, Some(pin), final_try)?, token))
    }
}

/// The token as people are asked for its PIN.
fn shown(found: &KeyToken) -> v1::Token {
    let told = found.shown();
    v1::Token {
        serial: told.serial.clone(),
        label: told.label.clone(),
        pin_count_low: told.pin_count_low,
        pin_final_try: told.pin_final_try,
        pin_locked: told.pin_locked,
        pin_initialized: told.pin_initialized,
        protected_authentication_path: told.has_pad,
        ..Default::default()
    }
}
