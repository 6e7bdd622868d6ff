//! `seal audit`: supervision (监督检查): what does not add up, findings, and the journal as a whole.

mod answer;
mod csv;
mod find;
mod findings;
mod report;
mod verify;
mod words;

use clap::Subcommand;

use crate::Session;
use crate::failure::Failure;

/// Supervise (监督检查): report what does not add up, follow findings (整改) up, verify the journal
#[derive(Subcommand)]
pub(crate) enum Command {
    Report(report::Report),
    Find(find::Find),
    Answer(answer::Answer),
    Findings(findings::Findings),
    Verify(verify::Verify),
}

impl Command {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Report(report) => report.run(session).await,
            Self::Find(find) => find.run(session).await,
            Self::Answer(answer) => answer.run(session).await,
            Self::Findings(findings) => findings.run(session).await,
            Self::Verify(verify) => verify.run(session).await,
        }
    }
}
