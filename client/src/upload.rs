//! A document on its way to the agent, for a submission as for a preview.

use std::io;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::Document;
use crate::error::ClientError;
use crate::stamp::stopped;
use sealkeeper_domain::reason::Reason;

/// Where an upload stands.
pub(crate) enum Upload<T> {
    /// The agent has not said whether it wants the document.
    Waiting(mpsc::Sender<T>),
    /// It is being sent.
    Running(JoinHandle<io::Result<()>>),
    /// It is not sent.
    Done,
}

impl<T: Send + 'static> Upload<T> {
    /// Sends the document if it is wanted, each chunk in a message of its own.
    pub(crate) fn begin(self, document: &Document, wanted: bool, message: fn(Vec<u8>) -> T) -> Self {
        match self {
            Self::Waiting(parts) if wanted => {
                let document = document.clone();
                Self::Running(tokio::task::spawn_blocking(move || send_all(&document, &parts, message)))
            }
            // Not wanted: dropping the sender ends the request stream.
            Self::Waiting(_) => Self::Done,
            other => other,
        }
    }

    /// Waits for its end, once the call is over.
    pub(crate) async fn end(self, document: &Document) -> Result<(), ClientError> {
        match self {
            Self::Running(task) => task
                .await
                .map_err(|error| stopped(&error))?
                .map_err(|error| ClientError::at_path(Reason::InputUnreadable, document.path(), &error)),
            Self::Waiting(_) | Self::Done => Ok(()),
        }
    }
}

/// Sends the document until it or the call ends. An error is one of reading.
fn send_all<T>(document: &Document, parts: &mpsc::Sender<T>, message: fn(Vec<u8>) -> T) -> io::Result<()> {
    let mut refused = false;
    let result = document.for_each_chunk(|chunk| {
        parts.blocking_send(message(chunk.to_vec())).map_err(|_| {
            refused = true;
            io::ErrorKind::BrokenPipe.into()
        })
    });
    if refused { Ok(()) } else { result }
}
