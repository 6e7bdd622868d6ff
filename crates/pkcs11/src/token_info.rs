//! CK_TOKEN_INFO as it is (PKCS#11 v3.0 §3.2). `cryptoki` refuses the whole of it where one field is not as the standard says, and some tokens
//! fill the clock's with something else: such a token would not be there at all.

use cryptoki_sys::{
    CK_FLAGS, CK_TOKEN_INFO, CKF_PROTECTED_AUTHENTICATION_PATH, CKF_SO_PIN_COUNT_LOW, CKF_SO_PIN_FINAL_TRY,
    CKF_SO_PIN_LOCKED, CKF_TOKEN_INITIALIZED, CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY,
    CKF_USER_PIN_INITIALIZED, CKF_USER_PIN_LOCKED, CKF_USER_PIN_TO_BE_CHANGED,
};
use sealkeeper_domain::{identity::TokenSerial, reason::Reason};

/// What is used of it.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenInfo {
    /// `None`: empty, or no printable ASCII. Such a token has no name to be found by.
    pub serial: Option<TokenSerial>,
    /// Texts without their padding; what is no UTF-8 in them is replaced.
    pub label: String,
    /// Who made it.
    pub manufacturer: String,
    /// Model.
    pub model: String,
    /// "major.minor".
    pub firmware: String,
    /// "major.minor".
    pub hardware: String,
    /// CKF_TOKEN_INITIALIZED.
    pub is_initialized: bool,
    /// What it tells of its PINs.
    pub pin: PinFlags,
}

/// CK_TOKEN_INFO.flags of the PINs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PinFlags {
    /// CKF_USER_PIN_COUNT_LOW: a wrong one was given since the last right one.
    pub count_low: bool,
    /// CKF_USER_PIN_FINAL_TRY: one more wrong one locks it.
    pub final_try: bool,
    /// CKF_USER_PIN_LOCKED.
    pub locked: bool,
    /// CKF_USER_PIN_INITIALIZED.
    pub initialized: bool,
    /// CKF_PROTECTED_AUTHENTICATION_PATH: PINs are typed on the token.
    pub protected_path: bool,
    /// CKF_USER_PIN_TO_BE_CHANGED.
    pub to_be_changed: bool,
    /// CKF_SO_PIN_COUNT_LOW.
    pub so_count_low: bool,
    /// CKF_SO_PIN_FINAL_TRY.
    pub so_final_try: bool,
    /// CKF_SO_PIN_LOCKED.
    pub so_locked: bool,
}

impl From<&CK_TOKEN_INFO> for TokenInfo {
    fn from(info: &CK_TOKEN_INFO) -> Self {
        let has = |flag: CK_FLAGS| info.flags & flag != 0;
        let serial = std::str::from_utf8(&info.serialNumber).ok();
        TokenInfo {
            serial: serial.and_then(|text| text.parse().ok()),
            label: text(&info.label),
            manufacturer: text(&info.manufacturerID),
            model: text(&info.model),
            firmware: format!("{}.{}", info.firmwareVersion.major, info.firmwareVersion.minor),
            hardware: format!("{}.{}", info.hardwareVersion.major, info.hardwareVersion.minor),
            is_initialized: has(CKF_TOKEN_INITIALIZED),
            pin: PinFlags {
                count_low: has(CKF_USER_PIN_COUNT_LOW),
                final_try: has(CKF_USER_PIN_FINAL_TRY),
                locked: has(CKF_USER_PIN_LOCKED),
                initialized: has(CKF_USER_PIN_INITIALIZED),
                protected_path: has(CKF_PROTECTED_AUTHENTICATION_PATH),
                to_be_changed: has(CKF_USER_PIN_TO_BE_CHANGED),
                so_count_low: has(CKF_SO_PIN_COUNT_LOW),
                so_final_try: has(CKF_SO_PIN_FINAL_TRY),
                so_locked: has(CKF_SO_PIN_LOCKED),
            },
        }
    }
}

/// The one initialised token of this serial. A slot for one more may show the serial of those there are: TPMs have one for all.
///
/// # Errors
/// [`Reason::TokenAbsent`], [`Reason::TokenAmbiguous`].
pub fn one_of_serial<S>(
    shown: impl Iterator<Item = (S, TokenInfo)>,
    serial: &TokenSerial,
) -> Result<(S, TokenInfo), Reason> {
    let mut of_serial = shown.filter(|(_, info)| info.is_initialized && info.serial.as_ref() == Some(serial));
    match (of_serial.next(), of_serial.next()) {
        (Some(_), Some(_)) => Err(Reason::TokenAmbiguous),
        (Some(one), None) => Ok(one),
        (None, _) => Err(Reason::TokenAbsent),
    }
}

/// Padded with blanks, or as some do it with zeros.
fn text(padded: &[u8]) -> String {
    String::from_utf8_lossy(padded).trim_end_matches([' ', '\0']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_with_a_clock_that_tells_nonsense_is_there_all_the_same() {
        let mut info = CK_TOKEN_INFO {
            serialNumber: *b"123\0            ",
            flags: CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED | CKF_USER_PIN_LOCKED,
            utcTime: *b"18:03:41\0\0\0\0\0\0\0\0",
            ..CK_TOKEN_INFO::default()
        };
        info.label = [b' '; 32];
        info.label[..5].copy_from_slice(b"ock\xff\xfe");
        info.firmwareVersion.major = 1;
        let read = TokenInfo::from(&info);
        // What stands after a zero is no part of the serial.
        assert_eq!(read.serial, Some("123".parse().unwrap()));
        assert_eq!((read.label.as_str(), read.firmware.as_str()), ("ock\u{fffd}\u{fffd}", "1.0"));
        assert!(read.is_initialized && read.pin.initialized && read.pin.locked && !read.pin.final_try);
    }

    #[test]
    fn a_slot_for_one_more_token_is_mistaken_for_none() {
        let token = |flags| {
            let zeros = CK_TOKEN_INFO { serialNumber: [b'0'; 16], flags, ..CK_TOKEN_INFO::default() };
            TokenInfo::from(&zeros)
        };
        let found = |flags: &[CK_FLAGS]| {
            let shown = flags.iter().enumerate().map(|(slot, flags)| (slot, token(*flags)));
            one_of_serial(shown, &"0000000000000000".parse().unwrap()).map(|(slot, _)| slot)
        };
        assert_eq!(found(&[0, CKF_TOKEN_INITIALIZED]), Ok(1));
        assert_eq!(found(&[CKF_TOKEN_INITIALIZED, CKF_TOKEN_INITIALIZED]), Err(Reason::TokenAmbiguous));
        assert_eq!(found(&[0]), Err(Reason::TokenAbsent));
    }

    #[test]
    fn a_serial_that_is_none_names_nothing() {
        let blank = CK_TOKEN_INFO { serialNumber: [b' '; 16], ..CK_TOKEN_INFO::default() };
        assert_eq!(TokenInfo::from(&blank).serial, None);
        let binary = CK_TOKEN_INFO { serialNumber: [0xff; 16], ..CK_TOKEN_INFO::default() };
        assert_eq!(TokenInfo::from(&binary).serial, None);
    }
}
