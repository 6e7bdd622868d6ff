//! `seal token unlock`

use clap::Args;
use sealkeeper_client::UnlockTerms;
use sealkeeper_client::escape::for_terminal;
use sealkeeper_domain::reason::Reason;

use crate::failure::Failure;
use crate::pin::PinSource;
use crate::{Session, screen};

/// Unlock a token with its PIN, for one use unless told otherwise
///
/// The PIN is asked for on the terminal, without echo, or read from a descriptor. It is tried once and never again.
#[derive(Args)]
pub(crate) struct Unlock {
    /// The token's serial; may be left out while there is only one
    serial: Option<String>,

    /// How many uses the unlock is good for, within the policy
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    uses: u32,

    /// Lock again after so many minutes without a use; by default as the policy says
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    idle: Option<u32>,

    /// Read the PIN from this descriptor: its first line
    #[arg(long, value_name = "N")]
    pin_fd: Option<u32>,

    /// Try the PIN even if the token says that one try is left: a wrong PIN then locks the token for good
    ///
    /// Only the seal office may be able to reset it, and with some tokens the keys are lost. Check the PIN with care.
    #[arg(long)]
    final_try: bool,
}

impl Unlock {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let agent = session.connect().await?;
        let token = super::choose(&agent, self.serial.as_deref()).await?;
        let source =
            PinSource::choose(self.pin_fd).ok_or_else(|| Failure::local(Reason::PinUnreadable, ""))?;
        super::check_tries(session, &token, self.final_try)?;
        let pin = source.read(&for_terminal(&token.serial), session.language)?;
        let terms = UnlockTerms {
            uses: self.uses,
            idle_ms: u64::from(self.idle.unwrap_or(0)) * 60_000,
            final_try: self.final_try,
            lifetime_ms: 0,
        };
        let token = agent.unlock(&token.serial, Some(pin), terms).await?;
        screen::print(super::line(session, &token));
        Ok(())
    }
}
