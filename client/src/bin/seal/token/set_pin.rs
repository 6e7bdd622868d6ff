//! `seal token set-pin`

use clap::Args;
use sealkeeper_client::PinChange;
use sealkeeper_domain::reason::Reason;

use crate::failure::Failure;
use crate::pin::{OnPad, PinAsked, PinKind, PinOptions};
use crate::{Session, token};

/// Give a token a new PIN by the security officer's PIN, also where its own is locked or was never set
///
/// Both are asked for, the new one twice. From a descriptor the security officer's is read as its first line, the new one
/// as its second. Each is tried once. The token is locked before it. The new one is the custodian's own, who types it; a
/// one-time PIN is one that somebody else knows as well.
#[derive(Args)]
pub(crate) struct SetPin {
    /// The token's serial; may be left out while there is only one
    serial: Option<String>,

    #[command(flatten)]
    pin: PinOptions,

    /// Try the security officer's PIN even if the token says that one try of it is left: a wrong one then locks it for
    /// good
    #[arg(long)]
    final_try: bool,

    /// The new PIN is good for nothing but being changed: the custodian gives the token one of their own with
    /// `seal token change-pin` (C2)
    #[arg(long)]
    one_time: bool,
}

impl SetPin {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let agent = session.connect().await?;
        let token = token::choose(&agent, self.serial.as_deref()).await?;
        if token.so_pin_locked {
            return Err(Reason::TokenSoPinLocked.into());
        }
        if token.so_pin_final_try && !self.final_try {
            return Err(Reason::TokenPinFinalTry.into());
        }
        let set = if token.protected_authentication_path {
            let call = agent.set_pin(&token.serial, None, self.final_try, self.one_time);
            OnPad::Reset.wait(session, &token, call).await?
        } else {
            let mut source = self.pin.source().ok_or(Reason::PinUnreadable)?;
            let asked =
                PinAsked { which: PinKind::SecurityOfficer, token: &token, seal: None, document: None };
            let tried = source.ask(session, &asked).await?;
            let new = source.ask(session, &PinAsked { which: PinKind::NewUser, ..asked }).await?;
            let pins = Some(PinChange { tried, new });
            agent.set_pin(&token.serial, pins, self.final_try, self.one_time).await?
        };
        token::tell_new_pin(session, &set);
        Ok(())
    }
}
