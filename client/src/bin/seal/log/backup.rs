//! `seal log backup`

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::failure::Failure;
use crate::screen::hex;
use crate::{Session, screen};

/// Copy the whole journal into a new file (0600), check the copy, and have that put on record; by custodian, seal office or auditor
///
/// The copy is a database of its own: put in the place of `journal.db` in an agent's home it is the journal as it was. Keep it
/// on another machine.
#[derive(Args)]
pub(super) struct Backup {
    /// The new file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Backup {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let made = session.connect().await?.back_up(&self.file).await?;
        if session.json {
            screen::print_json(&json!({
                "outcome": "done",
                "output": self.file.to_string_lossy(),
                "size": made.size,
                "sha256": hex(&made.sha256),
                "origin": made.origin,
                "tree_size": made.tree_size,
                "root_hash": made.root.to_string(),
                "journal_seq": made.journal_seq,
            }));
            return Ok(());
        }
        let (records, seq) = (made.tree_size, made.journal_seq);
        let chinese = format!("已备份并核对 {records} 条记录，见记录 #{seq}");
        let english = format!("backed up and checked: records {records}; on record as #{seq}");
        screen::print(session.say(&chinese, &english));
        screen::print(format_args!("{}{}", screen::label("SHA-256"), hex(&made.sha256)));
        screen::print(format_args!("{}{}", screen::label(session.say("根", "root")), made.root));
        Ok(())
    }
}
