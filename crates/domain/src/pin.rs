//! The user PIN of a token.

use std::fmt;

use zeroize::Zeroizing;

use crate::reason::Reason;

/// A PIN on its way to the token: wiped when dropped, never printed, not cloneable, so that handing it over is the end of it.
pub struct Pin(Zeroizing<Vec<u8>>);

impl Pin {
    /// Most bytes a PIN may have; real tokens take far fewer.
    pub const MAX_BYTES: usize = 255;

    /// Takes the bytes over. PINs are UTF-8 without control characters (PKCS#11 v3.0 §5.6.5 passes them as CK_UTF8CHAR); what is not
    /// accepted is wiped as well.
    pub fn new(bytes: Vec<u8>) -> Result<Self, Reason> {
        let bytes = Zeroizing::new(bytes);
        let fits = (1..=Self::MAX_BYTES).contains(&bytes.len())
            && std::str::from_utf8(&bytes).is_ok_and(|text| !text.chars().any(char::is_control));
        if fits { Ok(Pin(bytes)) } else { Err(Reason::TokenPinUnusable) }
    }

    /// The PIN as text, for the one call that hands it to the token.
    pub fn expose(&self) -> &str {
        // `new` accepted UTF-8 only; an empty PIN would be refused by the token.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_never_printed() {
        let pin = Pin::new(b"sesame-7".to_vec()).unwrap();
        assert_eq!(pin.expose(), "sesame-7");
        assert_eq!(format!("{pin:?}"), "Pin(..)");
    }

    #[test]
    fn unusable_pins_are_told() {
        for bad in [vec![], vec![b'1'; 256], vec![0xff, 0xfe], b"12\n34".to_vec()] {
            assert_eq!(Pin::new(bad).unwrap_err(), Reason::TokenPinUnusable);
        }
    }
}
