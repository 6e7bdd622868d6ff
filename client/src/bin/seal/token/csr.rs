//! `seal token csr`

use std::path::PathBuf;

use clap::Args;
use sealkeeper_client::certificate::request_as_pem;
use sealkeeper_client::escape::for_terminal;
use sealkeeper_client::output::{refuse_existing, write_new};
use sealkeeper_domain::pkcs11_uri::{ObjectUri, UriError};
use sealkeeper_proto::v1;
use serde_json::json;

use crate::failure::Failure;
use crate::pin::{OnPad, PinAsked, PinKind, PinOptions};
use crate::{Session, screen, token};

/// Ask for a certificate: a request (PKCS#10, PEM) signed by a key on an unlocked token
///
/// The signature is on record and takes one use of the unlock. Where the key asks for the PIN at each use, it is asked
/// for as `seal token unlock` does.
#[derive(Args)]
pub(crate) struct Csr {
    /// The private key, as `seal token keygen` told it: pkcs11:serial=…;id=…;type=private
    #[arg(value_name = "KEY-URI")]
    key: String,

    /// For whom: a distinguished name as RFC 4514 writes it, for example "CN=合同专用章,O=示例科技有限公司,C=CN"
    #[arg(long, value_name = "NAME")]
    subject: String,

    /// The new file; standard output by default
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,

    #[command(flatten)]
    pin: PinOptions,
}

impl Csr {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        // Not by the parser of arguments: it would repeat what may hold a PIN.
        let key = ObjectUri::parse(&self.key).map_err(|error| malformed(session, &error))?;
        if let Some(target) = &self.output {
            refuse_existing(target)?;
        }
        let reply = requested(session, &key, &self.subject, self.pin).await?;
        let pem = request_as_pem(&reply.request_der)?;
        if let Some(target) = &self.output {
            write_new(pem.as_bytes(), target)?;
        }
        let output = self.output.as_ref().map(|target| target.to_string_lossy());
        if session.json {
            screen::print_json(&json!({
                "outcome": "done",
                "output": output,
                "request_pem": pem,
                "journal_seq": reply.journal_seq,
            }));
        } else if let Some(target) = output {
            screen::print(format_args!("{}{}", session.say("已写入：", "written: "), for_terminal(&target)));
        } else {
            screen::print(pem.trim_end());
        }
        Ok(())
    }
}

fn malformed(session: &Session, error: &UriError) -> Failure {
    let (chinese, english) =
        (format!("密钥的 URI 不对：{error}"), format!("the key's URI is malformed: {error}"));
    let example = "pkcs11:serial=0123456789abcdef;id=%02;type=private";
    let hint = format!("{} {example}", session.say("例如", "for example"));
    Failure::Arguments { text: session.say(&chinese, &english).to_owned(), hint }
}

async fn requested(
    session: &Session,
    key: &ObjectUri,
    subject: &str,
    pin: PinOptions,
) -> Result<v1::RequestCertificateReply, Failure> {
    let agent = session.connect().await?;
    let token = token::choose(&agent, Some(key.serial.as_str())).await?;
    let key = key.to_string();
    let without_pin = agent.request_certificate(&key, subject, None, false);
    if token.protected_authentication_path {
        return Ok(OnPad::PinIfAsked.wait(session, &token, without_pin).await?);
    }
    // Only the token knows whether the key asks for it, and tells by refusing.
    let needed = match without_pin.await {
        Err(error) if error.is_pin_needed() => error,
        answered => return Ok(answered?),
    };
    let mut source = pin.source().ok_or(needed)?;
    token::check_pin(&token, false)?;
    let asked = PinAsked { which: PinKind::User, token: &token, seal: None, document: None };
    let pin = source.ask(session, &asked).await?;
    Ok(agent.request_certificate(&key, subject, Some(pin), false).await?)
}
