//! What is asked for, from a desktop dialog: a pinentry program, spoken to over its standard input and output.
//!
//! The program is told neither SETKEYINFO nor `allow-external-password-cache`, so it keeps no PIN.

use std::env;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use sealkeeper_domain::reason::Language;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::process::{Child, Command};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::assuan::{Answer, AssuanError, Conversation};
use super::{Asked, Missing};
use crate::failure::Failure;
use crate::language::choose;

/// How long things may take.
#[derive(Clone, Copy)]
struct Patience {
    /// Until the program answers what needs no person. The first time it has to find its display.
    program: Duration,
    /// Until the person has answered.
    person: Duration,
    /// Until the program has ended once there is nothing more to say.
    end: Duration,
}

const PATIENCE: Patience = Patience {
    program: Duration::from_secs(10),
    person: Duration::from_secs(120),
    end: Duration::from_secs(1),
};

/// Why a dialog gave no PIN.
#[derive(Debug)]
enum DialogError {
    /// The program did not start.
    Start(io::Error),
    /// It started, and gave none.
    Talk(AssuanError),
    /// The new PIN was not the same the second time.
    Differs,
}

/// Opens one dialog.
pub(super) async fn ask(
    program: &OsStr,
    asked: &dyn Asked,
    language: Language,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let unreadable = |why: String| {
        let told = format!("{}: {why}", Path::new(program).display());
        Failure::local(asked.without_it(Missing::Unreadable), told)
    };
    run(program, &Dialog::of(asked, language), PATIENCE).await.map(Zeroizing::new).map_err(
        |error| match error {
            DialogError::Talk(AssuanError::Cancelled) => asked.without_it(Missing::Cancelled).into(),
            DialogError::Talk(error @ AssuanError::TimedOut) => {
                Failure::local(asked.without_it(Missing::Cancelled), error)
            }
            DialogError::Talk(error) => unreadable(error.to_string()),
            DialogError::Start(error) => unreadable(error.to_string()),
            DialogError::Differs => asked.without_it(Missing::Differs).into(),
        },
    )
}

async fn run(program: &OsStr, dialog: &Dialog, patience: Patience) -> Result<Vec<u8>, DialogError> {
    let mut command = Command::new(program);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(DialogError::Start)?;
    let pipes = child.stdout.take().zip(child.stdin.take());
    let (input, output) = pipes.ok_or_else(|| DialogError::Start(io::ErrorKind::BrokenPipe.into()))?;
    let result = dialog.hold(input, output, patience).await;
    // Its pipes are closed now, which ends a program that is well.
    end(&mut child, patience.end).await;
    result
}

/// Ends the program: asked first, so that one which drew on the terminal leaves it as it was.
async fn end(child: &mut Child, patience: Duration) {
    if timeout(patience, child.wait()).await.is_ok() {
        return;
    }
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid {
        let _ = kill_process(pid, Signal::TERM);
        if timeout(patience, child.wait()).await.is_ok() {
            return;
        }
    }
    let _ = child.kill().await;
}

/// What a dialog says.
struct Dialog {
    /// OPTION lines.
    options: Vec<String>,
    title: &'static str,
    description: String,
    prompt: String,
    ok: &'static str,
    cancel: &'static str,
    /// Shown as a warning.
    error: Option<&'static str>,
    /// For what is to be typed twice: the second prompt, and what is said if the two differ.
    again: Option<(String, &'static str)>,
}

impl Dialog {
    fn of(asked: &dyn Asked, language: Language) -> Self {
        let say = |chinese, english| choose(language, chinese, english);
        let colon = say("：", ": ");
        let mut description = asked.request(language).to_owned();
        for (name, value) in asked.facts(language) {
            description += &format!("\n{name}{colon}{value}");
        }
        let again = || {
            let prompt = format!("{}:", asked.again(language));
            (prompt, say("两次输入不一致", "The two are not the same"))
        };
        Self {
            options: options(),
            title: "Sealkeeper",
            // Qt takes text with tags for HTML, and a name must not be able to hide the others.
            description: description.replace('<', "＜"),
            // With this colon, for in a text dialog any other is followed by one of its own.
            prompt: format!("{}:", asked.name(language)),
            ok: say("确定", "OK"),
            cancel: say("取消", "Cancel"),
            error: asked.warning(language),
            again: asked.is_new().then(again),
        }
    }

    /// Says it all and asks once.
    async fn hold(
        &self,
        input: impl AsyncRead + Unpin,
        output: impl AsyncWrite + Unpin,
        patience: Patience,
    ) -> Result<Vec<u8>, DialogError> {
        let mut talk = Talk {
            server: Conversation::begin(input, output, patience.program).await.map_err(DialogError::Talk)?,
            patience,
        };
        for option in &self.options {
            talk.offer("OPTION", option).await?;
        }
        // Without these nobody would know what the PIN is for.
        talk.say("SETDESC", &self.description).await?;
        talk.say("SETPROMPT", &self.prompt).await?;
        if let Some(error) = self.error {
            talk.say("SETERROR", error).await?;
        }
        talk.offer("SETTITLE", self.title).await?;
        talk.offer("SETOK", self.ok).await?;
        talk.offer("SETCANCEL", self.cancel).await?;
        talk.offer("SETTIMEOUT", &patience.person.as_secs().to_string()).await?;
        let Some((prompt, differs)) = &self.again else {
            return Ok(std::mem::take(&mut *talk.pin().await?.data));
        };
        talk.offer("SETREPEAT", prompt).await?;
        talk.offer("SETREPEATERROR", differs).await?;
        let mut first = talk.pin().await?;
        // A program that cannot ask twice in one dialog opens two.
        if !first.is_repeated && !first.data.is_empty() {
            talk.say("SETPROMPT", prompt).await?;
            if talk.pin().await?.data != first.data {
                return Err(DialogError::Differs);
            }
        }
        Ok(std::mem::take(&mut *first.data))
    }
}

/// A dialog being held.
struct Talk<R, W> {
    server: Conversation<R, W>,
    patience: Patience,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Talk<R, W> {
    /// What has to be shown.
    async fn say(&mut self, command: &str, text: &str) -> Result<(), DialogError> {
        let answer = self.server.request(command, text, self.patience.program).await;
        answer.map(drop).map_err(DialogError::Talk)
    }

    /// What not every program knows, and can be done without.
    async fn offer(&mut self, command: &str, text: &str) -> Result<(), DialogError> {
        match self.say(command, text).await {
            Err(DialogError::Talk(AssuanError::Refused(_))) => Ok(()),
            said => said,
        }
    }

    /// Waits for the person, a little longer than the program was told to.
    async fn pin(&mut self) -> Result<Answer, DialogError> {
        let patience = self.patience.person + self.patience.program;
        self.server.request("GETPIN", "", patience).await.map_err(DialogError::Talk)
    }
}

/// What a program has to know of the terminal, should it be one that draws there, and of its character set.
fn options() -> Vec<String> {
    let locale = |category: &str| {
        let mut settings = ["LC_ALL", category, "LANG"].into_iter().filter_map(|name| env::var(name).ok());
        settings.find(|setting| !setting.is_empty())
    };
    // Only a process with a controlling terminal can open it (POSIX.1-2017, XBD 10.1).
    let terminal = File::open("/dev/tty").is_ok();
    let options = [
        ("ttyname", terminal.then(|| "/dev/tty".to_owned())),
        ("ttytype", env::var("TERM").ok().filter(|_| terminal)),
        ("lc-ctype", locale("LC_CTYPE")),
        ("lc-messages", locale("LC_MESSAGES")),
    ];
    let is_plain = |value: &String| value.len() <= 100 && value.bytes().all(|byte| byte.is_ascii_graphic());
    let options = options.into_iter().filter_map(|(name, value)| Some((name, value.filter(is_plain)?)));
    options.map(|(name, value)| format!("{name}={value}")).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sealkeeper_proto::v1;
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, duplex};

    use super::super::tests::{locked_token, stamping};
    use super::super::{PinAsked, PinKind};
    use super::*;

    const SHORT: Patience = Patience {
        program: Duration::from_millis(200),
        person: Duration::from_millis(200),
        end: Duration::from_millis(50),
    };
    const LONG: Patience = Patience { program: Duration::from_secs(20), ..PATIENCE };

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    /// Holds a dialog with a program that answers each GETPIN with the next of these, refuses every request that begins
    /// with one of `refused`, and agrees to all others. Tells what came of it and what the program was sent.
    fn held(dialog: &Dialog, pins: &[&str], refused: &[&str]) -> (Result<Vec<u8>, DialogError>, Vec<String>) {
        block_on(async {
            let (server, client) = duplex(64);
            let (input, output) = tokio::io::split(client);
            let program = async {
                let (reader, mut writer) = tokio::io::split(server);
                let (mut requests, mut pins, mut sent) =
                    (BufReader::new(reader).lines(), pins.iter(), Vec::new());
                writer.write_all(b"OK Pleased to meet you\n").await.unwrap();
                while let Ok(Some(request)) = requests.next_line().await {
                    let answer = if request == "GETPIN" {
                        format!("{}\n", pins.next().expect("asked once too often"))
                    } else if refused.iter().any(|refused| request.starts_with(refused)) {
                        "ERR 536871187 Unknown IPC command\n".to_owned()
                    } else {
                        "OK\n".to_owned()
                    };
                    sent.push(request);
                    writer.write_all(answer.as_bytes()).await.unwrap();
                }
                sent
            };
            tokio::join!(dialog.hold(input, output, LONG), program)
        })
    }

    fn dialog(which: PinKind) -> Dialog {
        Dialog {
            options: Vec::new(),
            ..Dialog::of(&PinAsked { which, ..stamping(&locked_token()) }, Language::English)
        }
    }

    #[test]
    fn the_dialog_says_what_the_pin_is_for() {
        let mut token = locked_token();
        token.pin_count_low = true;
        let asked = PinAsked { document: Some("100%<b>.pdf"), ..stamping(&token) };
        let (pin, sent) = held(&Dialog::of(&asked, Language::Chinese), &["D 135790\nOK"], &[]);
        assert_eq!(pin.unwrap(), b"135790");
        let sent: Vec<_> =
            sent.iter().map(String::as_str).filter(|line| !line.starts_with("OPTION ")).collect();
        assert_eq!(
            sent,
            [
                "SETDESC 请输入载体的 PIN。%0A载体：00aa11 Test%0A印章：合同专用章%0A文件：100%25＜b>.pdf",
                "SETPROMPT PIN:",
                "SETERROR 注意：PIN 曾输错，剩余次数不多",
                "SETTITLE Sealkeeper",
                "SETOK 确定",
                "SETCANCEL 取消",
                "SETTIMEOUT 120",
                "GETPIN",
            ]
        );
        let (_, sent) = held(&dialog(PinKind::SecurityOfficer), &["OK"], &[]);
        assert_eq!(
            sent[..2],
            [
                "SETDESC Enter the security officer's PIN of the token.%0Atoken: 00aa11 Test%0Aseal: \
                 合同专用章%0Adocument: 合同.pdf",
                "SETPROMPT security officer's PIN:",
            ]
        );
    }

    #[test]
    fn a_program_may_lack_what_can_be_done_without_but_not_the_description() {
        let lacking = ["OPTION", "SETTITLE", "SETOK", "SETCANCEL", "SETTIMEOUT", "SETREPEAT"];
        assert_eq!(held(&dialog(PinKind::User), &["D 135790\nOK"], &lacking).0.unwrap(), b"135790");
        for needed in ["SETDESC", "SETPROMPT"] {
            let (pin, sent) = held(&dialog(PinKind::User), &[], &[needed]);
            assert!(matches!(pin, Err(DialogError::Talk(AssuanError::Refused(_)))), "{pin:?}");
            assert_eq!(sent.last().map(|line| line.starts_with(needed)), Some(true));
        }
    }

    #[test]
    fn a_new_pin_is_typed_twice_in_one_dialog_or_in_two() {
        let (pin, sent) = held(&dialog(PinKind::NewUser), &["S PIN_REPEATED\nD 1234\nOK"], &[]);
        assert_eq!(pin.unwrap(), b"1234");
        assert!(sent.contains(&"SETREPEAT repeat new PIN:".to_owned()), "{sent:?}");
        let (pin, _) = held(&dialog(PinKind::NewUser), &["D 1234\nOK", "D 1234\nOK"], &["SETREPEAT"]);
        assert_eq!(pin.unwrap(), b"1234");
        let (pin, _) = held(&dialog(PinKind::NewUser), &["D 1234\nOK", "D 1235\nOK"], &["SETREPEAT"]);
        assert!(matches!(pin, Err(DialogError::Differs)), "{pin:?}");
        let (pin, _) = held(&dialog(PinKind::NewUser), &["OK"], &[]);
        assert_eq!(pin.unwrap(), b"");
    }

    #[test]
    fn a_program_that_hangs_is_given_up_and_ended() {
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pinentry");
        // One that ends when its pipes do, and one that has to be killed.
        for program in [Path::new("/bin/cat"), &scripts.join("hangs.sh")] {
            let mut patience = SHORT;
            patience.program = Duration::from_millis(500);
            let begun = std::time::Instant::now();
            let result = block_on(run(program.as_os_str(), &dialog(PinKind::User), patience));
            assert!(matches!(result, Err(DialogError::Talk(AssuanError::Silent))), "{result:?}");
            assert!(begun.elapsed() < Duration::from_secs(10));
        }
    }

    #[test]
    fn a_program_that_does_not_want_to_end_is_killed() {
        use std::os::unix::process::ExitStatusExt as _;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pinentry/hangs.sh");
        block_on(async {
            let mut command = Command::new(script);
            let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
            // Once it speaks it no longer ends when asked to.
            let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
            assert!(said.next_line().await.unwrap().unwrap().starts_with('#'));
            end(&mut child, SHORT.end).await;
            assert_eq!(child.try_wait().unwrap().and_then(|status| status.signal()), Some(9));
        });
    }

    proptest! {
        #[test]
        fn whatever_the_names_are_the_dialog_can_be_shown(
            serial in ".{0,40}", label in ".{0,80}", seal in ".{0,300}", document in ".{0,300}", chinese in any::<bool>(),
        ) {
            let token = v1::Token { serial, label, pin_count_low: true, ..Default::default() };
            let language = if chinese { Language::Chinese } else { Language::English };
            for which in [PinKind::User, PinKind::NewUser, PinKind::SecurityOfficer] {
                let asked = PinAsked { which, token: &token, seal: Some(&seal), document: Some(&document) };
                let dialog = Dialog { options: Vec::new(), ..Dialog::of(&asked, language) };
                let (pin, _) = held(&dialog, &["S PIN_REPEATED\nD 1\nOK"], &[]);
                prop_assert_eq!(pin.unwrap(), b"1");
            }
        }
    }

    #[test]
    fn the_longest_names_fit() {
        for filling in ["%", "<", "𠮷", "\u{202e}", "印"] {
            let token =
                v1::Token { serial: filling.repeat(99), label: filling.repeat(99), ..Default::default() };
            let name = filling.repeat(300);
            let asked =
                PinAsked { which: PinKind::NewUser, token: &token, seal: Some(&name), document: Some(&name) };
            for language in [Language::Chinese, Language::English] {
                let (pin, _) = held(&Dialog::of(&asked, language), &["S PIN_REPEATED\nD 1\nOK"], &[]);
                assert_eq!(pin.unwrap(), b"1", "{filling}");
            }
        }
    }
}
