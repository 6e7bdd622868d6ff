//! What the agent and a module's worker process say to each other: protobuf messages, each behind its length as a varint, on two pipes.
//!
//! Both ends are one executable, so this contract has no versions. The worker is not believed: its messages have a greatest length, what
//! cannot be read ends it, and a signature is verified before it goes anywhere.

use prost::{Message, Oneof};
use sealkeeper_domain::{
    identity::TokenSerial, pin::Pin, pkcs11_uri::ObjectUri, reason::Reason, return_value::ReturnValue,
};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::pipeline::ports::{
    token::PinOrPad,
    token_error::{FailedCall, PinFlags, SignError, TokenError, Told},
};

/// Most bytes of one message. The longest is a certificate.
pub(super) const LONGEST: usize = 1 << 20;
/// Most bytes its length takes.
pub(super) const LONGEST_LENGTH: usize = 10;

/// A question to the worker.
#[derive(Message)]
pub(super) struct Ask {
    /// Repeated in the answer; never 0.
    #[prost(uint64, tag = "1")]
    pub(super) id: u64,
    #[prost(oneof = "Question", tags = "2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13")]
    pub(super) question: Option<Question>,
}

#[derive(Oneof)]
pub(super) enum Question {
    /// Which tokens are there?
    #[prost(message, tag = "2")]
    Look(Nothing),
    #[prost(message, tag = "3")]
    Login(Login),
    #[prost(message, tag = "4")]
    Logout(Logout),
    #[prost(message, tag = "5")]
    Describe(Describe),
    #[prost(message, tag = "6")]
    Sign(Sign),
    #[prost(message, tag = "7")]
    GenerateKey(GenerateKey),
    #[prost(message, tag = "8")]
    ImportCertificate(ImportCertificate),
    #[prost(message, tag = "9")]
    ChangePin(ChangePin),
    #[prost(message, tag = "10")]
    SetPin(ChangePin),
    /// Log out everywhere, call C_Finalize, answer, end.
    #[prost(message, tag = "11")]
    Finish(Nothing),
    /// What can this private key do, whatever certificate it has?
    #[prost(message, tag = "12")]
    FindKey(Object),
    #[prost(message, tag = "13")]
    DestroyKey(DestroyKey),
}

/// An answer of the worker.
#[derive(Message)]
pub(super) struct Answer {
    /// Of the question; 0: the first message of all, unasked, [`Reply::Loaded`] or [`Reply::Failed`].
    #[prost(uint64, tag = "1")]
    pub(super) id: u64,
    #[prost(oneof = "Reply", tags = "2, 3, 4, 5, 6, 7, 8, 9, 10, 15")]
    pub(super) reply: Option<Reply>,
}

#[derive(Oneof)]
pub(super) enum Reply {
    #[prost(message, tag = "2")]
    Done(Nothing),
    #[prost(message, tag = "3")]
    Loaded(Loaded),
    #[prost(message, tag = "4")]
    Looked(Looked),
    #[prost(message, tag = "5")]
    Described(Described),
    /// As the token gave it.
    #[prost(bytes, tag = "6")]
    Signature(Vec<u8>),
    #[prost(message, tag = "7")]
    Key(GeneratedKey),
    #[prost(message, tag = "8")]
    Imported(Imported),
    #[prost(message, tag = "9")]
    KeyFound(KeyFound),
    #[prost(message, tag = "10")]
    Destroyed(Destroyed),
    #[prost(message, tag = "15")]
    Failed(Failed),
}

#[derive(Message)]
pub(super) struct Nothing {}

/// The module is loaded and initialised.
#[derive(Message)]
pub(super) struct Loaded {
    /// CK_INFO.libraryDescription.
    #[prost(string, tag = "1")]
    pub(super) description: String,
    /// CK_INFO.libraryVersion, "major.minor".
    #[prost(string, tag = "2")]
    pub(super) version: String,
    /// CK_INFO.manufacturerID.
    #[prost(string, tag = "3")]
    pub(super) manufacturer: String,
}

/// C_Logout, unless another login has taken that one's place.
#[derive(Message)]
pub(super) struct Logout {
    #[prost(string, tag = "1")]
    pub(super) serial: String,
    #[prost(uint64, tag = "2")]
    pub(super) login: u64,
}

/// C_Login as CKU_USER, once.
#[derive(Message, Zeroize, ZeroizeOnDrop)]
#[prost(skip_debug)]
pub(super) struct Login {
    #[prost(string, tag = "1")]
    pub(super) serial: String,
    /// Empty: typed on the token. Text, for `prost` copies bytes twice and wipes one.
    #[prost(string, tag = "2")]
    pub(super) pin: String,
    #[prost(bool, tag = "3")]
    pub(super) final_try: bool,
    /// The login's number, larger than that of any before it.
    #[prost(uint64, tag = "4")]
    pub(super) login: u64,
}

/// C_SetPIN with the old PIN, or C_InitPIN with the security officer's.
#[derive(Message, Zeroize, ZeroizeOnDrop)]
#[prost(skip_debug)]
pub(super) struct ChangePin {
    #[prost(string, tag = "1")]
    pub(super) serial: String,
    /// The old PIN, or the security officer's; empty: typed on the token.
    #[prost(string, tag = "2")]
    pub(super) by: String,
    /// The new one; empty: typed on the token.
    #[prost(string, tag = "3")]
    pub(super) new: String,
    #[prost(bool, tag = "4")]
    pub(super) final_try: bool,
}

/// One object on one token.
#[derive(Message, Clone, PartialEq)]
pub(super) struct Object {
    #[prost(string, tag = "1")]
    pub(super) serial: String,
    /// CK_TOKEN_INFO.label.
    #[prost(string, optional, tag = "2")]
    pub(super) token: Option<String>,
    /// CKA_ID.
    #[prost(bytes, optional, tag = "3")]
    pub(super) id: Option<Vec<u8>>,
    /// CKA_LABEL.
    #[prost(string, optional, tag = "4")]
    pub(super) label: Option<String>,
}

#[derive(Message)]
pub(super) struct Describe {
    #[prost(message, required, tag = "1")]
    pub(super) key: Object,
    #[prost(message, required, tag = "2")]
    pub(super) certificate: Object,
    /// µs since the Unix epoch: of several certificates the newest one that is valid then counts.
    #[prost(uint64, tag = "3")]
    pub(super) now_us: u64,
    /// Attributes that the module need not report, by their names in the standard.
    #[prost(string, repeated, tag = "4")]
    pub(super) unreported_accepted: Vec<String>,
}

#[derive(Message)]
pub(super) struct Described {
    /// DER.
    #[prost(bytes, tag = "1")]
    pub(super) certificate: Vec<u8>,
    /// Whether there is a login, so that the key was seen and found fit.
    #[prost(bool, tag = "2")]
    pub(super) key_seen: bool,
    /// Codes of the algorithms that key and token can sign with, the preferred first; empty unless the key was seen.
    #[prost(string, repeated, tag = "3")]
    pub(super) algorithms: Vec<String>,
    /// CKA_ALWAYS_AUTHENTICATE.
    #[prost(bool, tag = "4")]
    pub(super) asks_pin: bool,
    /// Attributes of the key that the module does not report.
    #[prost(string, repeated, tag = "5")]
    pub(super) unreported: Vec<String>,
    /// Certificates for this key on the token.
    #[prost(uint32, tag = "6")]
    pub(super) certificates: u32,
    /// CKA_ID of the key.
    #[prost(bytes, tag = "7")]
    pub(super) key_id: Vec<u8>,
    /// Whether PINs are typed on the token.
    #[prost(bool, tag = "8")]
    pub(super) has_pad: bool,
}

/// A private key on a token with a login, found fit as far as the token tells.
#[derive(Message)]
pub(super) struct KeyFound {
    /// Its public half as SubjectPublicKeyInfo, DER.
    #[prost(bytes, tag = "1")]
    pub(super) public_key: Vec<u8>,
    /// Codes of the algorithms that key and token can sign with, the preferred first; never empty.
    #[prost(string, repeated, tag = "2")]
    pub(super) algorithms: Vec<String>,
    /// CKA_ALWAYS_AUTHENTICATE.
    #[prost(bool, tag = "3")]
    pub(super) asks_pin: bool,
    /// Whether PINs are typed on the token.
    #[prost(bool, tag = "4")]
    pub(super) has_pad: bool,
    /// CKA_ID of the key.
    #[prost(bytes, tag = "5")]
    pub(super) key_id: Vec<u8>,
}

#[derive(Message, Zeroize, ZeroizeOnDrop)]
#[prost(skip_debug)]
pub(super) struct Sign {
    #[prost(message, required, tag = "1")]
    #[zeroize(skip)]
    pub(super) key: Object,
    /// Code of the algorithm.
    #[prost(string, tag = "2")]
    pub(super) algorithm: String,
    /// What is signed, before any hash.
    #[prost(bytes, tag = "3")]
    pub(super) message: Vec<u8>,
    /// For a key that asks for it at each signature; empty: none, or typed on the token.
    #[prost(string, tag = "4")]
    pub(super) pin: String,
    #[prost(bool, tag = "5")]
    pub(super) final_try: bool,
}

#[derive(Message)]
pub(super) struct GenerateKey {
    #[prost(string, tag = "1")]
    pub(super) serial: String,
    /// `ec-p256`, `ec-p384`, `rsa-2048`, `rsa-3072`, `rsa-4096`.
    #[prost(string, tag = "2")]
    pub(super) kind: String,
    #[prost(bytes, tag = "3")]
    pub(super) id: Vec<u8>,
    #[prost(string, tag = "4")]
    pub(super) label: String,
}

#[derive(Message)]
pub(super) struct GeneratedKey {
    /// SubjectPublicKeyInfo, DER.
    #[prost(bytes, tag = "1")]
    pub(super) public_key: Vec<u8>,
}

#[derive(Message)]
pub(super) struct ImportCertificate {
    #[prost(string, tag = "1")]
    pub(super) serial: String,
    #[prost(bytes, tag = "2")]
    pub(super) certificate: Vec<u8>,
    /// Whether those for the same key that are there go; otherwise they stand against it.
    #[prost(bool, tag = "3")]
    pub(super) replace: bool,
}

#[derive(Message)]
pub(super) struct Imported {
    /// CKA_ID of the key it is for, and so its own.
    #[prost(bytes, tag = "1")]
    pub(super) key_id: Vec<u8>,
    /// SHA-256 of each certificate that went.
    #[prost(bytes = "vec", repeated, tag = "2")]
    pub(super) replaced: Vec<Vec<u8>>,
    /// Those for the same key that should have gone and did not.
    #[prost(uint32, tag = "3")]
    pub(super) left: u32,
}

/// C_DestroyObject for a private key, its public half and its certificate.
#[derive(Message)]
pub(super) struct DestroyKey {
    #[prost(message, required, tag = "1")]
    pub(super) key: Object,
    #[prost(message, required, tag = "2")]
    pub(super) certificate: Object,
}

#[derive(Message)]
pub(super) struct Destroyed {
    /// Whether a new search found the key gone.
    #[prost(bool, tag = "1")]
    pub(super) gone: bool,
    /// CKA_ID of the private key; empty: it has none, or was gone already.
    #[prost(bytes, tag = "2")]
    pub(super) key_id: Vec<u8>,
    /// Certificates of it that are named and did not go.
    #[prost(uint32, tag = "3")]
    pub(super) certificates_left: u32,
}

#[derive(Message)]
pub(super) struct Looked {
    #[prost(message, repeated, tag = "1")]
    pub(super) tokens: Vec<TokenShown>,
    /// Whether any slot is one that tokens are put into and taken from (CKF_REMOVABLE_DEVICE). Where none is, the module may know only the
    /// tokens that were there when it was loaded.
    #[prost(bool, tag = "2")]
    pub(super) hot_plug: bool,
}

/// An initialised token.
#[derive(Message, Clone, PartialEq)]
pub(super) struct TokenShown {
    #[prost(string, tag = "1")]
    pub(super) serial: String,
    #[prost(string, tag = "2")]
    pub(super) label: String,
    #[prost(string, tag = "3")]
    pub(super) manufacturer: String,
    #[prost(string, tag = "4")]
    pub(super) model: String,
    #[prost(string, tag = "5")]
    pub(super) firmware: String,
    #[prost(message, required, tag = "6")]
    pub(super) pin: Flags,
    /// Whether the login that the worker holds still stands.
    #[prost(bool, tag = "7")]
    pub(super) logged_in: bool,
    #[prost(string, tag = "8")]
    pub(super) hardware: String,
}

/// CK_TOKEN_INFO.flags of the user PIN.
#[derive(Message, Clone, Copy, PartialEq)]
pub(super) struct Flags {
    #[prost(bool, tag = "1")]
    pub(super) count_low: bool,
    #[prost(bool, tag = "2")]
    pub(super) final_try: bool,
    #[prost(bool, tag = "3")]
    pub(super) locked: bool,
    #[prost(bool, tag = "4")]
    pub(super) initialized: bool,
    #[prost(bool, tag = "5")]
    pub(super) protected_path: bool,
    #[prost(bool, tag = "6")]
    pub(super) to_be_changed: bool,
    #[prost(bool, tag = "7")]
    pub(super) so_count_low: bool,
    #[prost(bool, tag = "8")]
    pub(super) so_final_try: bool,
    #[prost(bool, tag = "9")]
    pub(super) so_locked: bool,
}

/// What was asked is not done.
#[derive(Message)]
pub(super) struct Failed {
    /// Code of the table of reasons.
    #[prost(string, tag = "1")]
    pub(super) reason: String,
    /// The function that failed, `C_Login`; empty: none was called.
    #[prost(string, tag = "2")]
    pub(super) function: String,
    /// What it returned.
    #[prost(uint64, optional, tag = "3")]
    pub(super) returned: Option<u64>,
    /// What was said where nothing was returned, or what the reason is about.
    #[prost(string, tag = "4")]
    pub(super) said: String,
    #[prost(message, optional, tag = "5")]
    pub(super) pin: Option<Flags>,
    /// Of a signing: whether the token may have signed.
    #[prost(bool, tag = "6")]
    pub(super) may_have_signed: bool,
    /// Whether a login that stood on this token has ended with it.
    #[prost(bool, tag = "7")]
    pub(super) logged_out: bool,
}

/// What is printed of a message with a PIN in it: its name.
macro_rules! prints_its_name {
    ($($message:ident)*) => {$(
        impl std::fmt::Debug for $message {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($message)).finish_non_exhaustive()
            }
        }
    )*};
}
prints_its_name! { Login ChangePin Sign }

/// A message with its length before it, in a buffer that wipes itself.
pub(super) fn framed(message: &impl Message) -> Zeroizing<Vec<u8>> {
    // As large as it gets: growing would leave copies behind.
    let mut frame = Zeroizing::new(Vec::with_capacity(message.encoded_len() + LONGEST_LENGTH));
    // It can fail for want of room only, and a vector has room.
    let _ = message.encode_length_delimited(&mut *frame);
    frame
}

/// Where the first message lies within what has arrived: its bytes' range. `None`: not all of it is there yet.
pub(super) fn first_message(arrived: &[u8]) -> Result<Option<std::ops::Range<usize>>, Unreadable> {
    let begins = arrived.iter().take(LONGEST_LENGTH).position(|byte| byte & 0x80 == 0).map(|last| last + 1);
    let Some(begins) = begins else {
        return if arrived.len() < LONGEST_LENGTH { Ok(None) } else { Err(Unreadable) };
    };
    let length = prost::decode_length_delimiter(arrived).map_err(|_| Unreadable)?;
    if length > LONGEST {
        return Err(Unreadable);
    }
    Ok((arrived.len() - begins >= length).then_some(begins..begins + length))
}

/// What arrived is no message of this contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

impl Object {
    /// The object that a URI names.
    pub(super) fn named(uri: &ObjectUri) -> Object {
        Object {
            serial: uri.serial.to_string(),
            token: uri.token.clone(),
            id: uri.id.clone(),
            label: uri.label.clone(),
        }
    }
}

impl TokenShown {
    /// Its serial, unless it is none.
    pub(super) fn serial(&self) -> Option<TokenSerial> {
        self.serial.parse().ok()
    }
}

impl From<sealkeeper_pkcs11::PinFlags> for Flags {
    fn from(flags: sealkeeper_pkcs11::PinFlags) -> Self {
        Flags {
            count_low: flags.count_low,
            final_try: flags.final_try,
            locked: flags.locked,
            initialized: flags.initialized,
            protected_path: flags.protected_path,
            to_be_changed: flags.to_be_changed,
            so_count_low: flags.so_count_low,
            so_final_try: flags.so_final_try,
            so_locked: flags.so_locked,
        }
    }
}

impl From<Flags> for PinFlags {
    fn from(flags: Flags) -> Self {
        PinFlags {
            count_low: flags.count_low,
            final_try: flags.final_try,
            locked: flags.locked,
            initialized: flags.initialized,
            protected_path: flags.protected_path,
            to_be_changed: flags.to_be_changed,
            so_count_low: flags.so_count_low,
            so_final_try: flags.so_final_try,
            so_locked: flags.so_locked,
        }
    }
}

impl Failed {
    /// As the pipeline takes it.
    pub(super) fn into_error(self) -> TokenError {
        let reason = Reason::from_code(&self.reason).unwrap_or(Reason::TokenFault);
        let told = match self.returned {
            Some(number) => Told::Returned(ReturnValue::from_number(number)),
            None => Told::Said(self.said.clone()),
        };
        let call = (!self.function.is_empty()).then_some(FailedCall { function: self.function, told });
        let about = if call.is_none() && !self.said.is_empty() { Some(self.said) } else { None };
        TokenError { reason, call, pin: self.pin.map(PinFlags::from), about }
    }

    /// The same of a signing.
    pub(super) fn into_sign_error(self) -> SignError {
        let may_have_signed = self.may_have_signed;
        let error = self.into_error();
        if may_have_signed { SignError::MayHaveSigned(error) } else { SignError::NotSigned(error) }
    }
}

/// What goes to the worker; nothing where the PIN is typed on the token.
pub(super) fn pin_text(pin: &PinOrPad) -> String {
    match pin {
        PinOrPad::Pin(pin) => pin.expose().to_owned(),
        PinOrPad::Pad => String::new(),
    }
}

/// The PIN that came from the agent, if one came. Whatever is no PIN was refused there.
pub(super) fn pin_of(text: &mut String) -> Option<Pin> {
    Pin::new(std::mem::take(text).into_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_pin_is_in_no_debug_output() {
        let secret = "sesame-7".to_owned();
        let (mut login, mut change, mut sign) = (Login::default(), ChangePin::default(), Sign::default());
        login.pin.clone_from(&secret);
        change.by.clone_from(&secret);
        change.new.clone_from(&secret);
        sign.pin = secret;
        for question in [Question::Login(login), Question::ChangePin(change), Question::Sign(sign)] {
            let printed = format!("{:?}", Ask { id: 1, question: Some(question) });
            assert!(!printed.contains("sesame") && !printed.contains("115, 101"), "{printed}");
        }
    }

    #[test]
    fn a_message_is_taken_once_all_of_it_is_there() {
        let ask = Ask { id: 300, question: Some(Question::Logout(Logout { serial: "12".into(), login: 1 })) };
        let frame = framed(&ask);
        for cut in 0..frame.len() {
            assert_eq!(first_message(&frame[..cut]), Ok(None), "{cut}");
        }
        let range = first_message(&frame).unwrap().unwrap();
        assert_eq!(range.end, frame.len());
        assert_eq!(Ask::decode(&frame[range]).unwrap().id, 300);
    }

    #[test]
    fn lengths_that_no_message_has_are_refused() {
        for bytes in [&[0xff_u8; 10][..], &[0x80; 10], &[0x81, 0x80, 0x80, 0x01]] {
            assert!(first_message(bytes).is_err() || bytes.len() < 10, "{bytes:?}");
        }
        assert_eq!(
            first_message(&[0x81, 0x80, 0xc0, 0x00]),
            Err(Unreadable),
            "one byte more than the longest"
        );
    }

    proptest! {
        #[test]
        fn whatever_a_module_writes_is_a_message_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(Some(range)) = first_message(&bytes) {
                prop_assert!(range.end <= bytes.len());
                let _ = Answer::decode(&bytes[range]);
            }
        }
    }
}
