//! The `seal` command line: stamps documents with a running seal agent, and verifies stamped ones without it.

mod act;
mod approve;
mod audit;
mod dates;
mod doctor;
mod facts;
mod failure;
mod fetch;
mod finding;
mod key;
mod language;
mod log;
mod office;
mod people;
mod pin;
mod policy;
mod reject;
mod request;
mod requests;
mod review;
mod screen;
mod seals;
mod signing;
mod stamp;
mod token;
mod usage;
mod use_pin;
mod verify;
mod watch;
mod withdraw;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use rustix::process::{DumpableBehavior, Resource, Rlimit};
use sealkeeper_client::{Agent, socket_path};
use sealkeeper_domain::reason::{Language, Reason};

use failure::Failure;

/// Stamp documents with the company's electronic seals (电子印章), and verify stamped ones.
///
/// Exit codes: 0 done; 1 refused by a rule, or an invalid signature; 2 usage; 3 agent or token not available;
/// 4 internal fault.
#[derive(Parser)]
#[command(name = "seal", version, max_term_width = 100, subcommand_required = true)]
struct Cli {
    /// The agent's socket; else SEALKEEPER_SOCKET, else where the agent puts it by default
    #[arg(long, global = true, value_name = "PATH")]
    socket: Option<PathBuf>,

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
    Request(request::Request),
    Requests(requests::Requests),
    Watch(watch::Watch),
    Approve(approve::Approve),
    Reject(reject::Reject),
    Withdraw(withdraw::Withdraw),
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
}

/// What every command needs.
struct Session {
    language: Language,
    socket: PathBuf,
    /// Whether results are wanted as JSON; what goes wrong then is told as JSON too.
    json: bool,
}

impl Session {
    async fn connect(&self) -> Result<Agent, Failure> {
        Ok(Agent::connect(&self.socket).await?)
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
            Self::Request(request) => request.run(session).await,
            Self::Requests(requests) => requests.run(session).await,
            Self::Watch(watch) => watch.run(session).await,
            Self::Approve(approve) => approve.run(session).await,
            Self::Reject(reject) => reject.run(session).await,
            Self::Withdraw(withdraw) => withdraw.run(session).await,
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
    let session = Session {
        language: cli.lang.unwrap_or_else(language::of_environment),
        socket: socket_path(cli.socket.as_deref()),
        json: cli.json,
    };
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
