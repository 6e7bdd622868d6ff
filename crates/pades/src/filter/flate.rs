//! FlateDecode (ISO 32000-2 §7.4.4, RFC 1950).

use super::{Bounded, FilterError};
use flate2::{Decompress, FlushDecompress, Status};

const CHUNK: usize = 16 * 1024;

/// Inflates a whole zlib stream. Its checksum must be right; bytes after it (an end of line, most often) do not matter.
pub(super) fn decode(data: &[u8], limit: usize) -> Result<Vec<u8>, FilterError> {
    let mut inflate = Decompress::new(true);
    let mut plain = Bounded::new(limit);
    let mut chunk = vec![0; CHUNK];
    loop {
        let consumed = usize::try_from(inflate.total_in()).map_err(|_| FilterError::Malformed)?;
        let before = inflate.total_out();
        let input = data.get(consumed..).unwrap_or_default();
        let status = inflate
            .decompress(input, &mut chunk, FlushDecompress::None)
            .map_err(|_| FilterError::Malformed)?;
        let produced = usize::try_from(inflate.total_out() - before).map_err(|_| FilterError::Malformed)?;
        plain.extend(chunk.get(..produced).unwrap_or_default())?;
        match status {
            Status::StreamEnd => return Ok(plain.out),
            // No progress with all input given: the data end too early.
            Status::Ok | Status::BufError if produced == 0 && inflate.total_in() == consumed as u64 => {
                return Err(FilterError::Malformed);
            }
            Status::Ok | Status::BufError => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::ZlibEncoder;
    use std::io::Write;

    fn deflate(plain: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn inflates_and_ignores_what_follows() {
        let plain: Vec<u8> = (0..100_000u32).flat_map(u32::to_le_bytes).collect();
        let mut data = deflate(&plain);
        data.extend_from_slice(b"\r\n");
        assert_eq!(decode(&data, plain.len()), Ok(plain));
    }

    #[test]
    fn refuses_damage_and_bombs() {
        let data = deflate(&[0; 1_000_000]);
        assert_eq!(decode(&data, 999_999), Err(FilterError::TooLong));
        assert_eq!(decode(&data[..data.len() - 5], 2_000_000), Err(FilterError::Malformed));
        let mut wrong_checksum = data.clone();
        *wrong_checksum.last_mut().unwrap() ^= 1;
        assert_eq!(decode(&wrong_checksum, 2_000_000), Err(FilterError::Malformed));
        assert_eq!(decode(b"", 10), Err(FilterError::Malformed));
        assert_eq!(decode(b"not zlib", 10), Err(FilterError::Malformed));
    }
}
