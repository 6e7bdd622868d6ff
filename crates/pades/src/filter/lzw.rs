//! LZWDecode (ISO 32000-2 §7.4.4.2).

use super::{Bounded, FilterError};
use weezl::decode::Configuration;
use weezl::{BitOrder, LzwStatus};

const CHUNK: usize = 16 * 1024;

/// Decodes a whole LZW stream up to its end-of-data code. `early_change` is the parameter of that name.
pub(super) fn decode(data: &[u8], early_change: bool, limit: usize) -> Result<Vec<u8>, FilterError> {
    let configuration = if early_change {
        Configuration::with_tiff_size_switch(BitOrder::Msb, 8)
    } else {
        Configuration::new(BitOrder::Msb, 8)
    };
    let mut decoder = configuration.build();
    let mut plain = Bounded::new(limit);
    let mut chunk = vec![0; CHUNK];
    let mut rest = data;
    loop {
        let result = decoder.decode_bytes(rest, &mut chunk);
        plain.extend(chunk.get(..result.consumed_out).unwrap_or_default())?;
        rest = rest.get(result.consumed_in..).unwrap_or_default();
        match result.status {
            Ok(LzwStatus::Done) => return Ok(plain.out),
            Ok(LzwStatus::Ok) if result.consumed_in + result.consumed_out > 0 => {}
            Ok(LzwStatus::Ok | LzwStatus::NoProgress) | Err(_) => return Err(FilterError::Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_the_example_of_the_standard() {
        // ISO 32000-2 §7.4.4.2, EXAMPLE 1 and 2
        let data = [0x80, 0x0B, 0x60, 0x50, 0x22, 0x0C, 0x0C, 0x85, 0x01];
        let plain = [45, 45, 45, 45, 45, 65, 45, 45, 45, 66];
        assert_eq!(decode(&data, true, 10), Ok(plain.to_vec()));
        assert_eq!(decode(&data, true, 9), Err(FilterError::TooLong));
        assert_eq!(decode(&data[..4], true, 10), Err(FilterError::Malformed));
    }

    #[test]
    fn both_moments_of_change_work() {
        let plain: Vec<u8> = (0..20_000u32).map(|i| ((i * i) >> 5) as u8).collect();
        let late = weezl::encode::Encoder::new(BitOrder::Msb, 8).encode(&plain).unwrap();
        let early = weezl::encode::Encoder::with_tiff_size_switch(BitOrder::Msb, 8).encode(&plain).unwrap();
        assert_eq!(decode(&late, false, 20_000).as_ref(), Ok(&plain));
        assert_eq!(decode(&early, true, 20_000).as_ref(), Ok(&plain));
    }
}
