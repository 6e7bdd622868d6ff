//! The passphrase of a person's key file.

use std::fmt;

use sealkeeper_domain::pin::Pin;
use sealkeeper_domain::reason::Reason;

use crate::error::ClientError;

/// A passphrase on its way to a key file: wiped when dropped, never printed, not cloneable.
///
/// What is typed for it is what is typed for a PIN, so it is kept as one.
pub struct Passphrase(Pin);

impl Passphrase {
    /// Fewest characters of one that a key file is given (NIST SP 800-63B §5.1.1.1). Another program's file may have a shorter one.
    pub const MIN_CHARACTERS: usize = 8;

    /// Takes the bytes over: 1 to 255 of them, UTF-8 without control characters. What is not accepted is wiped as well.
    ///
    /// # Errors
    /// [`Reason::PassphraseUnusable`].
    pub fn new(bytes: Vec<u8>) -> Result<Self, ClientError> {
        Pin::new(bytes).map(Self).map_err(|_| ClientError::local(Reason::PassphraseUnusable, ""))
    }

    /// Refuses one that is too short to be given to a file.
    pub(crate) fn check_length(&self) -> Result<(), ClientError> {
        match self.0.expose().chars().count() {
            count if count < Self::MIN_CHARACTERS => Err(ClientError::local(Reason::PassphraseTooShort, "")),
            _ => Ok(()),
        }
    }

    pub(crate) fn expose(&self) -> &[u8] {
        self.0.expose().as_bytes()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passphrase_is_never_printed() {
        let passphrase = Passphrase::new("开门，芝麻，开门吧".into()).unwrap();
        assert_eq!(format!("{passphrase:?}"), "Passphrase(..)");
        assert_eq!(passphrase.expose(), "开门，芝麻，开门吧".as_bytes());
    }

    #[test]
    fn length_is_counted_in_characters_and_only_of_a_new_one() {
        for (text, is_enough) in [("1234567", false), ("12345678", true), ("合同专用章", false)] {
            assert_eq!(Passphrase::new(text.into()).unwrap().check_length().is_ok(), is_enough, "{text}");
        }
        for unusable in [vec![], vec![b'x'; 256], b"two\nlines".to_vec(), vec![0xff; 8]] {
            let error = Passphrase::new(unusable).unwrap_err();
            assert!(
                matches!(error, ClientError::Local { reason: Reason::PassphraseUnusable, .. }),
                "{error}"
            );
        }
    }
}
