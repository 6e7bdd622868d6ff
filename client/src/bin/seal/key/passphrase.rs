//! `seal key passphrase`

use std::path::PathBuf;

use clap::Args;
use sealkeeper_client::{ActSigner as _, KeyFile};
use serde_json::json;

use crate::failure::Failure;
use crate::pin::{PassphraseAsked, PassphraseOptions};
use crate::{Session, screen};

/// Give a key file a new passphrase for the old one
///
/// Both are asked for, the new one twice. From a descriptor or a file the old one is read as its first line, the new one as
/// its second. The key stays the same; copies of the file keep the old passphrase.
#[derive(Args)]
pub(crate) struct Change {
    /// The key file
    file: PathBuf,

    #[command(flatten)]
    passphrase: PassphraseOptions,
}

impl Change {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let file = KeyFile::open(&self.file)?;
        let mut source = self.passphrase.source()?;
        let asked = PassphraseAsked { is_new: false, file: &self.file };
        let old = source.passphrase(session, &asked).await?;
        // Whoever mistyped the old one need not think of a new one first.
        let key = file.decrypt(&old)?;
        let new = source.passphrase(session, &PassphraseAsked { is_new: true, ..asked }).await?;
        key.replace(&self.file, &new)?;
        if session.json {
            let output = self.file.to_string_lossy();
            screen::print_json(&json!({ "outcome": "done", "output": output, "key_id": key.key_id() }));
        } else {
            screen::print(session.say("已更换口令", "the passphrase was changed"));
        }
        Ok(())
    }
}
