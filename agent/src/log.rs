//! The log on standard error: text for people, or one JSON object a line for programs.

use std::{io, io::IsTerminal, panic};

use tracing::Subscriber;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines of text.
    #[default]
    Text,
    /// One JSON object a line: timestamp (RFC 3339), level, message, and the event's fields.
    Json,
}

/// Logs from here on; SEAL_AGENT_LOG chooses what (tracing-subscriber's filter directives), `info` by default.
pub(crate) fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_env("SEAL_AGENT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    // Only a second start would be refused, and then the first one's log stands.
    let _ = match format {
        LogFormat::Text => tracing::subscriber::set_global_default(
            tracing_subscriber::fmt()
                .with_env_filter(filter)
                .with_writer(io::stderr)
                .with_ansi(io::stderr().is_terminal())
                .with_target(false)
                .finish(),
        ),
        LogFormat::Json => {
            // The usual hook writes several lines of text.
            panic::set_hook(Box::new(|panicked| tracing::error!(%panicked, "a panic")));
            tracing::subscriber::set_global_default(json(filter, io::stderr))
        }
    };
}

/// Tells why the agent ends, whatever SEAL_AGENT_LOG leaves out, as one object on standard error.
pub(crate) fn last_words(message: &str) {
    tell_last_words(message, io::stderr);
}

fn tell_last_words(message: &str, writer: impl for<'w> MakeWriter<'w> + Send + Sync + 'static) {
    tracing::subscriber::with_default(json(EnvFilter::new("error"), writer), || tracing::error!("{message}"));
}

fn json(
    filter: EnvFilter,
    writer: impl for<'w> MakeWriter<'w> + Send + Sync + 'static,
) -> impl Subscriber + Send + Sync {
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_env_filter(filter)
        .with_writer(writer)
        .with_target(false)
        .finish()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::Value;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(events: impl FnOnce(Written)) -> Vec<Value> {
        let written = Written::default();
        events(written.clone());
        let written = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        written.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn each_event_is_one_object_on_one_line() {
        let lines = logged(|written| {
            let subscriber = json(EnvFilter::new("info"), move || written.clone());
            tracing::subscriber::with_default(subscriber, || {
                tracing::info!(uses = 2, origin = %"a\nb", "two\nlines \u{1b}[31mof \"text\"");
                tracing::debug!("left out");
                tracing::warn!("next");
            });
        });
        let [first, second] = &lines[..] else { panic!("two lines") };
        assert_eq!(first["level"], "INFO");
        assert_eq!(first["message"], "two\nlines \u{1b}[31mof \"text\"");
        assert_eq!((&first["uses"], &first["origin"]), (&Value::from(2), &Value::from("a\nb")));
        assert!(first["timestamp"].as_str().is_some_and(|time| time.ends_with('Z')), "{first}");
        assert_eq!((&second["level"], &second["message"]), (&"WARN".into(), &"next".into()));
    }

    #[test]
    fn the_last_words_are_an_object_too() {
        let lines = logged(|written| tell_last_words("agent.toml: line 1\nline 2", move || written.clone()));
        let [only] = &lines[..] else { panic!("one line") };
        assert_eq!(
            (&only["level"], &only["message"]),
            (&"ERROR".into(), &"agent.toml: line 1\nline 2".into())
        );
    }
}
