//! What is wrong with the arguments, in the user's language.

use std::env;
use std::io::Write as _;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use sealkeeper_client::escape::for_terminal;
use sealkeeper_domain::reason::Language;

use crate::{failure, language};

/// Prints it. Help and version go to standard output and are no failure.
pub(crate) fn report(error: &Error) -> ExitCode {
    if !error.use_stderr() {
        return if error.print().is_ok() { ExitCode::SUCCESS } else { ExitCode::from(failure::FAULT) };
    }
    match language_asked_for() {
        Language::English => {
            // Arguments are repeated here, so it goes through the same filter, line by line.
            for line in error.render().to_string().lines() {
                let _ = writeln!(std::io::stderr(), "{}", for_terminal(line));
            }
        }
        Language::Chinese => {
            let _ = writeln!(std::io::stderr(), "错误：{}", for_terminal(&in_chinese(error)));
            let _ = writeln!(std::io::stderr(), "  提示：用 `seal --help` 或 `seal 命令 --help` 查看用法");
        }
    }
    ExitCode::from(failure::USAGE)
}

/// The arguments could not be read, so `--lang` is looked for by itself.
fn language_asked_for() -> Language {
    let arguments: Vec<String> = env::args_os().map(|text| text.to_string_lossy().into_owned()).collect();
    let separate = arguments.iter().zip(arguments.iter().skip(1)).find(|(name, _)| *name == "--lang");
    let joined = arguments.iter().find_map(|argument| argument.strip_prefix("--lang="));
    let asked = joined.or(separate.map(|(_, value)| value.as_str()));
    asked.and_then(|text| language::parse(text).ok()).unwrap_or_else(language::of_environment)
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
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "缺少命令".to_owned()
        }
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
