//! What is asked for, from a descriptor or a file that was given.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use sealkeeper_domain::pin::Pin;
use zeroize::Zeroizing;

/// A descriptor that holds one PIN a line. Once opened it stays so, for a file opened anew begins with its first line.
#[derive(Debug)]
pub(crate) struct Descriptor {
    path: PathBuf,
    file: Option<File>,
}

impl Descriptor {
    /// The descriptor of this number. It is opened only when a PIN is read.
    pub(super) fn new(number: u32) -> Self {
        // Opening it anew needs no unsafe code; it works for pipes, files and terminals.
        Self::of_file(format!("/dev/fd/{number}").into())
    }

    /// A file, opened as late.
    pub(super) fn of_file(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    /// Its next line.
    pub(super) fn next_line(&mut self) -> io::Result<Vec<u8>> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(File::open(&self.path)?),
        };
        next_line(file)
    }
}

/// The bytes up to the next line feed or the end. The buffer never grows, for growing leaves copies behind.
fn next_line(mut file: impl io::Read) -> io::Result<Vec<u8>> {
    let mut buffer = Zeroizing::new(Vec::with_capacity(Pin::MAX_BYTES + 2));
    let mut byte = Zeroizing::new([0]);
    while buffer.len() <= Pin::MAX_BYTES && file.read(byte.as_mut_slice())? == 1 {
        match *byte {
            [b'\n'] => break,
            [other] => buffer.push(other),
        }
    }
    if buffer.last() == Some(&b'\r') {
        buffer.pop();
    }
    Ok(std::mem::take(&mut *buffer))
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd as _;

    use super::*;

    #[test]
    fn the_first_line_is_the_pin() {
        for (given, pin) in
            [("1234\nrest", "1234"), ("1234", "1234"), ("1234\r\n", "1234"), ("", ""), ("\n", "")]
        {
            assert_eq!(next_line(given.as_bytes()).unwrap(), pin.as_bytes());
        }
    }

    #[test]
    fn the_next_pin_is_on_the_next_line_in_a_pipe_and_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pins");
        std::fs::write(&path, "1234\n5678").unwrap();
        let file = File::open(path).unwrap();
        let (reader, mut writer) = io::pipe().unwrap();
        io::Write::write_all(&mut writer, b"1234\n5678\n").unwrap();
        for number in [file.as_raw_fd(), reader.as_raw_fd()] {
            let mut descriptor = Descriptor::new(u32::try_from(number).unwrap());
            assert_eq!(descriptor.next_line().unwrap(), b"1234");
            assert_eq!(descriptor.next_line().unwrap(), b"5678");
        }
    }

    #[test]
    fn an_endless_line_is_cut_where_no_pin_reaches() {
        let line = next_line(io::repeat(b'7')).unwrap();
        assert_eq!(line.len(), Pin::MAX_BYTES + 1);
        assert!(Pin::new(line).is_err());
    }
}
