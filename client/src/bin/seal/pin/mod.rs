//! The PIN, and the passphrase of a key file: from a descriptor, from the terminal without echo, or from a desktop dialog. Never
//! from an argument or the environment. Whatever is given is tried once; nothing here asks again.

mod assuan;
mod descriptor;
mod pad;
mod passphrase;
mod pinentry;
mod terminal;

use std::env;
use std::ffi::OsString;
use std::io;

use clap::Args;
use sealkeeper_client::escape::for_terminal;
use sealkeeper_domain::pin::Pin;
use sealkeeper_domain::reason::{Language, Reason};
use sealkeeper_proto::v1;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::language::choose;
use crate::{Session, screen};
use descriptor::Descriptor;
pub(crate) use pad::OnPad;
pub(crate) use passphrase::{PassphraseAsked, PassphraseOptions};

/// Most characters of a name that a dialog shows whole; the middle of a longer one is left out.
const NAME_CHARACTERS: usize = 72;
/// Most characters of a token's serial or label; a token has no longer ones.
const LABEL_CHARACTERS: usize = 32;

#[derive(Args)]
pub(crate) struct PinOptions {
    /// Read the PIN from this descriptor: its first line
    #[arg(long, value_name = "N")]
    pin_fd: Option<u32>,

    /// Ask for the PIN in a dialog of this program; else of SEALKEEPER_PINENTRY, else of `pinentry`
    ///
    /// A dialog is opened without being told so, too, if SEALKEEPER_PINENTRY is set, or if there is no terminal but
    /// DISPLAY or WAYLAND_DISPLAY is set.
    #[arg(long, value_name = "PROGRAM", num_args = 0..=1, require_equals = true, conflicts_with = "pin_fd")]
    pinentry: Option<Option<OsString>>,
}

impl PinOptions {
    /// Where the PIN comes from; None where there is nobody to be asked.
    pub(crate) fn source(self) -> Option<PinSource> {
        let set = |name| env::var_os(name).filter(|value| !value.is_empty());
        self.source_with(Surroundings {
            program: set("SEALKEEPER_PINENTRY"),
            has_terminal: screen::is_interactive(),
            has_desktop: ["DISPLAY", "WAYLAND_DISPLAY"].into_iter().any(|name| set(name).is_some()),
        })
    }

    fn source_with(self, around: Surroundings) -> Option<PinSource> {
        let default = || OsString::from("pinentry");
        match (self.pin_fd, self.pinentry, around.program) {
            (Some(number), _, _) => Some(PinSource::Descriptor(Descriptor::new(number))),
            (None, Some(Some(program)), _) | (None, _, Some(program)) => Some(PinSource::Dialog(program)),
            (None, Some(None), None) => Some(PinSource::Dialog(default())),
            (None, None, None) if around.has_terminal => Some(PinSource::Terminal),
            (None, None, None) => around.has_desktop.then(|| PinSource::Dialog(default())),
        }
    }
}

/// What the choice of a source depends on beside the arguments.
struct Surroundings {
    program: Option<OsString>,
    has_terminal: bool,
    has_desktop: bool,
}

/// Where a PIN comes from.
#[derive(Debug)]
pub(crate) enum PinSource {
    /// A descriptor that was given: its next line.
    Descriptor(Descriptor),
    /// The terminal.
    Terminal,
    /// A dialog of this pinentry program.
    Dialog(OsString),
}

impl PinSource {
    /// Asks once, and says what the token tells of tries left.
    pub(crate) async fn ask(&mut self, session: &Session, asked: &PinAsked<'_>) -> Result<Pin, Failure> {
        let mut typed = self.typed(session, asked).await?;
        Ok(Pin::new(std::mem::take(&mut *typed))?)
    }

    /// What was typed for it, not judged.
    async fn typed(&mut self, session: &Session, asked: &dyn Asked) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let language = session.language;
        if !matches!(self, Self::Dialog(_)) {
            asked.warning(language).into_iter().for_each(screen::note);
        }
        match self {
            Self::Descriptor(descriptor) => {
                let unreadable =
                    |error: io::Error| Failure::local(asked.without_it(Missing::Unreadable), error);
                Ok(Zeroizing::new(descriptor.next_line().map_err(unreadable)?))
            }
            Self::Terminal => terminal::ask(asked, language),
            Self::Dialog(program) => pinentry::ask(program, asked, language).await,
        }
    }
}

/// Why there is nothing typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// Nobody could be asked, or nothing could be read.
    Unreadable,
    /// The dialog was cancelled or timed out.
    Cancelled,
    /// It was not the same the second time.
    Differs,
}

/// A secret that somebody is asked for, in words.
trait Asked {
    /// What it is called.
    fn name(&self, language: Language) -> &'static str;

    /// Asks for it in a sentence.
    fn request(&self, language: Language) -> &'static str;

    /// Whether it is to be set now, so that a person is asked twice.
    fn is_new(&self) -> bool;

    /// What it is for: names and values, safe to show.
    fn facts(&self, language: Language) -> Vec<(&'static str, String)>;

    /// What should be known before it is typed.
    fn warning(&self, language: Language) -> Option<&'static str>;

    /// The reason to give where there is none.
    fn without_it(&self, why: Missing) -> Reason;

    /// What is asked for when it is asked for a second time.
    fn again(&self, language: Language) -> String {
        format!("{}{}", choose(language, "再次输入", "repeat "), self.name(language))
    }
}

/// Which PIN of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PinKind {
    /// The user PIN, which unlocks the token (CKU_USER).
    User,
    /// The user PIN that is to be set; a person is asked for it twice.
    NewUser,
    /// The security officer's (CKU_SO).
    SecurityOfficer,
}

impl PinKind {
    fn is_new(self) -> bool {
        self == Self::NewUser
    }

    fn name(self, language: Language) -> &'static str {
        match self {
            Self::User => "PIN",
            Self::NewUser => choose(language, "新 PIN", "new PIN"),
            Self::SecurityOfficer => choose(language, "管理员 PIN", "security officer's PIN"),
        }
    }

    /// Asks for it in a sentence.
    fn request(self, language: Language) -> &'static str {
        match self {
            Self::User => choose(language, "请输入载体的 PIN。", "Enter the PIN of the token."),
            Self::NewUser => choose(language, "请为载体设置新的 PIN。", "Choose a new PIN for the token."),
            Self::SecurityOfficer => {
                choose(language, "请输入载体的管理员 PIN。", "Enter the security officer's PIN of the token.")
            }
        }
    }
}

/// What PIN is asked for, and for what, so that nobody gives one blindly.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PinAsked<'a> {
    pub(crate) which: PinKind,
    pub(crate) token: &'a v1::Token,
    /// Name of the seal, if it is for the use of one.
    pub(crate) seal: Option<&'a str>,
    /// Name of the file to be stamped, if there is one.
    pub(crate) document: Option<&'a str>,
}

impl Asked for PinAsked<'_> {
    fn name(&self, language: Language) -> &'static str {
        self.which.name(language)
    }

    fn request(&self, language: Language) -> &'static str {
        self.which.request(language)
    }

    fn is_new(&self) -> bool {
        self.which.is_new()
    }

    fn without_it(&self, why: Missing) -> Reason {
        match why {
            Missing::Unreadable => Reason::PinUnreadable,
            Missing::Cancelled => Reason::PinEntryCancelled,
            Missing::Differs => Reason::PinEntryDiffers,
        }
    }

    fn facts(&self, language: Language) -> Vec<(&'static str, String)> {
        let v1::Token { serial, label, .. } = self.token;
        let token =
            [serial, label].map(|text| shortened(text, LABEL_CHARACTERS)).join(" ").trim_end().to_owned();
        let mut facts = vec![(choose(language, "载体", "token"), token)];
        for (chinese, english, value) in [("印章", "seal", self.seal), ("文件", "document", self.document)]
        {
            facts.extend(
                value.map(|name| (choose(language, chinese, english), shortened(name, NAME_CHARACTERS))),
            );
        }
        facts
    }

    /// What the token tells of tries left, or the agent saw of wrong ones; None if neither tells of danger.
    fn warning(&self, language: Language) -> Option<&'static str> {
        let token = self.token;
        let (chinese, english) = match self.which {
            PinKind::User if token.pin_final_try => (
                "警告：PIN 只剩最后一次机会，再错一次载体将锁死，须由印章管理部门重置",
                "warning: one PIN try is left; a wrong PIN locks the token, and only the seal office can reset it",
            ),
            PinKind::User if token.pin_count_low => (
                "注意：PIN 曾输错，剩余次数不多",
                "careful: a wrong PIN was given before, few tries are left",
            ),
            PinKind::User if token.wrong_pins > 0 => {
                ("注意：上次输入的 PIN 不正确", "careful: the last PIN given was wrong")
            }
            PinKind::SecurityOfficer if token.so_pin_final_try => (
                "警告：管理员 PIN 只剩最后一次机会，再错一次将锁死，载体可能无法重置",
                "warning: one try of the security officer's PIN is left; once locked the token may be past resetting",
            ),
            PinKind::SecurityOfficer if token.so_pin_count_low => (
                "注意：管理员 PIN 曾输错，剩余次数不多",
                "careful: a wrong security officer's PIN was given before, few tries are left",
            ),
            _ => return None,
        };
        Some(choose(language, chinese, english))
    }
}

/// Safe to show, and at most so many characters: beginning and end are what tells names apart.
fn shortened(name: &str, most: usize) -> String {
    let name = for_terminal(name);
    let count = name.chars().count();
    if count <= most {
        return name.into_owned();
    }
    let tail = most / 2;
    let head = most.saturating_sub(tail + 1);
    name.chars().take(head).chain(['…']).chain(name.chars().skip(count - tail)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn locked_token() -> v1::Token {
        v1::Token {
            serial: "00aa11".into(),
            label: "Test".into(),
            pin_initialized: true,
            ..Default::default()
        }
    }

    pub(super) fn stamping(token: &v1::Token) -> PinAsked<'_> {
        PinAsked { which: PinKind::User, token, seal: Some("合同专用章"), document: Some("合同.pdf") }
    }

    fn chosen(
        options: (Option<u32>, Option<Option<&str>>),
        program: Option<&str>,
        around: (bool, bool),
    ) -> String {
        let options =
            PinOptions { pin_fd: options.0, pinentry: options.1.map(|program| program.map(OsString::from)) };
        let program = program.map(OsString::from);
        let around = Surroundings { program, has_terminal: around.0, has_desktop: around.1 };
        match options.source_with(around) {
            Some(PinSource::Descriptor(_)) => "descriptor".to_owned(),
            Some(PinSource::Terminal) => "terminal".to_owned(),
            Some(PinSource::Dialog(program)) => program.into_string().unwrap(),
            None => "nobody".to_owned(),
        }
    }

    #[test]
    fn who_is_asked_depends_on_arguments_first_then_on_what_is_there() {
        let (terminal, desktop, both, neither) = ((true, false), (false, true), (true, true), (false, false));
        assert_eq!(chosen((Some(3), None), Some("env"), both), "descriptor");
        assert_eq!(chosen((None, Some(Some("named"))), Some("env"), both), "named");
        assert_eq!(chosen((None, Some(None)), Some("env"), both), "env");
        assert_eq!(chosen((None, Some(None)), None, both), "pinentry");
        assert_eq!(chosen((None, None), Some("env"), terminal), "env");
        assert_eq!(chosen((None, None), None, both), "terminal");
        assert_eq!(chosen((None, None), None, terminal), "terminal");
        assert_eq!(chosen((None, None), None, desktop), "pinentry");
        assert_eq!(chosen((None, None), None, neither), "nobody");
    }

    #[test]
    fn tries_left_are_told_as_far_as_the_token_tells() {
        let mut token = locked_token();
        let warning =
            |token: &v1::Token, which| PinAsked { which, ..stamping(token) }.warning(Language::English);
        assert_eq!(warning(&token, PinKind::User), None);
        token.pin_count_low = true;
        assert!(warning(&token, PinKind::User).unwrap().contains("few tries are left"));
        token.pin_final_try = true;
        assert!(warning(&token, PinKind::User).unwrap().contains("one PIN try is left"));
        for other in [PinKind::NewUser, PinKind::SecurityOfficer] {
            assert_eq!(warning(&token, other), None);
        }
        let mut token = v1::Token { wrong_pins: 1, so_pin_count_low: true, ..locked_token() };
        assert!(warning(&token, PinKind::User).unwrap().contains("the last PIN given was wrong"));
        assert!(warning(&token, PinKind::SecurityOfficer).unwrap().contains("few tries are left"));
        token.so_pin_final_try = true;
        assert!(
            warning(&token, PinKind::SecurityOfficer).unwrap().contains("one try of the security officer's")
        );
        assert_eq!(warning(&token, PinKind::NewUser), None);
    }

    #[test]
    fn long_and_deceptive_names_are_shown_by_their_ends() {
        assert_eq!(shortened("合同.pdf", 6), "合同.pdf");
        assert_eq!(shortened("0123456789", 6), "01…789");
        assert_eq!(shortened("gpj.\u{202e}fdp\n", 72), "gpj.\\u{202e}fdp\\n");
    }
}
