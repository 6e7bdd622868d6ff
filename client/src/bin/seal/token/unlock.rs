//! `seal token unlock`

use clap::Args;
use sealkeeper_client::UnlockTerms;
use sealkeeper_domain::reason::Reason;
use serde_json::json;

use crate::failure::Failure;
use crate::pin::{OnPad, PinAsked, PinKind, PinOptions};
use crate::{Session, screen};

/// Unlock a token with its PIN, for one use unless told otherwise
///
/// The PIN is asked for on the terminal, without echo, or in a dialog, or read from a descriptor. It is tried once and
/// never again. Where the token has its own PIN pad it is typed there instead.
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

    /// Lock again after so many minutes whether it is used or not; by default as the policy says
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    minutes: Option<u32>,

    #[command(flatten)]
    pin: PinOptions,

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
        let milliseconds = |minutes: Option<u32>| u64::from(minutes.unwrap_or(0)) * 60_000;
        let terms = UnlockTerms {
            uses: self.uses,
            idle_ms: milliseconds(self.idle),
            lifetime_ms: milliseconds(self.minutes),
            final_try: self.final_try,
        };
        let token = if token.protected_authentication_path {
            super::check_pin(&token, self.final_try)?;
            OnPad::Pin.wait(session, &token, agent.unlock(&token.serial, None, terms)).await?
        } else {
            let mut source = self.pin.source().ok_or(Reason::PinUnreadable)?;
            super::check_pin(&token, self.final_try)?;
            let asked = PinAsked { which: PinKind::User, token: &token, seal: None, document: None };
            let pin = source.ask(session, &asked).await?;
            agent.unlock(&token.serial, Some(pin), terms).await?
        };
        if session.json {
            screen::print_json(&json!({ "outcome": "done", "token": super::as_json(&token) }));
        } else {
            screen::print(super::line(session, &token));
        }
        Ok(())
    }
}
