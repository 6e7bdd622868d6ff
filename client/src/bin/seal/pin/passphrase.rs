//! The passphrase of a key file, asked for as a PIN is.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Args;
use sealkeeper_client::Passphrase;
use sealkeeper_domain::reason::{Language, Reason};

use super::descriptor::Descriptor;
use super::{Asked, Missing, NAME_CHARACTERS, PinOptions, PinSource, shortened};
use crate::Session;
use crate::failure::Failure;
use crate::language::choose;

#[derive(Args, Clone, Debug)]
pub(crate) struct PassphraseOptions {
    /// Read the passphrase from this descriptor: its first line
    #[arg(long, value_name = "N")]
    passphrase_fd: Option<u32>,

    /// Read the passphrase from this file: its first line
    #[arg(long, value_name = "PATH", conflicts_with = "passphrase_fd")]
    passphrase_file: Option<PathBuf>,

    /// Ask for the passphrase, or for the PIN of a key on a token, in a dialog of this program; else of SEALKEEPER_PINENTRY, else of `pinentry`
    ///
    /// A dialog is opened without being told so, too, if SEALKEEPER_PINENTRY is set, or if there is no terminal but
    /// DISPLAY or WAYLAND_DISPLAY is set.
    #[arg(long, value_name = "PROGRAM", num_args = 0..=1, require_equals = true,
        conflicts_with_all = ["passphrase_fd", "passphrase_file"])]
    pinentry: Option<Option<OsString>>,
}

impl PassphraseOptions {
    /// Read from this descriptor or this file; else asked for.
    pub(crate) fn read_from(passphrase_fd: Option<u32>, passphrase_file: Option<PathBuf>) -> Self {
        Self { passphrase_fd, passphrase_file, pinentry: None }
    }

    /// Where the passphrase comes from.
    pub(crate) fn source(self) -> Result<PinSource, Reason> {
        match self.passphrase_file {
            Some(path) => Ok(PinSource::Descriptor(Descriptor::of_file(path))),
            None => PinOptions { pin_fd: self.passphrase_fd, pinentry: self.pinentry }
                .source()
                .ok_or(Reason::PassphraseUnreadable),
        }
    }
}

impl PassphraseOptions {
    /// Where a PIN comes from instead, if the key turns out to lie on a token; None where there is nobody to be asked.
    pub(crate) fn pin_source(&self, pin_fd: Option<u32>) -> Option<PinSource> {
        PinOptions { pin_fd, pinentry: self.pinentry.clone() }.source()
    }
}

/// Which passphrase of a key file is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PassphraseAsked<'a> {
    /// Whether it is to be set now; a person is then asked twice.
    pub(crate) is_new: bool,
    /// The key file.
    pub(crate) file: &'a Path,
}

impl PinSource {
    /// Asks for a passphrase, once.
    pub(crate) async fn passphrase(
        &mut self,
        session: &Session,
        asked: &PassphraseAsked<'_>,
    ) -> Result<Passphrase, Failure> {
        let mut typed = self.typed(session, asked).await?;
        Ok(Passphrase::new(std::mem::take(&mut *typed))?)
    }
}

impl Asked for PassphraseAsked<'_> {
    fn name(&self, language: Language) -> &'static str {
        match self.is_new {
            true => choose(language, "新口令", "new passphrase"),
            false => choose(language, "口令", "passphrase"),
        }
    }

    fn request(&self, language: Language) -> &'static str {
        match self.is_new {
            true => choose(
                language,
                "请为密钥文件设置新的口令，至少 8 个字符。",
                "Choose a new passphrase for the key file, 8 characters or more.",
            ),
            false => choose(language, "请输入密钥文件的口令。", "Enter the passphrase of the key file."),
        }
    }

    fn is_new(&self) -> bool {
        self.is_new
    }

    fn facts(&self, language: Language) -> Vec<(&'static str, String)> {
        let file = shortened(&self.file.to_string_lossy(), NAME_CHARACTERS);
        vec![(choose(language, "密钥文件", "key file"), file)]
    }

    fn warning(&self, _: Language) -> Option<&'static str> {
        None
    }

    fn without_it(&self, why: Missing) -> Reason {
        match why {
            Missing::Unreadable => Reason::PassphraseUnreadable,
            Missing::Cancelled => Reason::PassphraseEntryCancelled,
            Missing::Differs => Reason::PassphraseEntryDiffers,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passphrase_is_asked_for_in_its_own_words() {
        let asked = PassphraseAsked { is_new: false, file: Path::new("王芳.key") };
        let words = |asked: PassphraseAsked<'_>, language| {
            format!("{} {} {:?}", asked.request(language), asked.again(language), asked.facts(language))
        };
        assert_eq!(
            words(asked, Language::English),
            r#"Enter the passphrase of the key file. repeat passphrase [("key file", "王芳.key")]"#
        );
        assert_eq!(
            words(PassphraseAsked { is_new: true, ..asked }, Language::Chinese),
            r#"请为密钥文件设置新的口令，至少 8 个字符。 再次输入新口令 [("密钥文件", "王芳.key")]"#
        );
    }

    #[test]
    fn lines_of_one_file_are_read_in_turn() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passphrases");
        std::fs::write(&path, "old one\nnew one\n").unwrap();
        let options = PassphraseOptions { passphrase_fd: None, passphrase_file: Some(path), pinentry: None };
        let PinSource::Descriptor(mut descriptor) = options.source().unwrap() else { panic!() };
        assert_eq!(descriptor.next_line().unwrap(), b"old one");
        assert_eq!(descriptor.next_line().unwrap(), b"new one");
    }
}
