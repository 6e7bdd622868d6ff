//! What a document worker tells: protocol-buffer messages, each with its length before it (as `Message::encode_length_delimited` writes it).
//!
//! Only one executable ever speaks this, with itself. The worker is not believed all the same: a document may have taken it over.

mod seen;

use std::sync::atomic::{AtomicUsize, Ordering};

use prost::{Message, Oneof};
use tokio::io::{AsyncRead, AsyncReadExt};

pub(super) use self::seen::Page;
use crate::pipeline::ports::document::{Confinement, Landlock, Picture};

/// Longest message, bytes: a picture of the most pixels, and what stands around it.
pub(super) const LONGEST: usize = 4 * sealkeeper_view::picture::MOST_PIXELS as usize + 64;
/// Bytes of the length before such a message.
const LONGEST_LENGTH: usize = 4;

/// One message of the worker.
#[derive(Message)]
pub(super) struct Answer {
    #[prost(oneof = "Told", tags = "1, 2, 3, 4, 5")]
    pub(super) told: Option<Told>,
}

/// In this order: `Confined`, then `Opened` or `Failed`, then what was asked for, or `Failed`.
#[derive(Oneof)]
pub(super) enum Told {
    #[prost(message, tag = "1")]
    Confined(Confined),
    #[prost(message, tag = "2")]
    Opened(Opened),
    #[prost(message, tag = "3")]
    Page(Page),
    #[prost(message, tag = "4")]
    Drawn(Drawn),
    #[prost(message, tag = "5")]
    Failed(Failed),
}

/// The worker is confined; nothing of the document was read before.
#[derive(Message)]
pub(super) struct Confined {
    /// 2: all of landlock(7), 1: an older one, 0: none.
    #[prost(uint32, tag = "1")]
    landlock: u32,
    /// Whether there is a seccomp(2) filter.
    #[prost(bool, tag = "2")]
    seccomp: bool,
}

/// The document is one that can be shown.
#[derive(Message)]
pub(super) struct Opened {
    #[prost(uint32, tag = "1")]
    pub(super) page_count: u32,
}

/// A drawn page.
#[derive(Message)]
pub(super) struct Drawn {
    #[prost(uint32, tag = "1")]
    width: u32,
    #[prost(uint32, tag = "2")]
    height: u32,
    #[prost(double, tag = "3")]
    dpi: f64,
    /// RGBA, alpha always 255.
    #[prost(bytes = "vec", tag = "4")]
    rgba: Vec<u8>,
}

/// The document, or the page it had come to, cannot be shown.
#[derive(Message)]
pub(super) struct Failed {
    /// From 1; 0: the document itself.
    #[prost(uint32, tag = "1")]
    pub(super) page: u32,
    /// As `sealkeeper_view` tells it: a code of the table of reasons.
    #[prost(string, tag = "2")]
    pub(super) code: String,
}

/// What arrived is no message of a worker's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// Bytes that may still be told in answer to one question: the daemon keeps no more of what a worker says.
pub(super) struct Room(AtomicUsize);

impl Room {
    /// Room for so many.
    pub(super) fn of(bytes: usize) -> Room {
        Room(AtomicUsize::new(bytes))
    }

    /// Takes them, if there are so many left.
    fn take(&self, bytes: usize) -> Result<(), NoMessage> {
        let taken = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes));
        taken.map(drop).map_err(|_| NoMessage::NoRoom)
    }
}

/// Why there is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoMessage {
    /// What arrived is none.
    Unreadable,
    /// There was no room left for it.
    NoRoom,
}

impl From<Unreadable> for NoMessage {
    fn from(_: Unreadable) -> Self {
        NoMessage::Unreadable
    }
}

/// The next message; `None` where there is none any more. One that ends in its middle is none: how the process ended says why.
pub(super) async fn next(
    from: &mut (impl AsyncRead + Unpin),
    room: &Room,
) -> Result<Option<Told>, NoMessage> {
    let mut length = Vec::with_capacity(LONGEST_LENGTH);
    loop {
        let Ok(byte) = from.read_u8().await else { return Ok(None) };
        length.push(byte);
        if byte & 0x80 == 0 {
            break;
        }
        if length.len() == LONGEST_LENGTH {
            return Err(NoMessage::Unreadable);
        }
    }
    let length = prost::decode_length_delimiter(length.as_slice()).map_err(|_| Unreadable)?;
    room.take(length)?;
    // No more memory than has arrived: the length is only announced.
    let mut message = Vec::new();
    let read = from.take(length as u64).read_to_end(&mut message).await;
    if !read.is_ok_and(|count| count == length) {
        return Ok(None);
    }
    Ok(Some(Answer::decode(message.as_slice()).map_err(|_| Unreadable)?.told.ok_or(Unreadable)?))
}

impl From<Confinement> for Confined {
    fn from(confinement: Confinement) -> Self {
        let landlock = match confinement.landlock {
            Landlock::Full => 2,
            Landlock::Partial => 1,
            Landlock::Absent => 0,
        };
        Confined { landlock, seccomp: confinement.seccomp }
    }
}

impl From<Confined> for Confinement {
    fn from(confined: Confined) -> Self {
        let landlock = match confined.landlock {
            2 => Landlock::Full,
            1 => Landlock::Partial,
            _ => Landlock::Absent,
        };
        Confinement { landlock, seccomp: confined.seccomp }
    }
}

impl From<sealkeeper_view::Picture> for Drawn {
    fn from(picture: sealkeeper_view::Picture) -> Self {
        let (width, height) = (picture.width.into(), picture.height.into());
        Drawn { width, height, dpi: picture.dpi, rgba: picture.rgba }
    }
}

impl TryFrom<Drawn> for Picture {
    type Error = Unreadable;

    fn try_from(drawn: Drawn) -> Result<Self, Unreadable> {
        let Drawn { width, height, dpi, rgba } = drawn;
        let bytes = u64::from(width).checked_mul(height.into()).and_then(|pixels| pixels.checked_mul(4));
        if !rgba.is_empty() && bytes == Some(rgba.len() as u64) && dpi.is_finite() && dpi > 0.0 {
            Ok(Picture { width, height, dpi, rgba })
        } else {
            Err(Unreadable)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(mut bytes: &[u8]) -> Result<Option<Told>, NoMessage> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(next(&mut bytes, &Room::of(LONGEST)))
    }

    #[test]
    fn a_message_is_taken_once_all_of_it_is_there() {
        let opened = Told::Opened(Opened { page_count: 300 });
        let frame = Answer { told: Some(opened) }.encode_length_delimited_to_vec();
        for cut in 0..frame.len() {
            assert!(matches!(read(&frame[..cut]), Ok(None)), "{cut}");
        }
        assert!(matches!(read(&frame), Ok(Some(Told::Opened(Opened { page_count: 300 })))));
    }

    #[test]
    fn lengths_that_no_message_has_are_refused() {
        for bytes in [&[0xff_u8; 5][..], &[0x80; 4]] {
            assert!(matches!(read(bytes), Err(NoMessage::Unreadable)), "{bytes:?}");
        }
        assert!(matches!(read(&[0xff, 0xff, 0xff, 0x7f]), Err(NoMessage::NoRoom)));
        assert!(matches!(read(&[0]), Err(NoMessage::Unreadable)), "an empty message tells nothing");
    }

    #[tokio::test]
    async fn no_more_is_taken_than_there_is_room_for() {
        let frame =
            Answer { told: Some(Told::Opened(Opened { page_count: 1 })) }.encode_length_delimited_to_vec();
        let (two, room) = (frame.repeat(2), Room::of(frame.len()));
        let mut two = two.as_slice();
        assert!(matches!(next(&mut two, &room).await, Ok(Some(Told::Opened(_)))));
        assert!(matches!(next(&mut two, &room).await, Err(NoMessage::NoRoom)));
    }

    #[test]
    fn a_picture_has_the_bytes_of_its_pixels() {
        let picture = |width, height, dpi, bytes| {
            Picture::try_from(Drawn { width, height, dpi, rgba: vec![0; bytes] }).is_ok()
        };
        assert!(picture(2, 3, 72.0, 24));
        for (width, height, bytes) in [(2, 3, 23), (0, 3, 0), (3, 0, 0), (1 << 31, 1 << 31, 0)] {
            assert!(!picture(width, height, 72.0, bytes), "{width} × {height}");
        }
        assert!(!picture(1, 1, f64::NAN, 4) && !picture(1, 1, 0.0, 4));
    }

    proptest! {
        #[test]
        fn whatever_a_worker_writes_is_a_message_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = read(&bytes);
        }
    }
}
