//! One use as it is made: the PIN, the confirmation, the wait, the new file.

use std::future::poll_fn;
use std::path::Path;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use sealkeeper_client::error::ClientError;
use sealkeeper_client::{Agent, Document, Stamped, Stamping};
use sealkeeper_domain::pin::Pin;
use sealkeeper_domain::reason::Reason;
use sealkeeper_proto::v1;
use tokio::signal::unix::{SignalKind, signal};
use uuid::Uuid;

use crate::failure::Failure;
use crate::pin::PinSource;
use crate::use_pin::UsePin;
use crate::{Session, screen};

/// How long a use may take before something is said of it. A token needs less.
const PATIENCE: Duration = Duration::from_secs(3);

/// Makes a use that was reviewed, and joins its result to the document in the new file `target`. `uses` is for how many an unlock asked
/// for now is to be good.
pub(super) async fn make(
    session: &Session,
    agent: &Agent,
    stamping: &Stamping,
    source: Option<&mut PinSource>,
    uses: u32,
    (document, target): (&Document, &Path),
) -> Result<Stamped, Failure> {
    let use_id = stamping.use_id();
    // Asked for only now: nobody gives a PIN for what they have not seen.
    let mut use_pin = UsePin::unlock(session, agent, stamping, source, uses).await?;
    let pin = use_pin.for_stamp().await?;
    let is_sent = pin.is_some();
    let mut confirmed = watched(session, use_id, confirm(agent, stamping, pin)).await;
    if let Err(Failure::Client(error)) = &confirmed
        && error.is_pin_needed()
        && !is_sent
        && let Some(pin) = use_pin.after_refusal().await?
    {
        confirmed = watched(session, use_id, confirm(agent, stamping, Some(pin))).await;
    }
    confirmed?;
    drop(use_pin);
    let collected =
        async { agent.collect(document, use_id, target).await.map_err(|error| error.of_use(use_id)) };
    watched(session, use_id, collected).await
}

async fn confirm(agent: &Agent, stamping: &Stamping, pin: Option<Pin>) -> Result<v1::Receipt, ClientError> {
    match pin {
        Some(pin) => agent.confirm_with_pin(stamping, pin, false).await,
        None => agent.confirm(stamping).await,
    }
}

/// Waits for a use that is being made. Whoever interrupts it is told how to get its result; a person who waits long is told
/// before that, for a process can also end without a word.
async fn watched<T>(
    session: &Session,
    use_id: Uuid,
    made: impl Future<Output = Result<T, ClientError>>,
) -> Result<T, Failure> {
    let mut interruption = pin!(interruption());
    let mut patience = pin!(tokio::time::sleep(PATIENCE));
    let mut is_told = session.json;
    let mut made = pin!(made);
    loop {
        tokio::select! {
            result = &mut made => return Ok(result?),
            name = &mut interruption => {
                let interrupted = ClientError::Local { reason: Reason::ConnectionLost, detail: name.to_owned() };
                return Err(interrupted.of_use(use_id).into());
            }
            () = &mut patience, if !is_told => {
                is_told = true;
                screen::note(session.say("仍在等待代理……", "still waiting for the agent…"));
                let chinese = format!("如中断：`seal fetch 文件 --use-id {use_id}` 可取回结果");
                let english = format!("if interrupted, `seal fetch FILE --use-id {use_id}` gets the result");
                screen::note(session.say(&chinese, &english));
            }
        }
    }
}

/// Waits for a signal that asks this process to end, and gives its name. Without a handler it never comes: then the
/// signal ends the process as ever.
async fn interruption() -> &'static str {
    let signals = [
        (SignalKind::interrupt(), "SIGINT"),
        (SignalKind::terminate(), "SIGTERM"),
        (SignalKind::hangup(), "SIGHUP"),
    ];
    let mut waiting = Vec::new();
    for (kind, name) in signals {
        if let Ok(signal) = signal(kind) {
            waiting.push((signal, name));
        }
    }
    poll_fn(|context| {
        let mut waiting = waiting.iter_mut();
        let came = waiting.find_map(|(signal, name)| signal.poll_recv(context).is_ready().then_some(*name));
        came.map_or(Poll::Pending, Poll::Ready)
    })
    .await
}
