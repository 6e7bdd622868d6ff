//! `seal token change-pin`

use clap::Args;
use sealkeeper_client::PinChange;
use sealkeeper_domain::reason::Reason;

use crate::failure::Failure;
use crate::pin::{OnPad, PinAsked, PinKind, PinOptions};
use crate::{Session, token};

/// Give a token a new PIN for the old one
///
/// Both are asked for, the new one twice. From a descriptor the old one is read as its first line, the new one as its
/// second. Each is tried once.
#[derive(Args)]
pub(crate) struct ChangePin {
    /// The token's serial; may be left out while there is only one
    serial: Option<String>,

    #[command(flatten)]
    pin: PinOptions,

    /// Try the old PIN even if the token says that one try is left: a wrong PIN then locks the token for good
    #[arg(long)]
    final_try: bool,
}

impl ChangePin {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let agent = session.connect().await?;
        let token = token::choose(&agent, self.serial.as_deref()).await?;
        token::check_tries(&token, self.final_try)?;
        let changed = if token.protected_authentication_path {
            let call = agent.change_pin(&token.serial, None, self.final_try);
            OnPad::Change.wait(session, &token, call).await?
        } else {
            let mut source = self.pin.source().ok_or(Reason::PinUnreadable)?;
            let asked = PinAsked { which: PinKind::User, token: &token, seal: None, document: None };
            let tried = source.ask(session, &asked).await?;
            let new = source.ask(session, &PinAsked { which: PinKind::NewUser, ..asked }).await?;
            agent.change_pin(&token.serial, Some(PinChange { tried, new }), self.final_try).await?
        };
        token::tell_new_pin(session, &changed);
        Ok(())
    }
}
