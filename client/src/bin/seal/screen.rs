//! Standard output: lines for people, JSON for programs.

use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};

use jiff::{Timestamp, tz::TimeZone};
use sealkeeper_client::escape::for_json;
use serde_json::Value;

/// One line. A reader that went away is no fault of the command.
pub(crate) fn print(line: impl fmt::Display) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// One line, if there is still somebody who reads.
pub(crate) fn try_print(line: impl fmt::Display) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}

/// One JSON value on one line, if there is still somebody who reads.
pub(crate) fn try_print_json(value: &Value) -> io::Result<()> {
    try_print(for_json(&value.to_string()))
}

/// Text with line breaks of its own.
pub(crate) fn print_text(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
}

/// One line beside the result, for people.
pub(crate) fn note(line: impl fmt::Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// One JSON value on one line.
pub(crate) fn print_json(value: &Value) {
    print(for_json(&value.to_string()));
}

/// Whether a person sits there who can be asked.
pub(crate) fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks a person, who has to type `y` or `yes`; anything else is a no.
pub(crate) fn is_answered_yes(mark: &str, question: &str) -> bool {
    let _ = write!(io::stderr(), "{question}{mark}");
    let _ = io::stderr().flush();
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).is_ok() && is_yes(&answer)
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "是")
}

/// A label padded to one column.
pub(crate) fn label(text: &str) -> String {
    padded(text, 13)
}

/// Padded to so many cells of a terminal. Chinese characters are two wide.
pub(crate) fn padded(text: &str, width: usize) -> String {
    let cells: usize = text.chars().map(|character| if character.is_ascii() { 1 } else { 2 }).sum();
    format!("{text}{}", " ".repeat(width.saturating_sub(cells)))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    hex::encode(bytes)
}

/// µm as mm, without trailing zeros.
pub(crate) fn millimetres(um: i64) -> String {
    let (sign, um) = (if um < 0 { "-" } else { "" }, um.unsigned_abs());
    let text = format!("{sign}{}.{:03}", um / 1000, um % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A time in µs since the Unix epoch on the clock of whoever reads; empty for none.
pub(crate) fn time_us(us: u64) -> String {
    let time =
        i64::try_from(us).ok().filter(|us| *us != 0).and_then(|us| Timestamp::from_microsecond(us).ok());
    let time = time.map(|time| time.to_zoned_datetime(TimeZone::system()));
    time.map(|time| time.strftime("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default()
}

/// The same of seconds.
pub(crate) fn time_s(s: u64) -> String {
    time_us(s.saturating_mul(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::{is_yes, millimetres, padded, time_s};

    #[test]
    fn only_a_plain_yes_is_one() {
        for yes in ["y\n", "YES\r\n", " 是 "] {
            assert!(is_yes(yes));
        }
        for no in ["", "\n", "n", "yy", "ye", "不是"] {
            assert!(!is_yes(no));
        }
    }

    #[test]
    fn a_time_that_is_none_is_nothing() {
        assert_eq!(time_s(0), "");
        assert_eq!(time_s(u64::MAX), "");
        assert_eq!(time_s(1_800_000_000).len(), "2027-01-15 08:00:00".len());
    }

    #[test]
    fn columns_line_up_in_either_script() {
        assert_eq!(padded("token unlocked", 14), "token unlocked");
        assert_eq!((padded("intent", 8), padded("意向", 8)), ("intent  ".to_owned(), "意向    ".to_owned()));
    }

    #[test]
    fn lengths_are_exact() {
        for (um, text) in [(40_000, "40"), (40_500, "40.5"), (1, "0.001"), (0, "0"), (-1_250, "-1.25")] {
            assert_eq!(millimetres(um), text);
        }
    }
}
