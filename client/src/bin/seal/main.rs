//! The `seal` command line: stamps documents with a running seal agent, and verifies stamped ones without it.

mod act;
mod approve;
mod audit;
mod dates;
mod doctor;
mod end_request;
mod facts;
mod failure;
mod fetch;
mod finding;
mod key;
mod language;
mod log;
mod office;
mod own_key;
mod pages;
mod people;
mod pin;
mod place;
mod policy;
mod preview;
mod receipt;
mod request;
mod requests;
mod review;
mod screen;
mod seals;
mod signing;
mod stamp;
mod token;
mod token_worker;
mod usage;
mod use_pin;
mod verify;
mod watch;

use std::io;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use rustix::process::{DumpableBehavior, Resource, Rlimit};
use sealkeeper_client::Agent;
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::reason::{Language, Reason};
use tokio::sync::OnceCell;

use failure::Failure;
use place::{Place, PlaceOptions};

/// Stamp documents with the company's electronic seals (电子印章), and verify stamped ones.
///
/// Exit codes: 0 done; 1 refused by a rule, or an invalid signature; 2 usage; 3 agent or token not available;
/// 4 internal fault.
#[derive(Parser)]
#[command(name = "seal", version, max_term_width = 100, subcommand_required = true)]
struct Cli {
    #[command(flatten)]
    place: PlaceOptions,

    /// Language of all texts; else by LC_ALL, LC_MESSAGES and LANG
    #[arg(long, global = true, value_name = "zh|en", value_parser = language::parse)]
    lang: Option<Language>,

    /// Print results and failures as JSON on standard output, one object a line
    #[arg(long, global = true)]
    json: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[command(subcommand)]
    Token(token::Command),
    #[command(subcommand)]
    Key(key::Command),
    Seals(seals::Seals),
    Preview(preview::Preview),
    Request(request::Request),
    Requests(requests::Requests),
    Watch(watch::Watch),
    Approve(approve::Approve),
    /// Reject a request (用印申请): it ends, and nothing is stamped
    Reject(end_request::EndRequest),
    /// Withdraw one's own request (用印申请): it ends, and nothing is stamped
    Withdraw(end_request::EndRequest),
    Review(review::Review),
    Stamp(stamp::Stamp),
    Fetch(fetch::Fetch),
    #[command(subcommand)]
    Act(act::Command),
    #[command(subcommand)]
    People(people::Command),
    #[command(subcommand)]
    Policy(policy::Command),
    #[command(subcommand)]
    Audit(audit::Command),
    Verify(verify::Verify),
    Log(log::Log),
    Doctor(doctor::Doctor),
    #[command(hide = true)]
    TokenWorker(token_worker::TokenWorker),
}

/// What every command needs.
struct Session {
    language: Language,
    place: Place,
    /// The connection to an agent afar, kept: each new one would ask for the key's passphrase.
    remote: OnceCell<Agent>,
    /// Whether results are wanted as JSON; what goes wrong then is told as JSON too.
    json: bool,
}

impl Session {
    async fn connect(&self) -> Result<Agent, Failure> {
        match self.place {
            Place::Socket(_) => self.place.connect(self).await,
            Place::Remote(..) => self.remote.get_or_try_init(|| self.place.connect(self)).await.cloned(),
        }
    }

    /// For what is told without asking anybody.
    #[cfg(test)]
    fn with_no_agent(language: Language) -> Self {
        Self { language, place: Place::Socket("absent".into()), remote: OnceCell::new(), json: false }
    }

    /// The text in the session's language.
    fn say<'a>(&self, chinese: &'a str, english: &'a str) -> &'a str {
        language::choose(self.language, chinese, english)
    }
}

impl Command {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Token(command) => command.run(session).await,
            Self::Key(command) => command.run(session).await,
            Self::Seals(seals) => seals.run(session).await,
            Self::Preview(preview) => preview.run(session).await,
            Self::Request(request) => request.run(session).await,
            Self::Requests(requests) => requests.run(session).await,
            Self::Watch(watch) => watch.run(session).await,
            Self::Approve(approve) => approve.run(session).await,
            Self::Reject(end) => end.run(session, Statement::RequestReject).await,
            Self::Withdraw(end) => end.run(session, Statement::RequestWithdraw).await,
            Self::Review(review) => review.run(session).await,
            Self::Act(command) => command.run(session).await,
            Self::People(command) => command.run(session).await,
            Self::Policy(command) => command.run(session).await,
            Self::Audit(command) => command.run(session).await,
            Self::Stamp(stamp) => stamp.run(session).await,
            Self::Fetch(fetch) => fetch.run(session).await,
            Self::Verify(verify) => verify.run(session),
            Self::Log(log) => log.run(session).await,
            Self::Doctor(doctor) => doctor.run(session).await,
            Self::TokenWorker(worker) => worker.run(),
        }
    }
}

/// PINs and people's private keys pass through this process: keeps its memory out of core dumps, and from other processes of the same user.
fn forbid_dumps() -> io::Result<()> {
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(rustix::process::setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?)
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage::report(&error),
    };
    let language = cli.lang.unwrap_or_else(language::of_environment);
    let place = match cli.place.place(language) {
        Ok(place) => place,
        Err(failure) => return failure::report(&failure, language, cli.json),
    };
    let session = Session { language, place, remote: OnceCell::new(), json: cli.json };
    if let Err(error) = forbid_dumps() {
        return failure::report(&Failure::local(Reason::Internal, error), session.language, session.json);
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failure::report(&Failure::of_runtime(&error), session.language, session.json),
    };
    match runtime.block_on(cli.command.run(&session)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure::report(&failure, session.language, session.json),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_leaves_no_dump() {
        forbid_dumps().unwrap();
        assert_eq!(rustix::process::dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
        let core = rustix::process::getrlimit(Resource::Core);
        assert_eq!((core.current, core.maximum), (Some(0), Some(0)));
    }
}
