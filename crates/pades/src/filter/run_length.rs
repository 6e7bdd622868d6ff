//! RunLengthDecode (ISO 32000-2 §7.4.5).

use super::{Bounded, FilterError};

/// Runs up to the end-of-data byte 128, or to the end of the data, as common readers take it.
pub(super) fn decode(data: &[u8], limit: usize) -> Result<Vec<u8>, FilterError> {
    let mut plain = Bounded::new(limit);
    let mut rest = data;
    loop {
        rest = match rest {
            [] | [128, ..] => return Ok(plain.out),
            [length @ 0..=127, tail @ ..] => {
                let (run, tail) =
                    tail.split_at_checked(usize::from(*length) + 1).ok_or(FilterError::Malformed)?;
                plain.extend(run)?;
                tail
            }
            [length, byte, tail @ ..] => {
                plain.extend(&vec![*byte; 257 - usize::from(*length)])?;
                tail
            }
            [_] => return Err(FilterError::Malformed),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs() {
        assert_eq!(decode(&[2, 1, 2, 3, 254, 9, 128, 77], 6), Ok(vec![1, 2, 3, 9, 9, 9]));
        assert_eq!(decode(&[254, 9], 2), Err(FilterError::TooLong));
        assert_eq!(decode(&[2, 1], 6), Err(FilterError::Malformed));
        assert_eq!(decode(&[200], 600), Err(FilterError::Malformed));
        assert_eq!(decode(&[], 6), Ok(vec![]));
    }
}
