//! Pictures of seals (ISO 15948, PNG).

use flate2::Crc;
use sealkeeper_pades::picture::SealPicture;

use crate::Reach;

/// The file as it is, and with the checksums that its chunks should have.
pub(crate) fn run(input: &[u8]) -> Reach {
    let accepted = [input.to_vec(), with_checksums(input)].iter().any(|file| picture(file));
    if accepted { Reach::Accepted } else { Reach::Refused }
}

fn picture(file: &[u8]) -> bool {
    let Ok(picture) = SealPicture::from_png(file) else { return false };
    let size = [picture.width(), picture.height()];
    assert_eq!(SealPicture::pixels_of_png(file).ok(), Some(size), "its header tells its size");
    assert!(size.iter().all(|side| *side > 0), "a picture has an area");
    let again = SealPicture::from_png(file).expect("a picture that was read can be read");
    assert_eq!((picture.digest(), picture.has_alpha()), (again.digest(), again.has_alpha()));
    true
}

/// Chance finds no CRC, so each chunk gets its own (ISO 15948 §5.3); a rest that is no chunk stays as it is.
fn with_checksums(file: &[u8]) -> Vec<u8> {
    let (signature, mut rest) = file.split_at(file.len().min(8));
    let mut corrected = signature.to_vec();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length_of_data = u32::from_be_bytes(*length) as usize;
        let Some((typed, after)) = after.split_at_checked(length_of_data.saturating_add(4)) else { break };
        let Some((_, after)) = after.split_first_chunk::<4>() else { break };
        let mut crc = Crc::new();
        crc.update(typed);
        corrected.extend_from_slice(length);
        corrected.extend_from_slice(typed);
        corrected.extend_from_slice(&crc.sum().to_be_bytes());
        rest = after;
    }
    corrected.extend_from_slice(rest);
    corrected
}
