//! `seal stamp`

use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use clap::Args;
use sealkeeper_client::error::ClientError;
use sealkeeper_client::output::refuse_existing;
use sealkeeper_client::{Agent, Document, Order, Stamping, placement};
use sealkeeper_domain::pin::Pin;
use sealkeeper_domain::reason::Reason;
use sealkeeper_proto::v1;
use tokio::signal::unix::{SignalKind, signal};
use uuid::Uuid;

use crate::failure::Failure;
use crate::pin::PinOptions;
use crate::use_pin::UsePin;
use crate::{Session, review, screen};

/// How long a use may take before something is said of it. A token needs less.
const PATIENCE: Duration = Duration::from_secs(3);

/// Stamp a PDF with a seal and write the result to a new file
///
/// The input is never changed and nothing is overwritten. If the token is locked, or the key asks for the PIN at each
/// use, the PIN is asked for on the terminal or in a dialog, once what is about to be stamped has been shown; the unlock
/// is good for this use only. Where the token has its own PIN pad the PIN is typed there instead.
#[derive(Args)]
pub(crate) struct Stamp {
    /// The PDF to be stamped
    file: PathBuf,

    /// Name or id of the seal
    #[arg(long, value_name = "NAME")]
    seal: String,

    /// Why, as the journal and the signature shall say
    #[arg(long, value_name = "TEXT")]
    reason: String,

    /// Where the seal's centre goes, from the top left of the page as one sees it: page=last,x=120mm,y=230mm
    ///
    /// Units are mm, cm, pt and in.
    #[arg(long, value_name = "PLACE", required = true)]
    at: Vec<String>,

    /// The new file; FILE.sealed.pdf beside the input by default
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,

    /// Class of the document by the agent's policy; the policy's default otherwise
    #[arg(long, value_name = "CLASS")]
    class: Option<String>,

    #[command(flatten)]
    pin: PinOptions,
}

impl Stamp {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let placements = self.at.iter().map(|argument| {
            placement::parse(argument)
                .map_err(|error| Failure::Placement { argument: argument.clone(), error })
        });
        let order = Order {
            seal: self.seal.clone(),
            reason: self.reason.clone(),
            placements: placements.collect::<Result<_, _>>()?,
            document_class: self.class.clone().unwrap_or_default(),
            copies: 1,
        };
        let target = self.output.clone().unwrap_or_else(|| beside(&self.file));
        refuse_existing(&target)?;
        let document = Document::open(&self.file)?;

        let agent = session.connect().await?;
        let stamping = agent.prepare(&document, &order).await?;
        if !session.json {
            review::print_prepared(session, stamping.prepared());
        }
        let use_id = stamping.use_id();
        // Asked for only now: nobody gives a PIN for what they have not seen.
        let mut use_pin = UsePin::unlock(session, &agent, &stamping, self.pin.source()).await?;
        let pin = use_pin.for_stamp().await?;
        let is_sent = pin.is_some();
        let mut confirmed = watched(session, use_id, confirm(&agent, &stamping, pin)).await;
        if let Err(Failure::Client(error)) = &confirmed
            && error.is_pin_needed()
            && !is_sent
            && let Some(pin) = use_pin.after_refusal().await?
        {
            confirmed = watched(session, use_id, confirm(&agent, &stamping, Some(pin))).await;
        }
        confirmed?;
        drop(use_pin);
        let collected =
            async { agent.collect(&document, use_id, &target).await.map_err(|error| error.of_use(use_id)) };
        let stamped = watched(session, use_id, collected).await?;
        if session.json {
            screen::print_json(&review::as_json(&target, &stamped, &stamping.prepared().findings));
        } else {
            review::print_stamped(session, &target, &stamped);
        }
        Ok(())
    }
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

/// `contract.pdf` → `contract.sealed.pdf`, in the same folder.
pub(crate) fn beside(input: &Path) -> PathBuf {
    let mut name = input.file_stem().unwrap_or_default().to_owned();
    name.push(".sealed.pdf");
    input.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_lies_beside_the_input() {
        for (input, output) in [
            ("合同.pdf", "合同.sealed.pdf"),
            ("a/b.c.PDF", "a/b.c.sealed.pdf"),
            ("/x/scan", "/x/scan.sealed.pdf"),
        ] {
            assert_eq!(beside(Path::new(input)), Path::new(output));
        }
    }
}
