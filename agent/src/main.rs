//! `seal-agent`: the daemon on the custodian's machine that drives the token and stamps.

mod certificate_request;
mod check_policy;
mod clock;
mod config;
mod connection;
mod document;
mod grpc;
mod init;
mod log;
mod next_steps;
mod office;
mod people;
mod pipeline;
mod policy;
mod readiness;
mod registry;
mod remote;
mod run;
mod service;
mod socket;
mod spool;
mod store;
mod token;

use std::{io::Write, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use sealkeeper_domain::{identity::PersonId, policy::Authority};

use self::log::LogFormat;

/// The daemon that keeps a company's electronic seals (电子印章): it drives the token that holds each seal's key and stamps documents.
#[derive(Parser)]
#[command(name = "seal-agent", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make the agent's home: configuration, policy and an empty journal.
    Init(Init),
    /// Serve until SIGTERM or SIGINT.
    Run(Run),
    /// Check a policy file: what is wrong with it, or its SHA-256 and what it comes to. Changes nothing.
    CheckPolicy(CheckPolicy),
    /// Drive one PKCS#11 module. For the agent itself, which speaks through pipes.
    #[command(hide = true)]
    TokenWorker(TokenWorker),
    /// Decode what is on the pages of a document, the standard input. For the agent itself.
    #[command(hide = true)]
    DocumentWorker(DocumentWorker),
}

#[derive(Args)]
struct Init {
    /// One person, no approvals: for tests and trials. Every record and receipt says so.
    #[arg(long, required_unless_present = "office_key", conflicts_with = "office_key")]
    solo: bool,
    /// The seal office's public key (P-256, PEM): the root of everything that is said by signature. Made with `seal key new`.
    #[arg(long, value_name = "FILE")]
    office_key: Option<PathBuf>,
    /// Name of the person of the seal office whose key that is.
    #[arg(long, value_name = "NAME", requires = "office_key", default_value = "印章管理部门")]
    office_name: String,
    /// Id of that person, which stands in the journal in the clear: 1 to 64 of a-z, 0-9 and -; random by default.
    #[arg(long, value_name = "ID", requires = "office_key")]
    office_id: Option<PersonId>,
    /// Unit of that person.
    #[arg(long, value_name = "UNIT", requires = "office_key", default_value = "印章管理部门")]
    office_unit: String,
    /// Where; default: $XDG_DATA_HOME/sealkeeper, else ~/.local/share/sealkeeper.
    #[arg(long)]
    home: Option<PathBuf>,
    /// Domain name in the journal's origin.
    #[arg(long, default_value = "localhost")]
    domain: String,
    /// Name of the one person, kept as a commitment; default: the user's login name.
    #[arg(long)]
    name: Option<String>,
}

#[derive(Args)]
struct Run {
    /// The agent's home as `init` made it; default: as for `init`.
    #[arg(long)]
    home: Option<PathBuf>,
    /// Socket to serve on, instead of the configured one.
    #[arg(long)]
    socket: Option<PathBuf>,
    /// How the log on standard error is written: lines of text, or one JSON object a line.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    log_format: LogFormat,
}

#[derive(Args)]
struct CheckPolicy {
    /// The file; default: policy.toml in the agent's home.
    file: Option<PathBuf>,
    /// For a solo journal, where no class may need a ticket; by default for the home's journal, or a seal office's where FILE is named.
    #[arg(long)]
    solo: bool,
    /// The agent's home as `init` made it; default: as for `init`.
    #[arg(long, conflicts_with = "file")]
    home: Option<PathBuf>,
}

#[derive(Args)]
struct TokenWorker {
    /// Calls the module may be in at once.
    #[arg(long)]
    calls_at_once: usize,
    /// Most memory for data, MiB.
    #[arg(long)]
    memory_mib: u64,
    /// The shared object.
    module: PathBuf,
}

#[derive(Args)]
struct DocumentWorker {
    /// Most memory beside the document, MiB.
    #[arg(long)]
    memory_mib: u64,
    /// Longest time to compute.
    #[arg(long)]
    seconds: u64,
    #[command(subcommand)]
    task: document::worker::Task,
}

/// Exit code of a start that failed for a reason outside: configuration, journal, socket.
const EXIT_UNAVAILABLE: u8 = 3;
/// Exit code of a policy file that is not good.
const EXIT_REFUSED: u8 = 1;
/// Exit code of wrong arguments, as clap's own.
const EXIT_USAGE: u8 = 2;

fn main() -> ExitCode {
    // Before anything else: files of this process are its user's alone, and no PIN can end in a core dump or be read by a debugger.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    if let Err(error) = run::forbid_dumps() {
        return fail(EXIT_UNAVAILABLE, &format!("core dumps cannot be forbidden: {error}"));
    }
    match Arguments::parse().command {
        Command::Init(arguments) => init_home(arguments),
        Command::CheckPolicy(arguments) => check_policy(arguments),
        Command::TokenWorker(arguments) => {
            let TokenWorker { calls_at_once, memory_mib, module } = arguments;
            match token::worker::run(&module, calls_at_once, memory_mib) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => fail(EXIT_UNAVAILABLE, &format!("token-worker: {error}")),
            }
        }
        Command::DocumentWorker(arguments) => {
            let DocumentWorker { memory_mib, seconds, task } = arguments;
            match document::worker::run(task, memory_mib, seconds) {
                Ok(code) => code,
                Err(error) => fail(EXIT_UNAVAILABLE, &format!("document-worker: {error}")),
            }
        }
        Command::Run(arguments) => {
            let Some(home) = arguments.home.or_else(init::default_home) else {
                return fail(EXIT_USAGE, NO_HOME);
            };
            match run::run(&home, arguments.socket, arguments.log_format) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) if arguments.log_format == LogFormat::Json => {
                    log::last_words(&error.to_string());
                    ExitCode::from(EXIT_UNAVAILABLE)
                }
                Err(error) => fail(EXIT_UNAVAILABLE, &error.to_string()),
            }
        }
    }
}

const NO_HOME: &str = "neither XDG_DATA_HOME nor HOME is set; name the agent's home with --home";

fn init_home(arguments: Init) -> ExitCode {
    let Some(home) = arguments.home.or_else(init::default_home) else {
        return fail(EXIT_USAGE, NO_HOME);
    };
    let chinese = next_steps::is_chinese(|name| std::env::var(name).ok());
    if let Some(key) = arguments.office_key {
        let Init { domain, office_name, office_id, office_unit, .. } = arguments;
        let first = init::First { id: office_id, name: office_name, unit: office_unit };
        return match init::office(&home, &domain, first, &key) {
            Ok(office) => {
                say(&next_steps::office(&home, &office, chinese));
                ExitCode::SUCCESS
            }
            Err(error) => fail(EXIT_UNAVAILABLE, &error.to_string()),
        };
    }
    let uid = rustix::process::geteuid().as_raw();
    let login = || {
        ["LOGNAME", "USER"]
            .iter()
            .find_map(|name| std::env::var(name).ok())
            .unwrap_or_else(|| format!("uid {uid}"))
    };
    let name = arguments.name.unwrap_or_else(login);
    match init::solo(&home, &arguments.domain, &name, uid) {
        Ok(()) => {
            say(&next_steps::solo(&home, chinese));
            ExitCode::SUCCESS
        }
        Err(error) => fail(EXIT_UNAVAILABLE, &error.to_string()),
    }
}

fn check_policy(arguments: CheckPolicy) -> ExitCode {
    let CheckPolicy { file, solo, home } = arguments;
    let (file, authority) = match (file, home.or_else(init::default_home)) {
        (Some(file), _) => (file, Authority::Office),
        (None, Some(home)) => (home.join(init::POLICY), check_policy::authority_of(&home)),
        (None, None) => return fail(EXIT_USAGE, NO_HOME),
    };
    let authority = if solo { Authority::Solo } else { authority };
    match check_policy::check(&file, authority) {
        Ok(told) => {
            say(&told);
            ExitCode::SUCCESS
        }
        Err(rejection) => fail(EXIT_REFUSED, &rejection.to_string()),
    }
}

/// Writes to standard output; who closed it does not want to know.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

fn fail(code: u8, message: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "seal-agent: {message}");
    ExitCode::from(code)
}
