//! What goes through the pipes of a module's process: JSON behind its length, and behind a question the PIN, which no JSON holds so that every
//! buffer it is in is wiped.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use sealkeeper_domain::pin::Pin;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Longest message, bytes.
const LONGEST: usize = 16 << 10;

/// What a module's process is asked. Bytes are hexadecimal.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Question {
    /// For the token with this serial, and this label where one is named.
    Look { serial: String, label: Option<String> },
    /// To log in with the PIN and find the key with this CKA_ID and CKA_LABEL.
    Open { id: Option<String>, label: Option<String>, final_try: bool },
    /// To log in with the PIN and make a key.
    Make { id: String, label: String, final_try: bool },
    /// For the key's signature over this SHA-256.
    Sign { digest: String },
}

/// What it answers. Bytes are hexadecimal.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Reply {
    /// The module is loaded.
    Loaded,
    Token(TokenShown),
    Key(KeyShown),
    /// r ‖ s as the token gave them.
    Signature(String),
    Failed(Failed),
}

/// A token with what it tells of its user PIN.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenShown {
    /// Serial number.
    pub serial: String,
    /// Label. From outside; escape before showing.
    pub label: String,
    /// A wrong PIN was given since the last right one (CKF_USER_PIN_COUNT_LOW).
    pub pin_count_low: bool,
    /// One more wrong PIN locks it (CKF_USER_PIN_FINAL_TRY).
    pub pin_final_try: bool,
    /// CKF_USER_PIN_LOCKED.
    pub pin_locked: bool,
    /// CKF_USER_PIN_INITIALIZED.
    pub pin_initialized: bool,
    /// PINs are typed on the token (CKF_PROTECTED_AUTHENTICATION_PATH).
    pub has_pad: bool,
}

/// A key that was found or made.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeyShown {
    /// SubjectPublicKeyInfo, DER.
    pub(super) public_key: String,
    /// CKA_ID; empty: none.
    pub(super) id: String,
    /// CKA_ALWAYS_AUTHENTICATE.
    pub(super) asks_pin: bool,
}

/// What was asked is not done.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Failed {
    /// Code of the table of reasons.
    pub(super) reason: String,
    /// Particulars.
    pub(super) details: BTreeMap<String, String>,
}

/// Writes one question in one piece. The PIN is wiped with the frame.
pub(super) fn ask(to: &mut impl Write, question: &Question, pin: Option<&Pin>) -> io::Result<()> {
    let json = serde_json::to_vec(question)?;
    let pin = pin.map_or(&b""[..], |pin| pin.expose().as_bytes());
    // Room for all of it, for growing leaves copies behind.
    let mut frame = Zeroizing::new(Vec::with_capacity(json.len() + pin.len() + 8));
    for part in [&json[..], pin] {
        frame.extend(length(part)?);
        frame.extend(part);
    }
    to.write_all(&frame)
}

/// Reads one question; None once there are no more.
pub(super) fn asked(from: &mut impl Read) -> io::Result<Option<(Question, Option<Pin>)>> {
    let mut json = Zeroizing::new(Vec::new());
    if !part(from, &mut json, LONGEST)? {
        return Ok(None);
    }
    let question = serde_json::from_slice(&json)?;
    let mut pin = Zeroizing::new(Vec::new());
    if !part(from, &mut pin, Pin::MAX_BYTES)? {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let pin = match pin.is_empty() {
        true => None,
        false => Some(Pin::new(std::mem::take(&mut *pin)).map_err(|_| io::ErrorKind::InvalidData)?),
    };
    Ok(Some((question, pin)))
}

/// Writes one answer.
pub(super) fn answer(to: &mut impl Write, reply: &Reply) -> io::Result<()> {
    let json = serde_json::to_vec(reply)?;
    to.write_all(&[&length(&json)?[..], &json].concat())
}

/// The answer at the beginning of what has arrived, once all of it is there.
pub(super) fn answered(arrived: &[u8]) -> io::Result<Option<Reply>> {
    let Some((length, rest)) = arrived.split_first_chunk() else { return Ok(None) };
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    if length > LONGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(rest.get(..length).map(serde_json::from_slice).transpose()?)
}

fn length(part: &[u8]) -> io::Result<[u8; 4]> {
    let length = u32::try_from(part.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    Ok(length.to_be_bytes())
}

/// Reads what stands behind its length; false where there is nothing at all.
fn part(from: &mut impl Read, into: &mut Vec<u8>, longest: usize) -> io::Result<bool> {
    let mut length = [0; 4];
    match from.read(&mut length)? {
        0 => return Ok(false),
        read => from.read_exact(length.get_mut(read..).unwrap_or_default())?,
    }
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > longest {
        return Err(io::ErrorKind::InvalidData.into());
    }
    into.resize(length, 0);
    from.read_exact(into)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_arrives_with_its_pin_and_no_json_holds_it() {
        let pin = Pin::new(b"sesame-7".to_vec()).unwrap();
        let mut pipe = Vec::new();
        ask(&mut pipe, &Question::Open { id: Some("01".into()), label: None, final_try: true }, Some(&pin))
            .unwrap();
        ask(&mut pipe, &Question::Sign { digest: "ab".into() }, None).unwrap();
        let json_length = u32::from_be_bytes(pipe[..4].try_into().unwrap()) as usize;
        assert!(!String::from_utf8_lossy(&pipe[..4 + json_length]).contains("sesame"));
        let mut pipe = &pipe[..];
        let (question, pin) = asked(&mut pipe).unwrap().unwrap();
        assert!(matches!(question, Question::Open { final_try: true, label: None, .. }), "{question:?}");
        assert_eq!(pin.unwrap().expose(), "sesame-7");
        let (question, pin) = asked(&mut pipe).unwrap().unwrap();
        assert!(matches!(question, Question::Sign { .. }) && pin.is_none());
        assert!(asked(&mut pipe).unwrap().is_none());
    }

    #[test]
    fn an_answer_is_read_once_it_is_whole() {
        let mut pipe = Vec::new();
        answer(&mut pipe, &Reply::Signature("00ff".into())).unwrap();
        for end in 0..pipe.len() {
            assert!(answered(&pipe[..end]).unwrap().is_none(), "{end}");
        }
        assert!(matches!(answered(&pipe).unwrap(), Some(Reply::Signature(raw)) if raw == "00ff"));
        for wrong in [&[0xff; 8][..], &[0, 0, 0, 2, b'{', b'}'], b"\0\0\0\x02hi"] {
            assert!(answered(wrong).is_err(), "{wrong:?}");
        }
    }
}
