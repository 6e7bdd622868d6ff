//! A receipt on its way to the agent: the seal's key proves that its custodian controls the token, and may ask for the PIN to do so.

use sealkeeper_client::Agent;
use sealkeeper_domain::act::jws::UnverifiedJws;
use sealkeeper_domain::act::{Claims, Statement};
use sealkeeper_domain::pkcs11_uri::ObjectUri;
use sealkeeper_domain::reason::Reason;
use sealkeeper_proto::v1;

use crate::failure::Failure;
use crate::office::SealEntry;
use crate::pin::{OnPad, PinAsked, PinKind, PinSource};
use crate::{Session, token};

/// Files an act; where the agent says that the key of the seal received asks for the PIN, it is asked for and tried once.
pub(crate) async fn file(
    session: &Session,
    (act, attachment): (&str, Vec<u8>),
    source: Option<PinSource>,
    final_try: bool,
) -> Result<v1::FiledAct, Failure> {
    let agent = session.connect().await?;
    let received = of_receipt(&agent, act).await;
    let filing = agent.file_act(act, attachment);
    let filed = match &received {
        // The key may ask for the PIN, which is then typed on the token while the agent waits: nobody is asked for it here.
        Ok(Some((token, seal))) if token.protected_authentication_path => {
            let is_known = token.seals_asking_pin.contains(seal);
            let on_pad = if is_known { OnPad::Pin } else { OnPad::PinIfAsked };
            on_pad.wait(session, token, filing).await
        }
        _ => filing.await,
    };
    let refused = match filed {
        Err(error) if error.is_pin_needed() => error,
        filed => return Ok(filed?),
    };
    let (Some(mut source), Some((token, seal))) = (source, received?) else {
        return Err(refused.into());
    };
    token::check_tries(&token, final_try)?;
    let asked = PinAsked { which: PinKind::User, token: &token, seal: Some(&seal), document: None };
    let pin = source.ask(session, &asked).await?;
    Ok(agent.file_act_with_pin(act, pin, final_try).await?)
}

/// The token of the seal that this act receives, and the seal's name; None where it is no receipt or the token is not there.
async fn of_receipt(agent: &Agent, act: &str) -> Result<Option<(v1::Token, String)>, Failure> {
    let bad = |error: &dyn std::fmt::Display| Failure::local(Reason::AnswerBad, error);
    // Whether it is an act, and anybody's, is for the agent to judge.
    let act = UnverifiedJws::parse(act).map_err(|error| bad(&error))?;
    let claims = Claims::read(act.typ(), act.unverified_claims()).map_err(|error| bad(&error))?;
    let Statement::SealReceive(receipt) = claims.statement else { return Ok(None) };
    let seal = SealEntry::find(agent, receipt.seal.as_str()).await?.told;
    let key = ObjectUri::parse(&seal.key_uri).map_err(|error| bad(&error))?;
    let token = agent.tokens().await?.into_iter().find(|token| token.serial == key.serial.as_str());
    Ok(token.map(|token| (token, seal.name)))
}
