//! Walks a header block (RFC 7541, HPACK) octet by octet and makes the value of `:authority` acceptable in place.
//!
//! Only the structure is read: representations (§6), integers (§5.1) and string literals (§5.2). No table is kept. The
//! size of a table's entry counts nothing but lengths (§4.1), and these do not change, so both ends' tables stay alike.
//!
//! A literal is taken for `:authority` if its name is the static index 1 (Netty, SwiftNIO) or spelled out (grpc-core). A
//! name by an index into the dynamic table is not followed: no encoder has a reason to, as the name is in the static one.

/// The block makes no sense; its reader will refuse it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// A header block as far as it has been read. It may be cut anywhere.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeaderBlock {
    at: At,
}

/// What the next octet belongs to.
#[derive(Clone, Copy, Debug)]
enum At {
    /// The first octet of a representation (§6).
    Representation,
    /// A further octet of an integer (§5.1).
    Integer { value: u32, shift: u32, then: Then },
    /// The first octet of a name's length (§5.2).
    NameLength,
    /// A name, of which `left` octets are still to come, at least one; `expected` is how it must go on to be `:authority`.
    Name { left: u32, expected: Option<&'static [u8]> },
    /// The first octet of a value's length (§5.2).
    ValueLength { authority: bool },
    /// A value, of which `left` octets are still to come, at least one.
    Value { left: u32, edit: Edit },
}

/// What the value of an integer says.
#[derive(Clone, Copy, Debug)]
enum Then {
    /// An index or a size that stands for itself (§6.1, §6.3).
    Representation,
    /// The index of a literal's name (§6.2), 0 if the name follows.
    NameIndex,
    /// The length of a name.
    Name { huffman: bool },
    /// The length of a value.
    Value { huffman: bool, authority: bool },
}

/// What is done to a value.
#[derive(Clone, Copy, Debug)]
enum Edit {
    Nothing,
    Plain(Plain),
    Huffman(Huffman),
}

/// `:authority` as octets and in the code of RFC 7541 Appendix B.
const NAME: (&[u8], &[u8]) = (b":authority", &[0xb8, 0x3b, 0x53, 0x39, 0xec, 0x32, 0x7d, 0x7f]);

impl HeaderBlock {
    /// The start of a block.
    pub(super) fn new() -> HeaderBlock {
        HeaderBlock { at: At::Representation }
    }

    /// Whether the block may end here.
    pub(super) fn is_whole(&self) -> bool {
        matches!(self.at, At::Representation)
    }

    /// Takes the next octet, which may be changed.
    pub(super) fn pass(&mut self, octet: &mut u8) -> Result<(), Malformed> {
        self.at = match self.at {
            At::Representation => match *octet {
                0x80.. => integer(*octet, 7, Then::Representation),
                0x40.. => integer(*octet, 6, Then::NameIndex),
                0x20.. => integer(*octet, 5, Then::Representation),
                _ => integer(*octet, 4, Then::NameIndex),
            },
            At::NameLength => integer(*octet, 7, Then::Name { huffman: *octet >= 0x80 }),
            At::ValueLength { authority } => {
                integer(*octet, 7, Then::Value { huffman: *octet >= 0x80, authority })
            }
            At::Integer { value, shift, then } => {
                let value = value + (u32::from(*octet & 0x7f) << shift);
                match (*octet, shift) {
                    (..0x80, _) => after(value, then),
                    // h2 reads no longer ones either.
                    (_, 21..) => return Err(Malformed),
                    _ => At::Integer { value, shift: shift + 7, then },
                }
            }
            At::Name { left, expected } => {
                let expected = expected
                    .and_then(<[u8]>::split_first)
                    .filter(|(first, _)| *first == octet)
                    .map(|(_, rest)| rest);
                match left {
                    ..=1 => At::ValueLength { authority: expected == Some(&[]) },
                    _ => At::Name { left: left - 1, expected },
                }
            }
            At::Value { left, mut edit } => {
                match &mut edit {
                    Edit::Nothing => {}
                    Edit::Plain(plain) => plain.pass(octet),
                    Edit::Huffman(huffman) => huffman.pass(octet),
                }
                match left {
                    ..=1 => At::Representation,
                    _ => At::Value { left: left - 1, edit },
                }
            }
        };
        Ok(())
    }
}

/// An integer whose first octet holds `bits` bits of it (§5.1).
fn integer(octet: u8, bits: u32, then: Then) -> At {
    let most = (1 << bits) - 1;
    match u32::from(octet) & most {
        value if value < most => after(value, then),
        value => At::Integer { value, shift: 0, then },
    }
}

/// What follows an integer.
fn after(value: u32, then: Then) -> At {
    match (then, value) {
        (Then::Representation, _) => At::Representation,
        (Then::NameIndex, 0) => At::NameLength,
        (Then::NameIndex, index) => At::ValueLength { authority: index == 1 },
        (Then::Name { .. }, 0) => At::ValueLength { authority: false },
        (Then::Name { huffman }, left) => {
            At::Name { left, expected: Some(if huffman { NAME.1 } else { NAME.0 }) }
        }
        (Then::Value { .. }, 0) => At::Representation,
        (Then::Value { authority: false, .. }, left) => At::Value { left, edit: Edit::Nothing },
        (Then::Value { huffman: false, .. }, left) => {
            At::Value { left, edit: Edit::Plain(Plain { port: false }) }
        }
        (Then::Value { huffman: true, .. }, left) => {
            At::Value { left, edit: Edit::Huffman(Huffman { code: 0, first: 0, length: 0 }) }
        }
    }
}

/// A value as plain octets: what may not stand in a registered name (RFC 3986 §3.2.2) becomes `-`. One colon may stand, before
/// a port. HTTP allows no user information (RFC 9113 §8.3.1), and an address in brackets has no use on a Unix socket.
#[derive(Clone, Copy, Debug)]
struct Plain {
    /// Whether the colon has been.
    port: bool,
}

impl Plain {
    fn pass(&mut self, octet: &mut u8) {
        match *octet {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => {}
            b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' => {}
            b':' if !self.port => self.port = true,
            _ => *octet = b'-',
        }
    }
}

/// A value in the Huffman code of RFC 7541 Appendix B, as SwiftNIO sends it. A code may lie across two octets of which the
/// first has gone on to h2 before the second is here, so no bit is changed but the one at hand. That is enough for what stands
/// in a path: `/`, `%` and the space, all of six bits. Other characters stay as they are, for h2 to judge.
///
/// ```text
/// space 010100  →  - 010110    the fifth bit: both codes that start with 01010 are bad
/// %     010101  →  . 010111
/// /     011000  →  3 011001    the sixth bit
/// ```
#[derive(Clone, Copy, Debug)]
struct Huffman {
    /// The bits of the code so far.
    code: u32,
    /// The first code of that length.
    first: u32,
    /// How many bits these are.
    length: usize,
}

/// How many codes have that many bits. The code is canonical: codes of one length follow each other, after all shorter ones.
const CODES: [u32; 31] =
    [0, 0, 0, 0, 0, 10, 26, 32, 6, 0, 5, 3, 2, 6, 2, 3, 0, 0, 0, 3, 8, 13, 26, 29, 12, 4, 15, 19, 29, 0, 4];

impl Huffman {
    fn pass(&mut self, octet: &mut u8) {
        for mask in (0..8).rev().map(|bit| 1 << bit) {
            let shorter = CODES.get(self.length).copied().unwrap_or(0);
            self.first = (self.first + shorter) << 1;
            self.code = self.code << 1 | u32::from(*octet & mask != 0);
            self.length += 1;
            if matches!((self.length, self.code), (5, 0b01010) | (6, 0b011000)) {
                self.code |= 1;
                *octet |= mask;
            }
            // No code has more than 30 bits, so the walk always comes back to its start.
            if CODES.get(self.length).is_none_or(|codes| self.code.wrapping_sub(self.first) < *codes) {
                *self = Huffman { code: 0, first: 0, length: 0 };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tonic::codegen::http::uri::Authority;

    use super::*;

    /// What comes out, and whether the block is whole.
    fn passed(block: &[u8]) -> (Vec<u8>, bool) {
        let (mut out, mut walk) = (block.to_vec(), HeaderBlock::new());
        for octet in &mut out {
            walk.pass(octet).unwrap();
        }
        (out, walk.is_whole())
    }

    /// A representation that starts with `start`, with one string.
    fn literal(start: &[u8], huffman: bool, value: &[u8]) -> Vec<u8> {
        let flag = if huffman { 0x80 } else { 0 };
        let mut block = start.to_vec();
        match value.len() {
            length @ ..127 => block.push(flag | u8::try_from(length).unwrap()),
            length => {
                block.push(flag | 0x7f);
                let mut rest = length - 127;
                while rest >= 0x80 {
                    block.push(0x80 | u8::try_from(rest & 0x7f).unwrap());
                    rest >>= 7;
                }
                block.push(u8::try_from(rest).unwrap());
            }
        }
        block.extend_from_slice(value);
        block
    }

    fn huffman(hex: &str) -> Vec<u8> {
        literal(&[0x41], true, &hex::decode(hex).unwrap())
    }

    #[test]
    fn every_form_of_a_literal_is_rewritten_and_what_stands_around_is_not() {
        let spelled = [&[0x40, 10][..], b":authority"].concat();
        let packed = [&[0x10, 0x80 | 8][..], NAME.1].concat();
        for start in [&[0x41][..], &[0x01], &[0x11], &spelled, &packed] {
            let around = |value| {
                let table_size_and_path = [&[0x3f, 0xe1, 0x1f, 0x83, 0x44, 4][..], b"/%/%"].concat();
                let other = literal(&[&[0x00, 10][..], b":authoritY"].concat(), false, b"/%/%");
                [table_size_and_path, literal(start, false, value), vec![0xff, 0x80, 0x01], other].concat()
            };
            assert_eq!(passed(&around(b"%2Ftmp%2Fx")), (around(b"-2Ftmp-2Fx"), true));
            assert_eq!(passed(&around(b"/tmp/x:/1:2")), (around(b"-tmp-x:-1-2"), true));
            assert_eq!(passed(&around(b"localhost:50051")), (around(b"localhost:50051"), true));
            assert_eq!(passed(&around(b"")), (around(b""), true));
        }
    }

    #[test]
    fn names_that_only_begin_alike_are_other_names() {
        for name in [&b":authorit"[..], b":authority2", b"authority", b""] {
            let start = literal(&[0x40], false, name);
            let block = literal(&start, false, b"/x");
            assert_eq!(passed(&block), (block, true));
        }
    }

    /// The codes are the work of another encoder (hpack 4.1 for Python).
    #[test]
    fn huffman_codes_are_rewritten_bit_by_bit() {
        for (given, wanted) in [
            // %2Ftmp%2Fx%2Fagent.sock, .2Ftmp.2Fx.2Fagent.sock
            ("5458534d6a8b0f9545847316a4ae8393af", "5c58534d6b8b0f95c5847316a4ae8393af"),
            // /tmp/x/agent.sock, 3tmp3x3agent.sock
            ("6134d6c79607316a4ae8393aff", "6534d6cf9647316a4ae8393aff"),
            // "a /b% c", "a-3b.-c"
            ("1a8c46aa84", "1accc6bac4"),
            // "%/ %/ 印%/", ".3-.3-印.3": codes of 20 bits and more stand between
            ("558515614ffff3ffffdeffff02ac7f", "5d9597656ffff3ffffdeffff02ecff"),
            // www.example.com (RFC 7541 C.4.1)
            ("f1e3c2e5f23a6ba0ab90f4ff", "f1e3c2e5f23a6ba0ab90f4ff"),
        ] {
            assert_eq!(passed(&huffman(given)), (huffman(wanted), true), "{given}");
            let path = |hex: &str| literal(&[0x44], true, &hex::decode(hex).unwrap());
            assert_eq!(passed(&path(given)), (path(given), true), "{given}");
        }
    }

    #[test]
    fn integers_without_end_are_malformed() {
        let mut walk = HeaderBlock::new();
        let mut outcomes = [0x7f, 0x80, 0x80, 0x80, 0x80].map(|mut octet| walk.pass(&mut octet));
        assert_eq!(outcomes.last_mut(), Some(&mut Err(Malformed)));
        assert_eq!(outcomes[..4], [Ok(()); 4]);
    }

    proptest! {
        #[test]
        fn whatever_is_sent_becomes_an_authority(value in proptest::collection::vec(any::<u8>(), 1..300)) {
            let block = literal(&[0x41], false, &value);
            let (out, whole) = passed(&block);
            prop_assert!(whole);
            let (head, authority) = out.split_at(out.len() - value.len());
            prop_assert_eq!(head, &block[..head.len()]);
            prop_assert!(Authority::try_from(authority).is_ok(), "{:?}", String::from_utf8_lossy(authority));
        }

        #[test]
        fn an_authority_with_a_registered_name_stays(value in "[a-zA-Z0-9._~!$&'()*+,;=-]{1,40}(:[0-9]{1,5})?") {
            let block = literal(&[0x41], false, value.as_bytes());
            prop_assert_eq!(passed(&block), (block, true));
        }
    }
}
