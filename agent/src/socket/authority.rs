//! Lets stock gRPC clients talk to the agent, whatever they send as `:authority`.
//!
//! On a Unix socket there is no host to name. grpc-core (C++, Python, Ruby), Java and Swift send the socket's path, plain or
//! percent-encoded. That is no authority (RFC 3986 §3.2), and h2, under tonic, resets the stream with PROTOCOL_ERROR before
//! any handler sees it. The threads where both sides discuss it:
//!
//! - <https://github.com/hyperium/h2/pull/487>
//! - <https://github.com/grpc/grpc/issues/38142>
//! - <https://github.com/grpc/grpc-java/issues/12664>
//! - <https://github.com/grpc/grpc-swift-nio-transport/issues/176>
//!
//! So between socket and h2 the value is made acceptable, in place and at its length: no frame and no table of HPACK changes
//! its size, and nothing else has to change. **The authority decides nothing in this daemon**: who calls is the peer's uid as
//! the kernel tells it, and no handler reads the authority. Changing it gives nobody anything.
//!
//! What makes no sense as HTTP/2 is left as it is from there on, for h2 to refuse. Nothing is buffered, and of payloads that
//! hold no header block only the length is looked at.
//!
//! This file and `header_block` can go, and with them the call in `poll_read`, as soon as h2 takes such requests or lets its
//! user choose. The test over a real server below tells: it then passes without the filter.

use super::header_block::{HeaderBlock, Malformed};

/// What a client sends first (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Types of frames (RFC 9113 §6.2, §6.10).
const HEADERS: u8 = 0x01;
const CONTINUATION: u8 = 0x09;
/// Flags of these two.
const END_HEADERS: u8 = 0x04;
const PADDED: u8 = 0x08;
const PRIORITY: u8 = 0x20;
/// Size of a frame's header (RFC 9113 §4.1) and of the priority fields in HEADERS (§6.2), in octets.
const FRAME_HEADER: u8 = 9;
const PRIORITY_FIELDS: u32 = 5;

/// Follows what one client sends.
#[derive(Clone, Debug)]
pub(super) struct AuthorityFilter {
    at: At,
    /// The header block that has begun and not ended, over HEADERS and CONTINUATION.
    block: Option<HeaderBlock>,
    /// Whether the block ends with the frame at hand.
    ends: bool,
}

/// Where in the stream the next octet stands.
#[derive(Clone, Copy, Debug)]
enum At {
    /// In the preface; what is left of it.
    Preface(&'static [u8]),
    /// In a frame's header, `seen` octets of which are in the low end of `header`.
    FrameHeader { header: u128, seen: u8 },
    /// At the length of the padding of a HEADERS frame; so many octets follow it.
    PadLength { rest: u32, priority: u32 },
    /// In a payload: octets to skip, then the block's, then padding.
    Payload { skip: u32, fragment: u32, padding: u32 },
    /// This is not HTTP/2, or not any more.
    Lost,
}

impl AuthorityFilter {
    /// The start of a connection.
    pub(super) fn new() -> AuthorityFilter {
        AuthorityFilter { at: At::Preface(PREFACE), block: None, ends: false }
    }

    /// Takes the next bytes from the client, cut anywhere, and changes in them what has to be changed.
    pub(super) fn pass(&mut self, bytes: &mut [u8]) {
        let mut octets = bytes.iter_mut();
        while octets.len() > 0 {
            match self.step(&mut octets) {
                Ok(At::Lost) | Err(Malformed) => {
                    self.at = At::Lost;
                    return;
                }
                Ok(at) => self.at = at,
            }
        }
    }

    /// Takes at least one of the octets, or comes nearer to it; returns where that leads.
    fn step(&mut self, octets: &mut std::slice::IterMut<'_, u8>) -> Result<At, Malformed> {
        match self.at {
            At::Payload { skip: 0, fragment: 0, padding: 0 } => self.end_of_payload(),
            At::Payload { skip: 0, fragment: 0, padding } => {
                Ok(At::Payload { skip: padding, fragment: 0, padding: 0 })
            }
            At::Payload { skip: 0, fragment, padding } => {
                if let (Some(octet), Some(block)) = (octets.next(), &mut self.block) {
                    block.pass(octet)?;
                }
                Ok(At::Payload { skip: 0, fragment: fragment - 1, padding })
            }
            At::Payload { skip, fragment, padding } => {
                let here = u32::try_from(octets.len()).unwrap_or(u32::MAX).min(skip);
                octets.nth(here.saturating_sub(1) as usize);
                Ok(At::Payload { skip: skip - here, fragment, padding })
            }
            At::FrameHeader { header, seen } => {
                let header = header << 8 | octets.next().map_or(0, |octet| u128::from(*octet));
                match seen + 1 {
                    FRAME_HEADER => self.frame(header),
                    seen => Ok(At::FrameHeader { header, seen }),
                }
            }
            At::PadLength { rest, priority } => {
                let padding = octets.next().map_or(0, |octet| u32::from(*octet));
                let fragment = rest.checked_sub(priority + padding).ok_or(Malformed)?;
                Ok(At::Payload { skip: priority, fragment, padding })
            }
            At::Preface(expected) => match (octets.next(), expected) {
                (Some(octet), [first, rest @ ..]) if octet == first => match rest {
                    [] => Ok(At::FrameHeader { header: 0, seen: 0 }),
                    rest => Ok(At::Preface(rest)),
                },
                _ => Err(Malformed),
            },
            At::Lost => Ok(At::Lost),
        }
    }

    /// A frame begins (RFC 9113 §4.1). Nothing may come between HEADERS and the end of its block but CONTINUATION (§6.10).
    fn frame(&mut self, header: u128) -> Result<At, Malformed> {
        let [.., high, middle, low, kind, flags, _, _, _, _] = header.to_be_bytes();
        let length = u32::from_be_bytes([0, high, middle, low]);
        match (kind, self.block.is_some()) {
            (HEADERS, false) => {
                self.block = Some(HeaderBlock::new());
                self.ends = flags & END_HEADERS != 0;
                let priority = if flags & PRIORITY != 0 { PRIORITY_FIELDS } else { 0 };
                if flags & PADDED != 0 {
                    return Ok(At::PadLength { rest: length.checked_sub(1).ok_or(Malformed)?, priority });
                }
                let fragment = length.checked_sub(priority).ok_or(Malformed)?;
                Ok(At::Payload { skip: priority, fragment, padding: 0 })
            }
            (CONTINUATION, true) => {
                self.ends = flags & END_HEADERS != 0;
                Ok(At::Payload { skip: 0, fragment: length, padding: 0 })
            }
            (HEADERS, true) | (CONTINUATION, false) | (_, true) => Err(Malformed),
            (_, false) => Ok(At::Payload { skip: length, fragment: 0, padding: 0 }),
        }
    }

    /// A frame has ended, and with it perhaps the block.
    fn end_of_payload(&mut self) -> Result<At, Malformed> {
        if self.ends && self.block.take().is_some_and(|block| !block.is_whole()) {
            return Err(Malformed);
        }
        Ok(At::FrameHeader { header: 0, seen: 0 })
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

    use proptest::prelude::*;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::UnixStream,
    };

    use super::*;
    use crate::socket::{HangUp, LocalEndpoint, UnixEndpoint};

    const END_STREAM: u8 = 0x01;
    const RST_STREAM: u8 = 0x03;
    const SETTINGS: u8 = 0x04;

    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
    }

    fn authority(value: &[u8]) -> Vec<u8> {
        [&[0x83, 0x86, 0x41, u8::try_from(value.len()).unwrap()], value, &[0x84]].concat()
    }

    /// A connection with these frames, of which the first are what every client sends.
    fn connection(frames: &[Vec<u8>]) -> Vec<u8> {
        [PREFACE, &frame(SETTINGS, 0, 0, &[]), &frames.concat()].concat()
    }

    fn passed(bytes: &[u8]) -> Vec<u8> {
        let mut out = bytes.to_vec();
        AuthorityFilter::new().pass(&mut out);
        out
    }

    /// HEADERS in every form, and a block cut within the value, between bodies that look like header blocks.
    fn busy(value: &[u8]) -> Vec<u8> {
        let block = authority(value);
        let (early, late) = block.split_at(block.len() / 2);
        let decoy = authority(b"/%/%");
        let padded = [&[3][..], &block, b"/%/"].concat();
        let both = [&[3][..], &[0x80, 0, 0, 0, 0x0f], &block, b"/%/"].concat();
        connection(&[
            frame(HEADERS, END_HEADERS, 1, &block),
            frame(0x00, 0, 1, &decoy),
            frame(HEADERS, END_HEADERS | PADDED, 3, &padded),
            frame(0x00, END_STREAM, 3, &[b'/'; 4000]),
            frame(
                HEADERS,
                END_HEADERS | PRIORITY,
                5,
                &[&[0x2f, 0x2f, 0x2f, 0x2f, 0x2f], &block[..]].concat(),
            ),
            frame(HEADERS, END_HEADERS | PADDED | PRIORITY, 7, &both),
            frame(HEADERS, END_STREAM, 9, early),
            frame(CONTINUATION, 0, 9, &[]),
            frame(CONTINUATION, END_HEADERS, 9, late),
            frame(0xfa, 0xff, 0, &decoy),
            frame(HEADERS, END_HEADERS, 11, &block),
        ])
    }

    #[test]
    fn header_blocks_are_rewritten_in_every_frame_and_bodies_are_not() {
        assert_eq!(passed(&busy(b"%2Ftmp%2Fagent.sock")), busy(b"-2Ftmp-2Fagent.sock"));
        assert_eq!(passed(&busy(b"localhost")), busy(b"localhost"));
    }

    #[test]
    fn what_is_no_http2_passes_unchanged() {
        let good = frame(HEADERS, END_HEADERS, 9, &authority(b"/x"));
        let cut = authority(b"/x/y");
        for broken in [
            frame(CONTINUATION, END_HEADERS, 1, &authority(b"/x")),
            [frame(HEADERS, 0, 1, &[0x83]), frame(0x00, 0, 1, b"x")].concat(),
            [frame(HEADERS, 0, 1, &[0x83]), frame(HEADERS, END_HEADERS, 1, &[])].concat(),
            frame(HEADERS, END_HEADERS | PADDED, 1, &[9, 0x83]),
            frame(HEADERS, END_HEADERS | PADDED, 1, &[]),
            frame(HEADERS, END_HEADERS | PRIORITY, 1, &[0, 0, 0, 0]),
            frame(HEADERS, END_HEADERS, 1, &cut[..4]),
            frame(HEADERS, END_HEADERS, 1, &[0x7f, 0xff, 0xff, 0xff, 0xff, 0x01]),
        ] {
            let all = connection(&[broken, good.clone()]);
            assert_eq!(passed(&all), all);
        }
        let other = [b"GET / HTTP/1.1\r\n\r\n", &connection(&[good])[..]].concat();
        assert_eq!(passed(&other), other);
    }

    proptest! {
        #[test]
        fn the_cuts_make_no_difference(cuts in proptest::collection::vec(1..60usize, 1..40)) {
            let given = busy(b"/tmp/%2F/agent.sock");
            let (mut out, mut filter) = (given.clone(), AuthorityFilter::new());
            let (mut rest, mut cuts) = (&mut out[..], cuts.into_iter().cycle());
            while !rest.is_empty() {
                let (now, later) = rest.split_at_mut(cuts.next().unwrap().min(rest.len()));
                filter.pass(now);
                rest = later;
            }
            prop_assert_eq!(out, passed(&given));
        }

        #[test]
        fn any_frames_cut_anywhere_give_what_they_give_in_one_piece(
            frames in proptest::collection::vec(
                (prop_oneof![Just(HEADERS), Just(CONTINUATION), any::<u8>()], any::<u8>(),
                 proptest::collection::vec(prop_oneof![Just(0x41), Just(0x82), any::<u8>()], 0..80)), 0..12),
            noise in proptest::collection::vec(any::<u8>(), 0..40),
            cut in 1..50usize,
        ) {
            let frames: Vec<_> = frames.iter().map(|(kind, flags, payload)| frame(*kind, *flags, 1, payload)).collect();
            let given = [connection(&frames), noise].concat();
            let (mut out, mut filter) = (given.clone(), AuthorityFilter::new());
            out.chunks_mut(cut).for_each(|piece| filter.pass(piece));
            prop_assert_eq!(out, passed(&given));
        }

        #[test]
        fn noise_is_not_http2(noise in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(passed(&noise), noise);
        }
    }

    /// The types of the frames with which a real server answers a health check that has this header block.
    async fn answer(block: &[u8]) -> Vec<u8> {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let path = dir.path().join("agent.sock");
        let endpoint = UnixEndpoint::bind(&path).unwrap();
        let (_reporter, health) = tonic_health::server::health_reporter();
        let server = tonic::transport::Server::builder().add_service(health);
        let server = tokio::spawn(server.serve_with_incoming(endpoint.connections(&HangUp::default())));

        let mut client = UnixStream::connect(&path).await.unwrap();
        let request = [
            frame(HEADERS, END_HEADERS, 1, block),
            // An empty HealthCheckRequest, not compressed.
            frame(0x00, END_STREAM, 1, &[0; 5]),
        ];
        client.write_all(&connection(&request)).await.unwrap();
        let mut kinds = vec![];
        loop {
            let mut header = [0; 9];
            tokio::time::timeout(Duration::from_secs(10), client.read_exact(&mut header))
                .await
                .unwrap()
                .unwrap();
            let mut payload = vec![0; usize::from(header[1]) << 8 | usize::from(header[2])];
            client.read_exact(&mut payload).await.unwrap();
            if header[8] == 1 {
                kinds.push(header[3]);
                if header[3] == RST_STREAM || header[4] & END_STREAM != 0 {
                    server.abort();
                    return kinds;
                }
            }
        }
    }

    /// h2 is the judge: as grpc-core, Netty and SwiftNIO encode a request on a Unix socket.
    #[tokio::test]
    async fn a_real_server_answers_whatever_the_authority() {
        let post_http = [0x83, 0x86];
        let path = [&[0x44, 28][..], b"/grpc.health.v1.Health/Check"].concat();
        let kind = [&[0x5f, 16][..], b"application/grpc"].concat();
        let te = [&[0x40, 2][..], b"te", &[8], b"trailers"].concat();
        let packed = hex::decode("5458534d6a8b0f9545847316a4ae8393af").unwrap();
        for authority in [
            [&[0x40, 10][..], b":authority", &[23], b"tmp%2Fcapx%2Fagent.sock"].concat(),
            [&[0x41, 17][..], b"/tmp/x/agent.sock"].concat(),
            [&[0x41, 0x80 | 17][..], &packed].concat(),
        ] {
            let block = [&post_http[..], &path, &authority, &kind, &te].concat();
            assert_eq!(answer(&block).await, [HEADERS, 0x00, HEADERS]);
        }
    }
}
