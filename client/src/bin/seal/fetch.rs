//! `seal fetch`

use std::path::PathBuf;

use clap::Args;
use sealkeeper_client::Document;
use sealkeeper_client::output::refuse_existing;
use uuid::Uuid;

use crate::failure::Failure;
use crate::stamp::beside;
use crate::{Session, review, screen};

/// Get the result of a use whose answer was lost; this never stamps
#[derive(Args)]
pub(crate) struct Fetch {
    /// The PDF that was stamped, unchanged
    file: PathBuf,

    /// The use, as `seal stamp` told it
    #[arg(long, value_name = "UUID")]
    use_id: Uuid,

    /// The new file; FILE.sealed.pdf beside the input by default
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
}

impl Fetch {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let target = self.output.unwrap_or_else(|| beside(&self.file));
        refuse_existing(&target)?;
        let document = Document::open(&self.file)?;
        let stamped = session.connect().await?.collect(&document, self.use_id, &target).await?;
        if session.json {
            screen::print_json(&review::as_json(&target, &stamped, &[]));
        } else {
            review::print_stamped(session, &target, &stamped);
        }
        Ok(())
    }
}
