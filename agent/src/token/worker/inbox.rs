//! Questions as they arrive. PINs pass through here, so whatever was read is wiped once it was taken.

use std::{fs::File, io::Read};

use prost::Message;
use zeroize::{Zeroize, Zeroizing};

use crate::token::wire::{Ask, LONGEST, LONGEST_LENGTH, first_message};

/// The reading end of the agent's pipe.
pub(super) struct Inbox<R = File> {
    pipe: R,
    /// Never grows, for growing leaves copies behind.
    buffer: Zeroizing<Vec<u8>>,
    /// How much of it has arrived.
    arrived: usize,
}

impl<R: Read> Inbox<R> {
    pub(super) fn new(pipe: R) -> Self {
        Inbox { pipe, buffer: Zeroizing::new(vec![0; LONGEST + LONGEST_LENGTH]), arrived: 0 }
    }

    /// The next question. `None`: the agent is gone, or says what no agent does.
    pub(super) fn next(&mut self) -> Option<Ask> {
        loop {
            let arrived = self.buffer.get(..self.arrived)?;
            if let Some(range) = first_message(arrived).ok()? {
                let ask = Ask::decode(arrived.get(range.clone())?).ok();
                self.take(range.end);
                return ask;
            }
            match self.pipe.read(self.buffer.get_mut(self.arrived..)?) {
                Ok(0) => return None,
                Ok(count) => self.arrived += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
    }

    /// Wipes the first bytes and moves the rest to the front.
    fn take(&mut self, count: usize) {
        let rest = self.arrived.saturating_sub(count);
        self.buffer.copy_within(count..count + rest, 0);
        if let Some(stale) = self.buffer.get_mut(rest..self.arrived) {
            stale.zeroize();
        }
        self.arrived = rest;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::token::wire::{Login, Question, framed};

    fn login(id: u64, pin: &str) -> Ask {
        let mut login = Login::default();
        login.pin = pin.to_owned();
        Ask { id, question: Some(Question::Login(login)) }
    }

    /// Gives one byte at a time.
    struct Dripping(Cursor<Vec<u8>>);

    impl Read for Dripping {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0.read(&mut buffer[..1])
        }
    }

    #[test]
    fn questions_come_one_by_one_and_leave_nothing_behind() {
        let bytes = [framed(&login(1, "sesame-7")), framed(&login(2, "sesame-8"))]
            .map(|frame| frame.to_vec())
            .concat();
        let mut inbox = Inbox::new(Cursor::new(bytes.clone()));
        assert_eq!(inbox.next().unwrap().id, 1);
        let left = String::from_utf8_lossy(&inbox.buffer[..bytes.len()]).into_owned();
        assert!(!left.contains("sesame-7") && left.contains("sesame-8"), "{left:?}");
        assert_eq!(inbox.next().unwrap().id, 2);
        assert!(inbox.buffer.iter().all(|byte| *byte == 0));
        assert!(inbox.next().is_none());

        let mut dripping = Inbox::new(Dripping(Cursor::new(bytes)));
        assert_eq!([dripping.next().unwrap().id, dripping.next().unwrap().id], [1, 2]);
    }

    #[test]
    fn what_no_agent_says_ends_it() {
        for bytes in [&[0xff; 20][..], &[2, 0xff, 0xff], &[3, 8]] {
            assert!(Inbox::new(Cursor::new(bytes.to_vec())).next().is_none());
        }
    }
}
