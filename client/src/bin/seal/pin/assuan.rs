//! The client's side of the Assuan protocol as pinentry speaks it: one request, one answer, line by line.
//!
//! Source: Developing with Assuan 2.5, "Server responses", "Client requests" and "Percent escaping". The `pinentry`
//! crate does not serve here: it waits without end, reads lines without limit and leaves the PIN in its buffers.

use std::fmt;
use std::io;
use std::time::Duration;

use sealkeeper_domain::pin::Pin;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

/// Most bytes of a line, its end not counted.
const LINE_BYTES: usize = 1000;

/// Codes of libgpg-error, the lower 16 bits of what stands in an ERR line.
const TIMEOUT: u32 = 62;
const CANCELED: [u32; 3] = [99, 114, 198];

/// Why a request got no answer. Nothing of what was read is repeated here but the text of an ERR line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum AssuanError {
    /// The person cancelled.
    Cancelled,
    /// The person did not answer within the time that the server was told.
    TimedOut,
    /// The server refused the request: ERR line.
    Refused(String),
    /// The server did not answer within the time that it is given here.
    Silent,
    /// The server ended before its answer did.
    Ended,
    /// A line that is none of the protocol, or that nobody asked for.
    Garbage,
    /// A line longer than the protocol allows, received or to be sent.
    LineTooLong,
    /// The pipe broke.
    Io(io::ErrorKind),
}

/// What a request was answered with.
pub(super) struct Answer {
    /// The data lines, decoded and joined. Cut at one byte more than any PIN has; the buffer never grows, for growing
    /// leaves copies behind.
    pub(super) data: Zeroizing<Vec<u8>>,
    /// Whether the person typed it a second time, the same: status PIN_REPEATED.
    pub(super) is_repeated: bool,
}

/// A server behind two pipes.
pub(super) struct Conversation<R, W> {
    input: R,
    output: W,
    /// What was received and not read yet. Holds at most one line with its end; never grows.
    received: Zeroizing<Vec<u8>>,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Conversation<R, W> {
    /// Waits for the server's greeting.
    pub(super) async fn begin(input: R, output: W, patience: Duration) -> Result<Self, AssuanError> {
        let received = Zeroizing::new(Vec::with_capacity(LINE_BYTES + 2));
        let mut conversation = Self { input, output, received };
        conversation.answer(patience).await?;
        Ok(conversation)
    }

    /// Sends a request and waits for its answer.
    pub(super) async fn request(
        &mut self,
        command: &str,
        argument: &str,
        patience: Duration,
    ) -> Result<Answer, AssuanError> {
        let line = request_line(command, argument)?;
        let deadline = Instant::now() + patience;
        let written = async {
            self.output.write_all(line.as_bytes()).await?;
            self.output.flush().await
        };
        match timeout_at(deadline, written).await {
            Ok(Ok(())) => self.answer(patience).await,
            Ok(Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => Err(AssuanError::Ended),
            Ok(Err(error)) => Err(AssuanError::Io(error.kind())),
            Err(_) => Err(AssuanError::Silent),
        }
    }

    /// Reads up to the line that ends an answer.
    async fn answer(&mut self, patience: Duration) -> Result<Answer, AssuanError> {
        let deadline = Instant::now() + patience;
        let data = Zeroizing::new(Vec::with_capacity(Pin::MAX_BYTES + 1));
        let mut answer = Answer { data, is_repeated: false };
        loop {
            let length = timeout_at(deadline, self.fill_line()).await.map_err(|_| AssuanError::Silent)??;
            let line = self.received.get(..length).unwrap_or_default();
            let end = match Line::parse(line).ok_or(AssuanError::Garbage)? {
                Line::Ok => Some(Ok(())),
                Line::Error { code, text } => Some(Err(AssuanError::of_line(code, text))),
                Line::Data(escaped) => {
                    unescape(escaped, &mut answer.data, Pin::MAX_BYTES + 1).ok_or(AssuanError::Garbage)?;
                    None
                }
                Line::Status(keyword) => {
                    answer.is_repeated |= keyword == b"PIN_REPEATED";
                    None
                }
                Line::Comment => None,
            };
            self.received.drain(..=length);
            if let Some(end) = end {
                return end.map(|()| answer);
            }
        }
    }

    /// Reads until a whole line stands in the buffer, and tells its length without its end.
    async fn fill_line(&mut self) -> Result<usize, AssuanError> {
        loop {
            if let Some(length) = self.received.iter().position(|byte| *byte == b'\n') {
                let is_too_long = length > LINE_BYTES && self.received.get(length - 1) != Some(&b'\r');
                return if is_too_long { Err(AssuanError::LineTooLong) } else { Ok(length) };
            }
            // Only into the room that is left: a buffer that grows leaves its old place unwiped.
            let room = (LINE_BYTES + 2).saturating_sub(self.received.len());
            if room == 0 {
                return Err(AssuanError::LineTooLong);
            }
            match (&mut self.input).take(room as u64).read_buf(&mut *self.received).await {
                Ok(0) => return Err(AssuanError::Ended),
                Ok(_) => {}
                Err(error) => return Err(AssuanError::Io(error.kind())),
            }
        }
    }
}

impl AssuanError {
    fn of_line(code: u32, text: &[u8]) -> Self {
        match code & 0xffff {
            TIMEOUT => Self::TimedOut,
            number if CANCELED.contains(&number) => Self::Cancelled,
            _ => Self::Refused(format!("{code} {}", String::from_utf8_lossy(text)).trim_end().to_owned()),
        }
    }
}

impl fmt::Display for AssuanError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled => out.write_str("cancelled"),
            Self::TimedOut => out.write_str("nobody answered in time"),
            Self::Refused(text) => write!(out, "refused: ERR {text}"),
            Self::Silent => out.write_str("does not answer"),
            Self::Ended => out.write_str("ended without an answer"),
            Self::Garbage => out.write_str("its answer is not as the Assuan protocol says"),
            Self::LineTooLong => write!(out, "a line is longer than {LINE_BYTES} bytes"),
            Self::Io(kind) => write!(out, "{kind}"),
        }
    }
}

/// One line of an answer. Without Debug, for it may hold a PIN.
#[derive(PartialEq, Eq)]
enum Line<'a> {
    Ok,
    Error { code: u32, text: &'a [u8] },
    Data(&'a [u8]),
    Status(&'a [u8]),
    Comment,
}

impl<'a> Line<'a> {
    /// Reads a line, given without its line feed. An INQUIRE is none of an answer to what is asked here.
    fn parse(line: &'a [u8]) -> Option<Self> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() || line.starts_with(b"#") {
            return Some(Self::Comment);
        }
        let (keyword, rest) = match line.iter().position(|byte| *byte == b' ') {
            Some(space) => (line.get(..space)?, line.get(space + 1..)?),
            None => (line, &b""[..]),
        };
        match keyword {
            b"OK" => Some(Self::Ok),
            b"D" => Some(Self::Data(rest)),
            b"S" => Some(Self::Status(rest.split(|byte| *byte == b' ').next().unwrap_or_default())),
            b"ERR" => {
                let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                let (code, text) = rest.split_at_checked(digits)?;
                Some(Self::Error { code: str::from_utf8(code).ok()?.parse().ok()?, text: text.trim_ascii() })
            }
            _ => None,
        }
    }
}

/// Appends what the percent-escaped bytes stand for, as far as `data` stays within `at_most`. None: an escape that is
/// none.
fn unescape(escaped: &[u8], data: &mut Vec<u8>, at_most: usize) -> Option<()> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut rest = escaped;
    while let Some((first, after)) = rest.split_first() {
        let (byte, after) = match (first, after) {
            (b'%', [high, low, after @ ..]) => (digit(*high)? << 4 | digit(*low)?, after),
            (b'%', _) => return None,
            (plain, after) => (*plain, after),
        };
        if data.len() < at_most {
            data.push(byte);
        }
        rest = after;
    }
    Some(())
}

/// A request's line. What would end the line, and a backslash at its end, is escaped.
fn request_line(command: &str, argument: &str) -> Result<String, AssuanError> {
    let mut line = command.to_owned();
    if !argument.is_empty() {
        line.push(' ');
    }
    for character in argument.chars() {
        match character {
            '%' => line.push_str("%25"),
            '\r' => line.push_str("%0D"),
            '\n' => line.push_str("%0A"),
            plain => line.push(plain),
        }
    }
    if line.ends_with('\\') {
        line.pop();
        line.push_str("%5C");
    }
    if line.len() > LINE_BYTES {
        return Err(AssuanError::LineTooLong);
    }
    line.push('\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::duplex;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    /// The answer that these bytes are, received in pieces of at most so many bytes.
    fn answered(bytes: &[u8], piece: usize) -> Result<Answer, AssuanError> {
        block_on(async {
            let (mut server, client) = duplex(piece);
            let (input, output) = tokio::io::split(client);
            let told = async {
                // Who was told enough hears no more.
                let _ = server.write_all(b"OK\n").await;
                let _ = server.write_all(bytes).await;
                drop(server);
            };
            let heard = async {
                let mut conversation = Conversation::begin(input, output, PATIENCE).await?;
                let answer = conversation.answer(PATIENCE).await;
                assert!(conversation.received.capacity() <= LINE_BYTES + 2, "the buffer grew");
                answer
            };
            tokio::join!(told, heard).1
        })
    }

    fn error(bytes: &[u8]) -> AssuanError {
        answered(bytes, 64).err().expect("no answer")
    }

    #[test]
    fn an_answer_ends_with_ok_or_err() {
        let answer =
            answered(b"# hello\nS PIN_REPEATED\r\nD 12%2534\nD %e5%8D%b0\n\nOK closing\n", 64).unwrap();
        assert_eq!((answer.data.as_slice(), answer.is_repeated), ("12%34印".as_bytes(), true));
        let answer = answered(b"S PASSWORD_FROM_CACHE\nOK\n", 64).unwrap();
        assert!(answer.data.is_empty() && !answer.is_repeated);
        assert_eq!(error(b"ERR 83886179 Operation cancelled <Pinentry>\n"), AssuanError::Cancelled);
        assert_eq!(error(b"ERR 99\n"), AssuanError::Cancelled);
        assert_eq!(error(b"ERR 83886142 Timeout <Pinentry>\n"), AssuanError::TimedOut);
        assert_eq!(error(b"ERR 83886340 No terminal\n"), AssuanError::Refused("83886340 No terminal".into()));
    }

    #[test]
    fn what_is_no_answer_is_told_apart_and_never_repeated() {
        for garbage in [
            "1234\n",
            "INQUIRE QUALITY 1234\n",
            "END\n",
            "OKAY\n",
            "ERR\n",
            "ERR x\n",
            "ERR 99999999999\n",
            "D 12%3\n",
            "D 12%\n",
            "D 12%zz\nOK\n",
            "ok\n",
            " OK\n",
            "\u{0}OK\n",
        ] {
            assert_eq!(error(garbage.as_bytes()), AssuanError::Garbage, "{garbage:?}");
        }
        for cut in ["", "OK", "D 1234\n", "D 1234\nOK"] {
            assert_eq!(error(cut.as_bytes()), AssuanError::Ended, "{cut:?}");
        }
    }

    #[test]
    fn a_line_may_have_a_thousand_bytes_and_no_more() {
        let line = |length: usize, end: &str| {
            [&b"# "[..], &vec![b'x'; length - 2], end.as_bytes(), b"OK\n"].concat()
        };
        for end in ["\n", "\r\n"] {
            assert!(answered(&line(LINE_BYTES, end), 64).is_ok());
        }
        assert_eq!(error(&line(LINE_BYTES + 1, "\n")), AssuanError::LineTooLong);
        assert_eq!(error(&line(LINE_BYTES + 2, "\n")), AssuanError::LineTooLong);
        assert_eq!(error(&vec![b'D'; 100_000]), AssuanError::LineTooLong);
        assert_eq!(request_line("SETDESC", &"x".repeat(LINE_BYTES)), Err(AssuanError::LineTooLong));
    }

    #[test]
    fn data_without_end_is_cut_where_no_pin_reaches() {
        let lines = [b"D 7777777777\n".repeat(1000), b"OK\n".to_vec()].concat();
        let data = answered(&lines, 64).unwrap().data;
        assert_eq!((data.len(), data.capacity()), (Pin::MAX_BYTES + 1, Pin::MAX_BYTES + 1));
    }

    #[test]
    fn who_stays_silent_is_not_waited_for() {
        block_on(async {
            let (mut server, client) = duplex(64);
            let (input, output) = tokio::io::split(client);
            let patience = Duration::from_millis(20);
            server.write_all(b"OK\n").await.unwrap();
            let mut conversation = Conversation::begin(input, output, patience).await.unwrap();
            assert_eq!(conversation.request("GETPIN", "", patience).await.err(), Some(AssuanError::Silent));
            // Nor is who goes on talking without ever answering.
            let talking = async {
                while server.write_all(b"# wait\n").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            let asked = conversation.request("GETPIN", "", patience);
            tokio::select! {
                () = talking => panic!("the pipe broke"),
                answer = asked => assert_eq!(answer.err(), Some(AssuanError::Silent)),
            }
        });
    }

    #[test]
    fn requests_are_one_line() {
        let line = |argument| request_line("SETDESC", argument).unwrap();
        assert_eq!(request_line("GETPIN", "").unwrap(), "GETPIN\n");
        assert_eq!(line("a\r\n100%"), "SETDESC a%0D%0A100%25\n");
        assert_eq!(line("c:\\x\\"), "SETDESC c:\\x%5C\n");
    }

    proptest! {
        #[test]
        fn whatever_comes_is_an_answer_or_an_error(bytes in any::<Vec<u8>>(), piece in 1..50_usize) {
            let _ = answered(&bytes, piece);
        }

        #[test]
        fn data_comes_out_as_it_went_in(
            data in prop::collection::vec(any::<u8>(), 0..=Pin::MAX_BYTES),
            cuts in 1..40_usize,
            piece in 1..50_usize,
            lower in any::<bool>(),
        ) {
            let escape = |byte: &u8| match byte {
                b'%' | b'\r' | b'\n' if lower => format!("%{byte:02x}").into_bytes(),
                b'%' | b'\r' | b'\n' => format!("%{byte:02X}").into_bytes(),
                plain => vec![*plain],
            };
            let line = |part: &[u8]| [b"D ", part.iter().flat_map(escape).collect::<Vec<_>>().as_slice(), b"\n"].concat();
            let lines: Vec<u8> = data.chunks(cuts).flat_map(line).chain(*b"OK\n").collect();
            let answer = answered(&lines, piece).unwrap();
            prop_assert_eq!(answer.data.as_slice(), data.as_slice());
        }

        #[test]
        fn a_request_is_read_as_it_was_meant(argument in ".{0,200}") {
            let line = request_line("SETDESC", &argument).unwrap();
            let body = line.strip_suffix('\n').unwrap();
            prop_assert!(!body.contains(['\n', '\r']) && !body.ends_with('\\') && body.len() <= LINE_BYTES);
            let mut read = Vec::new();
            unescape(body.strip_prefix("SETDESC").unwrap().trim_start_matches(' ').as_bytes(), &mut read, usize::MAX).unwrap();
            prop_assert_eq!(read, argument.trim_start_matches(' ').as_bytes());
        }
    }
}
