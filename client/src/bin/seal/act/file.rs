//! `seal act file`

use std::path::PathBuf;

use clap::Args;

use super::{ATTACHMENT_LIMIT, bytes_of, text_of};
use crate::failure::Failure;
use crate::pin::PinOptions;
use crate::signing::print_filed;
use crate::{Session, receipt};

/// File an act (签批), whoever signed it: its signature counts, not who carries it
#[derive(Args)]
pub(crate) struct FileAct {
    /// The act: a compact JWS
    file: PathBuf,

    /// What it names by its digest: the seal object of seal-make
    #[arg(long, value_name = "FILE")]
    attach: Option<PathBuf>,

    /// The PIN is for a receipt of a seal whose key asks for it at each signature
    #[command(flatten)]
    pin: PinOptions,

    /// Try that PIN although the token says that only one try is left, or several wrong ones were given
    #[arg(long)]
    final_try: bool,
}

impl FileAct {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let act = text_of(&self.file)?;
        let attachment = self.attach.map(|path| bytes_of(&path, ATTACHMENT_LIMIT)).transpose()?;
        let act = (&*act, attachment.unwrap_or_default());
        print_filed(session, &receipt::file(session, act, self.pin.source(), self.final_try).await?);
        Ok(())
    }
}
