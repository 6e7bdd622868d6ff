//! What is wrong with the arguments, in the user's language.

use std::env;
use std::io::Write as _;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use sealkeeper_client::escape::for_terminal;
use sealkeeper_domain::reason::Language;

use crate::failure::{self, Failure};
use crate::language::{self, choose};

const HINT_CHINESE: &str = "用 `seal --help` 或 `seal 命令 --help` 查看用法";
const HINT_ENGLISH: &str = "see `seal --help` or `seal COMMAND --help`";

/// Where to read how a command is used.
pub(crate) fn hint(language: Language) -> &'static str {
    choose(language, HINT_CHINESE, HINT_ENGLISH)
}

/// Prints it. Help and version go to standard output and are no failure.
pub(crate) fn report(error: &Error) -> ExitCode {
    if !error.use_stderr() {
        return if error.print().is_ok() { ExitCode::SUCCESS } else { ExitCode::from(failure::FAULT) };
    }
    let language = language_asked_for();
    if is_json_asked_for() {
        let text = match language {
            Language::English => in_english(error),
            Language::Chinese => in_chinese(error),
        };
        let hint = hint(language).to_owned();
        return failure::report(&Failure::Arguments { text, hint }, language, true);
    }
    match language {
        Language::English => {
            // Arguments are repeated here, so it goes through the same filter, line by line.
            for line in error.render().to_string().lines() {
                let _ = writeln!(std::io::stderr(), "{}", for_terminal(line));
            }
        }
        Language::Chinese => {
            let _ = writeln!(std::io::stderr(), "错误：{}", for_terminal(&in_chinese(error)));
            let _ = writeln!(std::io::stderr(), "  提示：{HINT_CHINESE}");
        }
    }
    ExitCode::from(failure::USAGE)
}

/// The arguments could not be read, so `--lang` and `--json` are looked for by themselves, up to the `--` after which
/// there are no more options.
fn options() -> Vec<String> {
    let arguments = env::args_os().map(|text| text.to_string_lossy().into_owned());
    arguments.take_while(|argument| argument != "--").collect()
}

fn is_json_asked_for() -> bool {
    options().iter().any(|argument| argument == "--json")
}

fn language_asked_for() -> Language {
    let arguments = options();
    let separate = arguments.iter().zip(arguments.iter().skip(1)).find(|(name, _)| *name == "--lang");
    let joined = arguments.iter().find_map(|argument| argument.strip_prefix("--lang="));
    let asked = joined.or(separate.map(|(_, value)| value.as_str()));
    asked.and_then(|text| language::parse(text).ok()).unwrap_or_else(language::of_environment)
}

/// What clap says, without the usage that follows after an empty line.
fn in_english(error: &Error) -> String {
    if is_command_missing(error) {
        return "no command is given".to_owned();
    }
    let text = error.render().to_string();
    let lines: Vec<_> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
    let text = lines.join(" ");
    text.strip_prefix("error: ").unwrap_or(&text).to_owned()
}

fn is_command_missing(error: &Error) -> bool {
    let kinds = [ErrorKind::MissingSubcommand, ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand];
    kinds.contains(&error.kind())
}

fn in_chinese(error: &Error) -> String {
    let about = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(" "),
        _ => String::new(),
    };
    let argument = about(ContextKind::InvalidArg);
    match error.kind() {
        ErrorKind::MissingRequiredArgument => format!("缺少参数 {argument}"),
        ErrorKind::UnknownArgument => format!("没有参数 {argument}"),
        ErrorKind::InvalidSubcommand => format!("没有命令 {}", about(ContextKind::InvalidSubcommand)),
        _ if is_command_missing(error) => "缺少命令".to_owned(),
        ErrorKind::ArgumentConflict => {
            format!("参数 {argument} 不能与 {} 同用，也不能重复", about(ContextKind::PriorArg))
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation | ErrorKind::WrongNumberOfValues => {
            format!("参数 {argument} 的值“{}”不对", about(ContextKind::InvalidValue))
        }
        ErrorKind::InvalidUtf8 => "参数不是 UTF-8 文字".to_owned(),
        _ => error.to_string(),
    }
}
