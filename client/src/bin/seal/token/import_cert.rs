//! `seal token import-cert`

use std::path::PathBuf;

use clap::Args;
use sealkeeper_client::certificate;
use sealkeeper_client::escape::for_terminal;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;
use crate::screen::{self, hex, label};
use crate::{Session, finding, token};

/// Put a certificate (PEM or DER) on the unlocked token that has its key
#[derive(Args)]
pub(crate) struct ImportCert {
    /// The certificate, as the authority gave it
    file: PathBuf,

    /// The token's serial; may be left out while there is only one
    serial: Option<String>,

    /// Take what certificates the key has off the token once this one is on it
    #[arg(long)]
    replace: bool,
}

impl ImportCert {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let der = certificate::read(&self.file)?;
        let sha256 = hex(&Sha256::digest(&der));
        let agent = session.connect().await?;
        let token = token::choose(&agent, self.serial.as_deref()).await?;
        let imported = agent.import_certificate(&token.serial, der, self.replace).await?;
        if session.json {
            let warnings: Vec<_> = imported.warnings.iter().map(finding::as_json).collect();
            screen::print_json(&json!({
                "outcome": "done",
                "certificate_uri": imported.certificate_uri,
                "key_uri": imported.key_uri,
                "certificate_sha256": sha256,
                "warnings": warnings,
                "journal_seq": imported.journal_seq,
            }));
            return Ok(());
        }
        let rows = [
            ("证书", "certificate", imported.certificate_uri.clone()),
            ("密钥", "key", imported.key_uri.clone()),
            ("SHA-256", "SHA-256", sha256),
            ("用印记录", "journal", imported.journal_seq.to_string()),
        ];
        for (chinese, english, value) in rows {
            let name = label(session.say(chinese, english));
            screen::print(format_args!("{name}{}", for_terminal(&value)));
        }
        imported.warnings.iter().for_each(|warning| finding::print(session, warning));
        Ok(())
    }
}
