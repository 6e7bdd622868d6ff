//! The PIN: from the terminal without echo, or from a descriptor. Never from an argument or the environment.

use std::fs::File;
use std::io;

use sealkeeper_domain::pin::Pin;
use sealkeeper_domain::reason::Language;
use sealkeeper_domain::reason::Reason;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::language::choose;
use crate::screen;

/// Where a PIN may come from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PinSource {
    /// A descriptor that was given: its first line.
    Descriptor(u32),
    /// The terminal.
    Terminal,
}

impl PinSource {
    /// The descriptor if one was given, else the terminal if there is one.
    pub(crate) fn choose(descriptor: Option<u32>) -> Option<Self> {
        match descriptor {
            Some(number) => Some(Self::Descriptor(number)),
            None => screen::is_interactive().then_some(Self::Terminal),
        }
    }

    /// Reads it; on a terminal it asks for the PIN of `token`.
    pub(crate) fn read(self, token: &str, language: Language) -> Result<Pin, Failure> {
        let unreadable = |error: io::Error| Failure::local(Reason::PinUnreadable, error);
        match self {
            Self::Descriptor(number) => {
                // Opening it anew needs no unsafe code; it works for pipes, files and terminals.
                let file = File::open(format!("/dev/fd/{number}")).map_err(unreadable)?;
                first_line(file).map_err(unreadable)
            }
            Self::Terminal => {
                let prompt = choose(language, "载体 {} 的 PIN：", "PIN of token {}: ").replace("{}", token);
                rpassword::prompt_password(prompt).map(String::into_bytes).map_err(unreadable)
            }
        }
        .and_then(|bytes| Ok(Pin::new(bytes)?))
    }
}

/// The bytes up to the first line feed or the end. The buffer never grows, for growing leaves copies behind.
fn first_line(mut file: impl io::Read) -> io::Result<Vec<u8>> {
    let mut buffer = Zeroizing::new(Vec::with_capacity(Pin::MAX_BYTES + 2));
    let mut byte = Zeroizing::new([0]);
    while buffer.len() <= Pin::MAX_BYTES && file.read(byte.as_mut_slice())? == 1 {
        match *byte {
            [b'\n'] => break,
            [other] => buffer.push(other),
        }
    }
    if buffer.last() == Some(&b'\r') {
        buffer.pop();
    }
    Ok(std::mem::take(&mut *buffer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_pin() {
        for (given, pin) in
            [("1234\nrest", "1234"), ("1234", "1234"), ("1234\r\n", "1234"), ("", ""), ("\n", "")]
        {
            assert_eq!(first_line(given.as_bytes()).unwrap(), pin.as_bytes());
        }
    }

    #[test]
    fn an_endless_line_is_cut_where_no_pin_reaches() {
        let line = first_line(io::repeat(b'7')).unwrap();
        assert_eq!(line.len(), Pin::MAX_BYTES + 1);
        assert!(Pin::new(line).is_err());
    }
}
