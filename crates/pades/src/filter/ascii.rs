//! ASCIIHexDecode and ASCII85Decode (ISO 32000-2 §7.4.2, §7.4.3).

use super::{Bounded, FilterError};
use crate::lexer::is_space;

/// Pairs of hexadecimal digits up to `>`; an odd last digit is followed by a zero.
pub(super) fn hexadecimal(data: &[u8], limit: usize) -> Result<Vec<u8>, FilterError> {
    let mut plain = Bounded::new(limit);
    let mut high: Option<u8> = None;
    for byte in data.iter().filter(|byte| !is_space(**byte)) {
        if *byte == b'>' {
            break;
        }
        let digit = char::from(*byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
        let digit = digit.ok_or(FilterError::Malformed)?;
        match high.take() {
            None => high = Some(digit),
            Some(high) => plain.extend(&[high << 4 | digit])?,
        }
    }
    if let Some(high) = high {
        plain.extend(&[high << 4])?;
    }
    Ok(plain.out)
}

/// Groups of five digits to base 85 up to `~>`.
pub(super) fn base85(data: &[u8], limit: usize) -> Result<Vec<u8>, FilterError> {
    let mut plain = Bounded::new(limit);
    let mut group: Vec<u8> = Vec::with_capacity(5);
    for byte in data.iter().copied().filter(|byte| !is_space(*byte)) {
        match byte {
            b'~' => break,
            b'z' if group.is_empty() => plain.extend(&[0; 4])?,
            b'!'..=b'u' => {
                group.push(byte - b'!');
                if group.len() == 5 {
                    plain.extend(&quantum(&group)?)?;
                    group.clear();
                }
            }
            _ => return Err(FilterError::Malformed),
        }
    }
    match group.len() {
        0 => Ok(plain.out),
        1 => Err(FilterError::Malformed),
        length => {
            group.resize(5, 84);
            let bytes = quantum(&group)?;
            plain.extend(bytes.get(..length - 1).unwrap_or_default())?;
            Ok(plain.out)
        }
    }
}

/// Four bytes from five digits.
fn quantum(digits: &[u8]) -> Result<[u8; 4], FilterError> {
    let value =
        digits.iter().try_fold(0u32, |value, digit| value.checked_mul(85)?.checked_add(u32::from(*digit)));
    value.map(u32::to_be_bytes).ok_or(FilterError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_digits() {
        assert_eq!(hexadecimal(b"48 65\n6C6c6F7>xx", 10), Ok(b"Hellop".to_vec()));
        assert_eq!(hexadecimal(b"4G>", 10), Err(FilterError::Malformed));
        assert_eq!(hexadecimal(b"4142>", 1), Err(FilterError::TooLong));
    }

    #[test]
    fn base_85_digits() {
        assert_eq!(base85(b"87cUR D]j7BEbo80~>", 20), Ok(b"Hello world!".to_vec()));
        assert_eq!(base85(b"z87cURDZ~>", 20), Ok(b"\0\0\0\0Hello".to_vec()));
        assert_eq!(base85(b"zz~>", 7), Err(FilterError::TooLong));
        assert_eq!(base85(b"8~>", 7), Err(FilterError::Malformed));
        assert_eq!(base85(b"uuuuu~>", 7), Err(FilterError::Malformed));
        assert_eq!(base85(b"8v~>", 7), Err(FilterError::Malformed));
    }
}
