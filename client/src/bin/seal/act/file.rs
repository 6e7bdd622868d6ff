//! `seal act file`

use std::path::PathBuf;

use clap::Args;

use super::{ATTACHMENT_LIMIT, bytes_of, text_of};
use crate::Session;
use crate::failure::Failure;
use crate::signing::print_filed;

/// File an act (签批), whoever signed it: its signature counts, not who carries it
#[derive(Args)]
pub(crate) struct FileAct {
    /// The act: a compact JWS
    file: PathBuf,

    /// What it names by its digest: the seal object of seal-make
    #[arg(long, value_name = "FILE")]
    attach: Option<PathBuf>,
}

impl FileAct {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let act = text_of(&self.file)?;
        let attachment = self.attach.map(|path| bytes_of(&path, ATTACHMENT_LIMIT)).transpose()?;
        let agent = session.connect().await?;
        print_filed(session, &agent.file_act(&act, attachment.unwrap_or_default()).await?);
        Ok(())
    }
}
